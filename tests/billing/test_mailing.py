"""Invoices and credit notes go by mail to an address that is proved, once, however often it takes."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial

import pytest
from pydantic import SecretStr

from sandbox.mailbox import Mailbox
from tests.billing.money import PERSON, all_of, apply, event, link, paid, payment_body, person
from tests.conftest import MakeSettings
from tracker import clock, jobs
from tracker.billing import mailing
from tracker.billing.models import CreditNote, Invoice, InvoiceMail, MailState
from tracker.database import Database
from tracker.users import addresses
from worker.app import WorkerApp
from worker.mails import LEASE, send_mails

ADDRESS = "asha@home.example"
Later = Callable[[timedelta], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let time pass for this test alone."""

    def pass_time(by: timedelta) -> None:
        monkeypatch.setattr(clock, "_offset", clock._offset + by)

    return pass_time


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    async with mailbox.listening():
        yield mailbox


@pytest.fixture
async def worker(
    mailbox: Mailbox, database: Database, redis_url: str, settings: MakeSettings
) -> AsyncIterator[WorkerApp]:
    """Its jobs are called by the test."""
    chosen = settings(
        bot_token=SecretStr("42:test"),
        redis_url=redis_url,
        smtp_url=SecretStr(mailbox.url),
        mail_from="Tracker <invoices@pricetracker.example>",
        seller_name="Tracker & Söhne",
    )
    worker = WorkerApp(chosen, database, partial(jobs.connect, redis_url))
    yield worker
    await worker.close()


async def proves(database: Database, address: str = ADDRESS) -> None:
    """The person's address is proved to be theirs."""
    async with database.transaction() as session:
        user = await person(session)
        await addresses.begin(session, user, address)
        code = await addresses.new_code(session, user)
        assert code is not None
        assert await addresses.confirm(session, user, code) is None


