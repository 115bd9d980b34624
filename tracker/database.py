"""The database: one declarative base, UTC datetimes, engines that behave alike on SQLite and PostgreSQL."""

import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

# INTEGER PRIMARY KEY is SQLite's own row id; elsewhere keys are 64 bit, as Telegram's ids are.
BigId = BigInteger().with_variant(Integer(), "sqlite")

T = TypeVar("T")

_FRESH_SECONDS = 5.0
"""So long after its last use a connection to PostgreSQL is taken for alive unless we saw it close: asking it
costs three more questions a transaction."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in code; `timestamptz` on PostgreSQL, naive UTC text on SQLite.

    Raises ValueError when a naive datetime is bound.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables. Relations are never loaded behind the code's back: declare them with `lazy="raise"`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), int: BigInteger()}  # noqa: RUF012 - SQLAlchemy's own form


def create_engine(database_url: str, **options: Any) -> AsyncEngine:
    """An engine on which a transaction that reads and then writes never loses an update or a lock.

    On SQLite: WAL, foreign keys, 10 s busy time-out, and BEGIN IMMEDIATE, without which a deferred
    transaction that reads before it writes fails at once with "database is locked".

    On PostgreSQL: what a process that stands still has locked is free again after ten seconds.
    """
    if not database_url.startswith("sqlite"):
        # No overflow: such connections close after each use, and opening one costs more than a transaction.
        # The last used is the next: each connection prepares its statements anew, so few are to be busy.
        settings = {
            "pool_size": 20,
            "pool_use_lifo": True,
            "max_overflow": 0,
            "connect_args": {"server_settings": {"idle_in_transaction_session_timeout": "10s"}},
        }
        engine = create_async_engine(database_url, **settings | options)
        _look_before_use(engine)
        return engine
    # One connection: SQLite has one writer anyway, and a queue in order beats ten that poll its lock (with 20
    # writers the slowest waits 33 ms instead of a second). A transaction must not be opened inside another.
    one = {} if ":memory:" in database_url else {"pool_size": 1, "max_overflow": 0}
    engine = create_async_engine(database_url, connect_args={"timeout": 10}, **one | options)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def padded(values: Collection[T]) -> list[T]:
    """The values for an IN, the last one repeated up to a power of two.

    IN is a statement of its own for each number of values, which each connection would prepare anew.
    """
    few = list(values)
    return few + few[-1:] * ((1 << (len(few) - 1).bit_length()) - len(few))


def _look_before_use(engine: AsyncEngine) -> None:
    """Begin on no connection that ended while it was idle: a server that restarted costs nobody anything.

    What closed is seen without asking; only one that was idle for long is asked, since it may have been
    dropped on its way without a word.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _look(connection: Any, record: Any, _proxy: Any) -> None:
        idle = time.monotonic() - record.info.get("used_at", time.monotonic())
        if record.driver_connection.is_closed():
            raise InvalidatePoolError
        if idle < _FRESH_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def insert(session: AsyncSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows `on_conflict_do_nothing`, in the dialect of the session's database."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


class Database:
    """An engine and its sessions. Transactions live at the edge: a door opens one, services never commit."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def at(cls, database_url: str) -> "Database":
        return cls(create_engine(database_url))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction that commits at the end of the block, or rolls back on any error."""
        async with self._sessions() as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()
