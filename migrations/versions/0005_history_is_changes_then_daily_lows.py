"""History is changes, then daily lows.

Revision: 0005, after 0004. Written 2026-11-24 16:40:00+00:00.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = (
    "id, listing_id, price_minor, list_price_minor, currency, availability, evidence, observed_at, seller,"
    " is_used, correction_id"
)

_TABLE = """
    CREATE TABLE price_observations (
        id BIGINT NOT NULL DEFAULT nextval('price_observations_id_seq'),
        listing_id BIGINT NOT NULL,
        price_minor BIGINT,
        list_price_minor BIGINT,
        currency VARCHAR(3),
        availability VARCHAR(16) NOT NULL,
        evidence TEXT NOT NULL,
        observed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        seller VARCHAR(255),
        is_used BOOLEAN NOT NULL DEFAULT false,
        correction_id BIGINT,
        {more}
        CONSTRAINT pk_price_observations PRIMARY KEY ({key}),
        CONSTRAINT fk_price_observations_listing_id_listings
            FOREIGN KEY (listing_id) REFERENCES listings (id),
        CONSTRAINT fk_price_observations_correction_id_corrections
            FOREIGN KEY (correction_id) REFERENCES corrections (id)
    ) {partitioned}
"""
"""Two tables of one name in turn: the rows are moved from one to the other."""

_MAKE_MONTHS = """
    DO $$
    DECLARE
        month TIMESTAMP;
    BEGIN
        FOR month IN SELECT generate_series(
            date_trunc('month', COALESCE(MIN(observed_at), now()) AT TIME ZONE 'UTC'),
            date_trunc('month', now() AT TIME ZONE 'UTC') + INTERVAL '2 months',
            INTERVAL '1 month'
        ) FROM price_observations_before
        LOOP
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF price_observations FOR VALUES FROM (%L) TO (%L)',
                'price_observations_' || to_char(month, 'YYYY_MM'),
                month AT TIME ZONE 'UTC',
                (month + INTERVAL '1 month') AT TIME ZONE 'UTC'
            );
        END LOOP;
    END $$
"""

_LAST_SEEN = """
    UPDATE price_observations SET last_seen_at = COALESCE(followed.at, price_observations.observed_at)
    FROM (
        SELECT id, LEAD(observed_at) OVER (PARTITION BY listing_id ORDER BY observed_at, id) AS at
        FROM price_observations
    ) AS followed
    WHERE followed.id = price_observations.id AND price_observations.id NOT IN (
        SELECT MAX(id) FROM price_observations WHERE correction_id IS NULL GROUP BY listing_id
    )
"""
"""The checks between two changes were not kept: each stood until the next one, for all that we know."""


def upgrade() -> None:
    op.create_table(
        "daily_lows",
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("correction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_daily_lows_correction_id_corrections")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_daily_lows_listing_id_listings")
        ),
        sa.PrimaryKeyConstraint("listing_id", "day", name=op.f("pk_daily_lows")),
    )
    op.add_column("listings", sa.Column("retired_until", sa.Date(), nullable=True))
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_alerts_observation_id_price_observations"), type_="foreignkey"
        )
    op.add_column("price_observations", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_LAST_SEEN)
    if op.get_bind().dialect.name == "postgresql":
        _partition()


def downgrade() -> None:
    # What the older version does not know is given up: alerts of observations that were retired.
    op.execute("DELETE FROM alerts WHERE observation_id NOT IN (SELECT id FROM price_observations)")
    if op.get_bind().dialect.name == "postgresql":
        _make_one_table()
    else:
        with op.batch_alter_table("price_observations", schema=None) as batch_op:
            batch_op.drop_column("last_seen_at")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_foreign_key(
            batch_op.f("fk_alerts_observation_id_price_observations"),
            "price_observations",
            ["observation_id"],
            ["id"],
        )
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_column("retired_until")
    op.drop_table("daily_lows")


def _partition() -> None:
    _put_aside()
    op.execute(
        _TABLE.format(
            more="last_seen_at TIMESTAMP WITH TIME ZONE,",
            key="id, observed_at",
            partitioned="PARTITION BY RANGE (observed_at)",
        )
    )
    op.execute("CREATE TABLE price_observations_default PARTITION OF price_observations DEFAULT")
    op.execute(_MAKE_MONTHS)
    _move_rows(f"{_COLUMNS}, last_seen_at")


def _make_one_table() -> None:
    _put_aside()
    op.execute(_TABLE.format(more="", key="id", partitioned=""))
    _move_rows(_COLUMNS)


def _put_aside() -> None:
    op.execute("ALTER TABLE price_observations RENAME TO price_observations_before")
    op.execute("ALTER INDEX pk_price_observations RENAME TO pk_price_observations_before")
    op.execute("DROP INDEX ix_price_observations_listing_id_observed_at")


def _move_rows(columns: str) -> None:
    """Bring the rows over, and drop the table that held them; ids go on where they were."""
    op.execute(
        f"INSERT INTO price_observations ({columns}) SELECT {columns} FROM price_observations_before"  # noqa: S608 - names of this file
    )
    op.execute("ALTER SEQUENCE price_observations_id_seq OWNED BY price_observations.id")
    op.execute("DROP TABLE price_observations_before")
    op.create_index(
        op.f("ix_price_observations_listing_id_observed_at"),
        "price_observations",
        ["listing_id", "observed_at"],
        unique=False,
    )
