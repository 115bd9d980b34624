"""People who pay, and the words in which Razorpay tells of it: small bodies that we wrote."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests import rows
from tracker import clock
from tracker.billing import checkouts, events, ledger, mandates, subscriptions
from tracker.billing.entities import SubscriptionEntity
from tracker.billing.fulfilment import ACCOUNTS
from tracker.billing.models import (
    Checkout,
    CreditNote,
    Invoice,
    LedgerEntry,
    Mandate,
    Payment,
    Provider,
    SerialCounter,
    Subscription,
)
from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT
from tracker.billing.setup import Billing
from tracker.config import Settings
from tracker.database import Database
from tracker.notices.models import Notice
from tracker.users.models import User

ADMIN = 9001
PERSON = 1001

Json = dict[str, Any]


def billing(**values: Any) -> Billing:
    """As an operator in Karnataka with a GSTIN sets it up."""
    given: dict[str, Any] = {
        "admin_ids": frozenset({ADMIN}),
        "seller_name": "Price Tracker Pro",
        "seller_address": "1 Some Road, Bengaluru",
        "seller_state": "Karnataka",
        "seller_gstin": "29AAAAA0000A1ZY",
        "razorpay_key_id": "rzp_test_1",
        "razorpay_key_secret": "made up",
    }
    return Billing.by(Settings(_env_file=None, **(given | values)))


BILLING = billing()


async def person(session: AsyncSession, telegram_id: int = PERSON) -> User:
    """Somebody with the free plan as it is sold."""
    return await rows.arrive(session, telegram_id, plans=DEFAULT)


async def want(session: AsyncSession, user: User, plan: str, period: Period) -> Checkout:
    """Somebody wants to pay; Razorpay has not been told."""
    return await checkouts.want(
        session, BILLING, user, user.telegram_id, plan, period, provider=Provider.RAZORPAY
    )


async def link(
    session: AsyncSession,
    plan: str = "pro",
    period: Period = Period.MONTH,
    *,
    telegram_id: int = PERSON,
    id: str | None = None,
    coupon: str | None = None,
) -> Checkout:
    """Somebody's open payment link."""
    user = await person(session, telegram_id)
    made = await checkouts.want(
        session,
        BILLING,
        user,
        telegram_id,
        plan,
        period,
        provider=Provider.RAZORPAY,
        coupon_code=coupon,
    )
    if made.provider_id is None:
        provider_id = id or f"plink_{made.reference[-14:]}"
        made = await checkouts.opened(session, made.id, provider_id, f"https://rzp.example/{provider_id}")
    return made


async def mandate(
    session: AsyncSession, plan: str = "pro", *, telegram_id: int = PERSON, id: str = "sub_0000000000000A"
) -> Mandate:
    """Somebody's open permission to charge each month, not agreed to yet."""
    user = await person(session, telegram_id)
    made = await checkouts.want(
        session,
        BILLING,
        user,
        telegram_id,
        plan,
        Period.MONTH,
        provider=Provider.RAZORPAY,
        is_auto=True,
    )
    told = SubscriptionEntity(id, "plan_1", "created", 0, None, None, None, "https://rzp.example/s", None)
    return await mandates.begin(session, made.id, told)


def payment_body(id: str, checkout: Checkout | None = None, **values: Any) -> Json:
    """A captured payment of a checkout."""
    link_id = checkout.provider_id if checkout and checkout.provider_id else ""
    return {
        "id": id,
        "entity": "payment",
        "amount": checkout.amount_minor if checkout else 29_900,
        "currency": "INR",
        "status": "captured",
        "order_id": f"order_{id[4:]}",
        "method": "upi",
        "amount_refunded": 0,
        "captured": True,
        "description": f"#{link_id.removeprefix('plink_')}",
        "notes": [],
        "created_at": int(clock.now().timestamp()),
    } | values


def link_body(checkout: Checkout, status: str = "paid", **values: Any) -> Json:
    return {
        "id": checkout.provider_id,
        "status": status,
        "amount": checkout.amount_minor,
        "amount_paid": checkout.amount_minor if status == "paid" else 0,
        "currency": "INR",
        "reference_id": checkout.reference,
        "short_url": checkout.url,
        "notes": None,
    } | values


def event(name: str, **entities: Json) -> bytes:
    """An event as bytes; each entity by the name under which it is carried."""
    body = {
        "entity": "event",
        "event": name,
        "contains": list(entities),
        "payload": {key: {"entity": value} for key, value in entities.items()},
        "created_at": int(clock.now().timestamp()),
    }
    return json.dumps(body).encode()


def paid(checkout: Checkout, payment_id: str = "pay_00000000000001", **values: Any) -> bytes:
    return event(
        "payment_link.paid",
        payment_link=link_body(checkout),
        payment=payment_body(payment_id, checkout, **values),
    )


async def apply(database: Database, body: bytes, setup: Billing = BILLING) -> bool:
    """One event, in a transaction of its own."""
    async with database.transaction() as session:
        return await events.apply(session, setup, body)


async def plan_of(database: Database, telegram_id: int = PERSON) -> tuple[str, Subscription]:
    """What is in force on the person's row, and their subscription."""
    async with database.transaction() as session:
        user = (await session.scalars(select(User).where(User.telegram_id == telegram_id))).one()
        return user.plan, await subscriptions.of(session, user)


async def all_of(database: Database, table: type[Any]) -> Sequence[Any]:
    async with database.transaction() as session:
        return (await session.scalars(select(table).order_by(table.id))).all()


async def told(database: Database, telegram_id: int = PERSON) -> list[str]:
    """The kinds of all that is owed to a chat, in order."""
    return [notice.kind for notice in await all_of(database, Notice) if notice.chat_id == telegram_id]


async def check_books(database: Database) -> None:
    """What holds at any time: the ledger sums to zero, and numbers have no gap."""
    async with database.transaction() as session:
        assert await ledger.unbalanced(session) == []
        assert set((await ledger.balance(session)).values()) <= {0}
        payments = (await session.scalars(select(Payment))).all()
        lost = (
            await session.scalars(
                select(LedgerEntry.amount_minor).where(LedgerEntry.account == ledger.Account.DISPUTED)
            )
        ).all()
        for provider, account in ACCOUNTS.items():
            took = [each for each in payments if each.provider == provider and each.captured_at is not None]
            entries = (
                await session.scalars(select(LedgerEntry.amount_minor).where(LedgerEntry.account == account))
            ).all()
            kept = sum(each.amount_minor - each.refunded_minor for each in took)
            assert sum(entries) == kept - (sum(lost) if provider == Provider.RAZORPAY else 0)
        invoices = (await session.scalars(select(Invoice))).all()
        notes = (await session.scalars(select(CreditNote))).all()
        for counter in await session.scalars(select(SerialCounter)):
            documents: list[Invoice | CreditNote] = [*invoices, *notes]
            serials = sorted(
                each.serial
                for each in documents
                if (each.series, each.year) == (counter.series, counter.year)
            )
            assert serials == list(range(1, counter.last + 1))
        fulfilled = [
            each.id
            for each in payments
            if each.provider == Provider.RAZORPAY and each.captured_at and each.held_because is None
        ]
        assert sorted(invoice.payment_id for invoice in invoices) == sorted(fulfilled)
