"""What a listing's page showed, as it stands now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from tracker.catalog.models import PriceObservation


async def newest(
    session: AsyncSession,
    listing_id: int,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    limit: int = 20,
) -> Sequence[PriceObservation]:
    """The readings that stand, the newest first: first seen from `since` on, and before `before`.

    No two of a listing were first seen in the same moment.
    """
    wanted = (
        select(PriceObservation)
        .where(PriceObservation.listing_id == listing_id, PriceObservation.correction_id.is_(None))
        .order_by(PriceObservation.observed_at.desc())
        .options(defer(PriceObservation.evidence, raiseload=True))
        .limit(limit)
    )
    if since is not None:
        wanted = wanted.where(PriceObservation.observed_at >= since)
    if before is not None:
        wanted = wanted.where(PriceObservation.observed_at < before)
    return (await session.scalars(wanted)).all()
