"""Our rules on a series: belief, history, alert rules and re-arming, as `catalog.recording` joins them.

The tables are left out, so that a year takes a moment; tests/benchmarks/test_replay.py runs the same series
through the tables and compares.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.replay.series import Page, Seen, Series
from benchmarks.replay.told import Ask, Method, Run, Told, nothing_told
from tracker.alerts.rearm import remember, told
from tracker.alerts.rules import Standing, judge
from tracker.catalog import belief
from tracker.catalog.belief import DEFAULT_BANDS, Bands, Belief, Known
from tracker.catalog.history import PriceHistory
from tracker.catalog.move import Move
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.watches.models import AlertRule, Rearm, Reference, RuleKind

RECHECK = timedelta(minutes=2)


def ours(bands: Bands = DEFAULT_BANDS, recheck: timedelta = RECHECK) -> Method:
    """Our pipeline under some bands."""

    def method(series: Series) -> Run:
        page, told_so_far = Page(series), nothing_told()
        listing = _Listing(series.currency, bands)
        watchers = {ask: _Watcher(_rule(ask)) for ask in Ask}
        for number, check in enumerate(series.checks):
            later = series.checks[number + 1] if number + 1 < len(series.checks) else check
            at = check
            while True:
                move = listing.record(page.read(at))
                if move is not None:
                    for ask, watcher in watchers.items():
                        told_so_far[ask] += watcher.hears(move)
                wait = listing.wait(recheck, series.interval)
                if wait is None or at + wait >= later:
                    break
                at += wait
        return Run(told_so_far, page.reads)

    return method


def _rule(ask: Ask) -> AlertRule:
    terms = {"rearm": Rearm.CROSSING, "is_armed": True}
    if ask is Ask.ANY_DROP:
        return AlertRule(kind=RuleKind.ANY_DROP, **terms)
    return AlertRule(kind=RuleKind.DROP_BY, percent=10, reference=Reference.HIGHEST, **terms)


@dataclass(slots=True)
class _Watcher:
    """One person with one rule."""

    rule: AlertRule
    standing: Standing | None = None

    def hears(self, move: Move) -> list[Told]:
        now = move.now
        if now is None:
            return []
        if self.standing is None or move.is_new_beginning:
            self.standing = Standing(added=now, highest=now)
            return []
        reason = judge(move, self.rule, self.standing)
        fires, memory = told(self.rule, reason, move)
        remember(self.rule, memory)
        if fires and reason is not None and move.before is not None:
            self.standing = Standing(self.standing.added, now, now)
            return [Told(move.observed_at, now.minor, reason.get("reference_minor", move.before.minor))]
        if self.standing.highest is None or self.standing.highest < now:
            self.standing = Standing(self.standing.added, self.standing.last_alert, now)
        return []


@dataclass(slots=True)
class _Listing:
    """What is known of a listing between checks."""

    currency: str
    bands: Bands
    price: Money | None = None
    evidence: str | None = None
    variant: str | None = None
    stock: Availability = Availability.UNKNOWN
    last: tuple[int | None, Availability] | None = None
    """What the last observation said."""
    points: list[tuple[datetime, int]] = field(default_factory=list)
    held: list[tuple[datetime, Money]] = field(default_factory=list)
    rejected: list[tuple[datetime, Money]] = field(default_factory=list)
    is_held: bool = False

    def wait(self, recheck: timedelta, interval: timedelta) -> timedelta | None:
        """How soon the page is read again before its time; None when it is not."""
        if not self.is_held:
            return None
        return belief.recheck_after(len(self.held), recheck, interval, self.bands)

    def record(self, seen: Seen) -> Move | None:
        """What a read says becomes a move, a doubt, or nothing."""
        self.is_held = False
        stock = Availability.OUT_OF_STOCK if seen.minor is None else Availability.IN_STOCK
        price = None if seen.minor is None else Money(seen.minor, self.currency)
        if (seen.minor, stock) == self.last:
            self._believe(seen)
            return None
        history = PriceHistory(self.points, self.currency)
        is_new_beginning = False
        if price is not None and price != self.price:
            match self._judge(price, seen, history):
                case Belief.HELD:
                    self.held.append((seen.at, price))
                    self.is_held = True
                    return None
                case Belief.REJECTED:
                    self.rejected.append((seen.at, price))
                    is_new_beginning = belief.is_new_normal(self.rejected, seen.at, self.bands)
                    if not is_new_beginning:
                        return None
                case Belief.BELIEVED:
                    pass
        move = Move(
            listing_id=0,
            observation_id=0,
            observed_at=seen.at,
            before=self.price,
            now=price,
            was=self.stock,
            availability=stock,
            history=history,
            is_new_beginning=is_new_beginning,
        )
        self.stock, self.last = stock, (seen.minor, stock)
        if price is not None:
            self.price = price
            self.points = [*self.points, (seen.at, price.minor)]
        self._believe(seen)
        return move

    def _believe(self, seen: Seen) -> None:
        if seen.minor is not None:
            self.evidence, self.variant = seen.evidence, seen.variant
        self.held.clear()
        self.rejected.clear()

    def _judge(self, price: Money, seen: Seen, history: PriceHistory) -> Belief:
        known = Known(
            before=self.price,
            median=history.median(seen.at),
            evidence=self.evidence,
            variant=self.variant,
            believed=self.points,
            held=self.held,
        )
        verdict = belief.weigh(
            price, known, evidence=seen.evidence, variant=seen.variant, now=seen.at, bands=self.bands
        )
        return verdict.belief
