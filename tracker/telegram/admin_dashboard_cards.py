"""The dashboard: a card of figures, one of stores, and pictures of figures over time."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin import charts
from tracker.admin.charts import Bars, Panel
from tracker.admin.counts import Share
from tracker.admin.figures import MOST, By, Checks, Counted, Dashboard, Earnings, Queue, Series
from tracker.billing.gst import INDIA
from tracker.money import Money, exponent
from tracker.telegram.admin_callbacks import (
    HealthAction,
    HealthButton,
    ProductAction,
    ProductButton,
    StoreAction,
    StoreButton,
)
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.telegram.dashboard_callbacks import DashboardButton, Look
from tracker.telegram.people_callbacks import AuditButton, PeopleButton, SubscriptionsButton
from tracker.telegram.reach_callbacks import BroadcastAction, BroadcastButton
from tracker.telegram.store_cards import store_name
from tracker.texts import Language, clean

_OUTCOMES = 5
"""So many outcomes of checks have a word of their own."""
_NAME = 40


def dashboard(language: Language, seen: Dashboard) -> Card:
    """What was counted says when; the rest is of the moment."""
    at_home = Language(language.locale, INDIA.key, language.territory)
    lines = [language("dashboard.title", at=at_home.time(seen.at))]
    if seen.counted is None:
        lines.append(language("dashboard.not_counted"))
    else:
        lines += _counted(language, seen.counted)
        lines.append(language("dashboard.counted", ago=language.ago(seen.counted.taken_at, seen.at)))
    lines += [Markup(""), language("dashboard.now")]
    lines += [_checks(language, at_home, checks) for checks in seen.checks]
    lines += [_queue(language, queue) for queue in seen.queues]
    lines.append(language("dashboard.alarms", alarms=language.number(seen.alarms)))
    return Card(joined(lines), keyboard=_keyboard(language))


def stores(language: Language, seen: Dashboard) -> Card:
    """Listings and watches by store."""
    back = [[button(language, "button.dashboard", DashboardButton(look=Look.CARD))]]
    keyboard = InlineKeyboardMarkup(inline_keyboard=back)
    if seen.stores is None:
        return Card(language("dashboard.not_counted"), keyboard=keyboard)
    lines = [language("dashboard.stores")]
    for store in seen.stores.stores:
        name = (
            clean(store_name(store.code), limit=_NAME) if store.code else language("dashboard.other_stores")
        )
        lines.append(
            language(
                "dashboard.store",
                store=name,
                listings=language.number(store.listings),
                watches=language.number(store.watches),
            )
        )
    lines.append(language("dashboard.counted", ago=language.ago(seen.stores.taken_at, seen.at)))
    return Card(joined(lines), keyboard=keyboard)


def revenue(language: Language, series: Sequence[Series], by: By) -> bytes:
    """A panel for each money that was earned, in its whole units; rupees always have one."""
    panels: list[Panel] = []
    for currency in dict.fromkeys(each.currency for each in series):
        of_it = [each for each in series if each.currency == currency]
        if currency is None or (panels and not any(point.value for each in of_it for point in each.points)):
            continue
        scale = 1 if currency == "XTR" else 10 ** exponent(currency)
        names = (language.plain("dashboard.bars_earned"), language.plain("dashboard.bars_refunded"))
        bars = [
            Bars(name, [point.value / scale for point in each.points])
            for name, each in zip(names, of_it, strict=True)
        ]
        title = "dashboard.panel_stars" if currency == "XTR" else "dashboard.panel_rupees"
        panels.append(Panel(language.plain(title), bars))
    return charts.png(_title(language, Look.REVENUE, by), _labels(series, by), panels)


def growth(language: Language, series: Sequence[Series], by: By) -> bytes:
    bars = [Bars(each.name, [point.value for point in each.points]) for each in series]
    panel = Panel(language.plain("dashboard.panel_people"), bars)
    return charts.png(_title(language, Look.GROWTH, by), _labels(series, by), [panel])


def chart(language: Language, look: Look, by: By) -> Card:
    """The words and buttons below a picture."""
    row = [
        button(language, "button.by_day", DashboardButton(look=look, by=By.DAY)),
        button(language, "button.by_week", DashboardButton(look=look, by=By.WEEK)),
        button(language, "button.by_month", DashboardButton(look=look, by=By.MONTH)),
    ]
    return Card(Markup(_title(language, look, by)), keyboard=InlineKeyboardMarkup(inline_keyboard=[row]))  # noqa: S704 - a title of ours


def _counted(language: Language, counted: Counted) -> list[Markup]:
    number, people = language.number, counted.people
    lines = [
        language(
            "dashboard.people",
            total=number(people.total),
            active=number(people.active),
            today=number(people.new_today),
            week=number(people.new_this_week),
            month=number(people.new_this_month),
            verified=number(people.verified_emails),
            blocked=number(people.blocked),
        ),
        Markup(""),
    ]
    for place, earnings in enumerate(counted.earnings):
        if place == 0 or earnings.total_minor or earnings.paying or earnings.refunded_minor:
            lines.append(_earnings(language, earnings))
    lines += [
        language(
            "dashboard.rates",
            churn=_percent(language, counted.churn),
            conversion=_percent(language, counted.conversion),
        ),
        Markup(""),
        language("dashboard.subscriptions"),
        *(
            Markup("{}: {}").format(f"{plan.capitalize()}, {state}", number(count))
            for plan, state, count in counted.subscriptions
        ),
        Markup(""),
        language(
            "dashboard.alerts",
            sent=number(counted.alerts.sent),
            held=number(counted.alerts.held),
            failed=number(counted.alerts.failed),
            kept=_percent(language, counted.promise),
        ),
    ]
    return lines


def _earnings(language: Language, earnings: Earnings) -> Markup:
    def money(minor: int) -> str:
        return language.money(Money(minor, earnings.currency))

    return language(
        "dashboard.money",
        monthly=money(earnings.monthly_minor),
        paying=language.number(earnings.paying),
        each=money(earnings.per_person_minor),
        month=money(earnings.this_month_minor),
        total=money(earnings.total_minor),
        refunded_month=money(earnings.refunded_this_month_minor),
        refunded=money(earnings.refunded_minor),
    )


def _percent(language: Language, share: Share) -> str:
    if share.percent is None:
        return "–"
    return f"{language.number(Decimal(str(share.percent)))} %"


def _checks(language: Language, at_home: Language, checks: Checks) -> Markup:
    named = [f"{outcome} {language.number(count)}" for outcome, count in checks.outcomes[:_OUTCOMES]]
    rest = sum(count for _, count in checks.outcomes[_OUTCOMES:])
    if rest:
        named.append(language.plain("dashboard.other_outcomes", count=language.number(rest)))
    return language(
        "dashboard.checks",
        hour=at_home.time(checks.hour),
        total=language.number(checks.total),
        outcomes=f" ({', '.join(named)})" if named else "",
    )


def _queue(language: Language, queue: Queue) -> Markup:
    name = {
        "alerts": language("dashboard.queue_alerts"),
        "notices": language("dashboard.queue_notices"),
        "events": language("dashboard.queue_events"),
        "checks": language("dashboard.queue_checks"),
    }[queue.name]
    depth = f"{language.number(queue.depth)}{'+' if queue.depth >= MOST else ''}"
    if not queue.depth:
        return language("dashboard.queue_empty", name=name)
    age = language.duration(timedelta(seconds=queue.age_seconds))
    return language("dashboard.queue", name=name, depth=depth, age=age)


def _keyboard(language: Language) -> InlineKeyboardMarkup:
    """Refresh, the pictures, and a button to each area."""

    def areas(*buttons: tuple[str, object]) -> list[InlineKeyboardButton]:
        return [button(language, key, data) for key, data in buttons]  # type: ignore[arg-type]

    rows: Rows = [
        [
            button(language, "button.refresh", DashboardButton(look=Look.CARD)),
            button(language, "button.by_store", DashboardButton(look=Look.STORES)),
        ],
        [
            button(language, "button.revenue", DashboardButton(look=Look.REVENUE)),
            button(language, "button.growth", DashboardButton(look=Look.GROWTH)),
        ],
        areas(
            ("button.area_users", PeopleButton(before=0)),
            ("button.area_subs", SubscriptionsButton(before=0)),
            ("button.area_products", ProductButton(action=ProductAction.LIST)),
        ),
        areas(
            ("button.area_health", HealthButton(action=HealthAction.SHOW)),
            ("button.area_stores", StoreButton(action=StoreAction.LIST)),
            ("button.area_audit", AuditButton(before=0)),
            ("button.area_broadcasts", BroadcastButton(action=BroadcastAction.LIST)),
        ),
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def _title(language: Language, look: Look, by: By) -> str:
    texts = {
        (Look.REVENUE, By.DAY): language.plain("dashboard.revenue_day"),
        (Look.REVENUE, By.WEEK): language.plain("dashboard.revenue_week"),
        (Look.REVENUE, By.MONTH): language.plain("dashboard.revenue_month"),
        (Look.GROWTH, By.DAY): language.plain("dashboard.growth_day"),
        (Look.GROWTH, By.WEEK): language.plain("dashboard.growth_week"),
        (Look.GROWTH, By.MONTH): language.plain("dashboard.growth_month"),
    }
    return texts[look, by]


def _labels(series: Sequence[Series], by: By) -> list[str]:
    return [charts.label_of(point.begins, by) for point in series[0].points]
