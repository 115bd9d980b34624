"""Cards on the way from a plan to its payment: the plans, one of them, its quote, the link to pay."""

from datetime import datetime

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.billing.checkouts import OPEN, Offer
from tracker.billing.models import Checkout, CheckoutState, Provider, SubscriptionState
from tracker.billing.periods import Period
from tracker.billing.plans import CURRENCY, TRIAL, Plan, Plans
from tracker.billing.referrals import DAYS
from tracker.billing.setup import Billing
from tracker.billing.standing import Standing
from tracker.money import Money
from tracker.telegram.billing_lines import (
    EACH,
    allowance_lines,
    billing_button,
    date_of,
    features_of,
    name_and_period,
    plan_button,
    prices,
    stays_until,
    watching,
)
from tracker.telegram.callbacks import (
    BillingAction,
    CheckoutAction,
    CheckoutButton,
    PlanAction,
    PlanButton,
)
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.texts import Language
from tracker.users.allowance import Feature

_BUY = {Period.MONTH: "button.monthly", Period.YEAR: "button.yearly"}


def plans(language: Language, plans: Plans, current: Standing, *, may_try: bool) -> Card:
    """Every plan with what it permits, the person's own marked."""
    lines = [language("plan.heading")]
    for plan in plans:
        lines += [Markup(""), language("plan.name", plan=plan.name, prices=prices(language, plan))]
        if plan.code == current.plan:
            lines.append(_yours(language, current))
        lines += [language("plan.line", what=line) for line in allowance_lines(language, plan.allowance)]
    lines += [Markup(""), language("plan.with_gst")]
    choices = [
        plan_button(
            language,
            "button.plan",
            PlanAction.PLAN,
            plan.code,
            name=plan.name,
            price=language.money(plan.price(Period.MONTH)),
        )
        for plan in plans.paid
    ]
    rows: Rows = [[choice] for choice in choices]
    if may_try:
        rows.append(
            [plan_button(language, "button.trial", PlanAction.TRIAL, name=plans[TRIAL].name, days=str(DAYS))]
        )
    rows.append([billing_button(language, "button.billing", BillingAction.SHOW)])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def plan(
    language: Language, plan: Plan, plans: Plans, current: Standing, *, note: Markup | None = None
) -> Card:
    """One paid plan, and a button for each period that it is sold for."""
    month, year = plan.price(Period.MONTH), plan.price(Period.YEAR)
    saved = Money(12 * month.minor - year.minor, month.currency)
    lines = [*([note, Markup("")] if note else [])]
    lines.append(language("plan.name", plan=plan.name, prices=prices(language, plan)))
    lines += [language("plan.line", what=line) for line in allowance_lines(language, plan.allowance)]
    if saved.minor > 0:
        lines.append(language("plan.year_saves", saved=language.money(saved)))
    if plan.code == current.plan:
        lines += [Markup(""), _yours(language, current)]
    elif current.until is not None and not plans[current.plan].is_free:
        lines += [Markup(""), language("plan.you_have", plan=plans[current.plan].name)]
    rows = [
        [plan_button(language, _BUY[each], PlanAction.QUOTE, plan.code, each, price=language.money(price))]
        for each, price in ((Period.MONTH, month), (Period.YEAR, year))
    ]
    rows.append([plan_button(language, "button.all_plans", PlanAction.PLANS)])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def quote(
    language: Language,
    offer: Offer,
    current: Standing,
    billing: Billing,
    *,
    provider: Provider = Provider.RAZORPAY,
) -> Card:
    """What it would cost by this provider, line by line, and when it begins."""
    told, period = offer.quote, offer.period
    lines = [language("quote.heading", what=name_and_period(language, offer.plan, period)), Markup("")]
    lines += _sum(language, offer)
    if billing.gst_percent and told.charge and offer.currency == CURRENCY:
        lines.append(language("quote.with_gst", percent=billing.gst_percent))
    lines += [Markup(""), _beginning(language, offer, current, billing.plans)]
    if told.left:
        lines.append(language("quote.left", amount=_amount(language, offer, told.left)))
    if _may_renew(offer, provider):
        lines.append(_renewal(language, offer))
    rows = _paying(language, offer, provider)
    if provider != Provider.STARS and Provider.STARS in billing.providers and told.charge:
        rows.insert(-1, [_act(language, "button.stars", PlanAction.STARS, offer)])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def making(language: Language, checkout: Checkout) -> Card:
    """The link is asked for; a worker puts the next card in this one's place."""
    again = _button(language, "button.look_again", CheckoutAction.AGAIN, checkout)
    return _checkout_card(language("pay.making"), [[again, _cancel(language, checkout)]])


