"""Coupons: less to pay, once for each person, within what the coupon says."""

from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing.models import Coupon, CouponUse
from tracker.errors import BadInput
from tracker.users.models import User


def discount(coupon: Coupon | None, price_minor: int) -> int:
    """What a coupon takes off a price, in paise, rounded down; never more than the price."""
    if coupon is None:
        return 0
    if coupon.percent is not None:
        return price_minor * coupon.percent // 100
    return min(coupon.amount_minor or 0, price_minor)


async def usable(session: AsyncSession, user: User, code: str) -> Coupon:
    """The coupon of a code, locked. Raises BadInput: unknown, over, used up, or used before."""
    coupon = await session.scalar(
        select(Coupon).where(Coupon.code == code.strip().upper()[:32]).with_for_update()
    )
    if coupon is None:
        raise BadInput("coupon.unknown")
    if coupon.expires_at is not None and coupon.expires_at <= clock.now():
        raise BadInput("coupon.over")
    mine = await session.scalar(
        select(CouponUse.is_final).where(CouponUse.coupon_id == coupon.id, CouponUse.user_id == user.id)
    )
    if mine:
        raise BadInput("coupon.used_before")
    uses = await session.scalar(
        select(func.count())
        .select_from(CouponUse)
        .where(CouponUse.coupon_id == coupon.id, CouponUse.user_id != user.id)
    )
    if coupon.most_uses is not None and (uses or 0) >= coupon.most_uses:
        raise BadInput("coupon.used_up")
    return coupon


async def hold(session: AsyncSession, coupon: Coupon, user: User, checkout_id: int) -> None:
    """Keep one use for an open checkout."""
    await session.execute(
        delete(CouponUse).where(
            CouponUse.coupon_id == coupon.id, CouponUse.user_id == user.id, CouponUse.is_final.is_(False)
        )
    )
    session.add(CouponUse(coupon_id=coupon.id, user_id=user.id, checkout_id=checkout_id))
    await session.flush()


async def let_go(session: AsyncSession, checkout_id: int) -> None:
    """The checkout was not paid: the use is free again."""
    await session.execute(
        delete(CouponUse).where(CouponUse.checkout_id == checkout_id, CouponUse.is_final.is_(False))
    )


async def use(session: AsyncSession, checkout_id: int) -> None:
    await session.execute(update(CouponUse).where(CouponUse.checkout_id == checkout_id).values(is_final=True))


async def create(
    session: AsyncSession,
    code: str,
    *,
    percent: int | None = None,
    amount_minor: int | None = None,
    most_uses: int | None = None,
    days: int | None = None,
    by: int,
) -> Coupon:
    """Raises BadInput for a code that exists, and for a coupon that takes off nothing or everything."""
    code = code.strip().upper()
    if not (3 <= len(code) <= 32 and code.isascii() and code.replace("-", "").isalnum()):
        raise BadInput("coupon.bad_code")
    if (
        (percent is None) == (amount_minor is None)
        or not 1 <= (percent or 1) <= 90
        or (amount_minor or 1) < 1
    ):
        raise BadInput("coupon.how")
    if await session.scalar(select(Coupon.id).where(Coupon.code == code)):
        raise BadInput("coupon.exists", code=code)
    now = clock.now()
    coupon = Coupon(
        code=code,
        percent=percent,
        amount_minor=amount_minor,
        most_uses=most_uses,
        expires_at=None if days is None else now + timedelta(days=days),
        created_by=by,
        created_at=now,
    )
    session.add(coupon)
    await session.flush()
    return coupon
