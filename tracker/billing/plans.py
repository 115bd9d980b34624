"""The plans: the one place for their prices and for what they permit.

An operator overrides any number by the TOML file that `PLANS_FILE` names, without code:

    [starter]
    month = "149.00"
    year = "1490.00"
    stars_month = 110
    stars_year = 1100
    watches = 60
    check_every_minutes = 120
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from tracker.billing.periods import Period
from tracker.billing.proration import LEAST_CHARGE
from tracker.errors import CannotStart
from tracker.money import Money
from tracker.users.allowance import Allowance, Feature

CURRENCY = "INR"
STARS = "XTR"
"""Telegram's own money; it has no smaller unit."""
MOST_STARS = 10_000
"""Source: Bot API, createInvoiceLink: the most that a subscription may cost."""
FREE = "free"
TRIAL = "pro"
"""The plan of a trial, and of days that are given to somebody without a plan."""


class BadPlans(CannotStart):
    """What is wrong with the file of plans."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`prices` are with GST in minor units of `currency`, `stars` in Stars; a higher `rank` permits more."""

    code: str
    name: str
    rank: int
    prices: Mapping[Period, int]
    allowance: Allowance
    stars: Mapping[Period, int]
    currency: str = CURRENCY

    def price(self, period: Period) -> Money:
        return Money(self.prices[period], self.currency)

    @property
    def is_free(self) -> bool:
        return not any(self.prices.values())


@dataclass(frozen=True, slots=True)
class Plans:
    """Every plan, from the least on."""

    plans: tuple[Plan, ...]

    def __iter__(self) -> Iterator[Plan]:
        return iter(self.plans)

    def __getitem__(self, code: str) -> Plan:
        """Raises KeyError."""
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    @property
    def _by_code(self) -> dict[str, Plan]:
        return {plan.code: plan for plan in self.plans}

    @property
    def free(self) -> Plan:
        return self[FREE]

    @property
    def paid(self) -> tuple[Plan, ...]:
        return tuple(plan for plan in self.plans if not plan.is_free)

    def in_stars(self) -> "Plans":
        """As they are sold where nothing but Stars is taken."""
        return Plans(tuple(replace(plan, prices=plan.stars, currency=STARS) for plan in self.plans))

    def after(self, code: str) -> Plan | None:
        """The next that permits more."""
        return next((plan for plan in self.plans if plan.rank > self[code].rank), None)


def _plan(
    code: str,
    rank: int,
    month: int,
    year: int,
    *,
    stars: int,
    watches: int,
    hours: float,
    days: int | None,
    requests: int,
    features: str = "",
) -> Plan:
    allowance = Allowance(
        watches=watches,
        check_every=timedelta(hours=hours),
        history_days=days,
        requests_per_minute=requests,
        features=frozenset(Feature(name) for name in features.split()),
    )
    prices = {Period.MONTH: month * 100, Period.YEAR: year * 100}
    in_stars = {Period.MONTH: stars, Period.YEAR: stars * 10}
    return Plan(code, code.capitalize(), rank, prices, allowance, in_stars)


_STARTER = "all_rules digests"
_PRO = f"{_STARTER} exports forecasts"

DEFAULT = Plans(
    (
        _plan(FREE, 0, 0, 0, stars=0, watches=5, hours=12, days=30, requests=20),
        _plan("starter", 1, 99, 990, stars=75, watches=50, hours=4, days=365, requests=60, features=_STARTER),
        _plan("pro", 2, 299, 2990, stars=225, watches=300, hours=1, days=None, requests=120, features=_PRO),
        _plan(
            "business",
            3,
            999,
            9990,
            stars=750,
            watches=1000,
            hours=0.5,
            days=None,
            requests=300,
            features=f"{_PRO} api_token checked_first",
        ),
    )
)


