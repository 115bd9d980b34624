"""Cards of what somebody has: their plan and its money, what follows it, invoices and whom they name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.billing import gst
from tracker.billing.models import (
    BillingDetails,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Subscription,
    SubscriptionState,
)
from tracker.billing.periods import Period
from tracker.billing.plans import Plan, Plans
from tracker.billing.standing import Standing
from tracker.money import Money
from tracker.telegram.billing_lines import (
    EACH,
    allowance_lines,
    billing_button,
    date_of,
    plan_button,
    prices,
    stays_until,
)
from tracker.telegram.callbacks import BillingAction, BillingButton, PlanAction
from tracker.telegram.cards import Card, Rows, joined
from tracker.texts import Language
from tracker.users.models import User

_PAYMENTS = {
    PaymentState.FAILED: "payment.failed",
    PaymentState.AUTHORIZED: "payment.authorized",
    PaymentState.CAPTURED: "payment.captured",
    PaymentState.REFUNDED: "payment.refunded",
}


@dataclass(frozen=True, slots=True)
class Account:
    """What /billing shows. `ending` is a mandate that charges no more, as was decided here."""

    subscription: Subscription
    standing: Standing
    given: timedelta
    credit: Money
    charging: Mandate | None
    ending: Mandate | None
    payments: Sequence[Payment]
    has_invoices: bool

    @property
    def may_end(self) -> bool:
        return self.standing.state in (SubscriptionState.ACTIVE, SubscriptionState.GRACE)

    @property
    def may_keep(self) -> bool:
        return self.subscription.next_plan is not None or self.ending is not None


def account(language: Language, mine: Account, plans: Plans, *, note: Markup | None = None) -> Card:
    """The plan, the money, what comes next, and the last payments."""
    lines = [*([note, Markup("")] if note else []), language("account.heading"), Markup("")]
    lines += [_plan_line(language, mine, plans), *_renewal_lines(language, mine, plans)]
    given = (mine.given + timedelta(hours=12)).days
    if given:
        lines.append(language.count("account.given", given))
    if mine.credit.minor:
        lines.append(language("account.credit", amount=language.money(mine.credit)))
    if mine.subscription.is_frozen:
        lines.append(language("billing.frozen"))
    if mine.payments:
        lines += [Markup(""), language("account.payments")]
        lines += [_payment_line(language, payment) for payment in mine.payments]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=_rows(language, mine, plans)))


def lesser(language: Language, mine: Account, plans: Plans) -> Card:
    """What may follow when the paid time ends: a smaller plan, or none."""
    until = stays_until(mine.standing)
    assert until is not None
    rank = plans[mine.standing.plan].rank
    rows: Rows = [
        [
            billing_button(
                language,
                "button.cancel_plan" if plan.is_free else "button.go_down",
                BillingAction.NEXT,
                plan=plan.code,
                name=plan.name,
            )
        ]
        for plan in reversed(tuple(plans))
        if plan.rank < rank
    ]
    rows.append([billing_button(language, "button.back", BillingAction.SHOW)])
    text = language("next.which", plan=plans[mine.standing.plan].name, until=date_of(language, until))
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def confirm_next(language: Language, mine: Account, plans: Plans, chosen: Plan) -> Card:
    """What will happen, and when; nothing is decided yet."""
    until = stays_until(mine.standing)
    assert until is not None
    now = plans[mine.standing.plan]
    lines = [language("next.stays", plan=now.name, until=date_of(language, until))]
    if chosen.is_free:
        lines.append(language("next.then_free"))
    else:
        lines.append(language("next.then", plan=chosen.name, prices=prices(language, chosen)))
    lines += [language("plan.line", what=line) for line in allowance_lines(language, chosen.allowance)]
    lines.append(language.count("next.pauses", chosen.allowance.watches))
    if mine.charging is not None:
        lines.append(language("next.no_renewal"))
    sure = billing_button(language, "button.sure", BillingAction.SURE, plan=chosen.code)
    rows = [[sure], [billing_button(language, "button.keep", BillingAction.SHOW)]]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def confirm_stop(language: Language, mine: Account, plans: Plans) -> Card:
    """What it means to renew no more by itself."""
    until = stays_until(mine.standing)
    text = language(
        "renewal.stop",
        plan=plans[mine.standing.plan].name,
        until=date_of(language, until) if until else language.plain("time.today"),
    )
    rows = [
        [billing_button(language, "button.stop_sure", BillingAction.STOP_SURE)],
        [billing_button(language, "button.back", BillingAction.SHOW)],
    ]
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def invoices(language: Language, found: Sequence[Invoice]) -> Card:
    """The newest invoices, a button each."""
    rows: Rows = [
        [
            InlineKeyboardButton(
                text=language.plain(
                    "button.invoice",
                    number=invoice.number,
                    day=date_of(language, invoice.issued_at),
                    amount=language.money(Money(invoice.total_minor, invoice.currency)),
                ),
                callback_data=BillingButton(action=BillingAction.INVOICE, id=invoice.id).pack(),
            )
        ]
        for invoice in found
    ]
    rows.append([billing_button(language, "button.back", BillingAction.SHOW)])
    text = language("invoice.which" if found else "invoice.none")
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def details(
    language: Language,
    told: BillingDetails | None,
    first_name: str,
    *,
    mailed_to: User | None = None,
    note: Markup | None = None,
) -> Card:
    """Whom invoices name, and where they go: `mailed_to` is the person, when mail can be sent at all."""
    state = gst.STATES.get(told.state or "") if told else None
    none = language("details.none")
    lines = [
        *([note, Markup("")] if note else []),
        language("details.heading"),
        language("details.name", name=(told and told.name) or first_name or none),
        language("details.address", address=(told and told.address) or none),
        language("details.state", state=state or none),
        language("details.gstin", gstin=(told and told.gstin) or none),
        *([_email_line(language, mailed_to)] if mailed_to else []),
        Markup(""),
        language("details.from_now_on"),
    ]
    rows: Rows = [
        [
            billing_button(language, "button.name", BillingAction.NAME),
            billing_button(language, "button.address", BillingAction.ADDRESS),
        ],
        [
            billing_button(language, "button.state", BillingAction.STATE),
            billing_button(language, "button.gstin", BillingAction.GSTIN),
        ],
        *([_email_buttons(language, mailed_to)] if mailed_to else []),
        *([[billing_button(language, "button.remove_details", BillingAction.REMOVE)]] if told else []),
        [billing_button(language, "button.back", BillingAction.SHOW)],
    ]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _email_line(language: Language, user: User) -> Markup:
    if user.email is None:
        return language("details.email", address=language("details.none"))
    is_proved = user.email_verified_at is not None
    return language("details.email" if is_proved else "details.email_open", address=user.email)


def _email_buttons(language: Language, user: User) -> list[InlineKeyboardButton]:
    buttons = [billing_button(language, "button.email", BillingAction.EMAIL)]
    if user.email is not None:
        buttons.append(billing_button(language, "button.no_email", BillingAction.NO_EMAIL))
    return buttons


def _plan_line(language: Language, mine: Account, plans: Plans) -> Markup:
    standing = mine.standing
    name = plans[standing.plan].name
    stays = stays_until(standing)
    if stays is None or standing.until is None:
        return language("account.free", plan=name)
    until = date_of(language, standing.until)
    if standing.state == SubscriptionState.TRIAL:
        return language("account.trial", plan=name, until=until)
    if standing.state == SubscriptionState.GRACE:
        return language("account.grace", plan=name, until=until, stays=date_of(language, stays))
    return language("account.plan", plan=name, until=until)


def _renewal_lines(language: Language, mine: Account, plans: Plans) -> list[Markup]:
    """What happens when the paid time ends."""
    lines = []
    charging, chosen = mine.charging, mine.subscription.next_plan
    if charging is not None:
        price = language.money(Money(charging.amount_minor, charging.currency))
        each = language(EACH[Period(charging.period)])
        if charging.charge_at is None:
            lines.append(language("account.renews", price=price, each=each))
        else:
            when = date_of(language, charging.charge_at)
            lines.append(language("account.renews_on", price=price, each=each, when=when))
    elif mine.ending is not None:
        lines.append(language("account.renewal_stopped"))
    elif chosen is None and mine.may_end:
        lines.append(language("account.not_renewed"))
    if chosen is not None and mine.may_end:
        plan = plans[chosen]
        lines.append(language("account.cancelled" if plan.is_free else "account.follows", plan=plan.name))
    return lines


def _payment_line(language: Language, payment: Payment) -> Markup:
    state = "payment.held" if payment.held_because else _PAYMENTS[PaymentState(payment.state)]
    if payment.refunded_minor and payment.state == PaymentState.CAPTURED:
        state = "payment.partly_refunded"
    return language(
        "account.payment",
        when=date_of(language, payment.created_at),
        amount=language.money(Money(payment.amount_minor, payment.currency)),
        state=language(state),
    )


def _rows(language: Language, mine: Account, plans: Plans) -> Rows:
    current, rows = plans[mine.standing.plan], []
    if mine.may_keep and mine.may_end:
        key = "button.renew_again" if mine.subscription.next_plan is None else "button.keep"
        rows.append([billing_button(language, key, BillingAction.KEEP)])
    pay = [plan_button(language, "button.change_plan", PlanAction.PLANS)]
    if not current.is_free and mine.charging is None:
        pay.insert(0, plan_button(language, "button.pay_on", PlanAction.PLAN, current.code))
    rows.append(pay)
    if mine.charging is not None:
        rows.append([billing_button(language, "button.stop_renewal", BillingAction.STOP)])
    if mine.may_end and mine.subscription.next_plan is None:
        rows.append([billing_button(language, "button.lesser", BillingAction.LESSER)])
    papers = [billing_button(language, "button.details_of_invoices", BillingAction.DETAILS)]
    if mine.has_invoices:
        papers.insert(0, billing_button(language, "button.invoices", BillingAction.INVOICES))
    rows.append(papers)
    return rows
