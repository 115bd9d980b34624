"""Invoices and credit notes: numbered without a gap in the transaction of what they write down."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import gst
from tracker.billing.documents import (
    Buyer,
    CreditNoteFacts,
    InvoiceFacts,
    Line,
    Seller,
)
from tracker.billing.gst import TaxSplit
from tracker.billing.models import (
    BillingDetails,
    CreditNote,
    Invoice,
    Payment,
    Refund,
    SerialCounter,
    Term,
)
from tracker.billing.setup import Billing
from tracker.database import insert
from tracker.errors import NotYours
from tracker.users.models import User

INVOICES = "PT"
CREDIT_NOTES = "CN"


async def issue(
    session: AsyncSession,
    billing: Billing,
    user: User,
    payment: Payment,
    term: Term,
    lines: Sequence[Line],
) -> Invoice:
    """Write the invoice of a captured payment. The caller holds the person's lock."""
    now = clock.now()
    details = await session.get(BillingDetails, user.id)
    buyer = _buyer(user, details)
    split = gst.split(
        payment.amount_minor,
        rate_percent=billing.gst_percent if billing.seller.gstin else 0,
        seller_state=billing.seller.state,
        buyer_state=buyer.state,
    )
    year = gst.financial_year(now)
    serial = await _next(session, INVOICES, year)
    invoice = Invoice(
        payment_id=payment.id,
        user_id=user.id,
        series=INVOICES,
        year=year,
        serial=serial,
        number=gst.document_number(INVOICES, year, serial),
        issued_at=now,
        total_minor=payment.amount_minor,
        currency=payment.currency,
        split=_split_as_json(split),
        facts={
            "seller": asdict(billing.seller),
            "buyer": asdict(buyer),
            "lines": [asdict(line) for line in lines],
            "payment_id": payment.provider_id,
            "method": payment.method,
            "plan": billing.plans[term.plan].name,
            "from": term.starts_at.isoformat(),
            "until": term.ends_at.isoformat(),
        },
    )
    session.add(invoice)
    await session.flush()
    return invoice


async def credit(
    session: AsyncSession, payment: Payment, refund: Refund, before_minor: int
) -> CreditNote | None:
    """Write the credit note of a refund; `before_minor` was refunded before it. None without an invoice."""
    invoice = await session.scalar(select(Invoice).where(Invoice.payment_id == payment.id))
    if invoice is None:
        return None
    now = clock.now()
    year = gst.financial_year(now)
    serial = await _next(session, CREDIT_NOTES, year)
    split = gst.share_of(split_of(invoice), before_minor, before_minor + refund.amount_minor)
    note = CreditNote(
        refund_id=refund.id,
        invoice_id=invoice.id,
        user_id=invoice.user_id,
        series=CREDIT_NOTES,
        year=year,
        serial=serial,
        number=gst.document_number(CREDIT_NOTES, year, serial),
        issued_at=now,
        total_minor=refund.amount_minor,
        currency=refund.currency,
        split=_split_as_json(split),
        facts={"reason": refund.reason, "refund_id": refund.provider_id},
    )
    session.add(note)
    await session.flush()
    return note


async def owned(session: AsyncSession, user: User, invoice_id: int) -> Invoice:
    """A person's own invoice. Raises NotYours."""
    found = await session.scalar(select(Invoice).where(Invoice.id == invoice_id, Invoice.user_id == user.id))
    if found is None:
        raise NotYours
    return found


async def newest(session: AsyncSession, user: User, *, limit: int) -> Sequence[Invoice]:
    rows = await session.scalars(
        select(Invoice).where(Invoice.user_id == user.id).order_by(Invoice.id.desc()).limit(limit)
    )
    return rows.all()


def facts_of(invoice: Invoice) -> InvoiceFacts:
    """What the PDF of an invoice shows."""
    told = invoice.facts
    seller, buyer = Seller(**told["seller"]), Buyer(**told["buyer"])
    return InvoiceFacts(
        number=invoice.number,
        issued_at=invoice.issued_at,
        seller=seller,
        buyer=buyer,
        lines=tuple(Line(**line) for line in told["lines"]),
        split=split_of(invoice),
        total_minor=invoice.total_minor,
        currency=invoice.currency,
        payment_id=told["payment_id"],
        method=told["method"] or "",
        place_of_supply=buyer.state or seller.state,
        period_from=datetime.fromisoformat(told["from"]),
        period_until=datetime.fromisoformat(told["until"]),
        plan_name=told["plan"],
    )


def credit_note_facts(note: CreditNote, invoice: Invoice) -> CreditNoteFacts:
    """What the PDF of a credit note shows."""
    told = facts_of(invoice)
    return CreditNoteFacts(
        number=note.number,
        issued_at=note.issued_at,
        invoice_number=invoice.number,
        invoice_issued_at=invoice.issued_at,
        reason=note.facts["reason"] or "",
        seller=told.seller,
        buyer=told.buyer,
        split=split_of(note),
        total_minor=note.total_minor,
        currency=note.currency,
        payment_id=told.payment_id,
        refund_id=note.facts["refund_id"],
        place_of_supply=told.place_of_supply,
        plan_name=told.plan_name,
    )


def split_of(document: Invoice | CreditNote) -> TaxSplit:
    return TaxSplit(**document.split)


def _split_as_json(split: TaxSplit) -> dict[str, object]:
    return asdict(split) | {"rate": int(split.rate)}


async def _next(session: AsyncSession, series: str, year: str) -> int:
    """The next number of a series. The row stays locked until the transaction ends: no number is lost."""
    await session.execute(
        insert(session, SerialCounter)
        .values(series=series, year=year, last=0)
        .on_conflict_do_nothing(index_elements=["series", "year"])
    )
    counter = (
        await session.scalars(
            select(SerialCounter)
            .where(SerialCounter.series == series, SerialCounter.year == year)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    counter.last += 1
    await session.flush()
    return counter.last


def _buyer(user: User, details: BillingDetails | None) -> Buyer:
    return Buyer(
        name=(details and details.name) or user.first_name or f"Telegram {user.telegram_id}",
        address=details.address if details else None,
        state=details.state if details else None,
        gstin=details.gstin if details else None,
        telegram_id=user.telegram_id,
    )
