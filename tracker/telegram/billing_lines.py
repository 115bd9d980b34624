"""Words about plans and money that several cards share."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiogram.types import InlineKeyboardButton
from markupsafe import Markup

from tracker.billing.models import SubscriptionState
from tracker.billing.periods import Period
from tracker.billing.plans import Plan
from tracker.billing.standing import GRACE, Standing
from tracker.telegram.callbacks import BillingAction, BillingButton, PlanAction, PlanButton
from tracker.telegram.cards import button
from tracker.texts import Language
from tracker.users.allowance import Allowance, Feature

PERIODS = {Period.MONTH: "billing.one_month", Period.YEAR: "billing.one_year"}
EACH = {Period.MONTH: "billing.each_month", Period.YEAR: "billing.each_year"}

_FEATURES = {
    Feature.ALL_RULES: "feature.all_rules",
    Feature.DIGESTS: "feature.digests",
    Feature.EXPORTS: "feature.exports",
    Feature.FORECASTS: "feature.forecasts",
    Feature.API_TOKEN: "feature.api_token",
    Feature.FIRST: "feature.first",
}


_HELD = {
    "unknown": "held.unknown",
    "user_gone": "held.user_gone",
    "paid_twice": "held.paid_twice",
    "amount": "held.amount",
    "credit": "held.credit",
}


def date_of(language: Language, moment: datetime) -> str:
    """The day in the person's zone: "24 December 2026"."""
    return language.calendar_day(moment.astimezone(ZoneInfo(language.time_zone)).date())


def stays_until(current: Standing) -> datetime | None:
    """How long a plan is somebody's: to the end of the grace, when that has begun. None is for ever."""
    if current.until is None or current.state == SubscriptionState.LAPSED:
        return None
    return current.until + GRACE if current.state == SubscriptionState.GRACE else current.until


def prices(language: Language, plan: Plan) -> Markup:
    if plan.is_free:
        return language("plan.free")
    month, year = (language.money(plan.price(period)) for period in (Period.MONTH, Period.YEAR))
    return language("plan.prices", month=month, year=year)


def watching(language: Language, allowed: Allowance) -> Markup:
    """How much is watched, and how often it is looked at."""
    return language.count("plan.watches", allowed.watches, every=every(language, allowed.check_every))


def allowance_lines(language: Language, allowed: Allowance) -> list[Markup]:
    """What a plan permits, a line each."""
    lines = [watching(language, allowed)]
    if allowed.history_days is None:
        lines.append(language("plan.all_history"))
    else:
        lines.append(language.count("plan.history", allowed.history_days))
    features = features_of(language, allowed)
    lines.append(features if features else language("plan.basic_rules"))
    return lines


def features_of(language: Language, allowed: Allowance) -> Markup:
    """In one line: "every kind of rule, digests"; empty without any."""
    return Markup(", ").join(language(key) for each, key in _FEATURES.items() if allowed.allows(each))


def every(language: Language, pause: timedelta) -> Markup:
    """ "4 hours", "30 minutes"."""
    minutes = max(1, int(pause.total_seconds()) // 60)
    if minutes % 60 == 0:
        return language.count("plan.hours", minutes // 60)
    return language.count("plan.minutes", minutes)


def why_held(language: Language, reason: str) -> Markup:
    return language(_HELD.get(reason, "held.unknown"))


def name_and_period(language: Language, plan: Plan, period: Period) -> Markup:
    """ "Pro, one month"."""
    return language("billing.plan_and_period", plan=plan.name, period=language(PERIODS[period]))


def plan_button(
    language: Language,
    key: str,
    action: PlanAction,
    plan: str = "",
    period: Period | None = None,
    **more: str,
) -> InlineKeyboardButton:
    return button(language, key, PlanButton(action=action, plan=plan, period=period), **more)


def billing_button(
    language: Language, key: str, action: BillingAction, *, plan: str = "", **more: str
) -> InlineKeyboardButton:
    return button(language, key, BillingButton(action=action, plan=plan), **more)
