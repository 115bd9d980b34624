"""Both databases keep the promises that services rely on."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import asyncpg  # type: ignore[import-untyped]  # has no types
import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    MetaData,
    String,
    Table,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.database import Base, BigId, Database, padded
from tracker.inbox.models import WebhookEvent

NOON = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def event(event_id: str = "1", at: datetime = NOON, **values: object) -> WebhookEvent:
    return WebhookEvent(
        provider="telegram", event_id=event_id, body=b"", body_sha256="", received_at=at, due_at=at, **values
    )


async def add(database: Database, *events: WebhookEvent) -> None:
    async with database.transaction() as session:
        session.add_all(events)


async def attempts(session: AsyncSession) -> int:
    return (await session.scalars(select(WebhookEvent.attempts))).one()


async def test_a_block_that_ends_is_committed_and_one_that_fails_is_not(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            session.add(event("2"))
            await session.flush()
            raise LookupError

    await add(database, event("1"))
    with pytest.raises(LookupError):
        await fail()
    async with database.transaction() as session:
        assert (await session.scalars(select(WebhookEvent.event_id))).all() == ["1"]


async def test_a_time_comes_back_aware_in_utc_and_to_the_microsecond(database: Database) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    await add(database, event(at=NOON.astimezone(kolkata)))
    async with database.transaction() as session:
        (stored,) = (await session.scalars(select(WebhookEvent.received_at))).all()
    assert (stored, stored.tzinfo) == (NOON, UTC)


async def test_times_compare_in_the_database_whatever_their_zone(database: Database) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    await add(database, event("early"), event("late", NOON + timedelta(microseconds=1)))
    async with database.transaction() as session:
        due = select(WebhookEvent.event_id).where(WebhookEvent.due_at <= NOON.astimezone(kolkata))
        assert (await session.scalars(due)).all() == ["early"]


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="a naive datetime cannot be stored"):
        await add(database, event(at=NOON.replace(tzinfo=None)))


async def test_an_id_of_telegrams_size_fits(database: Database) -> None:
    await add(database, event(partition=-(2**52)))
    async with database.transaction() as session:
        assert (await session.scalars(select(WebhookEvent.partition))).one() == -(2**52)


async def test_ids_are_given_by_the_database(database: Database) -> None:
    await add(database, event("1"), event("2"))
    async with database.transaction() as session:
        first, second = await session.scalars(select(WebhookEvent.id).order_by(WebhookEvent.event_id))
    assert first < second


async def test_a_row_cannot_point_nowhere(database: Database) -> None:
    async def orphan() -> None:
        async with database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO alert_rules (watch_id, kind, created_at)"
                    " VALUES (4711, 'drop', '2026-01-01 00:00:00')"
                )
            )

    with pytest.raises(IntegrityError):
        await orphan()


async def test_twenty_tasks_that_read_and_then_write_lose_no_update_and_no_lock(
    sqlite_database: Database,
) -> None:
    """A deferred transaction that reads before it writes would fail with "database is locked"."""
    await add(sqlite_database, event())

    async def increment() -> None:
        for _ in range(5):
            async with sqlite_database.transaction() as session:
                value = await attempts(session)
                await session.execute(update(WebhookEvent).values(attempts=value + 1))

    await asyncio.gather(*(increment() for _ in range(20)))
    async with sqlite_database.transaction() as session:
        assert await attempts(session) == 100


async def test_sqlite_writes_ahead_and_keeps_foreign_keys(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        pragmas = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        ]
    assert pragmas == ["wal", 1, 10000, 1]


async def test_what_a_migration_makes_can_be_rolled_back_on_both(database: Database) -> None:
    async def half() -> None:
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE half (id INTEGER)"))
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert "half" not in tables


async def test_a_committed_object_can_be_read_after_its_session(database: Database) -> None:
    async with database.transaction() as session:
        kept = event()
        session.add(kept)
    assert kept.event_id == "1"


def test_constraints_are_named_by_rule() -> None:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    Table("parents", metadata, Column("id", BigId, primary_key=True))
    child = Table(
        "children",
        metadata,
        Column("id", BigId, primary_key=True),
        Column("parent_id", BigId, ForeignKey("parents.id"), index=True),
        Column("name", String, unique=True),
        CheckConstraint("name <> ''", name="named"),
    )
    names = {str(key.name) for key in child.constraints} | {str(index.name) for index in child.indexes}
    assert names == {
        "pk_children",
        "fk_children_parent_id_parents",
        "ix_children_parent_id",
        "uq_children_name",
        "ck_children_named",
    }


def end_all_connections(database_url: str) -> None:
    """As a server does that restarts; the caller's event loop hears nothing of it meanwhile."""

    async def end() -> None:
        connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
        ours = "datname = current_database() and pid <> pg_backend_pid()"
        await connection.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {ours}")
        await connection.close()

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, end()).result()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_seen_to_close_is_not_used_again(
    database: Database, database_url: str
) -> None:
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    closed = asyncio.Event()
    assert driver is not None
    driver.add_termination_listener(lambda _connection: closed.set())
    end_all_connections(database_url)
    await closed.wait()
    await add(database, event())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_idle_for_long_is_asked_before_it_is_used(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.database._FRESH_SECONDS", 0.0)
    await add(database, event())
    end_all_connections(database_url)
    await add(database, event("2"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], []), ([1], [1]), ([1, 2], [1, 2]), ([1, 2, 3], [1, 2, 3, 3]), ({5: "five"}, [5])],
    ids=["none", "one", "a power of two", "between two", "keys"],
)
def test_an_in_is_padded_to_a_power_of_two(values: Collection[int], expected: list[int]) -> None:
    assert padded(values) == expected
