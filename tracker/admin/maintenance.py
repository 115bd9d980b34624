"""Maintenance: people are asked to come back, alerts and checks wait, and money is still taken in."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.models import Switch
from tracker.admin.roles import Action, Actor
from tracker.database import Database

NAME = "maintenance"

FRESH = timedelta(seconds=3)
"""How long a process goes by what it last saw."""


async def state(session: AsyncSession, actor: Actor) -> Switch | None:
    """Who switched it last, when and to what; None when nobody ever did."""
    actor.must_be_let(Action.SEE_HEALTH)
    return await session.get(Switch, NAME)


async def turn(session: AsyncSession, actor: Actor, *, is_on: bool) -> None:
    """Switch it on or off. Every process heeds it within `FRESH`."""
    await audit.allow(session, actor, Action.SET_MAINTENANCE, NAME, is_on=is_on)
    row = await session.get(Switch, NAME, with_for_update=True)
    if row is None:
        session.add(Switch(name=NAME, is_on=is_on, by=actor.telegram_id, at=clock.now()))
    else:
        row.is_on, row.by, row.at = is_on, actor.telegram_id, clock.now()
    await session.flush()


class Lookout:
    """What a process knows of the switch: it looks again when what it saw is no longer fresh."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen_at: datetime | None = None
        self._is_on = False

    async def is_on(self) -> bool:
        """Not to be asked within a transaction. Raises what a database that is away raises."""
        now = clock.now()
        if self._seen_at is None or now - self._seen_at >= FRESH:
            async with self._database.transaction() as session:
                found = await session.scalar(select(Switch.is_on).where(Switch.name == NAME))
            self._is_on, self._seen_at = bool(found), now
        return self._is_on
