"""Alerts that are owed, each of a thing of its own, so that a message tells which of them it holds."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import seed
from tracker import clock
from tracker.alerts.models import UNSETTLED, Alert, AlertState, HeldFor
from tracker.catalog.models import Listing, PriceObservation
from tracker.stores.offer import Availability
from tracker.watches.models import RuleKind, Watch, WatchState

_OPEN = (*UNSETTLED, AlertState.HELD)
_AT_ONCE = 5_000
"""Rows that one statement inserts."""


@dataclass(slots=True)
class Owed:
    """Who is owed which alerts: their numbers, in the order in which each chat must hear them."""

    by_chat: dict[int, list[int]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(map(len, self.by_chat.values()))


def title(number: int) -> str:
    """What a message says of alert `number`, and of no other."""
    return f"Thing {number}."


async def owe(session: AsyncSession, first: int, count: int, chats: int, *, held_for: timedelta) -> Owed:
    """Owe `count` alerts, numbered from `first`, in `chats` chats of people who are there.

    All are due at once, but each tenth chat's: those are held for so long, and are said as digests.
    """
    now = clock.now()
    owed = Owed()
    people = seed.people(chats)
    rows: list[dict[str, Any]] = []
    for number in range(first, first + count):
        person = number % chats
        owed.by_chat.setdefault(people[person], []).append(number)
        held = {"state": AlertState.HELD, "held_for": HeldFor.QUIET, "due_at": now + held_for}
        due = {"state": AlertState.DUE, "held_for": None, "due_at": now}
        rows.append({"number": number, "person": person + 1, "chat": people[person], "at": now})
        rows[-1] |= held if person % 10 == 0 else due
    for start in range(0, len(rows), _AT_ONCE):
        await _add(session, rows[start : start + _AT_ONCE])
    return owed


async def _add(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    far = clock.now() + timedelta(days=1)
    listings, observations, watches, alerts = [], [], [], []
    for row in rows:
        number, at = row["number"], row["at"]
        shown = {"price_minor": 149_900, "currency": "INR", "availability": Availability.IN_STOCK}
        listings.append(
            shown
            | {
                "id": number,
                "url": f"https://things.example/{number}",
                "store": "things.example",
                "title": title(number),
                "failures": 0,
                "read_at": at,
                "next_check_at": far,
                "created_at": at,
            }
        )
        observations.append(shown | {"id": number, "listing_id": number, "evidence": "", "observed_at": at})
        watches.append(
            {
                "id": number,
                "user_id": row["person"],
                "listing_id": number,
                "number": number,
                "chat_id": row["chat"],
                "state": WatchState.ACTIVE,
                "created_at": at,
            }
        )
        alerts.append(
            {
                "id": number,
                "watch_id": number,
                "observation_id": number,
                "chat_id": row["chat"],
                "reasons": [{"kind": RuleKind.ANY_DROP}],
                "before_minor": 199_900,
                "now_minor": 149_900,
                "currency": "INR",
                "observed_at": at,
                "state": row["state"],
                "held_for": row["held_for"],
                "due_at": row["due_at"],
                "attempts": 0,
            }
        )
    await session.execute(insert(Listing), listings)
    await session.execute(insert(PriceObservation), observations)
    await session.execute(insert(Watch), watches)
    await session.execute(insert(Alert), alerts)


async def unsettled(session: AsyncSession) -> int:
    """How many alerts are still to be said."""
    return await session.scalar(select(func.count()).where(Alert.state.in_(_OPEN))) or 0


async def states(session: AsyncSession, owed: Owed) -> dict[str, int]:
    """How many of these alerts are in which state."""
    numbers = [number for numbers in owed.by_chat.values() for number in numbers]
    found = await session.execute(
        select(Alert.state, func.count())
        .where(Alert.id.between(min(numbers), max(numbers)))
        .group_by(Alert.state)
    )
    return {state: count for state, count in found}  # noqa: C416 - a Row is no pair to mypy


async def pass_time(session: AsyncSession, by: timedelta) -> None:
    """Let what waits have waited longer: so a pause of minutes can be lived through in seconds."""
    waiting = await session.execute(
        select(Alert.id, Alert.due_at, Alert.observed_at).where(Alert.state == AlertState.DUE)
    )
    moved: list[dict[str, int | datetime]] = [
        {"row": row, "was": due, "due": due - by, "observed": observed - by} for row, due, observed in waiting
    ]
    if not moved:
        return
    alerts = Alert.__table__
    statement = (
        update(alerts)  # type: ignore[arg-type]  # a declarative table is a Table
        .where(alerts.c.id == bindparam("row"), alerts.c.due_at == bindparam("was"))
        .where(alerts.c.state == AlertState.DUE)
        .values(due_at=bindparam("due"), observed_at=bindparam("observed"))
    )
    await (await session.connection()).execute(statement, moved)
