"""What plan somebody has, read from their terms alone. Pure: the same terms always say the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tracker.billing.models import SubscriptionState, TermSource, TermState
from tracker.billing.plans import FREE, Plans

GRACE = timedelta(days=4)
"""Razorpay tries a failed charge again on three days; UPI charges lag a day or more."""


class TermLike(Protocol):
    """What of a term counts."""

    @property
    def plan(self) -> str: ...
    @property
    def period(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """`until` is the end of all time that follows on without a gap; of a grace, the end of what was paid."""

    plan: str
    period: str | None
    state: SubscriptionState
    until: datetime | None
    changes_at: datetime | None
    """When time alone makes it another: the next term, the grace, the lapse."""


def standing(terms: Iterable[TermLike], plans: Plans, now: datetime) -> Standing:
    """A person's plan now. Of terms that overlap the one of the higher plan counts."""
    lasting = sorted(
        (term for term in terms if term.state == TermState.STANDING and term.starts_at < term.ends_at),
        key=lambda term: (term.starts_at, term.ends_at),
    )
    covering = [term for term in lasting if term.starts_at <= now < term.ends_at]
    if covering:
        term = max(covering, key=lambda each: _weight(each, plans))
        state = SubscriptionState.TRIAL if term.source == TermSource.TRIAL else SubscriptionState.ACTIVE
        return Standing(term.plan, term.period, state, _until(lasting, term), _next_change(lasting, now))
    ahead = min((term.starts_at for term in lasting if term.starts_at > now), default=None)
    over = [term for term in lasting if term.ends_at <= now]
    last = max(
        over,
        key=lambda each: (each.ends_at, each.source == TermSource.PAYMENT, _weight(each, plans)),
        default=None,
    )
    if last is not None and last.source == TermSource.PAYMENT and now < last.ends_at + GRACE:
        ends = last.ends_at + GRACE
        changes = min(ends, ahead) if ahead else ends
        return Standing(last.plan, last.period, SubscriptionState.GRACE, last.ends_at, changes)
    return Standing(FREE, None, SubscriptionState.LAPSED, last.ends_at if last else None, ahead)


def _weight(term: TermLike, plans: Plans) -> tuple[int, bool, bool, datetime, str]:
    """Which of several terms counts: of a higher plan, then what was paid before what was given or tried."""
    is_paid, is_trial = term.source == TermSource.PAYMENT, term.source == TermSource.TRIAL
    return plans[term.plan].rank, is_paid, not is_trial, term.ends_at, term.period or ""


def _until(lasting: Sequence[TermLike], term: TermLike) -> datetime:
    until = term.ends_at
    for each in lasting:
        if each.starts_at <= until:
            until = max(until, each.ends_at)
    return until


def _next_change(lasting: Sequence[TermLike], now: datetime) -> datetime:
    edges = {edge for term in lasting for edge in (term.starts_at, term.ends_at) if edge > now}
    return min(edges)