@cache
def load(path: str | None) -> Plans:
    """The plans with what the file overrides. Raises BadPlans."""
    if path is None:
        return DEFAULT
    try:
        told = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise BadPlans(f"PLANS_FILE cannot be read: {error.strerror}.") from None
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError, and int() of thousands of digits
        raise BadPlans(f"PLANS_FILE is no TOML: {error}.") from None
    unknown = told.keys() - {plan.code for plan in DEFAULT}
    if unknown:
        raise BadPlans(f"PLANS_FILE names no plan of ours: {', '.join(sorted(unknown))}.")
    plans = Plans(tuple(_overridden(plan, told.get(plan.code, {})) for plan in DEFAULT))
    for period in Period:
        for prices in [plan.prices[period] for plan in plans], [plan.stars[period] for plan in plans]:
            if sorted(set(prices)) != prices:
                raise BadPlans(f"PLANS_FILE: a higher plan must cost more a {period}.")
    return plans


def _overridden(plan: Plan, told: Any) -> Plan:
    if not isinstance(told, dict):
        raise BadPlans(f"PLANS_FILE: {plan.code} is no table.")
    known = {"name", "month", "year", "watches", "check_every_minutes", "history_days", "requests_per_minute"}
    unknown = told.keys() - known - {"features", "stars_month", "stars_year"}
    if unknown:
        raise BadPlans(f"PLANS_FILE: {plan.code} has no {', '.join(sorted(unknown))}.")
    allowance = plan.allowance
    number = _Numbers(plan.code, told)
    minutes = number.whole("check_every_minutes", int(allowance.check_every.total_seconds() // 60))
    history = number.whole("history_days", allowance.history_days or 0, least=0)
    allowed = Allowance(
        watches=number.whole("watches", allowance.watches),
        check_every=timedelta(minutes=minutes),
        history_days=history or None,
        requests_per_minute=number.whole("requests_per_minute", allowance.requests_per_minute),
        features=_features(plan, told),
    )
    prices = {
        Period.MONTH: number.paise("month", plan.prices[Period.MONTH], is_free=plan.is_free),
        Period.YEAR: number.paise("year", plan.prices[Period.YEAR], is_free=plan.is_free),
    }
    stars = {
        Period.MONTH: number.stars("stars_month", plan.stars[Period.MONTH], most=MOST_STARS),
        Period.YEAR: number.stars("stars_year", plan.stars[Period.YEAR], most=MOST_STARS * 10),
    }
    name = str(told.get("name", plan.name))[:32]
    return replace(plan, name=name, prices=prices, stars=stars, allowance=allowed)


def _features(plan: Plan, told: dict[str, Any]) -> frozenset[Feature]:
    names = told.get("features")
    if names is None:
        return plan.allowance.features
    if not isinstance(names, list) or any(name not in tuple(Feature) for name in names):
        raise BadPlans(f"PLANS_FILE: features of {plan.code} are a list of {', '.join(Feature)}.")
    return frozenset(Feature(name) for name in names)


@dataclass(frozen=True, slots=True)
class _Numbers:
    plan: str
    told: Mapping[str, Any]

    def whole(self, name: str, usual: int, *, least: int = 1) -> int:
        value = self.told.get(name, usual)
        if type(value) is not int or not least <= value <= 10**9:
            raise BadPlans(f"PLANS_FILE: {name} of {self.plan} is a whole number from {least} on.")
        return value

    def stars(self, name: str, usual: int, *, most: int) -> int:
        """Nothing for the plan that costs nothing."""
        if name not in self.told:
            return usual
        value = self.told[name]
        least = 1 if usual else 0
        if type(value) is not int or not least <= value <= (most if usual else 0):
            raise BadPlans(f"PLANS_FILE: {name} of {self.plan} is a whole number of Stars.")
        return value

    def paise(self, name: str, usual: int, *, is_free: bool) -> int:
        """A price is written as a text, "149.00": a TOML float is none."""
        value = self.told.get(name)
        if value is None:
            return usual
        try:
            minor = Money.of(Decimal(value if type(value) in (str, int) else ""), CURRENCY).minor
        except (InvalidOperation, ValueError):
            raise BadPlans(f'PLANS_FILE: {name} of {self.plan} is a price such as "149.00".') from None
        if minor != 0 if is_free else minor < LEAST_CHARGE:
            raise BadPlans(f"PLANS_FILE: {self.plan} {'costs nothing' if is_free else 'costs at least ₹1'}.")
        return minor
