"""Tax invoices, credit notes and receipts: facts in, one A4 page of PDF out.

A seller with a GSTIN writes tax invoices and credit notes with all that the law asks for; one without writes
receipts, on which no tax appears. The same facts always give the same bytes.
Source: CGST Rules, rules 46 (invoices), 48 (copies) and 53 (credit notes).

A character that the font lacks is shown as "?", and a line at the foot says so.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from babel.numbers import format_decimal

from tracker.billing.gst import INDIA, STATES, WITHOUT_LEGISLATURE, TaxSplit
from tracker.billing.page import ACCENT, BOLD, BOTTOM, FAINT, LEFT, MIDDLE, RIGHT, SIZES, Cell, Page
from tracker.billing.words import in_words
from tracker.money import Money, exponent
from tracker.texts.language import Language, clean

_METHODS = {
    "card": "Card",
    "emi": "EMI",
    "netbanking": "Net banking",
    "stars": "Telegram Stars",
    "upi": "UPI",
    "wallet": "Wallet",
}


@dataclass(frozen=True, slots=True)
class Seller:
    """Who supplies. `state` is a code of `STATES`; without a GSTIN no tax is charged."""

    name: str
    address: str
    state: str
    gstin: str | None = None
    email: str | None = None
    sac: str = "998314"
    """Services accounting code: information technology design and development."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is supplied, by what they told us. `state` is a code of `STATES`."""

    name: str
    address: str | None
    state: str | None
    gstin: str | None
    telegram_id: int


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is charged, in minor units with its tax; below zero for a credit or a discount."""

    text: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """All that an invoice says. Times are aware UTC; without a GSTIN `split` is None or without tax."""

    number: str
    issued_at: datetime
    seller: Seller
    buyer: Buyer
    lines: tuple[Line, ...]
    split: TaxSplit | None
    total_minor: int
    currency: str = "INR"
    payment_id: str
    method: str | None
    place_of_supply: str
    """A code of `STATES`."""
    period_from: datetime
    period_until: datetime | None
    plan_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteFacts:
    """All that a credit note says of a refund, in full or in part, of one invoice."""

    number: str
    issued_at: datetime
    invoice_number: str
    invoice_issued_at: datetime
    reason: str
    seller: Seller
    buyer: Buyer
    split: TaxSplit | None
    total_minor: int
    currency: str = "INR"
    payment_id: str
    refund_id: str | None
    place_of_supply: str
    plan_name: str


def invoice_pdf(facts: InvoiceFacts) -> bytes:
    """A tax invoice, or a receipt when the seller has no GSTIN: one A4 page.

    Raises ValueError when the facts contradict each other: lines or parts of the tax that are not the total,
    a tax that does not go with the place of supply, a tax without a GSTIN.
    """
    if sum(line.amount_minor for line in facts.lines) != facts.total_minor:
        raise ValueError("the lines do not add up to the total")
    _check(facts)
    taxed = bool(facts.seller.gstin)
    period = _day(facts.period_from)
    if facts.period_until is not None:
        period += f" to {_day(facts.period_until)}"
    return _pdf(
        _Sheet(
            title="Tax invoice" if taxed else "Receipt",
            copy="Original for recipient" if taxed else "",
            facts=facts,
            particulars=[
                ("Invoice number" if taxed else "Receipt number", facts.number),
                ("Date", _day(facts.issued_at)),
                *_place(facts),
                ("Reverse charge", "No" if taxed else ""),
                ("Plan", facts.plan_name),
                ("Period", period),
                ("Payment", facts.payment_id),
                ("Paid by", _METHODS.get(facts.method or "", facts.method or "")),
            ],
            lines=facts.lines,
            party="Billed to",
            total="Total paid",
            kind="invoice" if taxed else "receipt",
        )
    )


def credit_note_pdf(facts: CreditNoteFacts) -> bytes:
    """A credit note, or a refund receipt when the seller has no GSTIN: one A4 page.

    Raises ValueError when the facts contradict each other, as `invoice_pdf` does.
    """
    _check(facts)
    taxed = bool(facts.seller.gstin)
    against = "Against invoice" if taxed else "Against receipt"
    return _pdf(
        _Sheet(
            title="Credit note" if taxed else "Refund receipt",
            copy="Original for recipient" if taxed else "",
            facts=facts,
            particulars=[
                ("Credit note number" if taxed else "Receipt number", facts.number),
                ("Date", _day(facts.issued_at)),
                (against, facts.invoice_number),
                ("Dated", _day(facts.invoice_issued_at)),
                *_place(facts),
                ("Payment", facts.payment_id),
                ("Refund", facts.refund_id or ""),
                ("Reason", facts.reason),
            ],
            lines=(Line(f"Refund: {facts.plan_name}", facts.total_minor),),
            party="Credited to",
            total="Total refunded",
            kind="credit note" if taxed else "receipt",
        )
    )


_Facts = InvoiceFacts | CreditNoteFacts


def _check(facts: _Facts) -> None:
    if facts.total_minor < 0:
        raise ValueError("a total is not below zero")
    for state in (facts.place_of_supply, facts.seller.state, facts.buyer.state):
        if state is not None and state not in STATES:
            raise ValueError(f"not a GST state code: {state!r}")
    split = facts.split
    if not facts.seller.gstin:
        if split is not None and split.tax_minor:
            raise ValueError("a seller without a GSTIN charges no tax")
        return
    if split is None:
        raise ValueError("a tax invoice names the tax")
    if split.total_minor != facts.total_minor:
        raise ValueError("the parts of the tax do not add up to the total")
    if split.cgst_minor + split.sgst_minor if _is_interstate(facts) else split.igst_minor:
        raise ValueError("the tax does not go with the place of supply")


def _is_interstate(facts: _Facts) -> bool:
    return facts.place_of_supply != facts.seller.state


def _place(facts: _Facts) -> list[tuple[str, str]]:
    if not facts.seller.gstin:
        return []
    return [("Place of supply", _state(facts.place_of_supply))]


def _state(code: str) -> str:
    return f"{STATES[code]} ({code})"


def _day(moment: datetime) -> str:
    return Language().calendar_day(moment.astimezone(INDIA).date())


def _figures(minor: int, currency: str) -> str:
    """Rupees in lakhs and crores, other money in thousands: "1,49,900.00"."""
    groups = "#,##,##0" if currency == "INR" else "#,##0"
    decimals = exponent(currency)
    pattern = f"{groups}.{'0' * decimals}" if decimals else groups
    return format_decimal(Money(minor, currency).amount, pattern, locale="en")


def _taxes(facts: _Facts, split: TaxSplit) -> list[tuple[str, str]]:
    """The taxable value and each tax with its rate."""

    def row(name: str, percent: Decimal, minor: int) -> tuple[str, str]:
        return f"{name} at {percent.normalize():f} %", _figures(minor, facts.currency)

    rate = Decimal(split.rate)  # a whole number when it was kept as JSON
    value = ("Taxable value", _figures(split.taxable_minor, facts.currency))
    if _is_interstate(facts):
        return [value, row("IGST", rate, split.igst_minor)]
    second = "UTGST" if facts.place_of_supply in WITHOUT_LEGISLATURE else "SGST"
    return [
        value,
        row("CGST", rate / 2, split.cgst_minor),
        row(second, rate / 2, split.sgst_minor),
    ]


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """What one kind of document says, in the order in which it is read."""

    title: str
    copy: str
    facts: _Facts
    party: str
    particulars: list[tuple[str, str]]
    lines: tuple[Line, ...]
    total: str
    kind: str


def _address(text: str | None) -> list[str]:
    """The rows of an address as they were typed, up to six; those beyond are joined to the last."""
    rows = [row for row in (clean(row, limit=500) for row in (text or "").splitlines()) if row]
    return rows if len(rows) <= 6 else [*rows[:5], clean(", ".join(rows[5:]), limit=500)]


def _pdf(sheet: _Sheet) -> bytes:
    """In the largest type in which everything fits on one page. Raises ValueError when it fits in none."""
    for size in SIZES:
        page = Page(size)
        _lay(page, sheet)
        if page.y >= BOTTOM:
            _foot(page, sheet)
            return page.finish(f"{sheet.title} {sheet.facts.number}", clean(sheet.facts.seller.name))
    raise ValueError("the document does not fit on one page")


def _lay(page: Page, sheet: _Sheet) -> None:
    page.beside(partial(_head, page, sheet.facts.seller), partial(_title, page, sheet))
    page.skip(1)
    page.rule(width=1.2, ink=ACCENT)
    page.skip(0.8)
    page.beside(partial(_party, page, sheet), partial(_particulars, page, sheet))
    page.skip(2)
    _table(page, sheet)
    page.skip(0.6)
    page.beside(partial(_spelled, page, sheet), partial(_totals, page, sheet))


def _head(page: Page, seller: Seller) -> None:
    edges = LEFT, 380.0
    page.write(Cell(clean(seller.name, limit=400), *edges, font=BOLD, scale=1.5))
    page.skip(0.3)
    for row in [*_address(seller.address), _state(seller.state), clean(seller.email or "")]:
        page.write(Cell(row, *edges, ink=FAINT))
    if seller.gstin:
        page.write(Cell(f"GSTIN {seller.gstin}", *edges, font=BOLD))


def _title(page: Page, sheet: _Sheet) -> None:
    edges = 392.0, RIGHT
    page.write(Cell(sheet.title, *edges, font=BOLD, scale=2.1, ink=ACCENT, ragged_left=True))
    page.skip(0.3)
    page.write(Cell(sheet.copy, *edges, scale=0.88, ink=FAINT, ragged_left=True))


def _party(page: Page, sheet: _Sheet) -> None:
    edges, buyer = (LEFT, MIDDLE - 24), sheet.facts.buyer
    page.write(Cell(sheet.party, *edges, ink=FAINT))
    page.skip(0.2)
    page.write(Cell(clean(buyer.name, limit=400) or "Customer", *edges, font=BOLD, scale=1.1))
    for row in _address(buyer.address):
        page.write(Cell(row, *edges))
    if buyer.state:
        page.write(Cell(_state(buyer.state), *edges))
    if sheet.facts.seller.gstin:
        page.write(Cell(f"GSTIN {buyer.gstin}" if buyer.gstin else "GSTIN: unregistered", *edges))
    page.write(Cell(f"Telegram ID {buyer.telegram_id}", *edges, ink=FAINT))


def _particulars(page: Page, sheet: _Sheet) -> None:
    for name, value in sheet.particulars:
        if text := clean(value, limit=400):
            page.write(Cell(name, MIDDLE, MIDDLE + 82, ink=FAINT), Cell(text, MIDDLE + 86, RIGHT))
            page.skip(0.2)


def _table(page: Page, sheet: _Sheet) -> None:
    facts = sheet.facts
    taxed = bool(facts.seller.gstin)
    text, sac, amount = (LEFT + 30, 372.0), (384.0, 440.0), (444.0, RIGHT - 6)
    page.band(2)
    page.skip(0.25)
    page.write(
        Cell("No.", LEFT + 6, LEFT + 28, font=BOLD),
        Cell("Description", *text, font=BOLD),
        Cell("SAC" if taxed else "", *sac, font=BOLD),
        Cell(f"Amount ({facts.currency})", *amount, font=BOLD, ragged_left=True),
    )
    page.skip(0.4)
    for place, line in enumerate(sheet.lines, 1):
        page.skip(0.4)
        page.write(
            Cell(str(place), LEFT + 6, LEFT + 28),
            Cell(clean(line.text, limit=400), *text),
            Cell(facts.seller.sac if taxed else "", *sac),
            Cell(_figures(line.amount_minor, facts.currency), *amount, ragged_left=True),
        )
        page.skip(0.8)
        page.rule()


def _totals(page: Page, sheet: _Sheet) -> None:
    facts = sheet.facts
    name, amount = (MIDDLE, MIDDLE + 95), (MIDDLE + 95, RIGHT - 6)
    taxes = _taxes(facts, facts.split) if facts.seller.gstin and facts.split else []
    for tax, figures in taxes:
        page.skip(0.2)
        page.write(Cell(tax, *name), Cell(figures, *amount, ragged_left=True))
    if taxes:
        page.skip(0.6)
        page.rule(MIDDLE, width=0.8, ink=ACCENT)
    page.skip(0.2)
    total = f"{facts.currency} {_figures(facts.total_minor, facts.currency)}"
    page.write(
        Cell(sheet.total, *name, font=BOLD, scale=1.2),
        Cell(total, *amount, font=BOLD, scale=1.2, ragged_left=True),
    )


def _spelled(page: Page, sheet: _Sheet) -> None:
    facts, edges = sheet.facts, (LEFT + 6, MIDDLE - 24)
    page.skip(0.2)
    page.write(Cell("Amount in words", *edges, ink=FAINT))
    page.write(Cell(in_words(facts.total_minor, facts.currency), *edges))
    if facts.seller.gstin:
        page.skip(0.4)
        page.write(Cell("The amounts in the table include the tax.", *edges, ink=FAINT))


def _foot(page: Page, sheet: _Sheet) -> None:
    page.y = BOTTOM - 12
    page.rule()
    page.skip(0.4)
    statement = f"This is a computer generated {sheet.kind} and needs no signature."
    page.write(Cell(statement, LEFT, RIGHT, scale=0.88, ink=FAINT))
    if page.has_unknown:
        note = 'A "?" stands for a character that the font of this document does not have.'
        page.write(Cell(note, LEFT, RIGHT, scale=0.88, ink=FAINT))
