"""Faults on order: what Telegram and the network between do on a bad day."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong with a call."""

    TOO_MANY_REQUESTS = "too_many_requests"
    """429 with `retry_after`."""
    ERROR = "error"
    """`status` and `description` as JSON, the method not run: 5xx, or any 4xx that a test wants."""
    HTML = "html"
    """`status` with an HTML page, as a proxy in front of Telegram answers; the method not run."""
    HANG_BEFORE = "hang_before"
    """No answer until the client gives up; the method not run."""
    HANG_AFTER = "hang_after"
    """The method runs, its answer never comes: the outcome is unknown to the client."""
    DROP_BEFORE = "drop_before"
    """The connection breaks; the method not run."""
    DROP_AFTER = "drop_after"
    """The method runs and the connection breaks before its answer is whole."""
    BLOCK = "block"
    """The user blocks the bot just before the call."""
    DEACTIVATE = "deactivate"
    """The user's account is deleted just before the call."""


@dataclass(slots=True)
class Fault:
    """A fault for the next `times` calls of `method` (None = any but getUpdates) to `chat` (None = any)."""

    kind: FaultKind
    method: str | None = None
    chat: int | None = None
    times: int = 1
    retry_after: int = 1
    status: int = 502
    description: str = "Bad Gateway"

    def __post_init__(self) -> None:
        self.kind = FaultKind(self.kind)
        if self.times < 1:
            raise ValueError("a fault happens at least once")

    def matches(self, method: str, chat: int | None) -> bool:
        """Whether this fault waits for such a call. Polling is disturbed only by name."""
        if self.method is None:
            return method != "getUpdates" and self.chat in (None, chat)
        return self.method.lower() == method.lower() and self.chat in (None, chat)


class Faults:
    """The queue of faults: each call takes the first that matches it."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault behind those that wait already."""
        self._queue.append(fault)

    def take(self, method: str, chat: int | None) -> Fault | None:
        """The first fault that matches, counted down; None on a good day."""
        for fault in self._queue:
            if fault.matches(method, chat):
                fault.times -= 1
                if not fault.times:
                    self._queue.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget what was queued."""
        self._queue.clear()

    def __len__(self) -> int:
        return sum(fault.times for fault in self._queue)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._queue)
