"""Conversations: the real bot and a real worker in a world of their own.

`say` and `shop` are the world's. A test marked `on_both_databases` runs on SQLite and on PostgreSQL.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import pytest

from tests.world import Say, SharedReaders, Shelf, World, open_world

on_both_databases = pytest.mark.parametrize("world_database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def readers() -> Iterator[SharedReaders]:
    readers = SharedReaders(1)
    yield readers
    readers.close()


@pytest.fixture(params=["sqlite"])
def world_database(request: pytest.FixtureRequest) -> str:
    """The address of the world's database: SQLite, unless the test is marked `on_both_databases`."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


class MakeWorld(Protocol):
    async def __call__(self, **how: Any) -> World: ...


@pytest.fixture
async def make_world(
    world_database: str, redis_url: str, readers: SharedReaders, settings: object
) -> AsyncIterator[MakeWorld]:
    """Opens a world with settings of the test's own: see `tests.world.open_world`."""
    async with AsyncExitStack() as stack:

        async def make(**how: Any) -> World:
            return await stack.enter_async_context(open_world(world_database, redis_url, readers, **how))

        yield make


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world()


@pytest.fixture
def say(world: World) -> Say:
    return Say(world)


@pytest.fixture
def shop(world: World) -> Shelf:
    return world.shop
