"""What the figures are counted by, each as `docs/metrics.md` defines it. Money is in minor units.

Each reads a part of an index or one narrow table; they are for the worker that takes a snapshot,
not for each look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker.alerts.models import Alert, AlertState
from tracker.billing.ledger import Account
from tracker.billing.models import LedgerEntry, Refund, RefundState, Subscription, Term, TermSource, TermState
from tracker.billing.periods import Period
from tracker.billing.plans import CURRENCY
from tracker.billing.standing import GRACE
from tracker.catalog.models import CheckTally, Listing, MissedPromise
from tracker.catalog.move import REFUSALS
from tracker.fetching.problems import FetchProblem
from tracker.stores.offer import Reason
from tracker.users.models import User, UserState

STORES = 10
"""So many of the stores with the most listings have a line; the others share one."""

PAID_BEFORE = timedelta(days=30)
"""Churn looks at who paid so long ago."""

TRIALS_OVER = timedelta(days=90)
"""Conversion looks at the trials that ended within it."""

ACTIVE_WITHIN = timedelta(days=7)

UNANSWERED = (
    *REFUSALS,
    Reason.SERVER_ERROR,
    Reason.TOO_SLOW,
    Reason.UNREADABLE,
    FetchProblem.UNRESOLVABLE,
    FetchProblem.CONNECT,
    FetchProblem.TIMEOUT,
    FetchProblem.BAD_ENCODING,
    FetchProblem.PROTOCOL,
    FetchProblem.BUSY,
    FetchProblem.PROXY,
    FetchProblem.BROWSER,
    FetchProblem.ROBOTS_UNREACHABLE,
    "fetch_failed",
)
"""The outcomes of checks that keep no promise: the store refused, or nothing came of it on the way."""

_DAY = timedelta(days=1)
_EARNING = (Account.SALES, Account.DISPUTED)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """With one decimal, cut and not rounded, so that 100 is all of it; None of nothing."""
        return 1000 * self.part // self.whole / 10 if self.whole else None


@dataclass(frozen=True, slots=True)
class People:
    total: int
    active: int
    verified_emails: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Recurring:
    """What the paid terms in force bring a month, without GST, and how many people pay them."""

    monthly_minor: int
    paying: int


@dataclass(frozen=True, slots=True)
class StoreCount:
    """`code` is empty for all the other stores together."""

    code: str
    listings: int
    watches: int


@dataclass(frozen=True, slots=True)
class Said:
    """Alerts whose turn came in the last 24 hours and were sent, or failed; and those held now."""

    sent: int
    held: int
    failed: int


async def new_people(session: AsyncSession, since: datetime, until: datetime) -> int:
    return await _count(
        session,
        select(func.count()).select_from(User).where(User.created_at >= since, User.created_at < until),
    )


async def earned(session: AsyncSession, since: datetime, until: datetime) -> dict[str, int]:
    """By currency: the sales of the ledger, less what banks took back."""
    rows = await session.execute(
        select(LedgerEntry.currency, func.sum(LedgerEntry.amount_minor))
        .where(
            LedgerEntry.account.in_(_EARNING),
            LedgerEntry.created_at >= since,
            LedgerEntry.created_at < until,
        )
        .group_by(LedgerEntry.currency)
    )
    return {currency: -int(total) for currency, total in rows}


async def refunded(session: AsyncSession, since: datetime, until: datetime) -> dict[str, int]:
    """By currency: what went back to people, with GST."""
    rows = await session.execute(
        select(Refund.currency, func.sum(Refund.amount_minor))
        .where(Refund.state == RefundState.PROCESSED, Refund.settled_at >= since, Refund.settled_at < until)
        .group_by(Refund.currency)
    )
    return {currency: int(total) for currency, total in rows}


async def people(session: AsyncSession, now: datetime) -> People:
    rows = await session.execute(
        select(User.state, func.count().label("people")).group_by(User.state).order_by(User.state)
    )
    states = {row.state: row.people for row in rows}
    active = select(func.count()).select_from(User).where(User.last_seen_at >= now - ACTIVE_WITHIN)
    verified = select(func.count()).select_from(User).where(User.email_verified_at.is_not(None))
    return People(
        total=sum(states.values()),
        active=await _count(session, active),
        verified_emails=await _count(session, verified),
        blocked=states.get(UserState.BLOCKED, 0),
    )


async def recurring(session: AsyncSession, now: datetime, *, gst_percent: int) -> dict[str, Recurring]:
    """By currency. GST is in rupees alone: Telegram sells for Stars."""
    by_year = case((Term.period == Period.YEAR, Term.price_minor), else_=0)
    by_month = case((Term.period == Period.YEAR, 0), else_=Term.price_minor)
    rows = await session.execute(
        select(
            Term.currency,
            func.sum(by_year),
            func.sum(by_month),
            func.count(Term.user_id.distinct()),
        )
        .where(
            Term.source == TermSource.PAYMENT,
            Term.state == TermState.STANDING,
            Term.ends_at > now,
            Term.starts_at <= now,
        )
        .group_by(Term.currency)
    )
    return {
        currency: Recurring(
            _rounded((int(yearly) + 12 * int(monthly)) * 100, 12 * (100 + _tax_on(currency, gst_percent))),
            int(paying),
        )
        for currency, yearly, monthly, paying in rows
    }


async def churned(session: AsyncSession, now: datetime) -> Share:
    """Of those who paid 30 days ago, who has no paid time any more, the days of grace included."""
    then, later = aliased(Term), aliased(Term)
    paid = (
        then.source == TermSource.PAYMENT,
        then.state.in_((TermState.STANDING, TermState.CREDITED)),
        then.starts_at <= now - PAID_BEFORE,
        then.ends_at > now - PAID_BEFORE,
    )
    stays = (
        select(later.id)
        .where(
            later.user_id == then.user_id,
            later.source == TermSource.PAYMENT,
            later.state == TermState.STANDING,
            later.ends_at > now - GRACE,
        )
        .exists()
    )
    people = func.count(then.user_id.distinct())
    return Share(
        await _count(session, select(people).where(*paid, ~stays)),
        await _count(session, select(people).where(*paid)),
    )


async def converted(session: AsyncSession, now: datetime) -> Share:
    """Of those whose trial ended in the last 90 days, who has paid since it began and was not refunded."""
    trial, bought = aliased(Term), aliased(Term)
    over = (trial.source == TermSource.TRIAL, trial.ends_at > now - TRIALS_OVER, trial.ends_at <= now)
    pays = (
        select(bought.id)
        .where(
            bought.user_id == trial.user_id,
            bought.source == TermSource.PAYMENT,
            bought.state.in_((TermState.STANDING, TermState.CREDITED)),
            bought.created_at >= trial.created_at,
        )
        .exists()
    )
    people = func.count(trial.user_id.distinct())
    return Share(
        await _count(session, select(people).where(*over, pays)),
        await _count(session, select(people).where(*over)),
    )


async def subscriptions(session: AsyncSession) -> list[tuple[str, str, int]]:
    """(plan, state, how many)."""
    rows = await session.execute(
        select(Subscription.plan, Subscription.state, func.count())
        .group_by(Subscription.plan, Subscription.state)
        .order_by(Subscription.plan, Subscription.state)
    )
    return [(plan, state, int(count)) for plan, state, count in rows]


async def by_store(session: AsyncSession) -> list[StoreCount]:
    """Listings that are checked, and who watches them. Reads every listing: for once an hour."""
    rows = await session.execute(
        select(Listing.store, func.count().label("listings"), func.sum(Listing.watchers))
        .where(Listing.next_check_at.is_not(None))
        .group_by(Listing.store)
        .order_by(func.count().desc(), Listing.store)
    )
    found = [StoreCount(store, int(listings), int(watches)) for store, listings, watches in rows]
    rest = found[STORES:]
    if not rest:
        return found
    others = StoreCount("", sum(each.listings for each in rest), sum(each.watches for each in rest))
    return [*found[:STORES], others]


async def said(session: AsyncSession, now: datetime) -> Said:
    def of(state: AlertState, *conditions: ColumnElement[bool]) -> Select[int]:
        return select(func.count()).select_from(Alert).where(Alert.state == state, *conditions)

    lately = Alert.due_at > now - _DAY
    return Said(
        sent=await _count(session, of(AlertState.SENT, lately)),
        held=await _count(session, of(AlertState.HELD)),
        failed=await _count(session, of(AlertState.DEAD, lately)),
    )


async def promise_kept(session: AsyncSession, now: datetime, *, store: str | None = None) -> Share:
    """Of the checks that were owed in the last 24 hours, those that came in time.

    A check is owed once until the store answers one: so many were owed as were answered, and where more
    promises broke than that, as many as broke.
    """
    of_store = [] if store is None else [CheckTally.store == store]
    answered = await _count(
        session,
        select(func.coalesce(func.sum(CheckTally.checks), 0)).where(
            CheckTally.hour > now - _DAY, CheckTally.outcome.not_in(UNANSWERED), *of_store
        ),
    )
    broken = await _count(
        session,
        select(func.count())
        .select_from(MissedPromise)
        .where(
            MissedPromise.promised_at > now - _DAY,
            MissedPromise.promised_at <= now,
            *([] if store is None else [MissedPromise.store == store]),
        ),
    )
    owed = max(answered, broken)
    return Share(owed - broken, owed)


def add(*totals: Mapping[str, int]) -> dict[str, int]:
    """Sums by currency: no currency is ever added to another."""
    currencies = {currency for each in totals for currency in each}
    return {currency: sum(each.get(currency, 0) for each in totals) for currency in currencies}


def _tax_on(currency: str, gst_percent: int) -> int:
    return gst_percent if currency == CURRENCY else 0


def _rounded(dividend: int, divisor: int) -> int:
    """Half up; nothing here is negative."""
    return (2 * dividend + divisor) // (2 * divisor)


async def _count(session: AsyncSession, question: Select[int]) -> int:
    return int(await session.scalar(question) or 0)
