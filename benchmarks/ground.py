"""What a measurement stands on: an empty database, an empty Redis, and a folder of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import services


class Unavailable(Exception):
    """A service that a row needs cannot be had; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty, migrated database and a Redis, this measurement's alone. Processes start in `folder`."""

    database: str
    database_url: str
    redis_url: str
    folder: Path


@contextmanager
def sqlite() -> Iterator[Ground]:
    """SQLite, and Redis between the processes. Raises Unavailable. Not for use inside an event loop."""
    with _folder_and_redis() as (folder, redis_url):
        url = f"sqlite+aiosqlite:///{folder / 'bench.sqlite3'}"
        services.build_schema(url)
        yield Ground("SQLite + Redis", url, redis_url, folder)


@contextmanager
def postgresql() -> Iterator[Ground]:
    """PostgreSQL and Redis. Raises Unavailable. Not for use inside an event loop."""
    with _folder_and_redis() as (folder, redis_url), ExitStack() as stack:
        with _found():
            server = stack.enter_context(services.postgresql())
        url = server.create()
        stack.callback(server.drop, url)
        yield Ground("PostgreSQL + Redis", url, redis_url, folder)


@contextmanager
def _folder_and_redis() -> Iterator[tuple[Path, str]]:
    with tempfile.TemporaryDirectory(prefix="ptp-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        with _found():
            address = stack.enter_context(services.shared_redis(folder))
        yield folder, stack.enter_context(services.leased_redis_database(address))


@contextmanager
def _found() -> Iterator[None]:
    """The services of the tests are found by the tests' own rules, which skip what cannot be had."""
    try:
        yield
    # Both are pytest's own BaseExceptions; here they say that a service cannot be had, not that a test ends.
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:  # how the tests' services say no
        raise Unavailable(reason.msg) from reason
