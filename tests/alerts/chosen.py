"""Rules as a person chooses them, and checks that tell of them: what tests of choosing share."""

from datetime import timedelta

import time_machine

from tests import rows
from tracker import clock
from tracker.alerts import choosing
from tracker.alerts.choosing import Chosen
from tracker.alerts.owing import owe
from tracker.alerts.terms import Again, Limit, Terms
from tracker.catalog import service as catalog
from tracker.catalog.belief import Bands
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.database import Database
from tracker.stores.offer import Availability
from tracker.watches import service as watches
from tracker.watches.models import AlertRule, RuleKind, Watch

BELIEVING = Checking(timedelta(minutes=30), bands=Bands(reads=1))


def target(amount: str) -> Terms:
    return Terms(RuleKind.TARGET, amount=rows.rupees(amount))


async def choose(database: Database, watch: Watch, terms: Terms, *, user: int = 1001) -> Chosen:
    async with database.transaction() as session:
        return await choosing.choose(session, await rows.person(session, user), watch.id, terms)


async def rearm(database: Database, watch: Watch, kind: RuleKind, again: Again) -> Chosen:
    async with database.transaction() as session:
        return await choosing.set_rearm(session, await rows.person(session), watch.id, kind, again)


async def limit(database: Database, watch: Watch, chosen: Limit) -> Watch:
    async with database.transaction() as session:
        return await choosing.limit(session, await rows.person(session), watch.id, chosen)


async def remove(database: Database, watch: Watch, kind: RuleKind = RuleKind.ANY_DROP) -> None:
    async with database.transaction() as session:
        await choosing.remove(session, await rows.person(session), watch.id, kind)


async def the_rules(database: Database, watch: Watch) -> dict[str, AlertRule]:
    async with database.transaction() as session:
        owned = await watches.owned(session, await rows.person(session), watch.id)
        return {rule.kind: rule for rule in owned.rules}


async def reads(
    database: Database,
    travel: time_machine.Traveller,
    *prices: str | None,
    apart: timedelta = timedelta(hours=1),
) -> list[str]:
    """Checks read these prices, one an hour, and believe them; returns those of which the watcher is told.

    None is sold out.
    """
    told = []
    for price in prices:
        travel.shift(apart)
        stock = Availability.IN_STOCK if price else Availability.OUT_OF_STOCK
        check = Check(clock.now(), "offer", rows.offer(price, availability=stock))
        async with database.transaction() as session:
            found = await catalog.by_url(session, rows.URL)
            assert found is not None
            move = await record(session, found.id, check, BELIEVING)
            if move and await owe(session, move):
                told.append(price or "sold out")
    return told
