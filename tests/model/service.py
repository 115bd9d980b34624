"""The real service, as people, shops and time use it; the machine says when."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests.model import reference
from tests.model.reference import Seen
from tests.model.telling import Chosen
from tests.rows import arrive, offer
from tracker import clock
from tracker.alerts import preferences as chosen
from tracker.alerts.models import UNSETTLED, Alert, AlertPreferences, AlertState
from tracker.alerts.owing import owe
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.catalog.move import Check, Move
from tracker.catalog.recording import Checking, record
from tracker.database import Base, Database
from tracker.stores.offer import Availability
from tracker.users.models import User, UserState
from tracker.watches import service as watches
from tracker.watches.models import AlertRule, Watch, WatchState
from worker.workbench import Workbench

CHECKING = Checking(timedelta(hours=1), timedelta(minutes=2))


class PowerCut(Exception):
    """Strikes inside a transaction."""


class Service:
    """Each method is a transaction of its own, as a door would make it."""

    def __init__(self, database: Database, bench: Workbench) -> None:
        self.database = database
        self.bench = bench
        self.listings: dict[int, int] = {}
        self.ids: dict[tuple[int, int], int] = {}
        """The watches of people and things."""

    async def empty(self) -> None:
        await self.flush_redis()
        async with self.database.transaction() as session:
            for table in reversed(Base.metadata.sorted_tables):
                await session.execute(delete(table))

    async def arrive(self, user: int, zone: str) -> None:
        async with self.database.transaction() as session:
            person = await arrive(session, user + 1)
            person.time_zone = zone

    async def list_thing(self, thing: int, price: int) -> None:
        async with self.database.transaction() as session:
            listing = await catalog.list_offer(session, f"https://shop.example/{thing}", offer(str(price)))
        self.listings[thing] = listing.id

    async def check(self, thing: int, seen: Seen) -> list[Alert]:
        """A check; returns what it owed."""
        async with self.database.transaction() as session:
            newest = await session.scalar(select(Alert.id).order_by(Alert.id.desc()).limit(1)) or 0
            move = await self.record(session, thing, seen)
            if move is not None:
                await owe(session, move)
        async with self.database.transaction() as session:
            return list(await session.scalars(select(Alert).where(Alert.id > newest).order_by(Alert.id)))

    async def watch(self, user: int, thing: int) -> bool:
        """Whether that is new."""
        async with self.database.transaction() as session:
            person = await self.person(session, user)
            listing = await session.get_one(Listing, self.listings[thing])
            begun, is_new = await watches.watch(session, person, listing, chat_id=user + 1)
        self.ids[user, thing] = begun.id
        return is_new

    async def being_sent(self, chat: int) -> tuple[int, ...]:
        """The alerts of the message that is on its way to a chat."""
        async with self.database.transaction() as session:
            sending = (Alert.chat_id == chat, Alert.state == AlertState.SENDING)
            return tuple(
                await session.scalars(
                    select(Alert.id).where(*sending, Alert.lease_until > clock.now()).order_by(Alert.id)
                )
            )

    async def ever_held(self) -> set[int]:
        async with self.database.transaction() as session:
            return set(await session.scalars(select(Alert.id).where(Alert.held_for.is_not(None))))

    async def flush_redis(self) -> None:
        await self.bench.queue.redis.flushdb()

    async def cut(self, thing: int, price: int) -> None:
        with suppress(PowerCut):
            async with self.database.transaction() as session:
                move = await self.record(session, thing, Seen(price, True, clock.now()))
                if move is not None:
                    await owe(session, move)
                raise PowerCut

    async def record(self, session: AsyncSession, thing: int, seen: Seen) -> Move | None:
        stock = Availability.IN_STOCK if seen.in_stock else Availability.OUT_OF_STOCK
        read = offer(None if seen.price is None else str(seen.price), availability=stock)
        return await record(session, self.listings[thing], Check(seen.at, "offer", read), CHECKING)

    async def choose(self, watch_id: int, new: reference.Rule) -> None:
        row = AlertRule(
            watch_id=watch_id,
            kind=new.kind,
            amount_minor=new.value * 100 if new.kind == "target" and new.value else None,
            currency="INR",
            percent=new.value if new.kind == "drop_by" else None,
            reference=new.reference,
            rearm=new.rearm,
            rearm_hours=new.hours,
            created_at=clock.now(),
        )
        async with self.database.transaction() as session:
            await session.execute(
                delete(AlertRule).where(AlertRule.watch_id == watch_id, AlertRule.kind == new.kind)
            )
            session.add(row)

    async def set(self, user: int, thing: int, state: WatchState) -> None:
        async with self.database.transaction() as session:
            person = await self.person(session, user)
            await watches.set_state(session, person, self.ids[user, thing], state)

    async def snooze(self, user: int, thing: int, until: datetime) -> None:
        async with self.database.transaction() as session:
            person = await self.person(session, user)
            await watches.snooze(session, person, self.ids[user, thing], until=until)

    async def snooze_until_lower(self, user: int, thing: int) -> None:
        async with self.database.transaction() as session:
            person = await self.person(session, user)
            await watches.snooze_until_lower(session, person, self.ids[user, thing])

    async def buy(self, user: int, thing: int) -> None:
        async with self.database.transaction() as session:
            await watches.buy(session, await self.person(session, user), self.ids[user, thing])

    async def wake(self) -> None:
        async with self.database.transaction() as session:
            await watches.wake(session)

    async def at_once(self, watch_id: int, at_once: bool) -> None:
        async with self.database.transaction() as session:
            await session.execute(update(Watch).where(Watch.id == watch_id).values(is_always_at_once=at_once))

    async def prefer(self, user: int, how: Chosen) -> None:
        async with self.database.transaction() as session:
            person = await self.person(session, user)
            row = await session.get(AlertPreferences, person.id)
            if row is None:
                row = AlertPreferences(user_id=person.id)
                session.add(row)
            row.mode, row.digest_hour, row.digest_weekday = how.mode, how.hour, how.weekday
            row.quiet_from, row.quiet_until = how.quiet or (None, None)
            row.hourly_cap = how.cap
            await session.flush()
            await chosen.judge_anew(session, person)

    async def reach(self, user: int, state: UserState) -> None:
        async with self.database.transaction() as session:
            await watches.reachable(session, user + 1, state)

    async def person(self, session: AsyncSession, user: int) -> User:
        person: User = (await session.scalars(select(User).where(User.telegram_id == user + 1))).one()
        return person

    async def next_due(self) -> datetime | None:
        async with self.database.transaction() as session:
            return await session.scalar(
                select(Alert.due_at)
                .where(Alert.state.in_((*UNSETTLED, AlertState.HELD)))
                .order_by(Alert.due_at)
                .limit(1)
            )
