"""How Alembic reaches the database: the address from the settings, an async engine, one transaction.

A caller in Python gives another address as `config.attributes["database_url"]`.
"""

import asyncio
from importlib import import_module
from logging.config import fileConfig
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, event, text

import tracker
from tracker.config import Settings
from tracker.database import Base, UtcDateTime, create_engine

# Any number, the same in all processes: two that start at once must not both migrate.
_MIGRATION_LOCK = 7_072_657


def _import_models() -> None:
    """Every noun's `models.py` declares tables; metadata is whole once all are imported."""
    for module in sorted(Path(tracker.__path__[0]).glob("*/models.py")):
        import_module(f"tracker.{module.parent.name}.models")


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """Whether the models are to know a table: partitions are made by upkeep."""
    return kind != "table" or name is None or not name.startswith("price_observations_")


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A migration must outlive the code's own types, so it names what they store."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        include_name=_is_declared,
        render_as_batch=True,  # SQLite cannot alter a column: Alembic copies the table
        render_item=_render,
        transactional_ddl=True,  # on SQLite too, since our engine begins transactions itself
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(
                    f"the migration would leave {len(broken)} rows pointing nowhere: {broken[:3]}"
                )


async def _run() -> None:
    engine = create_engine(context.config.attributes.get("database_url") or _configured_url())
    if engine.dialect.name == "sqlite":
        # Copying a table drops the old one, and with foreign keys on that deletes the rows pointing at it.
        @event.listens_for(engine.sync_engine, "connect")
        def _let_tables_be_copied(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.close()

    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
            await connection.commit()
    finally:
        await engine.dispose()


def _configured_url() -> str:
    settings = Settings()
    settings.make_folders()
    return settings.database_url


if context.config.cmd_opts is not None and context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
_import_models()
asyncio.run(_run())