def pay(language: Language, checkout: Checkout, plan: Plan, now: datetime) -> Card:
    """Where an offer is paid, how much, and until when; what has ended meanwhile says so."""
    if checkout.state not in OPEN or checkout.expires_at <= now:
        return over(language, checkout)
    if checkout.url is None:
        return making(language, checkout)
    amount = _money(checkout)
    lines = [language("pay.what", what=name_and_period(language, plan, Period(checkout.period)))]
    if checkout.is_auto and checkout.provider == Provider.STARS:
        price = language.money(amount)
        lines.append(language("pay.permission_stars", price=price))
        label = language.plain("button.permit", price=price)
    elif checkout.is_auto:
        price = language.money(Money(checkout.quote["price"], checkout.currency))
        each = language(EACH[Period(checkout.period)])
        if checkout.begins_at is not None:
            when = date_of(language, checkout.begins_at)
            lines.append(language("pay.permission_later", price=price, each=each, when=when))
        else:
            lines.append(language("pay.amount", amount=language.money(amount)))
            lines.append(language("pay.permission", price=price, each=each))
        label = language.plain("button.permit", price=price)
    else:
        lines.append(language("pay.amount", amount=language.money(amount)))
        label = language.plain("button.pay", amount=language.money(amount))
    until, ahead = language.time(checkout.expires_at), language.ahead(checkout.expires_at, now)
    lines += [Markup(""), language("pay.until", until=until, ahead=ahead)]
    rows = [
        [InlineKeyboardButton(text=label, url=checkout.url)],
        [_button(language, "button.have_paid", CheckoutAction.ASK, checkout), _cancel(language, checkout)],
    ]
    return _checkout_card(joined(lines), rows)


def away(language: Language, checkout: Checkout) -> Card:
    """The provider does not answer: no link could be made, or nobody can say whether it was paid."""
    if checkout.url is not None:
        again = _button(language, "button.look_again", CheckoutAction.ASK, checkout)
        return _checkout_card(language("pay.away_asking"), [[again]])
    again = _button(language, "button.try_again", CheckoutAction.AGAIN, checkout)
    return _checkout_card(language("pay.away"), [[again, _cancel(language, checkout)]])


def not_yet(language: Language, checkout: Checkout) -> Card:
    """The provider knows of no payment yet."""
    rows: Rows = []
    if checkout.url is not None and checkout.state == CheckoutState.OPEN:
        rows.append([InlineKeyboardButton(text=language.plain("button.to_payment"), url=checkout.url)])
    rows.append([_button(language, "button.look_again", CheckoutAction.ASK, checkout)])
    return _checkout_card(language("pay.not_yet"), rows)


def refused(language: Language, checkout: Checkout) -> Card:
    """The provider will not make a link for this."""
    return _checkout_card(language("pay.refused"), [[_anew(language, "button.try_again", checkout)]])


def over(language: Language, checkout: Checkout) -> Card:
    """An offer that cannot be paid any more, or is paid."""
    if checkout.state == CheckoutState.PAID:
        mine = billing_button(language, "button.billing", BillingAction.SHOW)
        return _checkout_card(language("pay.paid"), [[mine]])
    if checkout.state == CheckoutState.CANCELLED:
        return cancelled(language, checkout)
    return _checkout_card(language("pay.over"), [[_anew(language, "button.new_link", checkout)]])


def cancelled(language: Language, checkout: Checkout) -> Card:
    rows = [[plan_button(language, "button.all_plans", PlanAction.PLANS)]]
    return _checkout_card(language("pay.cancelled"), rows)


def by_credit(language: Language, checkout: Checkout, plan: Plan) -> Card:
    """Nothing had to be paid."""
    what = name_and_period(language, plan, Period(checkout.period))
    return Card(language("pay.by_credit", what=what))


def upgrade(language: Language, sentence: Markup, next_plan: Plan) -> Card:
    """Why something is not permitted, and the plan that permits it."""
    allowed = next_plan.allowance
    features = features_of(language, allowed)
    lines = [
        sentence,
        Markup(""),
        language("plan.name", plan=next_plan.name, prices=prices(language, next_plan)),
        language("plan.line", what=watching(language, allowed)),
        *([language("plan.line", what=features)] if features else []),
    ]
    choose = plan_button(language, "button.upgrade", PlanAction.PLAN, next_plan.code, name=next_plan.name)
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[[choose]]))


