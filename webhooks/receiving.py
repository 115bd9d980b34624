"""Putting a verified event in the inbox within the time that its sender waits, then hinting about it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from tracker import metrics
from tracker.database import Database
from tracker.inbox import service as inbox
from tracker.inbox.service import Received

log = structlog.get_logger(__name__)

Hint = Callable[[], Awaitable[object]]

_AT_A_TIME = 100


class Receiver:
    """Stores events and sends hints. A hint is never waited for: an answer must not depend on Redis.

    What comes while a transaction is under way is stored by the next one, together: at hundreds of events a
    second a commit for each would cost more than all else.
    """

    def __init__(self, database: Database, within: timedelta) -> None:
        self._database = database
        self._within = within.total_seconds()
        self._waiting: list[tuple[Received, asyncio.Future[bool]]] = []
        self._storing: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[list[bool]]] = set()
        self._hinting: dict[Hint, asyncio.Task[None]] = {}
        self._hint_again: set[Hint] = set()

    async def receive(
        self,
        provider: str,
        event_id: str,
        body: bytes,
        *,
        partition: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        """Return once the event is committed, or was before.

        Raises HTTPException 503, on which the sender delivers again, when the database fails or is too slow.
        """
        stored = self._store(Received(provider, event_id, body, partition))
        await asyncio.wait({stored}, timeout=self._within)
        try:
            if not stored.done():
                stored.cancel()  # it may still be stored: then the next delivery is a repetition
                raise TimeoutError("the database is too slow")
            new = stored.result()
        except (SQLAlchemyError, OSError) as error:
            log.exception(
                "webhook.not_stored", provider=provider, event_id=event_id, error=type(error).__name__
            )
            metrics.webhook_events.labels(provider, "not_stored").inc()
            raise HTTPException(503, "The event could not be stored. Please deliver it again.") from error
        log.info("webhook.received", provider=provider, event_id=event_id, new=new)
        metrics.webhook_events.labels(provider, "new" if new else "repeated").inc()
        if hint is not None:
            self._send(hint)

    async def close(self) -> None:
        """Let what is being stored end; give up on hints."""
        for hinting in self._hinting.values():
            hinting.cancel()
        storing = [self._storing] if self._storing else []
        await asyncio.gather(*storing, *self._under_way, *self._hinting.values(), return_exceptions=True)

    def _store(self, event: Received) -> "asyncio.Future[bool]":
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, stored))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all())
        return stored

    async def _store_all(self) -> None:
        """Until nothing waits. The end and the look at what waits are one step, so that nothing is left."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_AT_A_TIME], self._waiting[_AT_A_TIME:]
                wanted = [(event, stored) for event, stored in batch if not stored.done()]
                if wanted:
                    await self._store_together(wanted)
        finally:
            self._storing = None

    async def _store_together(self, wanted: list[tuple[Received, "asyncio.Future[bool]"]]) -> None:
        events = [event for event, _ in wanted]
        self._under_way.add(storing := asyncio.create_task(self._transaction(events)))
        storing.add_done_callback(self._under_way.discard)
        # Not asyncio.timeout: that waits until the cancelled statement lets go, and a locked SQLite does not.
        await asyncio.wait({storing}, timeout=self._within)
        if not storing.done():
            storing.cancel()  # those who wait for it have given up, and the others need not wait behind it
            return
        error = storing.exception()
        for place, (_, stored) in enumerate(wanted):
            if stored.done():
                continue
            if error is not None:
                stored.set_exception(error)
            else:
                stored.set_result(storing.result()[place])

    async def _transaction(self, events: list[Received]) -> list[bool]:
        async with self._database.transaction() as session:
            return await inbox.receive_all(session, events)

    def _send(self, hint: Hint) -> None:
        """Send a hint in the background; those that come while one is under way become one more."""
        if hint in self._hinting:
            self._hint_again.add(hint)
        else:
            self._hinting[hint] = asyncio.create_task(self._keep_sending(hint))

    async def _keep_sending(self, hint: Hint) -> None:
        try:
            await hint()
            while hint in self._hint_again:
                self._hint_again.discard(hint)
                await hint()
        finally:
            del self._hinting[hint]
