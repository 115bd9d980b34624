"""Cards of subscriptions and of coupons, for those who run the service."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.payments import is_over
from tracker.admin.roles import Action, Actor
from tracker.admin.subscriptions import Held
from tracker.billing.models import Coupon, PaymentState, Subscription, SubscriptionState
from tracker.billing.plans import CURRENCY, Plans
from tracker.money import Money
from tracker.telegram.admin_people_cards import in_pairs, name_of
from tracker.telegram.billing_lines import date_of
from tracker.telegram.callbacks import PaymentAction, PaymentButton
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.telegram.people_callbacks import (
    CouponButton,
    PersonAction,
    PersonButton,
    SubscriptionAction,
    SubscriptionButton,
    SubscriptionsButton,
)
from tracker.texts import Language, clean
from tracker.users.models import User


def subscriptions(
    language: Language,
    found: Sequence[tuple[Subscription, User]],
    plans: Plans,
    *,
    query: str,
    further: int | None,
) -> Card:
    """A line and a button each; `further` is the id before which the next page begins."""
    if not found:
        return Card(language("subs.none"))
    lines = [language("subs.heading"), Markup("")]
    lines += [_line(language, subscription, user, plans) for subscription, user in found]
    rows = in_pairs(
        [
            InlineKeyboardButton(
                text=f"{subscription.id} · {clean(user.first_name, limit=24)}",
                callback_data=SubscriptionButton(
                    action=SubscriptionAction.SHOW, subscription_id=subscription.id
                ).pack(),
            )
            for subscription, user in found
        ]
    )
    if further is not None:
        rows.append([button(language, "button.older", SubscriptionsButton(before=further, query=query))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def subscription(
    language: Language, held: Held, actor: Actor, plans: Plans, *, note: Markup | None = None
) -> Card:
    """A subscription, what is ahead of it, what was paid for it, and what can be done."""
    shown = held.subscription
    lines = [
        *([note, Markup("")] if note else []),
        _line(language, shown, held.user, plans),
    ]
    lines += [
        language(
            "subs.term",
            plan=plans[term.plan].name,
            source=term.source,
            start=date_of(language, term.starts_at),
            end=date_of(language, term.ends_at),
        )
        for term in held.ahead
    ]
    if shown.next_plan is not None:
        lines.append(language("subs.next", plan=plans[shown.next_plan].name))
    if held.charging is not None:
        amount = language.money(Money(held.charging.amount_minor, held.charging.currency))
        lines.append(language("subs.charging", amount=amount, provider_id=held.charging.provider_id))
    if held.credit.minor:
        lines.append(language("subs.credit", amount=language.money(held.credit)))
    if shown.is_frozen:
        lines.append(language("subs.frozen"))
    lines += [
        language(
            "person.payment",
            amount=language.money(Money(payment.amount_minor, payment.currency)),
            state=payment.state,
            when=language.time(payment.created_at),
            provider_id=payment.provider_id,
        )
        for payment in held.payments
    ]
    rows = _buttons(language, held, actor)
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def confirm_cancel(language: Language, held: Held, plans: Plans) -> Card:
    """What ending a plan would do, now or when it is over."""
    shown = held.subscription
    until = date_of(language, shown.paid_until) if shown.paid_until is not None else "?"
    lines = [
        language(
            "subs.cancel",
            plan=plans[shown.plan].name,
            name=name_of(held.user),
            id=held.user.telegram_id,
            until=until,
        )
    ]
    if held.charging is not None:
        lines.append(language("subs.cancel_charging"))
    rows: Rows = [[_button(language, "button.cancel_now", shown, SubscriptionAction.NOW)]]
    if shown.state in (SubscriptionState.ACTIVE, SubscriptionState.GRACE) and shown.next_plan != "free":
        rows.append([_button(language, "button.cancel_at_end", shown, SubscriptionAction.PERIOD_END)])
    rows.append([_button(language, "button.back", shown, SubscriptionAction.SHOW)])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def coupons(
    language: Language,
    found: Sequence[tuple[Coupon, int]],
    actor: Actor,
    now: datetime,
    *,
    further: int | None,
    note: Markup | None = None,
) -> Card:
    """What each takes off, how often it was used, and a button to end those that go on."""
    lines = [note, Markup("")] if note else []
    if not found:
        return Card(joined([*lines, language("coupon.none")]))
    lines += [language("coupon.heading"), Markup("")]
    buttons = []
    for coupon, uses in found:
        lines.append(_coupon_line(language, coupon, uses, now))
        if actor.may(Action.END_COUPON) and not is_over(coupon, now):
            end = CouponButton(coupon_id=coupon.id)
            buttons.append(button(language, "button.end_coupon", end, code=coupon.code))
    rows = in_pairs(buttons)
    if further is not None:
        rows.append([button(language, "button.older", CouponButton(before=further))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _coupon_line(language: Language, coupon: Coupon, uses: int, now: datetime) -> Markup:
    if coupon.percent is not None:
        less = language.plain("coupon.percent", percent=coupon.percent)
    else:
        less = language.money(Money(coupon.amount_minor or 0, CURRENCY))
    most = language.number(coupon.most_uses) if coupon.most_uses is not None else "∞"
    line = language("coupon.line", code=coupon.code, less=less, uses=language.number(uses), most=most)
    if coupon.expires_at is None:
        return line
    key = "coupon.ended" if is_over(coupon, now) else "coupon.ends"
    return line + Markup(" · ") + language(key, when=date_of(language, coupon.expires_at))


def _line(language: Language, subscription: Subscription, user: User, plans: Plans) -> Markup:
    until = date_of(language, subscription.paid_until) if subscription.paid_until is not None else "—"
    return language(
        "subs.line",
        id=subscription.id,
        name=name_of(user),
        telegram_id=user.telegram_id,
        plan=plans[subscription.plan].name,
        state=subscription.state,
        until=until,
    )


def _buttons(language: Language, held: Held, actor: Actor) -> Rows:
    shown = held.subscription
    rows: Rows = []
    if shown.plan != "free":
        changing = []
        if actor.may(Action.CANCEL_SUBSCRIPTION):
            changing.append(_button(language, "button.end_plan", shown, SubscriptionAction.CANCEL))
        if actor.may(Action.EXTEND_SUBSCRIPTION):
            changing.append(_button(language, "button.extend", shown, SubscriptionAction.EXTEND))
        if changing:
            rows.append(changing)
    if actor.may(Action.REFUND_PAYMENT):
        rows += [
            [
                button(
                    language,
                    "button.refund",
                    PaymentButton(action=PaymentAction.REFUND, payment_id=payment.id),
                    id=str(payment.id),
                )
            ]
            for payment in held.payments
            if payment.state == PaymentState.CAPTURED
        ]
    person = PersonButton(action=PersonAction.SHOW, user_id=held.user.id)
    rows.append([button(language, "button.person", person)])
    return rows


def _button(
    language: Language, key: str, subscription: Subscription, action: SubscriptionAction
) -> InlineKeyboardButton:
    return button(language, key, SubscriptionButton(action=action, subscription_id=subscription.id))
