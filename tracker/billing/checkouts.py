"""Offers to pay: quoted line by line, one open at a time, and the same one for a second tap."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import coupons, ledger, subscriptions
from tracker.billing.documents import Line
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Coupon,
    Mandate,
    Provider,
    SubscriptionState,
)
from tracker.billing.periods import Period
from tracker.billing.plans import CURRENCY, Plan
from tracker.billing.proration import LEAST_CHARGE, Quote, quote
from tracker.billing.providers import stars
from tracker.billing.setup import Billing
from tracker.billing.standing import standing
from tracker.errors import BadInput, NotYours
from tracker.users.models import User

ASK_EVERY = timedelta(minutes=5)
"""While a link is open it is asked for so often: a payment whose webhook is lost counts within minutes."""

SAME_LINK_FOR = timedelta(minutes=5)
"""A link with less time left is not shown again."""

OPEN = (CheckoutState.WANTED, CheckoutState.OPEN)


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody would pay, and what for."""

    plan: Plan
    period: Period
    is_change: bool
    """It ends the plan of now at once; else it follows when that is over."""
    begins_at: datetime | None
    """When it follows on; None is at once."""
    quote: Quote
    credited: tuple[int, ...]
    coupon: Coupon | None
    currency: str = CURRENCY

    @property
    def begins_now(self) -> bool:
        return self.begins_at is None


async def offer(
    session: AsyncSession,
    billing: Billing,
    user: User,
    plan_code: str,
    period: Period,
    *,
    provider: Provider = Provider.RAZORPAY,
    coupon_code: str | None = None,
) -> Offer:
    """Quote a plan in the money of a provider, without any promise.

    Credit counts in its own money only. Raises BadInput for a plan that is not sold and a bad coupon.
    """
    if plan_code not in billing.plans or billing.plans[plan_code].is_free:
        raise BadInput("billing.no_such_plan")
    now = clock.now()
    plan = billing.plans[plan_code]
    terms = await subscriptions.terms_of(session, user)
    current = standing(terms, billing.plans, now)
    has_time = current.state in (SubscriptionState.ACTIVE, SubscriptionState.TRIAL)
    is_change = has_time and plan.rank > billing.plans[current.plan].rank
    price = stars.price(plan, period) if provider == Provider.STARS else plan.price(period)
    credit = subscriptions.Credit((), ())
    if is_change:
        credit = subscriptions.creditable(terms, now, price.currency)
    coupon = await coupons.usable(session, user, coupon_code) if coupon_code else None
    if coupon is not None and coupon.percent is None and price.currency != CURRENCY:
        raise BadInput("stars.coupon")
    quoted = quote(
        price.minor,
        discount=coupons.discount(coupon, price.minor),
        unused=credit.parts,
        balance=await ledger.credit_of(session, user.id, price.currency),
        least=LEAST_CHARGE if price.currency == CURRENCY else stars.LEAST_CHARGE,
    )
    begins_at = current.until if has_time and not is_change else None
    return Offer(plan, period, is_change, begins_at, quoted, credit.terms, coupon, price.currency)


async def want(
    session: AsyncSession,
    billing: Billing,
    user: User,
    chat_id: int,
    plan_code: str,
    period: Period,
    *,
    provider: Provider,
    is_auto: bool = False,
    coupon_code: str | None = None,
) -> Checkout:
    """Begin to pay. The same wish while its link is open gets the same one; another wish replaces it.

    The worker asks the provider for the link. Raises BadInput.
    """
    user = await subscriptions.lock(session, user.id)
    if provider not in billing.providers:
        raise BadInput("billing.provider_off")
    subscription = await subscriptions.of(session, user)
    if subscription.is_frozen:
        raise BadInput("billing.frozen")
    made = await offer(session, billing, user, plan_code, period, provider=provider, coupon_code=coupon_code)
    if is_auto and provider == Provider.STARS:
        _check_renewing_stars(made)
    await _no_second_mandate(session, user, made, is_auto=is_auto)
    if is_auto and made.coupon is not None and not made.begins_now:
        raise BadInput("coupon.not_later")  # the provider charges the whole price when its time comes
    now = clock.now()
    open_one = await _open_of(session, user)
    if open_one is not None:
        is_same = (
            open_one.plan == plan_code
            and open_one.period == period
            and open_one.provider == provider
            and open_one.is_auto == is_auto
            and open_one.coupon_id == (made.coupon.id if made.coupon else None)
        )
        if is_same and open_one.expires_at > now + SAME_LINK_FOR:
            return open_one
        await close(session, open_one, CheckoutState.CANCELLED)
    checkout = Checkout(
        reference=f"pt-{uuid4().hex}",
        user_id=user.id,
        chat_id=chat_id,
        provider=provider,
        is_auto=is_auto,
        plan=plan_code,
        period=period,
        is_change=made.is_change,
        begins_at=made.begins_at,
        amount_minor=made.quote.charge if made.begins_now or not is_auto else made.quote.price,
        currency=made.currency,
        quote=asdict(made.quote),
        credited=list(made.credited),
        coupon_id=made.coupon.id if made.coupon else None,
        state=CheckoutState.WANTED,
        created_at=now,
        expires_at=now + billing.pay_within,
        ask_at=now + timedelta(seconds=15),
    )
    session.add(checkout)
    await session.flush()
    if made.coupon is not None:
        await coupons.hold(session, made.coupon, user, checkout.id)
    return checkout


