"""Stores, promises, and how often prices change.

Revision: 0004, after 0003. Written 2026-11-24 16:29:34.947468+00:00.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FILLED = {
    "listings": (
        "gone_days",
        "checked_first",
        "watchers",
        "is_near_target",
        "changes",
        "change_days",
        "needs_browser",
    ),
    "users": ("checked_first",),
}
"""Columns whose default only fills the rows that are there; new rows say what they hold."""

_WATCHED = """
    SELECT {what} FROM watches JOIN users ON users.id = watches.user_id
    WHERE watches.listing_id = listings.id AND watches.state IN ('active', 'snoozed')
    AND (users.state = 'active' OR (users.state = 'blocked' AND watches.chat_id < 0))
"""


def upgrade() -> None:
    op.create_table(
        "check_tallies",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store", sa.String(length=255), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("checks", sa.BigInteger(), nullable=False),
        sa.Column("drops", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "store", "outcome", name=op.f("pk_check_tallies")),
    )
    op.create_table(
        "stores",
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at_once", sa.BigInteger(), nullable=True),
        sa.Column("gap_seconds", sa.Double(), nullable=True),
        sa.Column("way", sa.String(length=16), nullable=True),
        sa.Column("blocks", sa.BigInteger(), nullable=False),
        sa.Column("refused_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("news", sa.String(length=16), nullable=True),
        sa.Column("told_user_id", sa.BigInteger(), nullable=False),
        sa.Column("sale_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_stores")),
    )
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stores_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            "ix_stores_news",
            ["news"],
            unique=False,
            postgresql_where=sa.text("news IS NOT NULL"),
            sqlite_where=sa.text("news IS NOT NULL"),
        )

    op.create_table(
        "missed_promises",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("store", sa.String(length=255), nullable=False),
        sa.Column("plan", sa.String(length=16), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_missed_promises_listing_id_listings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_promises")),
        sa.UniqueConstraint(
            "listing_id", "plan", "promised_at", name=op.f("uq_missed_promises_listing_id_plan_promised_at")
        ),
    )
    with op.batch_alter_table("missed_promises", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_missed_promises_promised_at"), ["promised_at"], unique=False)

    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gone_days", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("gone_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("checked_first", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("watchers", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("history_days", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("promise_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("is_near_target", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("changes", sa.Double(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("change_days", sa.Double(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("etag", sa.String(length=256), nullable=True))
        batch_op.add_column(sa.Column("last_modified", sa.String(length=256), nullable=True))
        batch_op.add_column(sa.Column("fetched_whole_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("needs_browser", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.drop_index(batch_op.f("ix_listings_next_check_at"))
        batch_op.create_index(
            "ix_listings_due", ["store", "checked_first", "next_check_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_listings_promise_at"), ["promise_at"], unique=False)

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("checked_first", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    for table, columns in _FILLED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)
    _fill()


def _fill() -> None:
    """Say of the rows that are there what their watchers want, and make the row of each store."""
    op.execute("UPDATE users SET checked_first = (CAST(features AS TEXT) LIKE '%checked_first%')")
    first = "MAX(CASE WHEN users.checked_first THEN 1 ELSE 0 END)"
    whole = "MAX(CASE WHEN users.history_days IS NULL THEN 1 ELSE 0 END)"
    op.execute(
        "UPDATE listings SET"  # noqa: S608 - put together of what stands here
        f" watchers = ({_WATCHED.format(what='COUNT(*)')}),"
        f" checked_first = COALESCE(({_WATCHED.format(what=first)}), 0) = 1,"
        f" history_days = CASE ({_WATCHED.format(what=whole)}) WHEN 1 THEN NULL"
        f" ELSE COALESCE(({_WATCHED.format(what='MAX(users.history_days)')}), 365) END"
    )
    op.execute(
        "INSERT INTO stores (code, due_at, blocks, told_user_id)"
        " SELECT store, MIN(next_check_at), 0, 0 FROM listings GROUP BY store"
    )


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("checked_first")

    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listings_promise_at"))
        batch_op.drop_index("ix_listings_due")
        batch_op.create_index(batch_op.f("ix_listings_next_check_at"), ["next_check_at"], unique=False)
        batch_op.drop_column("needs_browser")
        batch_op.drop_column("fetched_whole_at")
        batch_op.drop_column("last_modified")
        batch_op.drop_column("etag")
        batch_op.drop_column("change_days")
        batch_op.drop_column("changes")
        batch_op.drop_column("is_near_target")
        batch_op.drop_column("promise_at")
        batch_op.drop_column("kept_at")
        batch_op.drop_column("history_days")
        batch_op.drop_column("watchers")
        batch_op.drop_column("checked_first")
        batch_op.drop_column("gone_on")
        batch_op.drop_column("gone_days")

    with op.batch_alter_table("missed_promises", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_missed_promises_promised_at"))

    op.drop_table("missed_promises")
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_stores_news",
            postgresql_where=sa.text("news IS NOT NULL"),
            sqlite_where=sa.text("news IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_stores_due_at"))

    op.drop_table("stores")
    op.drop_table("check_tallies")
