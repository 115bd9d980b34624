"""Rows to measure with, inserted in one go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts.models import Alert, AlertState
from tracker.billing.plans import DEFAULT
from tracker.catalog.models import Listing, PriceObservation, StoreState
from tracker.database import Base
from tracker.stores.offer import Availability, Offer
from tracker.stores.registry import store_of
from tracker.users.models import User, UserState
from tracker.users.service import columns_of
from tracker.watches.models import AlertRule, RuleKind, Watch, WatchState

_PLAN = DEFAULT["business"]
"""Everybody's: what is measured is never what a plan forbids."""

FIRST_PERSON = 10_000_001


def people(count: int) -> list[int]:
    """The Telegram ids of the first `count` people."""
    return list(range(FIRST_PERSON, FIRST_PERSON + count))


async def add_people(session: AsyncSession, count: int) -> None:
    now = clock.now()
    facts = {
        "locale": "en",
        "currency": "INR",
        "time_zone": "Asia/Kolkata",
        "state": UserState.ACTIVE,
        "created_at": now,
        "last_seen_at": now,
        "plan": _PLAN.code,
        **columns_of(_PLAN.allowance),
    }
    await _add(
        session,
        User,
        [
            {"id": number, "telegram_id": telegram_id, "first_name": f"Person {telegram_id}"} | facts
            for number, telegram_id in enumerate(people(count), 1)
        ],
    )


async def add_listings(
    session: AsyncSession,
    known: Sequence[tuple[str, Offer | None]],
    *,
    due_at: datetime,
    dearer_every: int,
) -> None:
    """A listing for each address with the offer that its page gives, read once before.

    Every `dearer_every`-th listing was a fifth dearer then, so that its next check finds a drop.
    """
    now = clock.now()
    listings: list[dict[str, Any]] = []
    observations: list[dict[str, Any]] = []
    for number, (url, offer) in enumerate(known, 1):
        price = offer.price if offer else None
        minor = price.minor if price else None
        if minor is not None and number % dearer_every == 0:
            minor += max(1, minor // 5)
        availability = offer.availability if offer else Availability.UNKNOWN
        currency = price.currency if price else None
        listings.append(
            {
                "id": number,
                "url": url,
                "store": store_of(url).code,
                "title": offer.title[:500] if offer else "A page without an offer",
                "image": offer.image if offer and offer.image and len(offer.image) <= 2048 else None,
                "currency": currency,
                "price_minor": minor,
                "availability": availability,
                "read_at": now if offer else None,
                "outcome": "offer" if offer else None,
                "check_every_seconds": 1800,
                "watchers": 1,
                "next_check_at": due_at,
                "created_at": now,
            }
        )
        if offer:
            observations.append(
                {
                    "id": len(observations) + 1,
                    "listing_id": number,
                    "price_minor": minor,
                    "currency": currency,
                    "availability": availability,
                    "evidence": "",
                    "observed_at": now,
                }
            )
    stores = sorted({listing["store"] for listing in listings})
    await _add(
        session,
        StoreState,
        [{"code": code, "due_at": due_at} for code in stores],
    )
    await _add(session, Listing, listings)
    await _add(session, PriceObservation, observations)


async def add_watches(session: AsyncSession, pairs: Sequence[tuple[int, int]]) -> None:
    """A watch with the rule "any drop" for each (person's number, listing's number)."""
    now = clock.now()
    await _add(
        session,
        Watch,
        [
            {
                "id": number,
                "user_id": person,
                "listing_id": listing,
                "number": number,
                "chat_id": FIRST_PERSON + person - 1,
                "state": WatchState.ACTIVE,
                "created_at": now,
            }
            for number, (person, listing) in enumerate(pairs, 1)
        ],
    )
    rules = [
        {"watch_id": number, "kind": RuleKind.ANY_DROP, "created_at": now}
        for number in range(1, len(pairs) + 1)
    ]
    await _add(session, AlertRule, rules)


async def add_alerts(session: AsyncSession, count: int) -> None:
    """An alert that is due for each of the first `count` watches, over the observation of that number."""
    now = clock.now()
    await _add(
        session,
        Alert,
        [
            {
                "watch_id": number,
                "observation_id": number,
                "chat_id": FIRST_PERSON + number - 1,
                "reasons": [{"kind": RuleKind.ANY_DROP}],
                "before_minor": 199_900,
                "now_minor": 149_900,
                "currency": "INR",
                "observed_at": now,
                "state": AlertState.DUE,
                "due_at": now,
                "attempts": 0,
            }
            for number in range(1, count + 1)
        ],
    )


async def _add(session: AsyncSession, table: type[Base], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    await session.execute(insert(table), rows)
    if "id" in rows[0] and session.get_bind().dialect.name == "postgresql":
        # A sequence does not see the keys that were given by hand.
        name = table.__tablename__
        await session.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), len(rows))))
