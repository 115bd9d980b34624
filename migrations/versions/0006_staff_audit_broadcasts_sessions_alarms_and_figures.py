"""Staff, the audit log, broadcasts, sign-ins, alarms and figures.

Revision: 0006, after 0005. Written 2026-11-24 20:36:28.910434+00:00.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COUNTED_BY = (
    ("ledger_entries", ["account", "created_at"]),
    ("refunds", ["settled_at"]),
    ("users", ["created_at"]),
    ("users", ["plan", "state", "id"]),
)
"""What figures are counted by, and people by several filters at once."""


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silenced_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alarms")),
    )
    op.create_table(
        "api_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("refresh_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_sessions")),
        sa.UniqueConstraint("refresh_hash", name=op.f("uq_api_sessions_refresh_hash")),
    )
    with op.batch_alter_table("api_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_sessions_family"), ["family"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_api_sessions_telegram_id_id"), ["telegram_id", "id"], unique=False
        )

    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("door", sa.String(length=8), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=320), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_action_id"), ["action", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_by_id"), ["by", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_subject_id"), ["subject", "id"], unique=False)

    op.create_table(
        "broadcasts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segment", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owed_until", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_broadcasts_state_starts_at"), ["state", "starts_at"], unique=False
        )

    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name=op.f("pk_daily_figures")),
    )
    op.create_table(
        "snapshots",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "staff",
        sa.Column(
            "telegram_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("given_by", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_staff")),
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_user_id_id"), ["user_id", "id"], unique=False)

    op.create_table(
        "user_notes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_notes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_notes")),
    )
    with op.batch_alter_table("user_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_notes_user_id_id"), ["user_id", "id"], unique=False)

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_alerts_dead",
            ["id"],
            unique=False,
            postgresql_where=sa.text("state = 'dead'"),
            sqlite_where=sa.text("state = 'dead'"),
        )

    with op.batch_alter_table("webhook_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_webhook_events_of_others",
            ["provider", "id"],
            unique=False,
            postgresql_where=sa.text("provider <> 'telegram'"),
            sqlite_where=sa.text("provider <> 'telegram'"),
        )
        batch_op.create_index(
            "ix_webhook_events_unapplied",
            ["state", "id"],
            unique=False,
            postgresql_where=sa.text("state IN ('dead', 'ignored')"),
            sqlite_where=sa.text("state IN ('dead', 'ignored')"),
        )

    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_listings_store_id"), ["store", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_listings_title_words",
            "listings",
            [sa.text("to_tsvector('simple'::regconfig, title::text)")],
            unique=False,
            postgresql_using="gin",
        )

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(
            "ix_notices_broadcast",
            ["broadcast_id", "state"],
            unique=False,
            postgresql_where=sa.text("broadcast_id IS NOT NULL"),
            sqlite_where=sa.text("broadcast_id IS NOT NULL"),
        )

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("suspended_because", sa.String(length=256), nullable=True))
        batch_op.add_column(
            sa.Column("hears_broadcasts", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        batch_op.add_column(sa.Column("name_key", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("username_key", sa.String(length=64), nullable=False, server_default="")
        )
    op.execute(
        "UPDATE users SET name_key = lower(substr(first_name, 1, 64)), "
        "username_key = lower(coalesce(username, ''))"
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.alter_column("hears_broadcasts", server_default=None)
        batch_op.alter_column("name_key", server_default=None)
        batch_op.alter_column("username_key", server_default=None)
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_state"))
        batch_op.drop_index(batch_op.f("ix_users_plan"))
        batch_op.create_index(batch_op.f("ix_users_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_plan_id"), ["plan", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_last_seen_at"), ["last_seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_email"), ["email"], unique=False)
        for column in ("name_key", "username_key"):
            batch_op.create_index(
                batch_op.f(f"ix_users_{column}"),
                [column],
                unique=False,
                postgresql_ops={column: "varchar_pattern_ops"},
            )
        batch_op.create_index(
            "ix_users_suspended_until",
            ["suspended_until"],
            unique=False,
            postgresql_where=sa.text("suspended_until IS NOT NULL"),
            sqlite_where=sa.text("suspended_until IS NOT NULL"),
        )

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_plan_state"))
        batch_op.create_index(
            batch_op.f("ix_subscriptions_plan_state_id"), ["plan", "state", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_subscriptions_state_id"), ["state", "id"], unique=False)

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payments_user_id"))
        batch_op.create_index(batch_op.f("ix_payments_user_id_id"), ["user_id", "id"], unique=False)
        batch_op.create_index(
            "ix_payments_held",
            ["id"],
            unique=False,
            postgresql_where=sa.text("held_because IS NOT NULL"),
            sqlite_where=sa.text("held_because IS NOT NULL"),
        )

    with op.batch_alter_table("terms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("price_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE terms SET price_minor = value_minor WHERE source = 'payment'")
    with op.batch_alter_table("terms", schema=None) as batch_op:
        batch_op.alter_column("price_minor", server_default=None)
        batch_op.create_index(batch_op.f("ix_terms_source_ends_at"), ["source", "ends_at"], unique=False)
    for table, columns in _COUNTED_BY:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{'_'.join(columns)}"), columns, unique=False)
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(
            "ix_users_email_verified",
            ["id"],
            unique=False,
            postgresql_where=sa.text("email_verified_at IS NOT NULL"),
            sqlite_where=sa.text("email_verified_at IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_users_email_verified",
            postgresql_where=sa.text("email_verified_at IS NOT NULL"),
            sqlite_where=sa.text("email_verified_at IS NOT NULL"),
        )
    for table, columns in _COUNTED_BY:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_{'_'.join(columns)}"))
    with op.batch_alter_table("terms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_terms_source_ends_at"))
        batch_op.drop_column("price_minor")

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_payments_held",
            postgresql_where=sa.text("held_because IS NOT NULL"),
            sqlite_where=sa.text("held_because IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_payments_user_id_id"))
        batch_op.create_index(batch_op.f("ix_payments_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_state_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_plan_state_id"))
        batch_op.create_index(batch_op.f("ix_subscriptions_plan_state"), ["plan", "state"], unique=False)

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_users_suspended_until",
            postgresql_where=sa.text("suspended_until IS NOT NULL"),
            sqlite_where=sa.text("suspended_until IS NOT NULL"),
        )
        for column in ("username_key", "name_key", "email", "last_seen_at", "plan_id", "state_id"):
            batch_op.drop_index(batch_op.f(f"ix_users_{column}"))
        batch_op.create_index(batch_op.f("ix_users_plan"), ["plan"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_state"), ["state"], unique=False)
        batch_op.drop_column("username_key")
        batch_op.drop_column("name_key")

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("hears_broadcasts")
        batch_op.drop_column("suspended_because")
        batch_op.drop_column("suspended_until")

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notices_broadcast",
            postgresql_where=sa.text("broadcast_id IS NOT NULL"),
            sqlite_where=sa.text("broadcast_id IS NOT NULL"),
        )
        batch_op.drop_column("broadcast_id")

    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_listings_title_words", table_name="listings", postgresql_using="gin")
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listings_store_id"))
        batch_op.drop_column("paused_at")

    with op.batch_alter_table("webhook_events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_webhook_events_of_others",
            postgresql_where=sa.text("provider <> 'telegram'"),
            sqlite_where=sa.text("provider <> 'telegram'"),
        )
        batch_op.drop_index(
            "ix_webhook_events_unapplied",
            postgresql_where=sa.text("state IN ('dead', 'ignored')"),
            sqlite_where=sa.text("state IN ('dead', 'ignored')"),
        )

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_alerts_dead",
            postgresql_where=sa.text("state = 'dead'"),
            sqlite_where=sa.text("state = 'dead'"),
        )

    with op.batch_alter_table("user_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_notes_user_id_id"))

    op.drop_table("user_notes")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_user_id_id"))

    op.drop_table("api_tokens")
    op.drop_table("switches")
    op.drop_table("staff")
    op.drop_table("snapshots")
    op.drop_table("daily_figures")
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_broadcasts_state_starts_at"))

    op.drop_table("broadcasts")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_subject_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_by_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_action_id"))

    op.drop_table("audit_entries")
    with op.batch_alter_table("api_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_sessions_telegram_id_id"))
        batch_op.drop_index(batch_op.f("ix_api_sessions_family"))

    op.drop_table("api_sessions")
    op.drop_table("alarms")
