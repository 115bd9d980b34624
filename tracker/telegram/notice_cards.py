"""What is owed beside alerts, in words: plans, money and stores to a person, trouble to the admins.

Each card fits below a document: at most 1,024 characters once parsed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.billing.periods import Period
from tracker.billing.plans import STARS, Plan, Plans
from tracker.billing.standing import GRACE
from tracker.money import Money
from tracker.notices.models import Notice
from tracker.telegram import alarm_cards, store_cards
from tracker.telegram.billing_lines import (
    billing_button,
    date_of,
    name_and_period,
    plan_button,
    why_held,
)
from tracker.telegram.callbacks import (
    BillingAction,
    CheckoutAction,
    CheckoutButton,
    ListButton,
    PaymentAction,
    PaymentButton,
    PlanAction,
)
from tracker.telegram.cards import Card, Details, Rows, button, joined
from tracker.texts import Language, clean
from tracker.watches.service import Sort

Maker = Callable[[Language, Details, Plans], Card]

_DIFFERENCES = 6
_LINE = 100
_WORDS = 500


def card(language: Language, notice: Notice, plans: Plans) -> Card:
    """A notice in words. Raises KeyError for a kind that is unknown."""
    return _MAKERS[notice.kind](language, notice.details, plans)


def document_of(notice: Notice) -> tuple[Literal["invoice", "credit_note"], int] | None:
    """Which document goes with a notice, by its row."""
    if notice.details.get("invoice_id") is not None:
        return "invoice", notice.details["invoice_id"]
    if notice.details.get("credit_note_id") is not None:
        return "credit_note", notice.details["credit_note_id"]
    return None


def _watches_paused(language: Language, told: Details, plans: Plans) -> Card:
    text = language.count(
        "notice.watches_paused",
        told["paused"],
        plan=plans[told["plan"]].name,
        kept=language.number(told["kept"]),
    )
    which = button(language, "button.which_stay", ListButton(page=0, sort=Sort.NEWEST))
    rows = [[which]]
    above = plans.after(told["plan"])
    if above is not None:
        rows.append([plan_button(language, "button.upgrade", PlanAction.PLAN, above.code, name=above.name)])
    return _with(text, rows)


def _ends_in_days(language: Language, told: Details, plans: Plans) -> Card:
    return _ends(language, told, plans, "notice.ends_in_days", "notice.cancelled_in_days")


def _ends_in_a_day(language: Language, told: Details, plans: Plans) -> Card:
    return _ends(language, told, plans, "notice.ends_in_a_day", "notice.cancelled_in_a_day")


def _ends(language: Language, told: Details, plans: Plans, ends: str, is_cancelled: str) -> Card:
    """A plan ends, by itself or because it was cancelled; a smaller one may follow."""
    name, until = plans[told["plan"]].name, _moment(told["until"])
    next_plan = plans[told["next_plan"]] if told["next_plan"] else None
    if next_plan is not None and next_plan.is_free:
        keep = billing_button(language, "button.keep", BillingAction.KEEP)
        return _with(language(is_cancelled, plan=name, until=language.time(until)), [[keep]])
    lines = [language(ends, plan=name, until=language.time(until))]
    if next_plan is not None:
        lines.append(language("notice.follows", plan=next_plan.name))
    return _with(joined(lines), _renewing(language, told, plans))


def _grace(language: Language, told: Details, plans: Plans) -> Card:
    until = _moment(told["until"])
    is_cancelled = told["next_plan"] is not None and plans[told["next_plan"]].is_free
    text = language(
        "notice.grace_cancelled" if is_cancelled else "notice.grace",
        plan=plans[told["plan"]].name,
        until=date_of(language, until),
        stays=language.time(until + GRACE),
    )
    return _with(text, _renewing(language, told, plans))


def _lapsed(language: Language, told: Details, plans: Plans) -> Card:
    text = language("notice.lapsed", until=date_of(language, _moment(told["until"])), plan=plans.free.name)
    return _with(text, [[plan_button(language, "button.all_plans", PlanAction.PLANS)]])


def _applied(language: Language, told: Details, plans: Plans) -> Card:
    until = date_of(language, _moment(told["until"]))
    key = "notice.applied" if told["invoice_id"] is not None else "notice.applied_by_stars"
    text = language(key, amount=_money(language, told), plan=plans[told["plan"]].name, until=until)
    return _with(text, [[_billing(language)]])


def _held(language: Language, told: Details, _plans: Plans) -> Card:
    return Card(language("notice.held", amount=_money(language, told)))


def _failed(language: Language, told: Details, _plans: Plans) -> Card:
    text = language("notice.failed", amount=_money(language, told))
    if told.get("url"):
        again = InlineKeyboardButton(text=language.plain("button.try_again"), url=told["url"])
    else:
        data = CheckoutButton(action=CheckoutAction.AGAIN, checkout_id=told["checkout_id"])
        again = button(language, "button.try_again", data)
    return _with(text, [[again]])


def _begun(language: Language, told: Details, plans: Plans) -> Card:
    until = date_of(language, _moment(told["until"]))
    text = language("notice.begun", plan=plans[told["plan"]].name, until=until)
    return _with(text, [[_billing(language)]])


def _link_over(language: Language, told: Details, plans: Plans) -> Card:
    plan, period = plans[told["plan"]], Period(told["period"])
    text = language("notice.link_over", what=name_and_period(language, plan, period))
    anew = plan_button(language, "button.new_link", PlanAction.QUOTE, plan.code, period)
    return _with(text, [[anew]])


def _mandate_begun(language: Language, told: Details, plans: Plans) -> Card:
    text = language(
        "notice.mandate_begun",
        plan=plans[told["plan"]].name,
        amount=_money(language, told),
        when=date_of(language, _moment(told["at"])),
    )
    return _with(text, [[_billing(language)]])


def _mandate(key: str) -> Maker:
    def make(language: Language, told: Details, plans: Plans) -> Card:
        text = language(key, plan=plans[told["plan"]].name, amount=_money(language, told))
        return _with(text, [[_billing(language)]])

    return make


def _refunded(language: Language, told: Details, plans: Plans) -> Card:
    key = "notice.refunded_stars" if told["currency"] == STARS else "notice.refunded"
    lines = [language(key, amount=_money(language, told))]
    if told["ended"]:
        lines.append(language("notice.refund_ended", plan=plans[told["plan"]].name))
    if told.get("credit_note_id") is not None:
        lines.append(language("notice.credit_note"))
    return Card(joined(lines))


def _referral_days(language: Language, told: Details, plans: Plans) -> Card:
    text = language.count("notice.referral_days", told["days"], plan=plans[told["plan"]].name)
    return _with(text, [[_billing(language)]])


def _gift_days(language: Language, told: Details, plans: Plans) -> Card:
    text = language.count("notice.gift_days", told["days"], plan=plans[told["plan"]].name)
    return _with(text, [[_billing(language)]])


def _invoice(language: Language, told: Details, _plans: Plans) -> Card:
    return Card(language("notice.invoice", number=told["number"]))


def _admin_held(language: Language, told: Details, _plans: Plans) -> Card:
    text = language(
        "notice.admin_held",
        amount=_money(language, told),
        id=told["provider_id"],
        person=_person(told),
        reason=why_held(language, told["reason"]),
    )
    buttons = [
        button(language, "button.refund", _payment(told, PaymentAction.REFUND), id=str(told["payment"]))
    ]
    if told["person"] is not None:
        apply = _payment(told, PaymentAction.APPLY)
        buttons.insert(0, button(language, "button.apply", apply, id=str(told["payment"])))
    return _with(text, [buttons])


def _admin_refund_failed(language: Language, told: Details, _plans: Plans) -> Card:
    text = language("notice.admin_refund_failed", amount=_money(language, told), id=told["provider_id"])
    again = _payment(told, PaymentAction.REFUND)
    return _with(text, [[button(language, "button.refund", again, id=str(told["payment"]))]])


def _admin_dispute(language: Language, told: Details, _plans: Plans) -> Card:
    lines = [
        language(
            "notice.admin_dispute",
            amount=_money(language, told),
            id=told["provider_id"],
            state=clean(str(told["state"]), limit=40),
            person=_person(told),
        )
    ]
    if told["respond_by"]:
        lines.append(language("notice.admin_respond_by", when=language.time(_moment(told["respond_by"]))))
    return Card(joined(lines))


def _admin_differences(language: Language, told: Details, _plans: Plans) -> Card:
    shown = told["lines"][:_DIFFERENCES]
    lines = [language.count("notice.admin_differences", told["total"])]
    lines += [language("plan.line", what=clean(line, limit=_LINE)) for line in shown]
    if told["total"] > len(shown):
        lines.append(language.count("pending.more", told["total"] - len(shown)))
    return Card(joined(lines))


def _admin_partly_paid(language: Language, told: Details, _plans: Plans) -> Card:
    return Card(language("notice.admin_partly_paid", id=told["provider_id"]))


def _admin_paysupport(language: Language, told: Details, _plans: Plans) -> Card:
    """The name leads to the person's chat, as far as their client allows."""
    who = Markup('<a href="tg://user?id={}">{}</a>').format(
        told["person"], clean(str(told["name"]), limit=40) or str(told["person"])
    )
    words = clean(str(told["words"]), limit=_WORDS)
    return Card(language("notice.admin_paysupport", who=who, person=told["person"], words=words))


