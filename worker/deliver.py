"""Deliver what is owed: claim due alerts, send them outside any transaction, settle each alone."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil

import structlog

from tracker import clock, metrics
from tracker.alerts import chats
from tracker.alerts import service as alerts
from tracker.alerts.service import Parcel
from tracker.telegram import alert_cards, sender
from tracker.texts import Language
from worker.gate import Gate
from worker.speaking import out_of_reach, send_now, take_turn
from worker.workbench import Workbench

log = structlog.get_logger()

IN_HAND = 50
"""The most messages that one worker has claimed, and no more than a second's. Most wait for their turn, and
a crash delays them by a lease.
"""

_FIRST_RETRY = timedelta(seconds=2)
_LONGEST_RETRY = timedelta(minutes=5)


class Deliverer:
    """One delivery loop of a worker process. It wakes on a hint, and by itself once in a sweep."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        pace = bench.settings.telegram_messages_per_second
        self._gate = Gate(pace)
        # What several workers claim beyond the turns of the next moments is put back, again and again.
        self._most = max(1, min(IN_HAND, ceil(pace)))
        self._hint = asyncio.Event()
        self._is_stopping = False
        self._sending: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    @property
    def in_hand(self) -> int:
        return len(self._sending)

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Something is due now."""
        self._hint.set()

    async def stop(self, *, within: float = 3) -> None:
        """Claim nothing more, and let what is in hand end; a lease brings back what does not in time."""
        self._is_stopping = True
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                if self._loop is not None:
                    await self._loop  # a claim that is under way is not cut: nobody would send what it took
                if self._sending:
                    await asyncio.wait(self._sending)
        late = list(self._sending)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        while not self._is_stopping:
            self._hint.clear()
            try:
                claimed = await self._claim(self._most - len(self._sending))
            except Exception:  # the loop outlives a database that is away for a while
                log.exception("alerts.claim_failed")
                claimed = []
            for parcel in claimed:
                task = asyncio.create_task(self._deliver(parcel))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            if not self._is_stopping:
                await self._rest()

    async def _rest(self) -> None:
        """Until a claim may find something: a hint came, an alert was settled, or it is time for a sweep.

        While more than half of the places are taken, until half are free, so that a claim is worth its
        transaction; but no longer than a sweep, since a send may hang.
        """
        hinted = asyncio.create_task(self._hint.wait())
        try:
            async with asyncio.timeout(self._bench.settings.sweep_seconds):
                await asyncio.wait({hinted, *self._sending}, return_when=asyncio.FIRST_COMPLETED)
                while len(self._sending) > self._most // 2 and not self._is_stopping:
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return
        finally:
            hinted.cancel()

    async def _claim(self, limit: int) -> list[Parcel]:
        if limit <= 0 or await self._bench.maintenance.is_on():
            return []
        async with self._bench.database.transaction() as session:
            return list(await alerts.claim(session, limit=limit, lease=self._bench.settings.alert_lease))

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            await self._deliver_or_fail(parcel)
        except Exception:  # one message's trouble is not the others'; its lease brings it back
            log.exception("alert.delivery_failed", alert_ids=parcel.ids)

    async def _deliver_or_fail(self, parcel: Parcel) -> None:
        bench = self._bench
        wanted = await self._sorted_out(parcel)
        if wanted is None:
            return
        card = alert_cards.message(Language.of(wanted.user), wanted)
        head = wanted.told[0]
        is_silent = head.preferences is not None and head.preferences.is_silent
        if (not_yet := await take_turn(bench, wanted.chat_id)) is not None:
            await self._settle(wanted, not_yet)
            return
        async with self._gate.place() as answered:
            if await self._put_on_hold(wanted):
                return  # quiet hours began while it waited for its turn
            answer = await send_now(
                bench, wanted.chat_id, card, before=self._last_moment(wanted), silent=is_silent
            )
            answered()
            await self._settle(wanted, answer)

    def _last_moment(self, parcel: Parcel) -> datetime:
        """To begin a send that ends before the lease does, so that nobody else sends the same meanwhile."""
        longest = min(timedelta(seconds=sender.SEND_TIMEOUT), self._bench.settings.alert_lease / 3)
        return parcel.lease_until - longest

    async def _sorted_out(self, parcel: Parcel) -> Parcel | None:
        """The parcel less what nobody wants any more, and less what has to wait."""
        unwanted = [one for one in parcel.told if not one.is_wanted]
        waiting = [one for one in parcel.told if one.is_wanted and one.hold is not None]
        wanted = parcel.without({one.alert.id for one in [*unwanted, *waiting]})
        if not unwanted and not waiting and len(parcel.told) == 1:
            return parcel
        async with self._bench.database.transaction() as session:
            await alerts.cancel(session, parcel, unwanted)
            await alerts.put_on_hold(session, parcel, waiting)
            if wanted is not None:
                await alerts.pack(session, wanted)
        metrics.alerts.labels(state="cancelled").inc(len(unwanted))
        metrics.alerts.labels(state="held").inc(len(waiting))
        return wanted

    async def _put_on_hold(self, parcel: Parcel) -> bool:
        """Let a message wait of which anything has to wait now; whether that is so."""
        if all(one.hold is None for one in parcel.told):
            return False
        async with self._bench.database.transaction() as session:
            await alerts.put_on_hold(session, parcel, parcel.told)
        return True

    async def _settle(self, parcel: Parcel, answer: sender.Answer) -> None:
        bench = self._bench
        async with bench.database.transaction() as session:
            match answer:
                case sender.Delivered(message_id=message_id):
                    await alerts.sent(session, parcel, message_id)
                case sender.SlowDown(after=after):
                    await alerts.put_back(session, parcel, until=clock.now() + after)
                case sender.Unknown(error=error):
                    wait = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(parcel.attempts - 1, 10))
                    await alerts.try_again(session, parcel, after=wait, error=error)
                case sender.Unreachable(error=error):
                    await out_of_reach(session, parcel.chat_id, parcel.user, answer)
                    await alerts.bury(session, parcel, error)
                case sender.Moved(to_chat_id=to_chat_id):
                    await chats.moved(session, parcel.chat_id, to_chat_id)
                    await alerts.put_back(session, parcel, until=clock.now())
                case sender.Refused(error=error):
                    await alerts.bury(session, parcel, error)
        self._count(parcel, answer)

    def _count(self, parcel: Parcel, answer: sender.Answer) -> None:
        kind = type(answer).__name__.lower()
        if isinstance(answer, sender.Delivered):
            metrics.alerts.labels(state="sent").inc(len(parcel.told))
            head = parcel.told[0].alert
            if head.held_for is None:
                metrics.alert_latency_seconds.observe((clock.now() - head.observed_at).total_seconds())
            log.info("alert.sent", alert_ids=parcel.ids)
        elif not isinstance(answer, sender.SlowDown | sender.Moved):
            log.warning("alert.not_sent", alert_ids=parcel.ids, kind=kind)
