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

log = structlog.get_logger(__name__)

Hint = Callable[[], Awaitable[object]]


class Receiver:
    """Stores events and sends hints. A hint is never waited for: an answer must not depend on Redis."""

    def __init__(self, database: Database, within: timedelta) -> None:
        self._database = database
        self._within = within.total_seconds()
        self._storing: set[asyncio.Task[bool]] = set()
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
        storing = asyncio.create_task(self._store(provider, event_id, body, partition))
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)
        # Not asyncio.timeout: that waits until the cancelled statement lets go, and a locked SQLite does not.
        await asyncio.wait({storing}, timeout=self._within)
        try:
            if not storing.done():
                storing.cancel()
                raise TimeoutError("the database is too slow")
            new = storing.result()
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
        await asyncio.gather(*self._storing, *self._hinting.values(), return_exceptions=True)

    async def _store(self, provider: str, event_id: str, body: bytes, partition: int | None) -> bool:
        async with self._database.transaction() as session:
            return await inbox.receive(session, provider, event_id, body, partition)

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
