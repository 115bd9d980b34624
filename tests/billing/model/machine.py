"""Drives billing at random against a Razorpay over HTTP, and holds what was given against what was paid.

Events arrive late, twice, never, in any order, forged; Razorpay fails before and after it has done what it
was asked; our process ends in the middle of a transaction; people pay too little, pay old links, cancel, are
refunded and dispute. What Razorpay's own books say is the reference.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import SecretStr
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from sandbox.razorpay import RazorpaySandbox
from sandbox.razorpay.delivery import Event
from sandbox.razorpay.errors import ApiError, CannotDo
from tests.billing import money
from tracker import clock
from tracker.billing import checkouts, mandates, refunds, subscriptions
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Provider,
    Refund,
    RefundState,
    Subscription,
    Term,
    TermSource,
)
from tracker.billing.periods import Period
from tracker.billing.problems import RazorpayAway, RazorpayRefused
from tracker.billing.standing import GRACE, standing
from tracker.database import Base, Database
from tracker.errors import BadInput
from tracker.inbox import service as inbox
from tracker.notices.models import Notice
from tracker.users.models import User
from webhooks.razorpay import is_signed
from worker import billing, razorpay_news
from worker.payments import PROVIDER, take_events
from worker.workbench import Workbench

BEGIN = datetime(2027, 12, 30, 6, tzinfo=UTC)
"""Before a leap year's February."""

PEOPLE = (1001, 1002, 1003)
PLANS = st.sampled_from(("starter", "pro", "business"))
PERIODS = st.sampled_from((Period.MONTH, Period.MONTH, Period.YEAR))
PERSON = st.sampled_from(PEOPLE)
ANY = st.integers(0, 10**6)

_FINAL = {"cancelled", "completed", "expired"}

T = TypeVar("T")


class PowerCut(BaseException):
    """The process is no more; no handler of it runs."""


class Fragile(Database):
    """A database whose process can end right before a commit."""

    cut_after: int | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with super().transaction() as session:
            yield session
            if self.cut_after is not None:
                self.cut_after -= 1
                if self.cut_after < 0:
                    self.cut_after = None
                    raise PowerCut


@dataclass
class Ground:
    """What a run stands on, made once for many examples."""

    loop: asyncio.AbstractEventLoop
    bench: Workbench
    database: Fragile
    razorpay: RazorpaySandbox
    steps: int = field(default=0)
    paid: int = field(default=0)
    held: int = field(default=0)
    refunded: int = field(default=0)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)


