"""Tables that leave the service: right to the paisa, whole, and with nothing that a spreadsheet runs."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.billing.money import PERSON, apply, event, link, paid, payment_body
from tests.rows import arrive
from tracker.admin import exports, sheets
from tracker.admin.exports import Place, TaxReport, Wanted, What
from tracker.admin.sheets import Cell, Format
from tracker.billing.models import BillingDetails
from tracker.database import Database
from tracker.errors import BadInput

RAVI = 1002


async def everything(database: Database, wanted: Wanted) -> list[Sequence[Cell]]:
    found: list[Sequence[Cell]] = []
    place: Place | None = Place()
    while place is not None:
        async with database.transaction() as session:
            page = await exports.page(session, wanted, place)
        found += page.rows
        place = page.next
    return found


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", " =1", "\u00a0=1"],
)
def test_i10_text_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert sheets.inert(text) == f"'{text}"
    made = sheets.sheet(Format.CSV, ["name"])
    made.add([[text]])
    [_, row] = csv.reader(io.StringIO(made.content().decode("utf-8-sig"), newline=""))
    assert row == [f"'{text}"]


def test_numbers_stay_numbers_and_long_ones_are_kept_whole() -> None:
    row: Sequence[Cell] = (
        Decimal("-12.50"),
        7,
        1234567890123456789,
        None,
        datetime(2026, 11, 24, tzinfo=UTC),
        "=x",
    )
    plain = sheets.sheet(Format.CSV, ["a"])
    plain.add([row])
    assert plain.content().decode("utf-8-sig").splitlines()[1] == (
        "-12.50,7,1234567890123456789,,2026-11-24 00:00:00,'=x"
    )
    book = sheets.sheet(Format.XLSX, ["a"])
    book.add([row])
    with zipfile.ZipFile(io.BytesIO(book.content())) as parts:
        cells = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>-12.50</v>" in cells
    assert "<v>7</v>" in cells
    assert "1234567890123456789</t>" in cells
    assert "'=x</t>" in cells
    assert "<f>" not in cells


async def test_the_tax_of_a_month_is_what_its_documents_say(database: Database) -> None:
    """₹299 within Karnataka, of which ₹100 went back, and ₹299 to Maharashtra; worked out by hand."""
    async with database.transaction() as session:
        ours = await link(session)
    await apply(database, paid(ours))
    body = {
        "id": "rfnd_1",
        "entity": "refund",
        "amount": 10_000,
        "currency": "INR",
        "payment_id": "pay_00000000000001",
        "status": "processed",
        "receipt": None,
        "notes": [],
    }
    await apply(database, event("refund.processed", refund=body, payment=payment_body("pay_00000000000001")))
    async with database.transaction() as session:
        theirs = await link(session, telegram_id=RAVI, id="plink_ravi")
        session.add(BillingDetails(user_id=theirs.user_id, state="27"))
    await apply(database, paid(theirs, "pay_00000000000002"))
    wanted = exports.read_wanted("gst")
    report = TaxReport()
    report.add(await everything(database, wanted))
    assert [[str(cell) for cell in line] for line in report.rows()] == [
        ["invoice", "29", "Karnataka", "18", "1", "253.40", "22.80", "22.80", "0.00", "299.00", "INR"],
        ["invoice", "27", "Maharashtra", "18", "1", "253.39", "0.00", "0.00", "45.61", "299.00", "INR"],
        ["credit note", "29", "Karnataka", "18", "1", "-84.74", "-7.63", "-7.63", "0.00", "-100.00", "INR"],
        ["total", "", "", "None", "3", "422.05", "15.17", "15.17", "45.61", "498.00", "INR"],
    ]
    documents = await everything(database, Wanted(What.INVOICES, wanted.month, Format.CSV))
    assert [(line[0], str(line[-2])) for line in documents] == [
        ("invoice", "299.00"),
        ("invoice", "299.00"),
        ("credit note", "-100.00"),
    ]
    assert documents[2][2] == documents[0][1]
    assert await everything(database, Wanted(What.GST, "2020-01", Format.CSV)) == []
    payments = await everything(database, Wanted(What.PAYMENTS, wanted.month, Format.CSV))
    assert [(str(line[4]), str(line[5])) for line in payments] == [("299.00", "100.00"), ("299.00", "0.00")]


async def test_people_are_read_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "AT_A_TIME", 2)
    async with database.transaction() as session:
        for number in range(5):
            await arrive(session, PERSON + number, name=f"=Person {number}")
    found = await everything(database, Wanted(What.USERS, None, Format.CSV))
    assert [line[1] for line in found] == [PERSON + number for number in range(5)]
    assert all(len(line) == len(exports.headings(Wanted(What.USERS, None, Format.CSV))) for line in found)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("users", "users.csv"),
        ("Payments 2026-11 XLSX", "payments-2026-11.xlsx"),
        ("invoices xlsx 2026-02", "invoices-2026-02.xlsx"),
        ("gst 2025-12", "gst-2025-12.csv"),
    ],
)
def test_what_is_wanted_is_read(words: str, name: str) -> None:
    assert exports.read_wanted(words).name == name


@pytest.mark.parametrize(
    "words", ["", "everything", "users 2026-13", "gst csv xlsx", "users x", "gst 2026-11 csv 1"]
)
def test_what_is_none_is_explained(words: str) -> None:
    with pytest.raises(BadInput):
        exports.read_wanted(words)
