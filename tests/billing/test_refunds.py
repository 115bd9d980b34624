"""Money that goes back: once, with its credit note, and with the plan when all of it goes."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.billing.money import (
    ADMIN,
    BILLING,
    Json,
    all_of,
    apply,
    check_books,
    event,
    link,
    paid,
    payment_body,
    plan_of,
    told,
)
from tracker import clock
from tracker.billing import invoicing, ledger, refunds
from tracker.billing.documents import credit_note_pdf, invoice_pdf
from tracker.billing.models import (
    CreditNote,
    Dispute,
    Invoice,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Term,
)
from tracker.database import Database
from tracker.errors import BadInput


def refund_body(id: str, payment: str, amount: int, status: str = "processed", **values: Any) -> Json:
    return {
        "id": id,
        "entity": "refund",
        "amount": amount,
        "currency": "INR",
        "payment_id": payment,
        "status": status,
        "receipt": None,
        "notes": [],
    } | values


def refunded(id: str, amount: int, status: str = "processed", **values: Any) -> bytes:
    name = {"pending": "refund.created", "processed": "refund.processed", "failed": "refund.failed"}[status]
    body = refund_body(id, "pay_00000000000001", amount, status, **values)
    return event(name, refund=body, payment=payment_body("pay_00000000000001"))


@pytest.fixture
async def bought(database: Database) -> Database:
    """Somebody bought Pro for ₹299."""
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout))
    return database


async def test_w15_a_full_refund_ends_the_plan_once(bought: Database) -> None:
    for status in ("pending", "processed", "processed", "pending"):
        assert await apply(bought, refunded("rfnd_1", 29_900, status))
    assert (await plan_of(bought))[0] == "free"
    (payment,), (refund,) = await all_of(bought, Payment), await all_of(bought, Refund)
    assert (payment.state, payment.refunded_minor) == (PaymentState.REFUNDED, 29_900)
    assert refund.state == RefundState.PROCESSED
    (note,) = await all_of(bought, CreditNote)
    assert (note.serial, note.total_minor) == (1, 29_900)
    assert await told(bought) == ["payment_applied", "refund_done"]
    async with bought.transaction() as session:
        assert set((await ledger.totals(session)).values()) == {0}
    await check_books(bought)


async def test_w16_a_part_leaves_the_plan_and_lessens_a_later_credit(bought: Database) -> None:
    assert await apply(bought, refunded("rfnd_1", 10_000))
    assert (await plan_of(bought))[0] == "pro"
    (term,) = await all_of(bought, Term)
    assert term.value_minor == 19_900
    assert await apply(bought, refunded("rfnd_2", 19_900))
    assert (await plan_of(bought))[0] == "free"
    (invoice,) = await all_of(bought, Invoice)
    notes = await all_of(bought, CreditNote)
    for part in ("taxable_minor", "cgst_minor", "sgst_minor", "igst_minor"):
        assert sum(note.split[part] for note in notes) == invoice.split[part]
    assert [note.serial for note in notes] == [1, 2]
    await check_books(bought)


async def test_processed_before_created_moves_nothing_back(bought: Database) -> None:
    await apply(bought, refunded("rfnd_1", 10_000))
    await apply(bought, refunded("rfnd_1", 10_000, "pending"))
    await apply(bought, refunded("rfnd_1", 10_000, "failed"))
    assert [refund.state for refund in await all_of(bought, Refund)] == [RefundState.PROCESSED]
    await check_books(bought)


async def test_our_own_refund_is_known_by_its_key(bought: Database) -> None:
    async with bought.transaction() as session:
        asked = await refunds.ask(session, 1, amount_minor=None, reason="Not needed", by=ADMIN)
    await apply(bought, refunded("rfnd_1", 29_900, receipt=asked.key))
    (refund,) = await all_of(bought, Refund)
    assert (refund.id, refund.provider_id, refund.state) == (asked.id, "rfnd_1", RefundState.PROCESSED)
    (note,) = await all_of(bought, CreditNote)
    assert note.facts["reason"] == "Not needed"


@pytest.mark.parametrize(("before", "amount"), [(29_900, 1), (20_000, 9_901), (0, 29_901), (0, 0), (0, -5)])
async def test_no_more_goes_back_than_came(bought: Database, before: int, amount: int) -> None:
    async with bought.transaction() as session:
        if before:
            await refunds.ask(session, 1, amount_minor=before, reason="", by=ADMIN)
        with pytest.raises(BadInput):
            await refunds.ask(session, 1, amount_minor=amount, reason="", by=ADMIN)


async def test_a_payment_of_last_year_is_not_refunded(bought: Database) -> None:
    with time_machine.travel(clock.now() + timedelta(days=181), tick=False):
        async with bought.transaction() as session:
            with pytest.raises(BadInput):
                await refunds.ask(session, 1, amount_minor=100, reason="", by=ADMIN)


async def test_a_refund_that_failed_is_told_and_moves_nothing(bought: Database) -> None:
    await apply(bought, refunded("rfnd_1", 29_900, "failed"))
    assert (await plan_of(bought))[0] == "pro"
    assert await told(bought, ADMIN) == ["admin_refund_failed"]
    assert await all_of(bought, CreditNote) == []
    await check_books(bought)


async def test_held_money_goes_back_without_a_credit_note(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout, amount=500))
    await apply(database, refunded("rfnd_1", 500))
    assert await all_of(database, CreditNote) == []
    async with database.transaction() as session:
        assert set((await ledger.totals(session)).values()) == {0}


def dispute(state: str, **values: Any) -> bytes:
    body = {
        "id": "disp_1",
        "entity": "dispute",
        "payment_id": "pay_00000000000001",
        "amount": 29_900,
        "amount_deducted": 0,
        "currency": "INR",
        "reason_code": "goods_or_services_not_received",
        "phase": "chargeback",
        "status": {"created": "open", "action_required": "under_review"}.get(state, state),
        "respond_by": int(clock.now().timestamp()) + 86_400,
    }
    name = f"payment.dispute.{state}"
    return event(name, dispute=body | values, payment=payment_body("pay_00000000000001"))


async def test_a_dispute_freezes_and_a_lost_one_ends_the_plan(bought: Database) -> None:
    assert await apply(bought, dispute("created"))
    plan, subscription = await plan_of(bought)
    assert (plan, subscription.is_frozen) == ("pro", True)
    async with bought.transaction() as session:
        with pytest.raises(BadInput):
            await refunds.ask(session, 1, amount_minor=None, reason="", by=ADMIN)
        with pytest.raises(BadInput):
            await link(session, "business")
    for state in ("lost", "lost", "created", "won"):
        assert await apply(bought, dispute(state, amount_deducted=29_900))
    plan, subscription = await plan_of(bought)
    assert (plan, subscription.is_frozen) == ("free", False)
    assert [each.state for each in await all_of(bought, Dispute)] == ["lost"]
    assert await told(bought, ADMIN) == ["admin_dispute", "admin_dispute"]
    await check_books(bought)


async def test_a_dispute_that_is_won_changes_nothing(bought: Database) -> None:
    for state in ("created", "under_review", "won"):
        await apply(bought, dispute(state))
    plan, subscription = await plan_of(bought)
    assert (plan, subscription.is_frozen) == ("pro", False)
    await check_books(bought)


async def test_both_documents_can_be_printed_again(bought: Database) -> None:
    await apply(bought, refunded("rfnd_1", 10_000))
    (invoice,), (note,) = await all_of(bought, Invoice), await all_of(bought, CreditNote)
    assert invoice_pdf(invoicing.facts_of(invoice)).startswith(b"%PDF")
    assert invoice_pdf(invoicing.facts_of(invoice)) == invoice_pdf(invoicing.facts_of(invoice))
    assert credit_note_pdf(invoicing.credit_note_facts(note, invoice)).startswith(b"%PDF")
    assert BILLING.seller.gstin is not None
