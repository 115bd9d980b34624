"""Drives the service at random, and holds every alert against the reference.

Prices, time, rules, preferences, people, crashes, a Redis that forgets and a Telegram that fails: each is a
step. The outbox, the rules and the delivery are the real ones, on a real database and a real Redis; a crash
leaves them in the middle of whatever they were doing, as the end of a process does.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.telegram.in_process import Crashed, Fault, InProcess
from tests.model import reference
from tests.model.reference import Owed, Seen, Thing
from tests.model.service import Service
from tests.model.telling import Chosen, is_digest_due, is_quiet
from tracker import clock
from tracker.alerts.models import Mode
from tracker.users.models import UserState
from tracker.watches.models import RuleKind, WatchState
from worker.deliver import Deliverer
from worker.workbench import Workbench

BEGIN = datetime(2026, 3, 27, 6, tzinfo=UTC)
"""Two days before European clocks are set forward."""

ZONES = ("Asia/Kolkata", "Europe/Berlin", "America/New_York")
PEOPLE = range(len(ZONES))
THINGS = range(3)
RUPEES = st.integers(620, 1000)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_STATES = {"pause": WatchState.PAUSED, "go on": WatchState.ACTIVE, "stop": WatchState.STOPPED}


T = TypeVar("T")


@dataclass
class Message:
    """What Telegram took: which alerts, when, and whether the service knows."""

    chat: int
    numbers: tuple[int, ...]
    at: datetime
    is_known: bool


@dataclass
class Ground:
    """What a run stands on, made once for many examples."""

    loop: asyncio.AbstractEventLoop
    bench: Workbench
    telegram: InProcess
    steps: int = field(default=0)
    owed: int = field(default=0)
    said: int = field(default=0)
    digests: int = field(default=0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)


class Alerts(RuleBasedStateMachine):
    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.run = self.ground.run
        self.travel = time_machine.travel(BEGIN, tick=False)
        self.traveller = self.travel.start()
        self.service = Service(self.ground.bench.database, self.ground.bench)
        self.deliverer = Deliverer(self.ground.bench)
        self.things = {number: Thing() for number in THINGS}
        self.watches: dict[tuple[int, int], reference.Watch] = {}
        self.chosen: dict[int, Chosen] = {}
        self.reachable = dict.fromkeys(PEOPLE, True)
        self.owed: dict[int, Owed] = {}
        self.said: list[Message] = []
        self.judged = 0
        """How many of those were found to be in order."""

    # What the world is at the beginning

    @initialize(prices=st.tuples(*(RUPEES for _ in THINGS)))
    def begin(self, prices: tuple[int, ...]) -> None:
        self.ground.telegram.heard = self.hear
        self.run(self._begin(prices))

    async def _begin(self, prices: tuple[int, ...]) -> None:
        await self.service.empty()
        for user, zone in enumerate(ZONES):
            await self.service.arrive(user, zone)
        for thing, price in enumerate(prices):
            await self.service.list_thing(thing, price)
            await self._check(thing, Seen(price, True, clock.now()))
        for user in PEOPLE:
            for thing in THINGS:
                await self._watch(user, thing)
        for user, how in enumerate((Chosen(), Chosen(quiet=(22 * 60, 7 * 60), cap=3), Chosen(Mode.HOURLY))):
            self.chosen[user] = how
            await self.service.prefer(user, how)

    def teardown(self) -> None:
        try:
            if self.service.listings:
                self._let_all_be_said()
            self.ground.owed += len(self.owed)
            self.ground.said += len(self.said)
            self.ground.digests += sum(len(message.numbers) > 1 for message in self.said)
        finally:
            self.travel.stop()

    # Time

    @rule(seconds=st.integers(1, 3600))
    def time_passes(self, seconds: int) -> None:
        self._pass(timedelta(seconds=seconds))

    @rule(hours=st.integers(1, 60))
    def much_time_passes(self, hours: int) -> None:
        self._pass(timedelta(hours=hours))

    def _pass(self, by: timedelta) -> None:
        self.traveller.shift(by)
        # What Redis holds is the pace and the pauses of minutes that are over.
        self.run(self.service.flush_redis())

    # Shops

    @rule(thing=st.sampled_from(THINGS), price=RUPEES)
    def a_price_is_read(self, thing: int, price: int) -> None:
        self._read(thing, price, in_stock=True)

    @rule(thing=st.sampled_from(THINGS), price=RUPEES)
    def another_price_is_read(self, thing: int, price: int) -> None:
        self._read(thing, price, in_stock=True)

    @rule(thing=st.sampled_from(THINGS), by=st.integers(1, 40))
    def a_price_falls(self, thing: int, by: int) -> None:
        self._read(thing, max(400, (self.things[thing].price or 800) - by), in_stock=True)

    @rule(thing=st.sampled_from(THINGS), by=st.lists(st.integers(1, 90), min_size=2, max_size=4))
    def a_price_slides(self, thing: int, by: list[int]) -> None:
        for step in by:
            self._read(thing, max(400, (self.things[thing].price or 800) - step), in_stock=True)

    @rule(thing=st.sampled_from(THINGS), price=st.none() | RUPEES)
    def it_is_sold_out(self, thing: int, price: int | None) -> None:
        self._read(thing, price, in_stock=False)

    @rule(thing=st.sampled_from(THINGS), price=st.sampled_from((400, 404, 450, 2600)))
    def a_page_slips(self, thing: int, price: int) -> None:
        """Another number is read, once or many times."""
        self._read(thing, price, in_stock=True)

    @rule(thing=st.sampled_from(THINGS), price=RUPEES)
    def the_power_is_cut_in_a_check(self, thing: int, price: int) -> None:
        self._pass(timedelta(seconds=1))
        self.run(self.service.cut(thing, price))

    def _read(self, thing: int, price: int | None, *, in_stock: bool) -> None:
        self._pass(timedelta(seconds=1))
        self.run(self._check(thing, Seen(price, in_stock, clock.now())))

    async def _check(self, thing: int, seen: Seen) -> None:
        """A check, and what the reference says to it."""
        rows = await self.service.check(thing, seen)
        expected = self._expected(thing, seen)
        numbers = {self.service.ids[key]: watch for key, watch in self.watches.items()}
        found = {
            row.watch_id: (frozenset(reason["kind"] for reason in row.reasons), row.now_minor) for row in rows
        }
        wanted = {
            self.service.ids[watch.user, watch.thing]: (
                kinds,
                None if seen.price is None else seen.price * 100,
            )
            for watch, kinds in expected
        }
        assert found == wanted, (found, wanted)
        for row in rows:
            kinds, _ = found[row.watch_id]
            watch = numbers[row.watch_id]
            self.owed[row.id] = Owed(row.id, watch, kinds, seen.price, seen.at)

    def _expected(self, thing: int, seen: Seen) -> list[tuple[reference.Watch, frozenset[str]]]:
        known = self.things[thing]
        if not known.history:
            known.history.append(seen)
            return []
        price_before, before = known.price, known.last
        same_price = seen.price == before.price
        if same_price and seen.in_stock == before.in_stock:
            known.doubted.clear()
            return []
        is_new = seen.price is not None and seen.price != price_before
        if is_new and not known.believes(seen.price or 0, seen.at):
            return []
        known.doubted.clear()
        lowest = min((one.price for one in known.history if one.price is not None), default=None)
        known.history.append(seen)
        owed = []
        for watch in self.watches.values():
            if watch.thing != thing or not self.reachable[watch.user]:
                continue
            kinds = reference.owed_by(watch, price_before, seen, before.in_stock, lowest)
            if kinds:
                owed.append((watch, kinds))
        if seen.price is not None and seen.in_stock:
            for watch in self.watches.values():
                if watch.thing == thing:
                    watch.highest = max(watch.highest or 0, seen.price)
        return owed

    # People

    @rule(user=st.sampled_from(PEOPLE), thing=st.sampled_from(THINGS))
    def somebody_watches(self, user: int, thing: int) -> None:
        self.run(self._watch(user, thing))

    async def _watch(self, user: int, thing: int) -> None:
        if await self.service.watch(user, thing):
            price = self.things[thing].price
            self._forget(user, thing)
            self.watches[user, thing] = reference.Watch(
                user, thing, price, rules={"any_drop": reference.Rule("any_drop")}, highest=price
            )

    @rule(
        user=st.sampled_from(PEOPLE),
        thing=st.sampled_from(THINGS),
        kind=st.sampled_from([kind for kind in RuleKind if kind is not RuleKind.ANY_CHANGE]),
        at=RUPEES,
        percent=st.sampled_from((1, 5, 10, 20)),
        of=st.sampled_from(("added", "last_alert", "highest")),
        rearm=st.sampled_from(("once", "crossing", "further", "hours")),
        hours=st.sampled_from((1, 6, 24)),
    )
    def a_rule_is_chosen(
        self, user: int, thing: int, kind: str, at: int, percent: int, of: str, rearm: str, hours: int
    ) -> None:
        watch = self.watches[user, thing]
        value = {"target": at, "drop_by": percent}.get(kind)
        new = reference.Rule(kind, value, of if kind == "drop_by" else None, rearm, hours)
        watch.rules[kind] = new
        self.run(self.service.choose(self.service.ids[user, thing], new))

    @rule(
        user=st.sampled_from(PEOPLE),
        thing=st.sampled_from(THINGS),
        what=st.sampled_from(("pause", "go on", "stop", "snooze", "snooze until lower", "buy", "at once")),
        hours=st.integers(1, 50),
    )
    def somebody_acts(self, user: int, thing: int, what: str, hours: int) -> None:
        until = clock.now() + timedelta(hours=hours)
        watch = self.watches[user, thing]
        match what:
            case "pause" | "go on" | "stop":
                state = _STATES[what]
                self._change(user, thing, state, self.service.set(user, thing, state))
            case "snooze":
                self._change(user, thing, WatchState.SNOOZED, self.service.snooze(user, thing, until))
                watch.snoozed_until = until
            case "snooze until lower":
                self._change(user, thing, WatchState.SNOOZED, self.service.snooze_until_lower(user, thing))
                watch.snoozed_below = self.things[thing].price
            case "buy":
                self._change(user, thing, WatchState.BOUGHT, self.service.buy(user, thing))
            case _:
                watch.at_once = not watch.at_once
                self.run(self.service.at_once(self.service.ids[user, thing], watch.at_once))

    def _change(self, user: int, thing: int, state: WatchState, work: Coroutine[Any, Any, None]) -> None:
        watch = self.watches[user, thing]
        self.run(work)
        watch.state, watch.snoozed_until, watch.snoozed_below = str(state), None, None
        if state is not WatchState.ACTIVE:
            self._forget(user, thing)

    @rule()
    def snoozes_end(self) -> None:
        self.run(self.service.wake())
        for watch in self.watches.values():
            if watch.state == "snoozed" and watch.snoozed_until and watch.snoozed_until <= clock.now():
                watch.state, watch.snoozed_until = "active", None

    @rule(
        user=st.sampled_from(PEOPLE),
        mode=st.sampled_from(list(Mode)),
        hour=st.integers(0, 23),
        weekday=st.integers(0, 6),
        quiet=st.none()
        | st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda q: q[0] != q[1]),
        cap=st.none() | st.sampled_from((1, 3)),
    )
    def somebody_chooses_how_to_be_told(
        self, user: int, mode: Mode, hour: int, weekday: int, quiet: tuple[int, int] | None, cap: int | None
    ) -> None:
        self.chosen[user] = Chosen(mode, hour, weekday, quiet, cap)
        self.run(self.service.prefer(user, self.chosen[user]))

    @rule(user=st.sampled_from(PEOPLE), state=st.sampled_from((UserState.BLOCKED, UserState.ACTIVE)))
    def somebody_blocks_or_unblocks(self, user: int, state: UserState) -> None:
        self.reachable[user] = state is UserState.ACTIVE
        self.run(self.service.reach(user, state))
        if state is UserState.BLOCKED:
            self._forget_person(user)

    def _forget(self, user: int, thing: int) -> None:
        """What was owed to this watch may be said or not from here on: it was unwanted for a while."""
        for owed in self.owed.values():
            if (owed.watch.user, owed.watch.thing) == (user, thing):
                owed.is_certain = False

    def _forget_person(self, user: int) -> None:
        for thing in THINGS:
            self._forget(user, thing)

    # Telegram, and how processes end

    @rule(faults=st.lists(st.sampled_from(list(Fault)), max_size=4))
    def alerts_are_delivered(self, faults: list[Fault]) -> None:
        """Everything that is due is claimed once; each send meets the next of these faults, or none."""
        self._pass(timedelta(seconds=1))
        self.ground.telegram.faults[:] = faults
        self.run(self._deliver())
        self.ground.telegram.faults.clear()

    @rule()
    def a_worker_dies_with_alerts_in_hand(self) -> None:
        self._pass(timedelta(seconds=1))
        self.run(self.deliverer._claim(50))

    @rule()
    def redis_forgets(self) -> None:
        self.run(self.service.flush_redis())

    async def _deliver(self) -> int:
        """One claim, and each of its messages to its end or to a crash; returns how many there were."""
        parcels = await self.deliverer._claim(50)
        for parcel in parcels:
            try:
                await self.deliverer._deliver(parcel)
            except Crashed:
                continue
        return len(parcels)

    async def hear(self, chat: int, fault: Fault | None) -> None:
        """Telegram takes a message, or fails; which alerts it holds is what is being sent to this chat."""
        user, now = chat - 1, clock.now()
        numbers = await self.service.being_sent(chat)
        if fault in (Fault.LOST, Fault.REFUSED_FOR_NOW, Fault.LOST_ANSWER):
            for number in numbers:
                if now - self.owed[number].at > DAY:
                    self.owed[number].is_certain = False
        if fault is Fault.BLOCKED:
            self.reachable[user] = False
            self._forget_person(user)
        if fault not in (None, Fault.LOST_ANSWER, Fault.CRASH_AFTER):
            return
        self._permitted(user, numbers, now)
        for number in numbers:
            owed = self.owed[number]
            owed.times_said += 1
            assert owed.times_said <= 1 + owed.may_repeat, f"alert {number} was said again without a cause"
            owed.may_repeat += fault is not None
        self.said.append(Message(chat, numbers, now, fault is None))

    def _permitted(self, user: int, numbers: tuple[int, ...], now: datetime) -> None:
        """No message comes when its person does not want one, nor of what they do not want."""
        assert numbers, "a message that nobody was owed"
        assert self.reachable[user], "a message to somebody who blocked the bot"
        how, zone = self.chosen[user], ZoneInfo(ZONES[user])
        for number in numbers:
            owed = self.owed[number]
            assert owed.watch.user == user, "somebody else's alert"
            current = self.watches[owed.watch.user, owed.watch.thing]
            assert current.state == "active", f"an alert of a watch that is {current.state}"
            if current.at_once:
                continue
            assert not is_quiet(how, zone, now), "a message in quiet hours"
            assert is_digest_due(how, zone, owed.at, now), f"{how.mode} alert {number} before its time"
            recent = [each for each in self.said if each.chat == user + 1 and now - each.at < HOUR]
            assert how.cap is None or sum(each.is_known for each in recent) < how.cap, "more than the cap"

    # What must hold all the time, and in the end

    @invariant()
    def counts(self) -> None:
        type(self).ground.steps += 1

    @precondition(lambda self: len(self.said) > self.judged)
    @invariant()
    def a_chat_hears_in_order(self) -> None:
        """Alerts that never waited are said in the order in which they came to be."""
        for position in range(self.judged, len(self.said)):
            last = self.said[position]
            assert list(last.numbers) == sorted(last.numbers), "a digest out of order"
            self.run(self._in_order([one for one in self.said[:position] if one.chat == last.chat], last))
        self.judged = len(self.said)

    async def _in_order(self, earlier: list[Message], last: Message) -> None:
        held = await self.service.ever_held()
        first = [
            number for number in last.numbers if self.owed[number].times_said == 1 and number not in held
        ]
        before = [number for each in earlier for number in each.numbers if number not in held]
        assert not first or not before or min(first) > max(before), "a chat heard out of order"

    def _let_all_be_said(self) -> None:
        """Nothing fails any more: whatever is owed is said, each once, at the time that people chose."""
        self.ground.telegram.faults.clear()
        for _ in range(400):
            while self.run(self._deliver()):
                self._pass(timedelta(seconds=1))
            due = self.run(self.service.next_due())
            if due is None:
                break
            # At its very moment: quiet hours may leave a minute a day. What is due already waits for a lease.
            self._pass(max(due - clock.now(), timedelta(seconds=5)))
        else:
            raise AssertionError("alerts that are never said")
        missing = [owed for owed in self.owed.values() if owed.is_certain and not owed.times_said]
        assert not missing, f"never said: {missing}"