async def close(session: AsyncSession, checkout: Checkout, state: CheckoutState) -> bool:
    """End an offer that was not paid. The provider is asked soon: it may have been paid all the same."""
    if checkout.state not in OPEN:
        return False
    checkout.state = state
    checkout.ask_at = clock.now() if checkout.provider_id or state == CheckoutState.CANCELLED else None
    await coupons.let_go(session, checkout.id)
    await session.flush()
    return True


async def owned(session: AsyncSession, user: User, checkout_id: int) -> Checkout:
    """A person's own. Raises NotYours."""
    found = await session.scalar(
        select(Checkout).where(Checkout.id == checkout_id, Checkout.user_id == user.id)
    )
    if found is None:
        raise NotYours
    return found


async def to_ask_about(session: AsyncSession, *, limit: int) -> Sequence[int]:
    """Checkouts that the provider is to be asked about, or told of, now."""
    rows = await session.scalars(
        select(Checkout.id).where(Checkout.ask_at <= clock.now()).order_by(Checkout.ask_at).limit(limit)
    )
    return rows.all()


async def opened(session: AsyncSession, checkout_id: int, provider_id: str, url: str | None) -> Checkout:
    """Note where an offer can be paid."""
    checkout = await session.get_one(Checkout, checkout_id, with_for_update=True, populate_existing=True)
    checkout.provider_id, checkout.url = provider_id, url
    if checkout.state == CheckoutState.WANTED:
        checkout.state = CheckoutState.OPEN
    asks_soon = checkout.state in (CheckoutState.OPEN, CheckoutState.PAID)
    checkout.ask_at = clock.now() + (ASK_EVERY if asks_soon else timedelta(0))
    await session.flush()
    return checkout


async def put_off(session: AsyncSession, checkout_id: int, _error: str) -> None:
    """The provider could not be asked: in a minute again."""
    checkout = await session.get_one(Checkout, checkout_id, with_for_update=True, populate_existing=True)
    if checkout.ask_at is not None:
        checkout.ask_at = clock.now() + timedelta(minutes=1)


def asked(checkout: Checkout) -> None:
    """Set when to ask again: often while it is open; then ever more rarely, for a payment may be captured
    days after its link ended.
    """
    now = clock.now()
    checkout.asks += 1
    if checkout.state == CheckoutState.PAID:
        checkout.ask_at = None
    elif checkout.state in OPEN and checkout.expires_at > now:
        checkout.ask_at = now + ASK_EVERY
    else:
        ended = max(checkout.expires_at, now)
        later = now - min(checkout.expires_at, now) + timedelta(minutes=30)
        checkout.ask_at = None if now - checkout.expires_at > timedelta(days=4) else ended + later


def lines_of(checkout: Checkout, billing: Billing) -> tuple[Line, ...]:
    """The amounts of an invoice, one by one; their sum is what was paid."""
    told = checkout.quote
    name = billing.plans[checkout.plan].name
    lines = [Line(f"{name}, one {checkout.period}", told["price"])]
    for text, amount in (
        ("Coupon", -told["discount"]),
        ("Credit for unused days", -told["used"]),
        ("Waived: less than can be charged", -told["waived"]),
    ):
        if amount:
            lines.append(Line(text, amount))
    return tuple(lines)


def _check_renewing_stars(made: Offer) -> None:
    """Telegram takes the same amount every 30 days, beginning at once. Raises BadInput."""
    if made.period != Period.MONTH:
        raise BadInput("stars.renews_monthly")
    if made.quote.charge != made.quote.price:
        raise BadInput("stars.has_credit")


async def _open_of(session: AsyncSession, user: User) -> Checkout | None:
    return await session.scalar(
        select(Checkout)
        .where(Checkout.user_id == user.id, Checkout.state.in_(OPEN))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def _no_second_mandate(session: AsyncSession, user: User, made: Offer, *, is_auto: bool) -> None:
    running: Mandate | None = await subscriptions.charging(session, user)
    if running is None:
        return
    if is_auto and running.plan == made.plan.code and running.period == made.period:
        raise BadInput("billing.renews_already")
    if not is_auto and not made.is_change:
        raise BadInput("billing.renews_already")
