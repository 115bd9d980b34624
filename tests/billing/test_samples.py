"""Every official sample of Razorpay's is applied when it is about something of ours, and ignored when not."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.billing.money import BILLING, Json, all_of, apply, check_books, link, mandate
from tracker.billing import fulfilment
from tracker.billing.entities import PaymentEntity
from tracker.billing.events import HANDLERS, Doubt, paid_by
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Dispute,
    Mandate,
    Payment,
    PaymentState,
    Refund,
)
from tracker.database import Database

_FOLDER = Path(__file__).parents[3] / "shared" / "razorpay" / "webhooks"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(_FOLDER.glob("*.json"))}

pytestmark = pytest.mark.skipif(not SAMPLES, reason="Razorpay's official samples are not on this machine")

IGNORED = {name for name in SAMPLES if name.startswith("invoice.")}
"""Collections of money: what they took comes with the subscription's own events."""


def entity(body: bytes, name: str) -> Json | None:
    found: dict[str, Any] = json.loads(body)["payload"]
    return found[name]["entity"] if name in found else None


def test_the_table_knows_every_event_but_those_of_invoices() -> None:
    names = {json.loads(body)["event"] for body in SAMPLES.values()}
    assert names - HANDLERS.keys() == {name for name in names if name.startswith("invoice.")}


async def test_what_is_not_ours_is_ignored(database: Database) -> None:
    for name, body in SAMPLES.items():
        assert not await apply(database, body), name
    assert await all_of(database, Payment) == []


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - IGNORED))
async def test_what_is_ours_is_applied(sqlite_database: Database, name: str) -> None:
    """Each against a link, a payment or a subscription of ours under the sample's own ids and amounts."""
    body = _of_a_link(SAMPLES[name])
    async with sqlite_database.transaction() as session:
        await _make_ours(session, body)
    event = json.loads(body)["event"]
    if event == "subscription.authenticated":
        with pytest.raises(Doubt):  # it does not say what was paid with it: the worker asks Razorpay
            await apply(sqlite_database, body)
        return
    assert await apply(sqlite_database, body)
    if event.startswith("payment_link."):
        (checkout,) = await all_of(sqlite_database, Checkout)
        assert checkout.state == CheckoutState(event.removeprefix("payment_link."))
    elif event.startswith("subscription."):
        (agreed,) = await all_of(sqlite_database, Mandate)
        told = entity(body, "subscription")
        assert told is not None
        assert agreed.state == told["status"]
    elif event.startswith("refund."):
        (refund,) = await all_of(sqlite_database, Refund)
        told = entity(body, "refund")
        assert told is not None
        assert refund.state == told["status"]
    elif event.startswith("payment.dispute."):
        (dispute,) = await all_of(sqlite_database, Dispute)
        told = entity(body, "dispute")
        assert told is not None
        assert dispute.state == told["status"]
    else:
        (payment,) = await all_of(sqlite_database, Payment)
        wanted = {"payment.failed": PaymentState.FAILED, "payment.authorized": PaymentState.AUTHORIZED}
        assert payment.state == wanted.get(event, PaymentState.CAPTURED)
    await check_books(sqlite_database)


async def _make_ours(session: AsyncSession, body: bytes) -> None:
    subscription, payment = entity(body, "subscription"), entity(body, "payment")
    if subscription is not None:
        ours = await mandate(session, id=subscription["id"])
        checkout = await session.get_one(Checkout, ours.checkout_id)
        if payment is not None:
            ours.amount_minor = checkout.amount_minor = payment["amount"]
        elif subscription["status"] != "authenticated":
            checkout.state = CheckoutState.PAID  # it has begun before
        return
    told = entity(body, "payment_link")
    checkout = await link(session, id=told["id"] if told else _link_of(payment))
    if told is not None:
        checkout.amount_minor = told["amount"]
        return
    assert payment is not None
    checkout.amount_minor = payment["amount"]
    if entity(body, "refund") or entity(body, "dispute"):
        await session.flush()
        captured = PaymentEntity.of(payment | {"status": "captured"})
        await fulfilment.fulfil(session, BILLING, paid_by(captured), checkout=checkout)


def _link_of(payment: Json | None) -> str:
    return f"plink_{(payment or {}).get('description', '').removeprefix('#')}"


def _of_a_link(body: bytes) -> bytes:
    """The samples of plain payments are of no link, and so not ours; with the words of one they are."""
    told = json.loads(body)
    if "subscription" in told["payload"] or "payment_link" in told["payload"]:
        return body
    told["payload"]["payment"]["entity"]["description"] = "#A1b2C3d4E5f6G7"
    return json.dumps(told).encode()
