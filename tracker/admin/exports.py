"""What can be taken out as a table: people, payments, invoices with credit notes, and the tax of a month.

Tables are read a page at a time, by key, so that each question is short however long the table is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from tracker import clock
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.admin.sheets import Cell, Format
from tracker.billing import gst, invoicing
from tracker.billing.models import CreditNote, Invoice, Payment
from tracker.errors import BadInput
from tracker.money import Money
from tracker.notices import service as notices
from tracker.users.models import User

KIND = "admin_export"
"""Of the notice by which one is asked for; the worker makes the file when it says it."""

AT_A_TIME = 1000

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


class What(StrEnum):
    USERS = "users"
    PAYMENTS = "payments"
    INVOICES = "invoices"
    GST = "gst"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`month` is of India's calendar, "2026-11"; None is all there is."""

    what: What
    month: str | None
    format: Format

    @property
    def name(self) -> str:
        """Of the file."""
        return "-".join(part for part in (self.what, self.month) if part) + f".{self.format}"

    def as_json(self) -> dict[str, str | None]:
        return {"what": self.what, "month": self.month, "format": self.format}

    @classmethod
    def of(cls, details: dict[str, Any]) -> "Wanted":
        return cls(What(details["what"]), details["month"], Format(details["format"]))


@dataclass(frozen=True, slots=True)
class Place:
    """How far a table is read: in which of its parts, and after which key."""

    part: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Sequence[Cell]]
    next: Place | None
    """None at the end."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one table, in the order of its key."""

    table: Any
    moment: InstrumentedAttribute[Any]
    """What a month is of."""
    row: Callable[[Any], Sequence[Cell]]


def read_wanted(words: str) -> Wanted:
    """From "payments 2026-11 xlsx": the month and the format may be missing. Raises BadInput.

    The tax is of a month: of this one, when none is named.
    """
    what, *rest = words.casefold().split() or [""]
    if what not in set(What) or len(rest) > 2:
        raise BadInput("export.how")
    formats = [word for word in rest if word in set(Format)]
    months = [word for word in rest if _MONTH.fullmatch(word)]
    if len(formats) > 1 or len(months) > 1 or len(formats) + len(months) != len(rest):
        raise BadInput("export.how")
    month = months[0] if months else None
    if what == What.GST and month is None:
        month = f"{clock.now().astimezone(gst.INDIA):%Y-%m}"
    return Wanted(What(what), month, Format(formats[0]) if formats else Format.CSV)


async def ask(session: AsyncSession, actor: Actor, wanted: Wanted) -> None:
    """Owe a file to whoever asks, in their own chat."""
    await audit.allow(session, actor, Action.EXPORT, f"export:{wanted.what}", **wanted.as_json())
    await notices.owe(session, actor.telegram_id, KIND, f"export:{uuid4().hex}", **wanted.as_json())


def headings(wanted: Wanted) -> Sequence[str]:
    return _HEADINGS[wanted.what]


async def page(session: AsyncSession, wanted: Wanted, place: Place) -> Page:
    """The next rows of a table, as they are; of `GST`, the documents that are to be added up."""
    parts = _PARTS[wanted.what]
    part = parts[place.part]
    found = (
        await session.scalars(
            select(part.table)
            .where(part.table.id > place.after, *_within(part.moment, wanted.month))
            .order_by(part.table.id)
            .limit(AT_A_TIME)
        )
    ).all()
    rows = [part.row(each) for each in found]
    if wanted.what in (What.INVOICES, What.GST) and part.table is CreditNote:
        rows = [_credit_note(each, invoice) for each, invoice in await _with_invoices(session, found)]
    if len(found) == AT_A_TIME:
        return Page(rows, Place(place.part, found[-1].id))
    return Page(rows, Place(place.part + 1) if place.part + 1 < len(parts) else None)


