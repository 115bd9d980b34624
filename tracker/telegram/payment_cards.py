"""Cards for admins: payments, those that are held, and what a refund would do."""

from collections.abc import Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.payments import Refundable
from tracker.billing.models import Coupon, Payment, PaymentState, Provider
from tracker.billing.plans import CURRENCY
from tracker.money import Money
from tracker.telegram.billing_lines import date_of, why_held
from tracker.telegram.callbacks import PaymentAction, PaymentButton
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.texts import Language, clean
from tracker.users.models import User


def payments(
    language: Language, found: Sequence[tuple[Payment, User | None]], *, note: Markup | None = None
) -> Card:
    """A line each, and buttons for those about which something can be done."""
    lines = [note, Markup("")] if note else []
    if not found:
        return Card(joined([*lines, language("admin.no_payments")]))
    lines += [language("admin.payments"), Markup("")]
    rows: Rows = []
    for payment, user in found:
        lines.append(_line(language, payment, user))
        buttons = _buttons(language, payment)
        if buttons:
            rows.append(buttons)
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def confirm_refund(language: Language, asked: Refundable) -> Card:
    """What would go back, and what that does."""
    payment = asked.payment
    amount = language.money(Money(asked.amount, payment.currency))
    lines = [
        language("admin.refund", amount=amount, id=payment.provider_id, person=_person(asked.user)),
        language(_effect(asked)),
    ]
    if asked.term is not None:
        until = date_of(language, asked.term.ends_at)
        lines.append(language("admin.refund_plan", plan=asked.term.plan, until=until))
    if asked.invoice is not None:
        lines.append(language("admin.refund_invoice", number=asked.invoice.number))
    if asked.back:
        back = language.money(Money(asked.back, payment.currency))
        lines.append(language("admin.refunded_before", amount=back))
    sure = PaymentButton(
        action=PaymentAction.SURE, payment_id=payment.id, amount=asked.amount, back=asked.back
    )
    rows = [
        [button(language, "button.refund_sure", sure, amount=amount)],
        [button(language, "button.back", PaymentButton(action=PaymentAction.LIST))],
    ]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def coupon(language: Language, made: Coupon) -> Card:
    """What a new coupon takes off, how often, and until when."""
    if made.percent is not None:
        less = language.plain("coupon.percent", percent=made.percent)
    else:
        less = language.money(Money(made.amount_minor or 0, CURRENCY))
    lines = [language("coupon.made", code=made.code, less=less)]
    if made.most_uses is not None:
        lines.append(language.count("coupon.uses", made.most_uses))
    else:
        lines.append(language("coupon.any_number"))
    if made.expires_at is not None:
        lines.append(language("coupon.until", until=date_of(language, made.expires_at)))
    return Card(joined(lines))


def _line(language: Language, payment: Payment, user: User | None) -> Markup:
    reason = payment.held_because
    held = language("admin.held", reason=why_held(language, reason)) if reason else Markup("")
    return language(
        "admin.payment",
        id=payment.id,
        amount=language.money(Money(payment.amount_minor, payment.currency)),
        state=payment.state,
        when=language.time(payment.created_at),
        person=_person(user),
        provider_id=payment.provider_id,
        held=held,
    )


def _buttons(language: Language, payment: Payment) -> list[InlineKeyboardButton]:
    if payment.state != PaymentState.CAPTURED:
        return []
    refund = PaymentButton(action=PaymentAction.REFUND, payment_id=payment.id)
    buttons = [button(language, "button.refund", refund, id=str(payment.id))]
    if payment.held_because and payment.user_id is not None and not payment.refunded_minor:
        apply = PaymentButton(action=PaymentAction.APPLY, payment_id=payment.id)
        buttons.insert(0, button(language, "button.apply", apply, id=str(payment.id)))
    return buttons


def _effect(asked: Refundable) -> str:
    if asked.payment.held_because:
        return "admin.refund_of_held"
    if asked.payment.provider == Provider.STARS:
        return "admin.refund_of_stars"
    return "admin.refund_ends" if asked.is_rest else "admin.refund_of_part"


def _person(user: User | None) -> str:
    return f"{clean(user.first_name, limit=40)} ({user.telegram_id})" if user else "?"