async def buys(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    for _ in range(2):
        assert await apply(database, paid(checkout))


async def is_refunded(database: Database) -> None:
    refund = {
        "id": "rfnd_0000000000001",
        "entity": "refund",
        "amount": 10_000,
        "currency": "INR",
        "payment_id": "pay_00000000000001",
        "status": "processed",
        "receipt": None,
        "notes": [],
    }
    for _ in range(2):
        payment = payment_body("pay_00000000000001")
        assert await apply(database, event("refund.processed", refund=refund, payment=payment))


async def owed(database: Database) -> InvoiceMail:
    """The only letter that is, or was, owed."""
    (only,) = await all_of(database, InvoiceMail)
    assert isinstance(only, InvoiceMail)
    return only


async def test_an_invoice_and_a_credit_note_are_mailed_with_their_documents(
    worker: WorkerApp, database: Database, mailbox: Mailbox
) -> None:
    await proves(database)
    await buys(database)
    await is_refunded(database)
    await send_mails(worker.bench)
    await send_mails(worker.bench)
    (invoice,), (note,) = await all_of(database, Invoice), await all_of(database, CreditNote)
    first, second = mailbox.mails
    assert first.recipients == second.recipients == (ADDRESS,)
    assert first.message["Subject"] == f"Invoice {invoice.number} from Tracker & Söhne"
    assert "you paid ₹299 for Pro" in first.text
    assert second.message["Subject"] == f"Credit note {note.number} from Tracker & Söhne"
    assert "₹100 went back to you" in second.text
    assert invoice.number in second.text
    for mail, number in ((first, invoice.number), (second, note.number)):
        assert list(mail.files) == [f"{number.replace('/', '-')}.pdf"]
        assert next(iter(mail.files.values())).startswith(b"%PDF-")
        html = mail.message.get_body(("html",))
        assert html is not None
        assert "Tracker &amp; Söhne" in html.get_content()
    assert {mail.state for mail in await all_of(database, InvoiceMail)} == {MailState.SENT}


async def test_a_payment_that_is_told_often_owes_one_letter(database: Database) -> None:
    await proves(database)
    await buys(database)
    mail = await owed(database)
    (invoice,) = await all_of(database, Invoice)
    assert (mail.address, mail.invoice_id, mail.credit_note_id) == (ADDRESS, invoice.id, None)
    async with database.transaction() as session:
        await mailing.owe(session, await person(session), invoice=invoice)
    assert (await owed(database)).state == MailState.DUE


async def test_nothing_goes_to_an_address_that_is_not_proved(database: Database) -> None:
    async with database.transaction() as session:
        user = await person(session)
        await addresses.begin(session, user, ADDRESS)
        await addresses.new_code(session, user)
    await buys(database)
    await is_refunded(database)
    assert await all_of(database, InvoiceMail) == []


@pytest.mark.parametrize("instead", [None, "other@home.example"])
async def test_an_address_that_was_taken_back_gets_nothing_more(
    worker: WorkerApp, database: Database, mailbox: Mailbox, later: Later, instead: str | None
) -> None:
    await proves(database)
    await buys(database)
    async with database.transaction() as session:
        await addresses.remove(session, await person(session, PERSON))
    if instead is not None:
        later(addresses.PAUSE)
        await proves(database, instead)
    await send_mails(worker.bench)
    assert not mailbox.mails
    assert (await owed(database)).state == MailState.DEAD


async def test_a_letter_is_sent_again_after_a_failure(
    worker: WorkerApp, database: Database, mailbox: Mailbox, later: Later
) -> None:
    await proves(database)
    await buys(database)
    mailbox.answers = {ADDRESS: "450 try later"}
    await send_mails(worker.bench)
    mail = await owed(database)
    assert (mail.state, mail.attempts, mail.last_error) == (MailState.DUE, 1, "450 try later")
    assert mail.lease_until is None
    mailbox.answers = {}
    await send_mails(worker.bench)
    assert not mailbox.mails
    later(timedelta(minutes=1))
    await send_mails(worker.bench)
    assert len(mailbox.mails) == 1
    assert (await owed(database)).state == MailState.SENT


async def test_a_letter_is_given_up_after_three_days(
    worker: WorkerApp, database: Database, mailbox: Mailbox, later: Later
) -> None:
    await proves(database)
    await buys(database)
    mailbox.answers = {"MAIL": "421 busy"}
    began, pauses = clock.now(), []
    while (mail := await owed(database)).state == MailState.DUE:
        pause = max(timedelta(0), mail.due_at - clock.now())
        pauses.append(pause)
        later(pause)
        await send_mails(worker.bench)
    assert mail.state == MailState.DEAD
    assert timedelta(days=3) < clock.now() - began < timedelta(days=3, hours=6)
    assert max(pauses) <= timedelta(hours=6)
    assert mail.attempts == mailing.TRIES


async def test_a_refused_address_is_not_tried_again(
    worker: WorkerApp, database: Database, mailbox: Mailbox
) -> None:
    await proves(database)
    await buys(database)
    mailbox.answers = {ADDRESS: "550 no such person"}
    await send_mails(worker.bench)
    mail = await owed(database)
    assert (mail.state, mail.last_error) == (MailState.DEAD, "550 no such person")


async def test_one_letter_that_cannot_be_written_does_not_stop_the_others(
    worker: WorkerApp, database: Database, mailbox: Mailbox
) -> None:
    await proves(database)
    await buys(database)
    await is_refunded(database)
    async with database.transaction() as session:
        invoice = await session.get_one(CreditNote, 1)
        invoice.split = {}
    await send_mails(worker.bench)
    assert len(mailbox.mails) == 1
    states = [mail.state for mail in await all_of(database, InvoiceMail)]
    assert states == [MailState.SENT, MailState.DEAD]


async def test_what_a_killed_worker_held_is_sent_when_its_lease_is_over(
    worker: WorkerApp, database: Database, mailbox: Mailbox, later: Later
) -> None:
    await proves(database)
    await buys(database)
    async with database.transaction() as session:
        (held,) = await mailing.claim(session, limit=5, lease=LEASE)
    await send_mails(worker.bench)
    assert not mailbox.mails
    later(LEASE)
    await send_mails(worker.bench)
    assert len(mailbox.mails) == 1
    async with database.transaction() as session:
        await mailing.bury(session, held, "too late")
    assert (await owed(database)).state == MailState.SENT


async def test_without_a_server_of_mail_what_is_owed_waits(
    database: Database, redis_url: str, settings: MakeSettings
) -> None:
    await proves(database)
    await buys(database)
    chosen = settings(bot_token=SecretStr("42:test"), redis_url=redis_url)
    worker = WorkerApp(chosen, database, partial(jobs.connect, redis_url))
    await send_mails(worker.bench)
    await worker.close()
    assert (await owed(database)).state == MailState.DUE
