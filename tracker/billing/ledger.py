"""The double-entry ledger: whatever moves is written on two sides, and all of it sums to zero.

Accounts: `provider` is what Razorpay or Telegram owes us; `sales` and `gst` are what we earned and owe the
state; `held` is money that bought nothing yet; `credit` is what we owe people for plans that ended early;
`disputed` is what banks took back. Debits are positive.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing.models import LedgerEntry


class Account(StrEnum):
    RAZORPAY = "provider:razorpay"
    STARS = "provider:stars"
    SALES = "sales"
    GST = "gst"
    HELD = "held"
    CREDIT = "credit"
    DISPUTED = "disputed"


class DoesNotBalance(Exception):
    """The sides of a posting do not sum to zero: nothing of it may be written."""


async def post(
    session: AsyncSession,
    posting: str,
    sides: Mapping[Account, int],
    *,
    currency: str,
    user_id: int | None,
    at: datetime | None = None,
) -> None:
    """Write a posting; its name is written once for ever. Raises DoesNotBalance, and IntegrityError twice."""
    if sum(sides.values()) != 0:
        raise DoesNotBalance(posting)
    now = at or clock.now()
    session.add_all(
        LedgerEntry(
            posting=posting,
            account=account,
            user_id=user_id,
            amount_minor=amount,
            currency=currency,
            created_at=now,
        )
        for account, amount in sides.items()
        if amount
    )
    await session.flush()


async def credit_of(session: AsyncSession, user_id: int, currency: str) -> int:
    """What we owe a person for plans that ended early, in minor units."""
    owed = await session.scalar(
        select(func.sum(LedgerEntry.amount_minor)).where(
            LedgerEntry.account == Account.CREDIT,
            LedgerEntry.user_id == user_id,
            LedgerEntry.currency == currency,
        )
    )
    return -int(owed or 0)


async def balance(session: AsyncSession) -> dict[str, int]:
    """The sum of everything by currency: anything but zero is an alarm."""
    rows = await session.execute(
        select(LedgerEntry.currency, func.sum(LedgerEntry.amount_minor)).group_by(LedgerEntry.currency)
    )
    return {currency: int(total) for currency, total in rows}


async def unbalanced(session: AsyncSession) -> list[str]:
    """Postings whose sides do not sum to zero in each currency."""
    rows = await session.scalars(
        select(LedgerEntry.posting)
        .group_by(LedgerEntry.posting, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount_minor) != 0)
    )
    return list(rows)


async def totals(session: AsyncSession) -> dict[tuple[str, str], int]:
    """The balance of each account by (account, currency)."""
    rows = await session.execute(
        select(LedgerEntry.account, LedgerEntry.currency, func.sum(LedgerEntry.amount_minor)).group_by(
            LedgerEntry.account, LedgerEntry.currency
        )
    )
    return {(account, currency): int(total) for account, currency, total in rows}