class TaxReport:
    """The tax of a month by kind of document, state of supply, rate and currency.

    Credit notes count below zero, so that the last lines are what is owed.
    """

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, int, str], list[int]] = {}

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Rows as `page` gives them."""
        for row in rows:
            told = dict(zip(_DOCUMENT, row, strict=True))
            key = (str(told["kind"]), str(told["state_code"]), int(str(told["rate"])), str(told["currency"]))
            sums = self._lines.setdefault(key, [0] * (1 + len(_AMOUNTS)))
            sums[0] += 1
            for at, name in enumerate(_AMOUNTS, start=1):
                sums[at] += _minor(told[name], str(told["currency"]))

    def rows(self) -> Sequence[Sequence[Cell]]:
        """A line each, and one of all for each currency."""
        lines: list[Sequence[Cell]] = []
        totals: dict[str, list[int]] = {}
        for (kind, state, rate, currency), sums in sorted(self._lines.items(), reverse=True):
            lines.append(_tax_line(kind, state, rate, currency, sums))
            total = totals.setdefault(currency, [0] * len(sums))
            totals[currency] = [one + more for one, more in zip(total, sums, strict=True)]
        lines += [_tax_line("total", "", None, currency, sums) for currency, sums in sorted(totals.items())]
        return lines


def _tax_line(kind: str, state: str, rate: int | None, currency: str, sums: Sequence[int]) -> Sequence[Cell]:
    amounts = [Money(minor, currency).amount for minor in sums[1:]]
    return (kind, state, gst.STATES.get(state, ""), rate, sums[0], *amounts, currency)


def _within(moment: InstrumentedAttribute[Any], month: str | None) -> Sequence[ColumnElement[bool]]:
    if month is None:
        return ()
    year, number = int(month[:4]), int(month[5:])
    begin = datetime(year, number, 1, tzinfo=gst.INDIA)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=gst.INDIA)
    return (moment >= begin, moment < end)


def _user(user: User) -> Sequence[Cell]:
    return (
        user.id,
        user.telegram_id,
        user.first_name,
        user.username,
        user.state,
        user.plan,
        user.locale,
        user.currency,
        user.time_zone,
        user.email if user.email_verified_at else None,
        user.created_at,
        user.last_seen_at,
    )


def _payment(payment: Payment) -> Sequence[Cell]:
    return (
        payment.id,
        payment.provider,
        payment.provider_id,
        payment.user_id,
        Money(payment.amount_minor, payment.currency).amount,
        Money(payment.refunded_minor, payment.currency).amount,
        payment.currency,
        payment.method,
        payment.state,
        payment.held_because,
        payment.created_at,
        payment.captured_at,
    )


def _invoice(invoice: Invoice) -> Sequence[Cell]:
    return _document("invoice", invoice, invoice, sign=1)


def _credit_note(note: CreditNote, invoice: Invoice) -> Sequence[Cell]:
    return _document("credit note", note, invoice, sign=-1)


def _document(kind: str, document: Invoice | CreditNote, invoice: Invoice, *, sign: int) -> Sequence[Cell]:
    facts, split = invoicing.facts_of(invoice), invoicing.split_of(document)
    parts = (
        split.taxable_minor,
        split.cgst_minor,
        split.sgst_minor,
        split.igst_minor,
        document.total_minor,
    )
    return (
        kind,
        document.number,
        invoice.number if sign < 0 else None,
        document.issued_at,
        document.user_id,
        facts.buyer.name,
        facts.buyer.gstin,
        facts.place_of_supply,
        gst.STATES.get(facts.place_of_supply, ""),
        int(split.rate),
        *(Money(sign * minor, document.currency).amount for minor in parts),
        document.currency,
    )


async def _with_invoices(
    session: AsyncSession, notes: Sequence[CreditNote]
) -> Sequence[tuple[CreditNote, Invoice]]:
    ids = {note.invoice_id for note in notes}
    found = {each.id: each for each in await session.scalars(select(Invoice).where(Invoice.id.in_(ids)))}
    return [(note, found[note.invoice_id]) for note in notes]


def _minor(amount: Cell, currency: str) -> int:
    assert isinstance(amount, Decimal)
    return Money.of(abs(amount), currency).minor * (-1 if amount < 0 else 1)


_AMOUNTS = ("taxable", "cgst", "sgst", "igst", "total")
_DOCUMENT = (
    "kind",
    "number",
    "of_invoice",
    "issued_at_utc",
    "user_id",
    "buyer",
    "gstin",
    "state_code",
    "state",
    "rate",
    *_AMOUNTS,
    "currency",
)

_HEADINGS: dict[What, Sequence[str]] = {
    What.USERS: tuple(
        "id telegram_id name username state plan language currency time_zone email created_at_utc "
        "last_seen_at_utc".split()
    ),
    What.PAYMENTS: tuple(
        "id provider provider_id user_id amount refunded currency method state held_because created_at_utc "
        "captured_at_utc".split()
    ),
    What.INVOICES: _DOCUMENT,
    What.GST: ("kind", "state_code", "state", "rate", "documents", *_AMOUNTS, "currency"),
}

_DOCUMENTS = (
    _Part(Invoice, Invoice.issued_at, _invoice),
    _Part(CreditNote, CreditNote.issued_at, lambda note: ()),
)
_PARTS: dict[What, Sequence[_Part]] = {
    What.USERS: (_Part(User, User.created_at, _user),),
    What.PAYMENTS: (_Part(Payment, Payment.created_at, _payment),),
    What.INVOICES: _DOCUMENTS,
    What.GST: _DOCUMENTS,
}
