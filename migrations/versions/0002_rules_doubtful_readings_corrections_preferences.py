"""Rules with references and re-arming, doubtful readings, corrections, and how each person is told.

Revision: 0002, after 0001. Written 2026-11-24 09:10:39.188486+00:00.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "alert_preferences",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("digest_hour", sa.BigInteger(), nullable=False),
        sa.Column("digest_weekday", sa.BigInteger(), nullable=False),
        sa.Column("quiet_from", sa.BigInteger(), nullable=True),
        sa.Column("quiet_until", sa.BigInteger(), nullable=True),
        sa.Column("hourly_cap", sa.BigInteger(), nullable=True),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        sa.Column("has_photos", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_alert_preferences_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_alert_preferences")),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wrong_minor", sa.BigInteger(), nullable=True),
        sa.Column("wrong_source", sa.String(length=64), nullable=True),
        sa.Column("offered", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_corrections_listing_id_listings")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_corrections_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("user_id", "listing_id", name=op.f("uq_corrections_user_id_listing_id")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrections_listing_id"), ["listing_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_corrections_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "default_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=16), nullable=True),
        sa.Column("days", sa.BigInteger(), nullable=True),
        sa.Column("rearm", sa.String(length=16), nullable=False),
        sa.Column("rearm_hours", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_default_rules_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_default_rules")),
        sa.UniqueConstraint("user_id", "kind", name=op.f("uq_default_rules_user_id_kind")),
    )
    op.create_table(
        "doubtful_readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("median_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_kind", sa.String(length=64), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_doubtful_readings_listing_id_listings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubtful_readings")),
    )
    with op.batch_alter_table("doubtful_readings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_doubtful_readings_listing_id_state"), ["listing_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_doubtful_readings_state_read_at"), ["state", "read_at"], unique=False
        )

    op.create_table(
        "reading_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("store", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("place", sa.String(length=255), nullable=True),
        sa.Column("wrong_source", sa.String(length=64), nullable=True),
        sa.Column("correction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_reading_rules_correction_id_corrections")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_reading_rules_listing_id_listings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_rules")),
    )
    with op.batch_alter_table("reading_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_rules_listing_id"), ["listing_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reading_rules_store"), ["store"], unique=False)

    with op.batch_alter_table("alert_rules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_armed", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("fired_minor", sa.BigInteger(), nullable=True))
        batch_op.alter_column("target_minor", new_column_name="amount_minor")
        batch_op.alter_column("target_currency", new_column_name="currency")
        batch_op.add_column(sa.Column("percent", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("reference", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("days", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("rearm", sa.String(length=16), nullable=False, server_default="crossing")
        )
        batch_op.add_column(sa.Column("rearm_hours", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_for", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("correction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.alter_column("now_minor", existing_type=sa.BIGINT(), nullable=True)
        batch_op.alter_column("currency", existing_type=sa.VARCHAR(length=3), nullable=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_alerts_correction_id_corrections"), "corrections", ["correction_id"], ["id"]
        )

    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("evidence_kind", sa.String(length=64), nullable=True))

    with op.batch_alter_table("price_observations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seller", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("is_used", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("correction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_price_observations_correction_id_corrections"),
            "corrections",
            ["correction_id"],
            ["id"],
        )

    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("snoozed_below_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("bought_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("bought_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("is_always_at_once", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("only_seller", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("is_only_new", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("last_alert_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("last_alert_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("high_minor", sa.BigInteger(), nullable=True))

    # Watches that exist begin anew at the price of now, and a target that is met already was said.
    op.execute(
        "UPDATE watches SET high_minor ="
        " (SELECT price_minor FROM listings WHERE listings.id = watches.listing_id)"
    )
    op.execute(
        "UPDATE alert_rules SET is_armed = false WHERE kind = 'target' AND amount_minor >="
        " (SELECT l.price_minor FROM listings l JOIN watches w ON w.listing_id = l.id"
        " WHERE w.id = alert_rules.watch_id)"
    )


def downgrade() -> None:
    # What the older version does not know is given up: rules of its later kinds, and alerts without a price.
    op.execute("DELETE FROM alerts WHERE now_minor IS NULL OR currency IS NULL")
    op.execute("UPDATE alerts SET state = 'due' WHERE state = 'held'")
    op.execute("UPDATE watches SET state = 'active' WHERE state = 'snoozed'")
    op.execute("UPDATE watches SET state = 'stopped' WHERE state = 'bought'")
    op.execute("DELETE FROM alert_rules WHERE kind NOT IN ('any_drop', 'target')")
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.drop_column("high_minor")
        batch_op.drop_column("last_alert_at")
        batch_op.drop_column("last_alert_minor")
        batch_op.drop_column("is_only_new")
        batch_op.drop_column("only_seller")
        batch_op.drop_column("is_always_at_once")
        batch_op.drop_column("bought_at")
        batch_op.drop_column("bought_minor")
        batch_op.drop_column("snoozed_below_minor")
        batch_op.drop_column("snoozed_until")

    with op.batch_alter_table("price_observations", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_price_observations_correction_id_corrections"), type_="foreignkey"
        )
        batch_op.drop_column("correction_id")
        batch_op.drop_column("is_used")
        batch_op.drop_column("seller")

    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_column("evidence_kind")

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_alerts_correction_id_corrections"), type_="foreignkey")
        batch_op.alter_column("currency", existing_type=sa.VARCHAR(length=3), nullable=False)
        batch_op.alter_column("now_minor", existing_type=sa.BIGINT(), nullable=False)
        batch_op.drop_column("correction_id")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("held_for")

    with op.batch_alter_table("alert_rules", schema=None) as batch_op:
        batch_op.alter_column("amount_minor", new_column_name="target_minor")
        batch_op.alter_column("currency", new_column_name="target_currency")
        batch_op.drop_column("rearm_hours")
        batch_op.drop_column("rearm")
        batch_op.drop_column("days")
        batch_op.drop_column("reference")
        batch_op.drop_column("percent")
        batch_op.drop_column("fired_minor")
        batch_op.drop_column("fired_at")
        batch_op.drop_column("is_armed")

    with op.batch_alter_table("reading_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reading_rules_store"))
        batch_op.drop_index(batch_op.f("ix_reading_rules_listing_id"))

    op.drop_table("reading_rules")
    with op.batch_alter_table("doubtful_readings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_doubtful_readings_state_read_at"))
        batch_op.drop_index(batch_op.f("ix_doubtful_readings_listing_id_state"))

    op.drop_table("doubtful_readings")
    op.drop_table("default_rules")
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corrections_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_corrections_listing_id"))

    op.drop_table("corrections")
    op.drop_table("alert_preferences")
