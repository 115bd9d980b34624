"""The whole service in one process: bot, worker and webhooks, with SQLite and an in-memory Redis when no
addresses are set. For one machine; bigger ones run the three as processes of their own."""

import asyncio
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from alembic import command
from alembic.config import Config
from arq.connections import ArqRedis
from fakeredis import FakeServer
from fakeredis.aioredis import FakeConnection
from redis.asyncio import ConnectionPool
from sqlalchemy.exc import SQLAlchemyError

from bot.app import BotApp, TokenRefused
from tracker import jobs, logs
from tracker.config import Settings
from tracker.database import Database
from tracker.errors import CannotStart
from tracker.process import settings_or_exit, with_token_or_exit
from tracker.shutdown import until_stopped
from webhooks.app import create_app
from worker.app import WorkerApp

log = structlog.get_logger()

_MIGRATIONS = Path(__file__).parent / "alembic.ini"


def migrate(database_url: str) -> None:
    """Bring the database up to date. Call it outside an event loop, or in a thread."""
    config = Config(_MIGRATIONS)
    config.set_main_option("script_location", str(_MIGRATIONS.parent / "migrations"))
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")


def redis_connector(settings: Settings) -> Callable[[], ArqRedis]:
    """How the parts reach Redis: at `REDIS_URL`, or one in memory that lives as long as the process."""
    url = settings.redis_url
    if url is not None:
        return lambda: jobs.connect(url)
    server = FakeServer()
    connection: Any = FakeConnection  # its stubs describe a function
    return lambda: jobs.on_pool(ConnectionPool(connection_class=connection, server=server))


class CannotListen(Exception):
    """The webhooks' address is taken, or is not this machine's."""


class House:
    """Bot, worker and webhooks around one database. `run` until cancelled, then `close`."""

    def __init__(self, settings: Settings) -> None:
        connect = redis_connector(settings)
        self.settings = settings
        self.database = Database.at(settings.database_url)
        self.bot = BotApp(settings, self.database, connect)
        self.worker = WorkerApp(settings, self.database, connect)
        self._redis = connect()
        self.web_port = settings.web_port
        self.is_listening = asyncio.Event()
        """Set when `web_port` is the one that the webhooks listen on."""
        self._webhooks = _Server(
            uvicorn.Config(
                create_app(settings, self.database, jobs.JobQueue(self._redis)),
                host=settings.web_host,
                port=settings.web_port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # whom to believe about addresses is a setting of ours
                timeout_graceful_shutdown=2,
            )
        )

    @property
    def is_answering(self) -> bool:
        """Whether somebody waits for an answer or an alert that is being made right now."""
        return self.bot.is_answering or self.worker.is_answering

    async def run(self) -> None:
        """Work until cancelled, or until a part fails: then all stop, and its error is raised.

        Raises CannotListen before anything else is done.
        """
        with self._listen() as listening:
            self.web_port = listening.getsockname()[1]
            self.is_listening.set()
            await self._run(listening)

    def _listen(self) -> socket.socket:
        # Left to uvicorn, a port that is taken would end the process from within a task.
        host, port = self.settings.web_host, self.settings.web_port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            return socket.create_server((host, port), family=family, backlog=1024)
        except OSError as error:
            raise CannotListen(f"The webhooks cannot listen on {host}:{port}: {error.strerror}.") from None

    async def _run(self, listening: socket.socket) -> None:
        parts = [
            asyncio.create_task(part)
            for part in (self.bot.run(), self.worker.run(), self._webhooks.serve(sockets=[listening]))
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            self._webhooks.should_exit = True
            for part in parts[:2]:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def close(self) -> None:
        await self.bot.close()
        await self.worker.close()
        await self._redis.aclose(close_connection_pool=True)
        await self.database.close()


class _Server(uvicorn.Server):
    """A server among other parts: the process handles the signals."""

    def capture_signals(self) -> "_NoSignals":  # type: ignore[override]  # a context manager all the same
        return _NoSignals()


class _NoSignals:
    def __enter__(self) -> None: ...

    def __exit__(self, *_error: object) -> None: ...


async def main(settings: Settings) -> None:
    house = House(settings)
    log.info("service.started", webhooks=f"http://{settings.web_host}:{settings.web_port}")
    try:
        await until_stopped(house.run())
    finally:
        await house.close()
        log.info("service.stopped")


def cli() -> None:
    settings = with_token_or_exit(settings_or_exit())
    try:
        migrate(settings.database_url)
    except (SQLAlchemyError, OSError) as error:
        reason = logs.mask(str(error)).partition("\n")[0]
        sys.exit(f"The database at DATABASE_URL cannot be opened: {reason}")
    try:
        asyncio.run(main(settings))
    except CannotStart as error:
        sys.exit(str(error))
    except CannotListen as error:
        sys.exit(f"{error} WEB_HOST and WEB_PORT choose another address.")
    except TokenRefused as error:
        sys.exit(str(error))