def _admin_token_stolen(language: Language, told: Details, _plans: Plans) -> Card:
    return Card(language("notice.admin_token_stolen", person=_person(told)))


def _without_plans(make: Callable[[Language, Details], Card]) -> Maker:
    """What stores do, and alarms, have nothing to do with plans."""
    return lambda language, told, _plans: make(language, told)


def _from_the_team(language: Language, told: Details, plans: Plans) -> Card:
    return Card(language("notice.from_the_team", text=told["text"]))


def _plan_ended_for_them(language: Language, told: Details, plans: Plans) -> Card:
    name = plans[told["plan"]].name
    if told["until"] is None:
        return Card(language("notice.plan_ended_now", plan=name))
    return Card(language("notice.plan_ends", plan=name, until=date_of(language, _moment(told["until"]))))


_MAKERS: dict[str, Maker] = {
    "from_the_team": _from_the_team,
    "plan_ended_for_them": _plan_ended_for_them,
    "watches_paused": _watches_paused,
    "plan_ends_in_days": _ends_in_days,
    "plan_ends_in_a_day": _ends_in_a_day,
    "plan_grace": _grace,
    "plan_lapsed": _lapsed,
    "plan_begun": _begun,
    "payment_applied": _applied,
    "payment_held": _held,
    "payment_failed": _failed,
    "checkout_expired": _link_over,
    "checkout_cancelled": _link_over,
    "mandate_begun": _mandate_begun,
    "mandate_pending": _mandate("notice.mandate_pending"),
    "mandate_halted": _mandate("notice.mandate_halted"),
    "mandate_paused": _mandate("notice.mandate_paused"),
    "mandate_cancelled": _mandate("notice.mandate_cancelled"),
    "refund_done": _refunded,
    "referral_days": _referral_days,
    "gift_days": _gift_days,
    "invoice_copy": _invoice,
    "listing_gone": _without_plans(store_cards.listing_gone),
    "store_refuses": _without_plans(store_cards.store_refuses),
    "store_answers_again": _without_plans(store_cards.store_answers_again),
    "store_rests": _without_plans(store_cards.store_rests),
    "alarm_began": _without_plans(alarm_cards.began),
    "alarm_goes_on": _without_plans(alarm_cards.goes_on),
    "alarm_ended": _without_plans(alarm_cards.ended),
    "admin_payment_held": _admin_held,
    "admin_refund_failed": _admin_refund_failed,
    "admin_dispute": _admin_dispute,
    "admin_differences": _admin_differences,
    "admin_partly_paid": _admin_partly_paid,
    "admin_paysupport": _admin_paysupport,
    "admin_token_stolen": _admin_token_stolen,
}


