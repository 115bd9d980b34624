"""Invoices, credit notes and receipts: what they say, and that it stands where a reader sees it."""

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from time import perf_counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth  # type: ignore[import-untyped]  # it ships without types

from tracker.billing.documents import (
    Buyer,
    CreditNoteFacts,
    InvoiceFacts,
    Line,
    Seller,
    credit_note_pdf,
    invoice_pdf,
)
from tracker.billing.gst import STATES, TaxSplit, share_of, split
from tracker.money import MAX_MINOR

ISSUED = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
SELLER = Seller(
    name="Kettle & Lamp Software Private Limited",
    address="4th Floor, 12 Church Street\nBengaluru 560001",
    state="29",
    gstin="29AAAAA0000A1ZY",
    email="accounts@kettle.example",
)
UNREGISTERED = replace(SELLER, gstin=None)
BUYER = Buyer(
    name="Asha Rao", address="7 Lake View Road\nMysuru 570001", state="29", gstin=None, telegram_id=1001
)
FIRM = Buyer(
    name="Rao Traders LLP",
    address="3 Hill Road\nMumbai",
    state="27",
    gstin="27AAPFU0939F1ZV",
    telegram_id=1002,
)
STRANGER = Buyer(name="Asha", address=None, state=None, gstin=None, telegram_id=1003)


def invoice(
    *lines: Line, seller: Seller = SELLER, buyer: Buyer = BUYER, currency: str = "INR", **changes: Any
) -> InvoiceFacts:
    lines = lines or (Line("Pro plan, one month", 1_499_00),)
    total = sum(line.amount_minor for line in lines)
    taxed = split(max(total, 0), seller_state=seller.state, buyer_state=buyer.state) if seller.gstin else None
    facts = InvoiceFacts(
        number="PT/26-27/000001",
        issued_at=ISSUED,
        seller=seller,
        buyer=buyer,
        lines=lines,
        split=taxed,
        total_minor=total,
        currency=currency,
        payment_id="pay_Nq8Kd3m2Lx7Rz1",
        method="upi",
        place_of_supply=buyer.state or seller.state,
        period_from=ISSUED,
        period_until=ISSUED + timedelta(days=30),
        plan_name="Pro",
    )
    return replace(facts, **changes)


def credit_note(
    minor: int = 749_50, *, seller: Seller = SELLER, buyer: Buyer = BUYER, **changes: Any
) -> CreditNoteFacts:
    paid = invoice(seller=seller, buyer=buyer)
    facts = CreditNoteFacts(
        number="CN/26-27/000001",
        issued_at=ISSUED + timedelta(days=2),
        invoice_number=paid.number,
        invoice_issued_at=paid.issued_at,
        reason="Cancelled within seven days",
        seller=seller,
        buyer=buyer,
        split=share_of(paid.split, 0, minor) if paid.split else None,
        total_minor=minor,
        payment_id=paid.payment_id,
        refund_id="rfnd_Nq9Lm1k4Ts2Vw8",
        place_of_supply=paid.place_of_supply,
        plan_name="Pro",
    )
    return replace(facts, **changes)


# --- reading a page back ---


@dataclass(frozen=True)
class Written:
    """A row of text on the page: its edges in points from the lower left corner."""

    text: str
    left: float
    right: float
    below: float
    above: float

    def covers(self, other: "Written") -> bool:
        beside = self.right <= other.left + 0.01 or other.right <= self.left + 0.01
        return not (beside or self.above <= other.below or other.above <= self.below)