class Money(RuleBasedStateMachine):
    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.run = self.ground.run
        self.travel = time_machine.travel(BEGIN, tick=False)
        self.traveller = self.travel.start()
        self.database, self.bench = self.ground.database, self.ground.bench
        self.razorpay = self.ground.razorpay
        self.ranks: dict[tuple[str, int], int] = {}
        self.began = 0

    def begin(self) -> None:
        self.razorpay.state.__init__()  # type: ignore[misc]  # a new account for each example
        self.razorpay.events.clear()
        self.razorpay.api.faults.clear()
        self.database.cut_after = None
        self.run(self._begin())

    async def _begin(self) -> None:
        async with self.database.transaction() as session:
            for table in reversed(Base.metadata.sorted_tables):
                await session.execute(delete(table))
        async with self.database.transaction() as session:
            for telegram_id, zone in zip(
                PEOPLE, ("Asia/Kolkata", "Europe/Berlin", "America/New_York"), strict=True
            ):
                (await money.person(session, telegram_id)).time_zone = zone

    def teardown(self) -> None:
        try:
            self.run(self._let_all_be_known())
            self.run(self._check_all())
        finally:
            self.travel.stop()

    # Time, and what comes with it

    @rule(minutes=st.one_of(st.integers(1, 300), st.integers(1, 40 * 24 * 60)))
    def time_passes(self, minutes: int) -> None:
        self.traveller.shift(timedelta(minutes=minutes))
        self.run(self.razorpay.tick())

    @rule(is_night=st.booleans())
    def the_cron_comes(self, is_night: bool) -> None:
        self._survive(billing.compare(self.bench) if is_night else billing.tend(self.bench))

    # People

    @initialize(plan=PLANS, is_auto=st.booleans())
    def somebody_has_paid(self, plan: str, is_auto: bool) -> None:
        self.begin()
        self._survive(self._want(PEOPLE[0], plan, Period.MONTH, is_auto=is_auto, opens=True, pays=True))
        self._survive(self._receive(self.razorpay.events))

    @rule(
        person=PERSON,
        plan=PLANS,
        period=PERIODS,
        is_auto=st.booleans(),
        does=st.sampled_from(("pay", "open", "")),
    )
    def somebody_wants_a_plan(self, person: int, plan: str, period: Period, is_auto: bool, does: str) -> None:
        self._survive(self._want(person, plan, period, is_auto=is_auto, opens=bool(does), pays=does == "pay"))

    async def _want(
        self, person: int, plan: str, period: Period, *, is_auto: bool, opens: bool, pays: bool
    ) -> None:
        try:
            async with self.database.transaction() as session:
                user = await money.person(session, person)
                wanted = await checkouts.want(
                    session,
                    self.bench.billing,
                    user,
                    person,
                    plan,
                    period,
                    provider=Provider.RAZORPAY,
                    is_auto=is_auto,
                )
        except BadInput:
            return
        if opens:
            try:
                await razorpay_news.open_checkout(self.bench, wanted.id)
            except (RazorpayAway, RazorpayRefused):
                return
        if pays and (opened := await self._open_one(wanted.id)):
            await self._pay(opened)

    async def _open_one(self, checkout_id: int) -> str | None:
        async with self.database.transaction() as session:
            return (await session.get_one(Checkout, checkout_id)).provider_id

    async def _pay(self, id: str) -> None:
        with suppress(CannotDo, ApiError):
            await self.razorpay.pay(id, webhook="never")

    @precondition(lambda self: self.razorpay.state.links)
    @rule(
        which=ANY,
        how=st.sampled_from(("pay", "pay", "too little", "too much", "fail", "fail, and be captured late")),
    )
    def somebody_comes_to_a_link(self, which: int, how: str) -> None:
        link = _pick(self.razorpay.state.links, which)
        if how.startswith("fail"):
            self._at_razorpay(
                self.razorpay.fail(link, webhook="never", late_authorisation=how.endswith("late"))
            )
        else:
            amount = {"too little": 100, "too much": 5_000_000}.get(how)
            self._at_razorpay(self.razorpay.pay(link, webhook="never", amount=amount))

    @precondition(lambda self: self.razorpay.state.subscriptions)
    @rule(which=ANY, failures=st.integers(0, 5))
    def somebody_agrees_to_be_charged(self, which: int, failures: int) -> None:
        # Only those whose address was shown to anybody: an answer that was lost leaves one that nobody sees.
        shown = self.run(self._shown())
        if shown:
            agreed = shown[which % len(shown)]
            self._at_razorpay(self.razorpay.pay(agreed, webhook="never"))
            self.razorpay.fail_charges(agreed, failures)

    async def _shown(self) -> list[str]:
        async with Database.transaction(self.database) as session:
            ids = await session.scalars(select(Checkout.provider_id).where(Checkout.is_auto))
            return [id for id in ids if id in self.razorpay.state.subscriptions]

    @rule(person=PERSON, how=st.sampled_from(("cancel", "keep")))
    def somebody_cancels_or_keeps(self, person: int, how: str) -> None:
        self._survive(self._cancel(person, how))

    async def _cancel(self, person: int, how: str) -> None:
        try:
            async with self.database.transaction() as session:
                user = await money.person(session, person)
                if how == "keep":
                    await subscriptions.keep(session, user)
                    await mandates.go_on(session, user)
                else:
                    await subscriptions.choose_next(session, self.bench.billing.plans, user, "free", None)
                    await mandates.end_with_cycle(session, user)
        except BadInput:
            return

    @precondition(lambda self: self.razorpay.state.payments)
    @rule(which=ANY, what=st.sampled_from(("all", "all", "a part", "created", "under_review", "won", "lost")))
    def money_is_asked_back(self, which: int, what: str) -> None:
        if what in ("all", "a part"):
            self._survive(self._refund(which, 1_000 if what == "a part" else None))
        else:
            payment = _pick(self.razorpay.state.payments, which)
            self._at_razorpay(self.razorpay.dispute(payment, what, webhook="never"))

    async def _refund(self, which: int, part: int | None) -> None:
        try:
            async with self.database.transaction() as session:
                ids = (await session.scalars(select(Payment.id).order_by(Payment.id))).all()
                if ids:
                    await refunds.ask(session, ids[which % len(ids)], amount_minor=part, reason="", by=9001)
        except BadInput:
            return

    # What goes wrong

    @rule(
        what=st.sampled_from(("500", "502", "429", "the power")),
        after=st.booleans(),
        moment=st.integers(0, 4),
    )
    def trouble_comes(self, what: Any, after: bool, moment: int) -> None:
        if what == "the power":
            self.database.cut_after = moment
        elif not len(self.razorpay.api.faults):
            self.razorpay.fault(what, after=after)

    # Webhooks

    @precondition(lambda self: self.razorpay.events)
    @rule(which=st.lists(ANY, min_size=1, max_size=6), is_forged=st.booleans())
    def events_come(self, which: list[int], is_forged: bool) -> None:
        told = [self.razorpay.events[number % len(self.razorpay.events)] for number in which]
        self._survive(self._receive(told, is_forged=is_forged))

    @precondition(lambda self: self.razorpay.events)
    @rule(last=st.integers(1, 8), backwards=st.booleans())
    def the_newest_events_come(self, last: int, backwards: bool) -> None:
        told = self.razorpay.events[-last:]
        self._survive(self._receive(told[::-1] if backwards else told))

    async def _receive(self, told: list[Event], *, is_forged: bool = False) -> None:
        for event in told:
            body = event.body.replace(b'"paid"', b'"PAID"') + b" " if is_forged else event.body
            if not is_signed(body, event.signature, [SecretStr(self.razorpay.webhook_secret)]):
                assert is_forged
                continue
            async with self.database.transaction() as session:
                await inbox.receive(session, PROVIDER, event.id, body)
        while await take_events(self.bench):
            pass

    # How a step ends

    def _survive(self, work: Coroutine[Any, Any, object]) -> None:
        self.ground.steps += 1
        try:
            self.run(work)
        except PowerCut:
            self.traveller.shift(timedelta(seconds=61))  # until its leases are over

    def _at_razorpay(self, work: Coroutine[Any, Any, object]) -> None:
        self.ground.steps += 1
        try:
            self.run(work)
        except (CannotDo, ApiError):
            return

    # What holds at any time

    @invariant()
    def the_books_are_right(self) -> None:
        self.run(self._check_books())

    async def _check_books(self) -> None:
        cut, self.database.cut_after = self.database.cut_after, None
        await money.check_books(self.database)
        async with self.database.transaction() as session:
            await self._nothing_moved_back(session)
            await self._plans_are_what_the_terms_say(session)
        self.database.cut_after = cut

    async def _nothing_moved_back(self, session: AsyncSession) -> None:
        order: list[tuple[str, type[Any], list[Any]]] = [
            ("payment", Payment, list(PaymentState)),
            ("refund", Refund, list(RefundState)),
            ("checkout", Checkout, [*checkouts.OPEN, CheckoutState.EXPIRED, CheckoutState.PAID]),
        ]
        for name, table, states in order:
            for id, state in await session.execute(select(table.id, table.state)):
                rank = states.index(state) if state in states else 2
                assert rank >= self.ranks.get((name, id), 0), f"{name} {id} went back to {state}"
                self.ranks[name, id] = rank
        for id, state in await session.execute(select(Mandate.id, Mandate.state)):
            was_final = self.ranks.get(("mandate", id), 0)
            assert not was_final or state in _FINAL, f"mandate {id} came back as {state}"
            self.ranks["mandate", id] = int(state in _FINAL)

    async def _plans_are_what_the_terms_say(self, session: AsyncSession) -> None:
        """What stands on each row follows from the terms, unless time alone has changed it since."""
        now = clock.now()
        for user in await session.scalars(select(User)):
            held = await session.scalar(select(Subscription).where(Subscription.user_id == user.id))
            if held is None or (held.due_at is not None and held.due_at <= now):
                continue
            terms = (await session.scalars(select(Term).where(Term.user_id == user.id))).all()
            assert standing(terms, self.bench.billing.plans, now).plan == user.plan == held.plan

    # What holds in the end

    async def _let_all_be_known(self) -> None:
        """Razorpay answers again and nobody cuts the power; no webhook comes any more."""
        self.database.cut_after = None
        self.razorpay.api.faults.clear()
        for _ in range(4):
            self.traveller.shift(timedelta(minutes=15))
            for _ in range(4):
                await billing.tend(self.bench)
                while await take_events(self.bench):
                    pass
        await billing.compare(self.bench)
        self.traveller.shift(timedelta(hours=7))
        await billing.tend(self.bench)

    async def _check_all(self) -> None:
        await self._check_books()
        now = clock.now()
        took = {id: each for id, each in self.razorpay.state.payments.items() if each.captured}
        async with self.database.transaction() as session:
            ours = {each.provider_id: each for each in await session.scalars(select(Payment))}
            terms = (await session.scalars(select(Term))).all()
            invoices = {each.payment_id for each in await session.scalars(select(Invoice))}
            said = {each.key for each in await session.scalars(select(Notice))}
            for id, truth in took.items():
                known = ours.get(id)
                if known is None:
                    went_back = truth.refunded >= truth.amount  # as what only authorises a subscription does
                    assert went_back, f"{id} of {truth.amount} was lost"
                    continue
                self.ground.paid += 1
                assert known.state in (PaymentState.CAPTURED, PaymentState.REFUNDED)
                assert known.amount_minor == truth.amount
                bought = [term for term in terms if term.payment_id == known.id]
                if known.held_because is not None:
                    self.ground.held += 1
                    assert bought == []
                    assert known.id not in invoices
                    assert f"held:{known.id}:{money.ADMIN}" in said
                else:
                    assert len(bought) == 1, f"{id} bought {len(bought)} terms"
                    assert known.id in invoices
                    assert f"applied:{known.id}" in said
                assert known.refunded_minor == truth.refunded
                self.ground.refunded += known.refunded_minor > 0
            assert {term.payment_id for term in terms if term.payment_id} <= {
                each.id for each in ours.values() if each.provider_id in took
            }
            await self._nothing_unpaid_is_active(session, now)

    async def _nothing_unpaid_is_active(self, session: AsyncSession, now: datetime) -> None:
        for user in await session.scalars(select(User).where(User.plan != "free")):
            terms = (await session.scalars(select(Term).where(Term.user_id == user.id))).all()
            paid_for = [
                term
                for term in terms
                if term.plan == user.plan
                and term.source == TermSource.PAYMENT
                and term.state == "standing"
                and term.starts_at <= now < term.ends_at + GRACE
            ]
            assert paid_for, f"{user.plan} of {user.telegram_id} is not paid for"


def _pick(things: dict[str, Any], which: int) -> str:
    return list(things)[which % len(things)]
