from datetime import UTC, datetime, timedelta

import time_machine

from tests import rows
from tracker.admin import service as admin
from tracker.alerts import service as outbox
from tracker.alerts.owing import owe
from tracker.catalog import service as catalog
from tracker.database import Database
from tracker.users.models import UserState
from tracker.watches import service as watches


async def test_the_status_counts_what_is_there(database: Database) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as travel:
        await rows.watch(database, 1)
        await rows.watch(database, 2)
        await rows.watch(database, 3, "https://shop.example/p/lamp", title="Lamp")
        async with database.transaction() as session:
            await watches.reachable(session, 3, UserState.BLOCKED)
            found = await catalog.by_url(session, rows.URL)
            assert found is not None
            move = await rows.read(session, found, "1499")
            assert move is not None
            await owe(session, move)
        async with database.transaction() as session:
            (first, _) = await outbox.claim(session, limit=2, lease=timedelta(seconds=30))
            await outbox.bury(session, first, "refused")
        travel.shift(timedelta(hours=1))
        async with database.transaction() as session:
            now = await admin.status(session)
    assert now == admin.Status(
        users=2, watches=3, listings=1, overdue_checks=1, waiting_alerts=1, dead_alerts=1
    )