def written(pdf: bytes) -> list[Written]:
    """Every row of text on the only page, in the order in which it was drawn."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\n?endstream", pdf, re.DOTALL)
    assert len(streams) == 1
    drawn = zlib.decompress(base64.a85decode(streams[0].strip().removesuffix(b"~>"))).decode("latin-1")
    fonts = dict(re.findall(r"/BaseFont /([\w-]+) .*?/Name /(F\d+)", pdf.decode("latin-1"), re.DOTALL))
    fonts = {name: font for font, name in fonts.items()}
    return list(_rows(drawn, fonts))


def _rows(drawn: str, fonts: dict[str, str]) -> Iterator[Written]:
    font, size, left, base = "", 0.0, 0.0, 0.0
    steps = re.finditer(
        r"/(F\d+) ([\d.]+) Tf|1 0 0 1 (-?[\d.]+) (-?[\d.]+) Tm|\(((?:\\.|[^\\)])*)\) Tj", drawn, re.DOTALL
    )
    for step in steps:
        if step[1]:
            font, size = fonts[step[1]], float(step[2])
        elif step[3]:
            left, base = float(step[3]), float(step[4])
        else:
            text = re.sub(r"\\(\d{3}|.)", lambda escape: _unescaped(escape[1]), step[5])
            right = left + float(stringWidth(text, font, size))
            yield Written(text, left, right, base - 0.21 * size, base + 0.72 * size)


def _unescaped(escape: str) -> str:
    return bytes([int(escape, 8)]).decode("cp1252") if escape.isdigit() else escape


def text_of(pdf: bytes) -> str:
    return " ".join(row.text for row in written(pdf))


def is_well_laid(pdf: bytes) -> bool:
    """One page, on which no text leaves the margins or covers another."""
    rows = written(pdf)
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    for row in rows:
        assert row.left >= 47.9, row
        assert row.right <= 547.4, row
        assert row.below >= 36, row
        assert row.above <= 806, row
    for one, other in combinations(rows, 2):
        assert not one.covers(other), (one, other)
    return True


# --- what is said ---


def test_an_invoice_within_a_state_says_all_that_the_law_asks_for() -> None:
    text = text_of(invoice_pdf(invoice()))
    for said in (
        "Tax invoice",
        "Original for recipient",
        "Kettle & Lamp Software Private Limited",
        "4th Floor, 12 Church Street Bengaluru 560001 Karnataka (29)",
        "accounts@kettle.example",
        "GSTIN 29AAAAA0000A1ZY",
        "Invoice number PT/26-27/000001",
        "Date 25 November 2026",
        "Place of supply Karnataka (29)",
        "Reverse charge No",
        "Asha Rao 7 Lake View Road Mysuru 570001 Karnataka (29) GSTIN: unregistered Telegram ID 1001",
        "Plan Pro Period 25 November 2026 to 25 December 2026",
        "Payment pay_Nq8Kd3m2Lx7Rz1 Paid by UPI",
        "1 Pro plan, one month 998314 1,499.00",
        "Rupees one thousand four hundred ninety-nine only",
        "Taxable value 1,270.34 CGST at 9 % 114.33 SGST at 9 % 114.33 Total paid INR 1,499.00",
        "This is a computer generated invoice and needs no signature.",
    ):
        assert said in text
    assert "IGST" not in text


def test_an_invoice_to_another_state_has_one_tax() -> None:
    text = text_of(invoice_pdf(invoice(buyer=FIRM)))
    assert "Taxable value 1,270.34 IGST at 18 % 228.66 Total paid INR 1,499.00" in text
    assert "Rao Traders LLP 3 Hill Road Mumbai Maharashtra (27) GSTIN 27AAPFU0939F1ZV" in text
    assert "Place of supply Maharashtra (27)" in text
    assert "CGST" not in text
    assert "SGST" not in text


def test_a_buyer_of_whom_only_the_name_is_known_is_supplied_where_the_seller_is() -> None:
    text = text_of(invoice_pdf(invoice(buyer=STRANGER)))
    assert "Asha GSTIN: unregistered Telegram ID 1003" in text
    assert "Place of supply Karnataka (29)" in text
    assert "CGST at 9 % 114.33 SGST at 9 % 114.33" in text


def test_in_a_union_territory_the_second_tax_is_its_own() -> None:
    text = text_of(invoice_pdf(invoice(seller=replace(SELLER, state="04"), buyer=STRANGER)))
    assert "CGST at 9 % 114.33 UTGST at 9 % 114.33" in text
    assert "SGST" not in text.replace("UTGST", "")


def test_delhi_has_a_legislature_and_a_state_tax() -> None:
    assert "SGST at 9 %" in text_of(invoice_pdf(invoice(seller=replace(SELLER, state="07"), buyer=STRANGER)))


def test_a_broken_rate_is_written_in_full() -> None:
    five = split(105_00, rate_percent=5, seller_state="29", buyer_state="29")
    text = text_of(invoice_pdf(invoice(Line("Book", 105_00), split=five)))
    assert "CGST at 2.5 % 2.50 SGST at 2.5 % 2.50" in text


def test_a_rate_that_was_kept_as_a_whole_number_is_the_same_rate() -> None:
    facts = invoice()
    assert facts.split
    kept = TaxSplit(**asdict(facts.split) | {"rate": 18})
    assert invoice_pdf(replace(facts, split=kept)) == invoice_pdf(facts)


def test_a_seller_without_a_number_writes_a_receipt_without_tax() -> None:
    text = text_of(invoice_pdf(invoice(seller=UNREGISTERED)))
    assert "Receipt number PT/26-27/000001" in text
    assert "1 Pro plan, one month 1,499.00" in text
    assert "Total paid INR 1,499.00" in text
    assert "This is a computer generated receipt and needs no signature." in text
    for unsaid in ("GST", "tax", "Tax", "invoice", "Invoice", "SAC", "998314", "supply", "Reverse"):
        assert unsaid not in text


def test_a_credit_note_names_the_invoice_and_takes_back_its_tax() -> None:
    text = text_of(credit_note_pdf(credit_note()))
    for said in (
        "Credit note",
        "GSTIN 29AAAAA0000A1ZY",
        "Credit note number CN/26-27/000001 Date 27 November 2026",
        "Against invoice PT/26-27/000001 Dated 25 November 2026",
        "Place of supply Karnataka (29)",
        "Payment pay_Nq8Kd3m2Lx7Rz1 Refund rfnd_Nq9Lm1k4Ts2Vw8 Reason Cancelled within seven days",
        "Credited to Asha Rao",
        "1 Refund: Pro 998314 749.50",
        "Taxable value 635.16 CGST at 9 % 57.17 SGST at 9 % 57.17 Total refunded INR 749.50",
        "Rupees seven hundred forty-nine and fifty paise only",
        "This is a computer generated credit note and needs no signature.",
    ):
        assert said in text
    assert "Reverse charge" not in text


def test_a_refund_of_what_was_not_taxed_is_a_receipt() -> None:
    text = text_of(credit_note_pdf(credit_note(seller=UNREGISTERED, refund_id=None)))
    assert "Refund receipt" in text
    assert "Against receipt PT/26-27/000001" in text
    assert "Total refunded INR 749.50" in text
    for unsaid in ("GST", "tax", "invoice", "SAC", "supply", "Credit note"):
        assert unsaid not in text


def test_credits_and_discounts_stand_with_their_sign() -> None:
    facts = invoice(
        Line("Max plan, one year", 11_999_00), Line("Unused days of Pro", -749_50), Line("Launch offer", -1)
    )
    text = text_of(invoice_pdf(facts))
    assert "2 Unused days of Pro 998314 -749.50" in text
    assert "3 Launch offer 998314 -0.01" in text
    assert "Total paid INR 11,249.49" in text


@pytest.mark.parametrize(
    ("minor", "currency", "figures"),
    [
        pytest.param(0, "INR", "INR 0.00", id="nothing"),
        pytest.param(5, "INR", "INR 0.05", id="paise"),
        pytest.param(1_49_900_00, "INR", "INR 1,49,900.00", id="lakh"),
        pytest.param(1_23_45_67_890_00, "INR", "INR 1,23,45,67,890.00", id="crores"),
        pytest.param(MAX_MINOR, "INR", "INR 1,00,00,00,00,00,000.00", id="most"),
        pytest.param(1_234_567_89, "USD", "USD 1,234,567.89", id="dollars"),
        pytest.param(12_345, "JPY", "JPY 12,345", id="no-decimals"),
        pytest.param(1_234_567, "KWD", "KWD 1,234.567", id="three-decimals"),
    ],
)
def test_the_total_is_grouped_as_its_money_is(minor: int, currency: str, figures: str) -> None:
    pdf = invoice_pdf(invoice(Line("Plan", minor), currency=currency))
    assert f"Total paid {figures}" in text_of(pdf)
    assert is_well_laid(pdf)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        pytest.param("netbanking", "Paid by Net banking", id="known"),
        pytest.param("cardless_emi", "Paid by cardless_emi", id="unknown"),
    ],
)
def test_the_way_of_payment_is_named(method: str, said: str) -> None:
    assert said in text_of(invoice_pdf(invoice(method=method)))


def test_what_is_not_known_is_left_out() -> None:
    text = text_of(invoice_pdf(invoice(method=None, period_until=None)))
    assert "Paid by" not in text
    assert "Period 25 November 2026 Payment" in text


def test_every_state_has_its_name_and_code_on_the_page() -> None:
    for code, name in STATES.items():
        text = text_of(invoice_pdf(invoice(buyer=replace(BUYER, state=code))))
        assert f"Place of supply {name} ({code})" in text


# --- what people typed ---


@pytest.mark.parametrize(
    "name",
    [
        "<b>Asha</b>",
        "Rao & Sons &amp; Co <br/>",
        "\"Asha\" 'Rao' (Mysuru) \\ [x]",
        "<para><font size=90>",
        "</para>",
        "%s {name} %(name)s",
        "José Müller–Åström €5 “quoted” …",
        ") Tj ET Q",
    ],
)
def test_what_people_typed_is_written_as_they_typed_it(name: str) -> None:
    pdf = invoice_pdf(invoice(Line(name, 100), buyer=replace(BUYER, name=name)))
    assert text_of(pdf).count(name) == 2
    assert is_well_laid(pdf)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("आशा Rao", "?? Rao", id="devanagari"),
        pytest.param("ஆஷா", "??", id="tamil"),
        pytest.param("Asha 🪔", "Asha ?", id="emoji"),
        pytest.param("₹500", "?500", id="rupee-sign"),
        pytest.param("Łódź", "?ód?", id="central-europe"),
        pytest.param("x\u0302y", "?y", id="letter-with-a-mark-that-has-no-form-of-its-own"),
        pytest.param("e\u0301", "é", id="letter-with-a-mark-that-has"),
    ],
)
def test_a_character_that_the_font_lacks_is_marked_and_explained(name: str, shown: str) -> None:
    text = text_of(invoice_pdf(invoice(buyer=replace(BUYER, name=name))))
    assert f"Billed to {shown} 7 Lake View Road" in text
    assert ('A "?" stands for a character' in text) == ("?" in shown)


@pytest.mark.parametrize("name", ["Asha Rao?", "Asha\u200b Rao", "Asha ©\ufe0f"])
def test_nothing_is_explained_when_nothing_is_missing(name: str) -> None:
    assert "stands for a character" not in text_of(invoice_pdf(invoice(buyer=replace(BUYER, name=name))))


def test_a_buyer_with_no_name_is_a_customer() -> None:
    assert "Billed to Customer 7 Lake View Road" in text_of(
        invoice_pdf(invoice(buyer=replace(BUYER, name=" \n")))
    )


def test_an_address_of_many_rows_is_joined_and_not_lost() -> None:
    rows = [f"row {number}" for number in range(1, 10)]
    text = text_of(invoice_pdf(invoice(buyer=replace(BUYER, address="\r\n\n".join(rows)))))
    assert "row 5 row 6, row 7, row 8, row 9 Karnataka" in text


def test_a_name_of_three_hundred_letters_is_there_to_the_last() -> None:
    name = "Venkatanarasimharajuvaripeta" * 10 + "Venkatanarasimharaju"
    pdf = invoice_pdf(
        invoice(Line(name, 100), seller=replace(SELLER, name=name), buyer=replace(BUYER, name=name))
    )
    assert is_well_laid(pdf)
    assert text_of(pdf).replace(" ", "").count(name) == 3


PEOPLE_TYPE = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="abc <>&\"'\\()\n\t", max_size=300),
    st.text(alphabet="W", max_size=300),
    st.text(alphabet=["क", "्", "ा", "🪔", "\u200d", "é", " "], max_size=60),
)
AMOUNTS = st.integers(-(10**6), MAX_MINOR // 40)


@settings(max_examples=60, deadline=None)
@given(
    names=st.tuples(*[PEOPLE_TYPE] * 6),
    lines=st.lists(st.tuples(PEOPLE_TYPE, AMOUNTS), max_size=6),
    registered=st.booleans(),
    state=st.sampled_from([None, *sorted(STATES)]),
)
@example(names=("W" * 300,) * 6, lines=[("W" * 300, 1)] * 6, registered=True, state="26")
@example(names=("W " * 150,) * 6, lines=[], registered=False, state=None)
def test_whatever_people_type_stays_in_its_place(
    names: tuple[str, ...], lines: list[tuple[str, int]], registered: bool, state: str | None
) -> None:
    seller, seller_address, buyer, buyer_address, plan, reason = names
    short = max(0, -sum(minor for _, minor in lines))
    facts = invoice(
        *(Line(text, minor) for text, minor in lines),
        Line("Plan", short),
        seller=replace(SELLER if registered else UNREGISTERED, name=seller, address=seller_address),
        buyer=replace(BUYER, name=buyer, address=buyer_address, state=state),
        plan_name=plan,
    )
    note = credit_note(seller=facts.seller, buyer=facts.buyer, plan_name=plan, reason=reason)
    assert is_well_laid(invoice_pdf(facts))
    assert is_well_laid(credit_note_pdf(note))


def test_more_lines_are_set_in_smaller_type() -> None:
    pdf = invoice_pdf(invoice(*(Line(f"Thing {number}", 100) for number in range(1, 41))))
    assert is_well_laid(pdf)
    assert "40 Thing 40 998314 1.00" in text_of(pdf)


def test_what_no_type_is_small_enough_for_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit on one page"):
        invoice_pdf(invoice(*[Line("Thing", 100)] * 200))


def test_no_text_takes_long_to_set() -> None:
    long = "W" * 4_096
    started = perf_counter()
    pdf = invoice_pdf(invoice(Line(long, 100), buyer=replace(BUYER, name=long, address=f"{long}\n" * 20)))
    assert perf_counter() - started < 2
    assert is_well_laid(pdf)


# --- the file ---


@pytest.mark.parametrize("make", [lambda: invoice_pdf(invoice()), lambda: credit_note_pdf(credit_note())])
def test_the_same_facts_are_the_same_bytes(make: Callable[[], bytes]) -> None:
    assert make() == make()


def test_other_facts_are_other_bytes() -> None:
    assert invoice_pdf(invoice()) != invoice_pdf(invoice(number="PT/26-27/000002"))


def test_the_file_carries_title_and_author() -> None:
    pdf = invoice_pdf(invoice(seller=replace(SELLER, name="Kettle (India)")))
    assert rb"/Title (Tax invoice PT/26-27/000001)" in pdf
    assert rb"/Author (Kettle \(India\))" in pdf
    assert b"/Lang (en-IN)" in pdf


def test_the_file_is_small_and_holds_no_font() -> None:
    pdf = invoice_pdf(invoice())
    assert len(pdf) < 8_000
    assert b"/FontFile" not in pdf


# --- facts that contradict each other ---

ELSEWHERE = split(1_499_00, seller_state="29", buyer_state="27")
OTHER_TOTAL = split(1_500_00, seller_state="29", buyer_state="29")


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        pytest.param(invoice(total_minor=1_498_00), "lines do not add up", id="lines"),
        pytest.param(invoice(Line("Credit", -1), split=None), "below zero", id="below-zero"),
        pytest.param(invoice(split=OTHER_TOTAL), "parts of the tax do not add up", id="parts"),
        pytest.param(invoice(split=None), "names the tax", id="no-tax"),
        pytest.param(invoice(split=ELSEWHERE), "place of supply", id="one-tax-within-a-state"),
        pytest.param(invoice(place_of_supply="27"), "place of supply", id="two-taxes-elsewhere"),
        pytest.param(invoice(place_of_supply="KA"), "not a GST state code: 'KA'", id="no-place"),
        pytest.param(
            invoice(seller=UNREGISTERED, split=OTHER_TOTAL), "without a GSTIN", id="tax-without-a-number"
        ),
    ],
)
def test_an_invoice_of_facts_that_contradict_each_other_is_refused(facts: InvoiceFacts, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        invoice_pdf(facts)


def test_a_credit_note_of_facts_that_contradict_each_other_is_refused() -> None:
    with pytest.raises(ValueError, match="parts of the tax do not add up"):
        credit_note_pdf(credit_note(total_minor=749_51))


def test_a_receipt_may_carry_a_split_without_tax() -> None:
    nothing = TaxSplit(1_499_00, 0, 0, 0, Decimal(0))
    bare = invoice(seller=UNREGISTERED)
    assert invoice_pdf(replace(bare, split=nothing)) == invoice_pdf(bare)
    unnumbered = replace(bare, seller=replace(SELLER, gstin=""))
    assert invoice_pdf(unnumbered) == invoice_pdf(bare)
