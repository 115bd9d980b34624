"""Apply what Razorpay told: one event, one transaction, whatever the order."""

from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tracker.billing import events
from tracker.billing.entities import Malformed
from tracker.billing.events import Doubt
from tracker.billing.problems import RazorpayAway
from tracker.inbox import service as inbox
from tracker.inbox.models import EventState, WebhookEvent
from worker import razorpay_news
from worker.notices import say_notices
from worker.workbench import Workbench

log = structlog.get_logger()

PROVIDER = "razorpay"
_AT_A_TIME = 50
_LEASE = timedelta(seconds=60)
_LONGEST_PAUSE = timedelta(hours=2)


async def payments(bench: Workbench) -> None:
    """Apply every event that waits, then say what is owed about it."""
    while await take_events(bench):
        pass
    await say_notices(bench)


async def take_events(bench: Workbench) -> int:
    """Apply up to fifty events; returns how many were taken."""
    async with bench.database.transaction() as session:
        taken = await inbox.claim(session, PROVIDER, limit=_AT_A_TIME, lease=_LEASE)
    for event in taken:
        try:
            await _apply(bench, event)
        except inbox.LeaseLost:
            log.warning("inbox.lease_lost", event_id=event.event_id)
        except Exception as failure:  # a door: this event comes back by itself, the others go on
            log.exception("payment.event_failed", event_id=event.event_id)
            await _retry(bench, event, type(failure).__name__)
    return len(taken)


async def _apply(bench: Workbench, event: WebhookEvent) -> None:
    """What an event changes, and that it was applied, are one transaction."""
    try:
        async with bench.database.transaction() as session:
            concerned = await events.apply(session, bench.billing, event.body)
            await inbox.settle(session, event, EventState.APPLIED if concerned else EventState.IGNORED)
    except Malformed as malformed:
        async with bench.database.transaction() as session:
            await inbox.settle(session, event, EventState.IGNORED, error=str(malformed))
    except Doubt as doubt:
        await _apply_what_is_true(bench, event, doubt)


async def _apply_what_is_true(bench: Workbench, event: WebhookEvent, doubt: Doubt) -> None:
    try:
        write = await razorpay_news.ask(bench, doubt)
    except RazorpayAway as error:
        await _retry(bench, event, str(error))
        return
    async with bench.database.transaction() as session:
        await write(session)
        await inbox.settle(session, event, EventState.APPLIED)


async def _retry(bench: Workbench, event: WebhookEvent, error: str) -> None:
    pause = min(timedelta(seconds=5 * 2 ** min(event.attempts, 12)), _LONGEST_PAUSE)
    try:
        async with bench.database.transaction() as session:
            await inbox.retry_later(session, event, pause, error)
    except (SQLAlchemyError, OSError, inbox.LeaseLost):
        log.exception("payment.event_not_put_back", event_id=event.event_id)
