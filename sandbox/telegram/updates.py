"""The queue of updates, and the two ways out of it: getUpdates here, a webhook in `delivery`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.telegram.errors import ApiError, conflict
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.state import Changes, Json, State
from tracker import clock

# Bot API, getUpdates: an empty list means all kinds but these three.
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
# Seconds that Telegram keeps an update for. Source: tdlib/telegram-bot-api, Client.cpp.
_LIFETIMES = {"callback_query": 150, "pre_checkout_query": 150, "shipping_query": 150, "inline_query": 30}
_DAY = 86_400
_LONGEST_POLL = 50


@dataclass(frozen=True, slots=True)
class Pending:
    """An update that the bot has not confirmed yet."""

    update_id: int
    queue: int
    """Updates of one queue (a chat) are delivered in order."""
    payload: Json
    expires_at: float
    """UTC timestamp after which it is dropped."""


class UpdateQueue:
    """Sequential update ids; kept until confirmed, or until too old."""

    def __init__(self, changes: Changes) -> None:
        self.allowed: list[str] = []
        self.poll_ended: asyncio.Future[str] | None = None
        """The long poll that is open, and how to end it: with the text of its Conflict."""
        self._changes = changes
        self._pending: dict[int, Pending] = {}
        self.last_id = 100_000
        """Of the update that was queued last."""

    def push(self, kind: str, payload: Json, queue: int) -> int:
        """Queue an update and return its id; a kind that the bot did not ask for is dropped, without one."""
        if kind not in self.allowed if self.allowed else kind in _NOT_BY_DEFAULT:
            return self.last_id
        self.last_id += 1
        expires_at = clock.now().timestamp() + _LIFETIMES.get(kind, _DAY)
        update = {"update_id": self.last_id, kind: payload}
        self._pending[self.last_id] = Pending(self.last_id, queue, update, expires_at)
        self._changes.notify()
        return self.last_id

    def is_handled(self, update_id: int) -> bool:
        """Whether the bot has confirmed the update (or it was dropped)."""
        return update_id not in self._pending

    def confirm(self, update_id: int) -> None:
        """The bot has it."""
        if self._pending.pop(update_id, None) is not None:
            self._changes.notify()

    def confirm_before(self, offset: int) -> None:
        """The bot has all updates with a lower id; a negative offset keeps only that many of the newest."""
        if offset < 0:
            offset = self.last_id + 1 + offset
        for update_id in [update_id for update_id in self._pending if update_id < offset]:
            self.confirm(update_id)

    def __iter__(self) -> Iterator[Pending]:
        """Oldest first, without those that are too old."""
        now = clock.now().timestamp()
        for update_id in [key for key, update in self._pending.items() if update.expires_at < now]:
            self.confirm(update_id)
        return iter(list(self._pending.values()))

    def __len__(self) -> int:
        return len(self._pending)

    def clear(self) -> None:
        """Drop everything that waits."""
        self.confirm_before(self.last_id + 1)

    def end_poll(self, reason: str) -> None:
        """End an open long poll with 409 and this text."""
        if self.poll_ended is not None and not self.poll_ended.done():
            self.poll_ended.set_result(reason)
            self._changes.notify()


def take_allowed(updates: UpdateQueue, parameters: Parameters) -> None:
    """Remember `allowed_updates` when it is given; when it is not, the last list stays."""
    allowed = parameters.structure("allowed_updates", "allowed_updates")
    if isinstance(allowed, list):
        updates.allowed = [str(kind) for kind in allowed]


async def poll(state: State, updates: UpdateQueue, webhook_url: str, parameters: Parameters) -> list[Json]:
    """getUpdates. Raises ApiError 409 beside a webhook, or when another poll takes this one's place."""
    if webhook_url:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    updates.end_poll(
        "terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    take_allowed(updates, parameters)
    if offset := parameters.number("offset") or 0:
        updates.confirm_before(offset)
    limit = parameters.number("limit")
    limit = min(max(limit, 1), 100) if limit is not None else 100
    seconds = min(max(parameters.number("timeout") or 0, 0), _LONGEST_POLL)
    batch = _batch(updates, limit)
    if batch or not seconds:
        return batch
    ended = updates.poll_ended = asyncio.get_running_loop().create_future()
    state.changes.notify()
    try:
        await state.changes.wait_for(lambda: bool(updates) or ended.done() or state.closed, seconds)
    except TimeoutError:
        return []
    finally:
        if updates.poll_ended is ended:
            updates.poll_ended = None
    if ended.done():
        raise conflict(ended.result())
    if state.closed:
        raise ApiError(500, "Internal Server Error: restart")
    return _batch(updates, limit)


def _batch(updates: UpdateQueue, limit: int) -> list[Json]:
    return [pending.payload for pending in updates][:limit]