def _renewing(language: Language, told: Details, plans: Plans) -> Rows:
    """Pay for the time that follows: of the plan that was chosen for it, else of the same."""
    plan = _next(told, plans)
    period = Period(told["next_period"] or Period.MONTH)
    if plan.is_free:
        return [[plan_button(language, "button.all_plans", PlanAction.PLANS)]]
    price = language.money(plan.price(period))
    renew = plan_button(
        language, "button.renew", PlanAction.QUOTE, plan.code, period, name=plan.name, price=price
    )
    return [[renew], [plan_button(language, "button.all_plans", PlanAction.PLANS)]]


def _next(told: Details, plans: Plans) -> Plan:
    chosen = plans[told["next_plan"]] if told["next_plan"] else None
    return plans[told["plan"]] if chosen is None or chosen.is_free else chosen


def _payment(told: Details, action: PaymentAction) -> PaymentButton:
    return PaymentButton(action=action, payment_id=told["payment"])


def _billing(language: Language) -> InlineKeyboardButton:
    return billing_button(language, "button.billing", BillingAction.SHOW)


def _person(told: Details) -> str:
    return str(told["person"]) if told["person"] is not None else "?"


def _money(language: Language, told: Details) -> str:
    return language.money(Money(told["amount_minor"], told["currency"]))


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _with(text: Markup, rows: Rows) -> Card:
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))
