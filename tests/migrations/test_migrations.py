"""The migrations make what the models say, and every one of them can be taken back."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from tests.services import PostgreSQL, alembic_config
from tracker.database import Base, create_engine

REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory.from_config(alembic_config("")).walk_revisions()))
]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/empty.sqlite3"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql_server")
    url = server.create_empty()
    yield url
    server.drop(url)


def upgrade(url: str, revision: str) -> None:
    command.upgrade(alembic_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    command.downgrade(alembic_config(url), revision)


def look(url: str, question: Any) -> Any:
    """What `question(connection)` answers about the database."""

    async def ask() -> Any:
        engine = create_engine(url)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(question)
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def schema(url: str) -> dict[str, Any]:
    def describe(connection: Connection) -> dict[str, Any]:
        inspector = inspect(connection)
        return {
            table: {
                "columns": {
                    column["name"]: (str(column["type"]), column["nullable"])
                    for column in inspector.get_columns(table)
                },
                "indexes": sorted(str(index["name"]) for index in inspector.get_indexes(table)),
                "unique": sorted(str(key["name"]) for key in inspector.get_unique_constraints(table)),
                "foreign": sorted(str(key["name"]) for key in inspector.get_foreign_keys(table)),
            }
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }

    # `look` gives back whatever its argument returns, which its type leaves open.
    return look(url, describe)  # type: ignore[no-any-return]


def is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name is None or not name.startswith("price_observations_")


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("")).get_heads()) == 1


def test_every_migration_goes_up_and_down_and_up_again(empty_url: str) -> None:
    before = "base"
    for revision in REVISIONS:
        below = schema(empty_url)
        upgrade(empty_url, revision)
        above = schema(empty_url)
        assert above != below
        downgrade(empty_url, before)
        assert schema(empty_url) == below
        upgrade(empty_url, revision)
        assert schema(empty_url) == above
        before = revision


def test_the_last_one_can_be_taken_back_to_nothing(empty_url: str) -> None:
    upgrade(empty_url, "head")
    downgrade(empty_url, "base")
    assert schema(empty_url) == {}


# An index of an expression cannot be read back from SQLite, and is made on PostgreSQL alone.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_migrations_make_exactly_what_the_models_say(database_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_no_partition}
        )
        return list(compare_metadata(context, Base.metadata))

    assert look(database_url, differences) == []


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url, "head")
    once = schema(empty_url)
    upgrade(empty_url, "head")
    assert schema(empty_url) == once


def test_two_processes_that_migrate_at_once_do_not_meet(empty_url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": empty_url}
    arguments = [sys.executable, "-m", "alembic", "upgrade", "head"]
    processes = [
        subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert set(look(empty_url, lambda connection: inspect(connection).get_table_names())) > {"users"}


# What the next migrations rely on

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = {head!r}

def upgrade():
    with op.batch_alter_table("listings") as batch:
        batch.alter_column("title", existing_type=sa.String(500), type_=sa.Text())
        batch.add_column(sa.Column("added", sa.Text()))
    {then}

def downgrade():
    with op.batch_alter_table("listings") as batch:
        batch.drop_column("added")
"""


def with_one_more(url: str, folder: Path, then: str) -> Config:
    """The migrations and one more, which copies a table that others point at."""
    config = alembic_config(url)
    versions = folder / "versions"
    shutil.copytree(ScriptDirectory.from_config(config).dir, folder, dirs_exist_ok=True)
    (versions / "9999_more.py").write_text(NEXT.format(head=REVISIONS[-1], then=then))
    config.set_main_option("script_location", str(folder))
    return config


def insert_children(connection: Connection) -> None:
    tables = Base.metadata.tables
    now = datetime(2026, 1, 1, tzinfo=UTC)
    connection.execute(
        tables["listings"].insert().values(id=1, url="https://x/", store="x", title="x", created_at=now)
    )
    connection.execute(
        tables["price_observations"]
        .insert()
        .values(id=1, listing_id=1, availability="in_stock", evidence="x", observed_at=now)
    )


def count_observations(connection: Connection) -> int:
    return connection.scalar(text("SELECT COUNT(*) FROM price_observations")) or 0


def test_a_table_is_copied_without_losing_the_rows_that_point_at_it(
    database_url: str, tmp_path: Path
) -> None:
    look(database_url, insert_children)
    config = with_one_more(database_url, tmp_path / "migrations", "pass")
    command.upgrade(config, "head")
    assert "added" in schema(database_url)["listings"]["columns"]
    command.downgrade(config, "-1")
    assert look(database_url, count_observations) == 1


def test_a_migration_that_fails_leaves_everything_as_it_was(database_url: str, tmp_path: Path) -> None:
    before = schema(database_url)
    config = with_one_more(database_url, tmp_path / "migrations", "raise ValueError('half way')")
    with pytest.raises(ValueError, match="half way"):
        command.upgrade(config, "head")
    assert schema(database_url) == before


def test_a_migration_that_would_leave_rows_pointing_nowhere_is_refused(
    sqlite_url: str, tmp_path: Path
) -> None:
    look(sqlite_url, insert_children)
    config = with_one_more(sqlite_url, tmp_path / "migrations", "op.execute('DELETE FROM listings')")
    with pytest.raises(RuntimeError, match="1 rows pointing nowhere"):
        command.upgrade(config, "head")
    assert look(sqlite_url, count_observations) == 1
