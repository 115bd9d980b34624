"""What claims are measured on: a table as it is described, on which every claim is a full one."""

from sqlalchemy import func, select

from benchmarks import claims
from tracker import clock
from tracker.catalog.models import Listing, StoreState
from tracker.database import Database

LISTINGS = 4_000


async def test_a_tenth_of_the_listings_is_due_at_one_store_and_a_thirteenth_of_the_others(
    database: Database,
) -> None:
    await claims.seed(database, LISTINGS)

    async with database.transaction() as session:
        great = Listing.store == claims.GREAT_STORE
        counted = select(func.count()).select_from(Listing)
        due = counted.where(Listing.next_check_at <= clock.now())
        stores = await session.scalar(select(func.count()).select_from(StoreState))
        largest = await session.scalar(
            counted.where(~great).group_by(Listing.store).order_by(func.count().desc()).limit(1)
        )
        assert stores == LISTINGS // claims.LISTINGS_OF_A_STORE
        assert await session.scalar(counted) == LISTINGS
        assert await session.scalar(counted.where(great)) == LISTINGS // 10
        assert await session.scalar(due.where(great)) == LISTINGS // 10
        assert await session.scalar(due.where(~great)) == LISTINGS // 13 - LISTINGS // 130
        assert largest is not None
        assert largest <= claims.LISTINGS_OF_A_STORE


async def test_every_claim_is_a_full_one(database: Database) -> None:
    await claims.seed(database, LISTINGS)

    for manners in (claims.AT_ONCE, claims.POLITE):
        assert len(await claims.times_of(database, manners)) == claims.CLAIMS
