"""Say broadcasts: a few at a time, and only while nobody is to be told anything else."""

import asyncio
from datetime import timedelta

import structlog

from tracker.admin import broadcasts as service
from tracker.notices import service as notices
from tracker.notices.models import Notice
from tracker.telegram import admin_broadcast_cards, sender
from tracker.texts import Language
from worker.notices import settle
from worker.speaking import send_now, take_turn
from worker.workbench import Workbench

log = structlog.get_logger()

LEASE = timedelta(seconds=45)

WAITING = 50
"""The most people to whom one broadcast is owed at a moment: so few are taken back by a pause, and so few
stand among the notices that others look through.
"""

_TOGETHER = 10
"""Messages that take their turn together: an alert that comes then waits behind no more."""

_SECONDS = 20
"""After which a job leaves the rest to the next one."""

PERHAPS = "a worker ended while it was sent"


async def broadcasts(bench: Workbench) -> None:
    """Owe and say what is under way, until an alert is due or nothing is left."""
    if bench.broadcasting.locked() or await bench.maintenance.is_on():
        return
    async with bench.broadcasting:
        async with bench.database.transaction() as session:
            await service.take_back_left(session)
        loop = asyncio.get_running_loop()
        until = loop.time() + _SECONDS
        while loop.time() < until and await _say_some(bench):
            pass


async def _say_some(bench: Workbench) -> int:
    """A few more; how many were taken."""
    async with bench.database.transaction() as session:
        if await service.is_alert_due(session):
            return 0
        texts = {each.id: each.text for each in await service.under_way(session)}
        for broadcast_id in texts:
            await service.owe_more(session, broadcast_id, at_once=WAITING)
    if not texts:
        return 0
    async with bench.database.transaction() as session:
        claimed = await notices.claim_of_broadcasts(session, texts, limit=_TOGETHER, lease=LEASE)
    with bench.answer():
        said = await asyncio.gather(
            *(_say(bench, notice, texts[notice.broadcast_id or 0]) for notice in claimed),
            return_exceptions=True,
        )
    for notice, outcome in zip(claimed, said, strict=True):
        if isinstance(outcome, BaseException):  # its lease brings it back, and the others were said
            log.error("broadcast.not_said", notice_id=notice.id, exc_info=outcome)
    return len(claimed)


async def _say(bench: Workbench, notice: Notice, text: str) -> None:
    """Say it to one person, unless somebody may have done so and could not write it down."""
    if notices.was_begun(notice):
        async with bench.database.transaction() as session:
            await notices.bury(session, notice, PERHAPS)
        return
    not_yet = await take_turn(bench, notice.chat_id)
    assert notice.lease_until is not None
    async with bench.database.transaction() as session:
        is_sending, user = await service.wants(
            session, notice.broadcast_id or 0, int(notice.details["user_id"])
        )
        if not is_sending or not_yet is not None:
            await notices.put_back(session, notice, after=not_yet.after if not_yet else timedelta(0))
            return
        if user is None:
            await notices.withdraw(session, notice)
            return
        if not await notices.begin(session, notice):
            return
    card = admin_broadcast_cards.message(Language.of(user), text)
    last_moment = notice.lease_until - timedelta(seconds=sender.SEND_TIMEOUT)
    answer = await send_now(bench, notice.chat_id, card, before=last_moment, silent=False)
    await settle(bench, notice, user, answer)
