"""A simple account of who is owed which alert: what the service must agree with, whatever happens to it.

Prices are whole rupees. Nothing here knows a database, a queue or Telegram.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

MONTH = timedelta(days=30)
WEEK = timedelta(days=7)


@dataclass
class Rule:
    kind: str
    value: int | None = None
    """A target's rupees, a drop's percent."""
    reference: str | None = None
    rearm: str = "crossing"
    hours: int = 0
    armed: bool = True
    fired_at: datetime | None = None
    fired_price: int | None = None


@dataclass
class Seen:
    """What a page showed: no price, or one; and whether it can be bought."""

    price: int | None
    in_stock: bool
    at: datetime


@dataclass
class Thing:
    """A listing as it is believed to be."""

    history: list[Seen] = field(default_factory=list)
    doubted: list[int] = field(default_factory=list)
    """Prices read in a row that were not believed yet."""

    @property
    def last(self) -> Seen:
        return self.history[-1]

    @property
    def price(self) -> int | None:
        """The last price that was asked."""
        return next((seen.price for seen in reversed(self.history) if seen.price is not None), None)

    def usual(self, now: datetime) -> int | None:
        """The median of the last 30 days, minute by minute in spirit: each price for as long as it stood."""
        priced = [seen for seen in self.history if seen.price is not None]
        spans = []
        for seen, until in zip(priced, [*(one.at for one in priced[1:]), now], strict=True):
            begin = max(seen.at, now - MONTH)
            spans.append((seen.price, max(0.0, (until - begin).total_seconds())))
        spans.sort()
        total, passed = sum(seconds for _, seconds in spans), 0.0
        for price, seconds in spans:
            passed += seconds
            if passed * 2 >= total and (seconds or not total):
                return price
        return None

    def believes(self, price: int, now: datetime) -> bool:
        """Whether a price is near the usual or the last one, or the third in a row that says so."""
        known = [one for one in (self.usual(now), self.price) if one]
        is_near = not known or any(0.6 * one <= price <= 2.5 * one for one in known)
        if is_near and not self.comes_and_goes(price, now):
            return True
        self.doubted.append(price)
        return len(self.doubted) >= 3 and alike(*self.doubted[-3:])

    def comes_and_goes(self, price: int, now: datetime) -> bool:
        """Whether it was the price in the last week before, and another after it."""
        lately = [one.price for one in self.history[1:] if one.price is not None and now - one.at <= WEEK]
        while lately and alike(price, lately[-1]):
            lately.pop()
        return any(alike(price, earlier) for earlier in lately)


def alike(*prices: int) -> bool:
    return max(prices) - min(prices) <= 0.02 * min(prices)


@dataclass
class Watch:
    user: int
    thing: int
    added: int | None
    state: str = "active"
    rules: dict[str, Rule] = field(default_factory=dict)
    told: int | None = None
    """The price in the last alert."""
    highest: int | None = None
    snoozed_until: datetime | None = None
    snoozed_below: int | None = None
    at_once: bool = False


@dataclass
class Owed:
    """An alert as it must come: for whom, of what, for which reasons, and what may become of it."""

    number: int
    watch: Watch
    kinds: frozenset[str]
    price: int | None
    at: datetime
    is_certain: bool = True
    """Whether it must be said: nobody has paused, snoozed, stopped, blocked or given up meanwhile."""
    times_said: int = 0
    may_repeat: int = 0
    """How often a crash or a lost answer gave cause to say it again."""


def owed_by(
    watch: Watch, price_before: int | None, now: Seen, was: bool | None, lowest: int | None
) -> frozenset[str]:
    """The reasons of a move for one watch, whose memory is brought up to date; empty when nothing is owed.

    `was` is whether it was last known to be for sale, `lowest` the lowest price before.
    """
    if watch.state == "snoozed" and not _wakes(watch, now):
        return frozenset()
    kinds = set()
    if watch.state == "snoozed":
        if watch.snoozed_below is not None:
            kinds.add("snooze_over")
        watch.state, watch.snoozed_until, watch.snoozed_below = "active", None, None
    if watch.state != "active":
        return frozenset()
    price = now.price if now.in_stock else None
    for rule in watch.rules.values():
        holds = _holds(rule, watch, price, price_before, now, was, lowest)
        is_level = rule.kind in ("target", "drop_by")
        if not holds:
            if is_level and price is not None and not (rule.rearm == "once" and rule.fired_at):
                rule.armed = True
            continue
        if _may_fire(rule, now, is_level=is_level):
            kinds.add(rule.kind)
            moving = rule.kind == "drop_by" and rule.reference in ("last_alert", "highest")
            rule.armed, rule.fired_at, rule.fired_price = not is_level or moving, now.at, now.price
    if kinds and now.price is not None:
        watch.told = watch.highest = now.price
    return frozenset(kinds)


def _wakes(watch: Watch, now: Seen) -> bool:
    if watch.snoozed_until is not None and watch.snoozed_until <= now.at:
        return True
    below = watch.snoozed_below
    return below is not None and now.in_stock and now.price is not None and now.price < below


def _holds(
    rule: Rule,
    watch: Watch,
    price: int | None,
    before: int | None,
    now: Seen,
    was: bool | None,
    lowest: int | None,
) -> bool:
    is_back = was is False and now.in_stock
    if rule.kind in ("back_in_stock", "out_of_stock"):
        return is_back if rule.kind == "back_in_stock" else was is True and not now.in_stock
    if price is None:
        return False
    if rule.kind in ("target", "drop_by"):
        return _reaches(rule, watch, price)
    if before is None or rule.kind == "rise":
        return before is not None and price > before
    fell = (price < before or is_back) and price < max(before, watch.highest or before)
    return fell and (rule.kind == "any_drop" or (lowest is not None and price <= lowest))


def _reaches(rule: Rule, watch: Watch, price: int) -> bool:
    value = rule.value or 0
    if rule.kind == "target":
        return price <= value
    told = watch.told if watch.told is not None else watch.added
    base = {"added": watch.added, "last_alert": told}.get(rule.reference or "", watch.highest)
    return base is not None and base > price and (base - price) * 100 >= value * base


def _may_fire(rule: Rule, now: Seen, *, is_level: bool) -> bool:
    if rule.rearm == "once":
        return rule.armed and rule.fired_at is None
    if rule.rearm == "hours":
        return rule.fired_at is None or now.at - rule.fired_at >= timedelta(hours=rule.hours)
    if rule.rearm == "further":
        lower = rule.fired_price is None or (now.price is not None and now.price < rule.fired_price)
        return (is_level and rule.armed) or lower
    return rule.armed