def permitting(plans: Plans, code: str, text_key: str) -> Plan | None:
    """The least plan above somebody's own that permits what was refused by a limit; None for other errors."""
    now = plans[code]
    above = [plan for plan in plans if plan.rank > now.rank]
    if text_key == "error.too_many_watches":
        return next((plan for plan in above if plan.allowance.watches > now.allowance.watches), None)
    wanted = _LIMITED.get(text_key)
    return next((plan for plan in above if wanted and plan.allowance.allows(wanted)), None)


_LIMITED = {
    "error.rule_not_in_plan": Feature.ALL_RULES,
    "error.digests_not_in_plan": Feature.DIGESTS,
    "error.api_not_in_plan": Feature.API_TOKEN,
}


def _yours(language: Language, current: Standing) -> Markup:
    until = stays_until(current)
    if until is None:
        return language("plan.yours")
    return language("plan.yours_until", until=date_of(language, until))


def _sum(language: Language, offer: Offer) -> list[Markup]:
    """The lines add up to what is to be paid."""
    told, unused = offer.quote, min(offer.quote.unused, offer.quote.used)

    def line(key: str, minor: int, **details: str) -> list[Markup]:
        return [language(key, amount=_amount(language, offer, minor), **details)] if minor else []

    return [
        language("quote.price", amount=_amount(language, offer, told.price)),
        *line("quote.coupon", told.discount, code=offer.coupon.code if offer.coupon else ""),
        *line("quote.unused", unused),
        *line("quote.balance", told.used - unused),
        *line("quote.waived", told.waived),
        language("quote.charge", amount=_amount(language, offer, told.charge)),
    ]


def _beginning(language: Language, offer: Offer, current: Standing, plans: Plans) -> Markup:
    if offer.begins_at is not None:
        return language("quote.begins_later", when=date_of(language, offer.begins_at))
    if offer.is_change:
        return language("quote.begins_instead", plan=plans[current.plan].name)
    if current.state == SubscriptionState.GRACE and current.until is not None:
        return language("quote.begins_without_gap", until=date_of(language, current.until))
    return language("quote.begins_now")


def _may_renew(offer: Offer, provider: Provider) -> bool:
    """A coupon is of no use for a charge that comes later; Stars renew the whole price of a month alone."""
    if provider == Provider.STARS:
        return offer.period == Period.MONTH and offer.quote.charge == offer.quote.price
    return offer.coupon is None or offer.begins_now


def _renewal(language: Language, offer: Offer) -> Markup:
    """What the renewing button means, in one sentence."""
    price = _amount(language, offer, offer.quote.price)
    each = language(EACH[offer.period])
    if offer.begins_at is not None:
        when = date_of(language, offer.begins_at)
        return language("quote.renewal_later", price=price, each=each, when=when)
    return language("quote.renewal", price=price, each=each)


def _paying(language: Language, offer: Offer, provider: Provider) -> Rows:
    by_stars = provider == Provider.STARS
    once = PlanAction.STARS_PAY if by_stars else PlanAction.PAY
    again = PlanAction.STARS_AUTO if by_stars else PlanAction.AUTO
    if offer.quote.charge:
        amount = _amount(language, offer, offer.quote.charge)
        rows: Rows = [[_act(language, "button.pay", once, offer, amount=amount)]]
    else:
        rows = [[_act(language, "button.begin", once, offer)]]
    if _may_renew(offer, provider):
        rows.append([_act(language, "button.auto", again, offer)])
    if offer.coupon is None:
        rows.append([_act(language, "button.coupon", PlanAction.COUPON, offer)])
    rows.append([plan_button(language, "button.back", PlanAction.PLAN, offer.plan.code)])
    return rows


def _act(
    language: Language, key: str, action: PlanAction, offer: Offer, **details: str
) -> InlineKeyboardButton:
    coupon = offer.coupon.code if offer.coupon else ""
    data = PlanButton(action=action, plan=offer.plan.code, period=offer.period, coupon=coupon)
    return button(language, key, data, **details)


def _checkout_card(text: Markup, rows: Rows) -> Card:
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _button(language: Language, key: str, action: CheckoutAction, checkout: Checkout) -> InlineKeyboardButton:
    return button(language, key, CheckoutButton(action=action, checkout_id=checkout.id))


def _cancel(language: Language, checkout: Checkout) -> InlineKeyboardButton:
    return _button(language, "button.cancel", CheckoutAction.CANCEL, checkout)


def _anew(language: Language, key: str, checkout: Checkout) -> InlineKeyboardButton:
    return plan_button(language, key, PlanAction.QUOTE, checkout.plan, Period(checkout.period))


def _money(checkout: Checkout) -> Money:
    return Money(checkout.amount_minor, checkout.currency)


def _amount(language: Language, offer: Offer, minor: int) -> str:
    return language.money(Money(minor, offer.currency))
