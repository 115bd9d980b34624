"""What goes by mail: invoices and credit notes, each with its document, and codes that prove an address."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.billing import documents, invoicing, mailing
from tracker.billing.models import CreditNote, Invoice, InvoiceMail
from tracker.money import Money
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users import addresses
from tracker.users.letters import Letter, letter
from tracker.users.mail import MailAway, MailRefused
from tracker.users.models import User
from worker.speaking import say_soon
from worker.workbench import Workbench

log = structlog.get_logger()

LEASE = timedelta(minutes=1)
TURN = 10.0
"""Seconds after which the rest waits for the next minute: a job has 35, and a letter takes up to 20."""

_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Owed:
    """What a letter tells; `note` is None when it is about the invoice itself."""

    user: User
    invoice: Invoice
    note: CreditNote | None


async def send_mails(bench: Workbench) -> None:
    """Cron: mail what is owed, the oldest first. Without a server of mail it waits."""
    if not bench.mailer.is_set_up:
        return
    loop = asyncio.get_running_loop()
    until = loop.time() + TURN
    while loop.time() < until:
        async with bench.database.transaction() as session:
            claimed = await mailing.claim(session, limit=1, lease=LEASE)
        if not claimed:
            return
        await _send(bench, claimed[0])


async def send_email_code(bench: Workbench, user_id: int) -> None:
    """Mail a new code to the address that somebody told; say in their chat when that is not possible.

    Nothing when they took it back meanwhile, or when their last code is not a minute old.
    """
    with bench.answer():
        async with bench.database.transaction() as session:
            user = await session.get_one(User, user_id)
            code = await addresses.new_code(session, user)
        if code is None or user.email is None:
            return
        language = Language.of(user)
        words = _words_of_code(language, bench.billing.seller.name, code)
        try:
            await bench.mailer.send(user.email, words.subject, words.text, words.html)
        except MailAway as error:
            log.warning("email_code.away", user_id=user_id, error=str(error))
            card = Card(language("email.away"))
        except MailRefused as error:
            log.warning("email_code.refused", user_id=user_id, error=str(error))
            card = Card(language("email.refused", address=user.email))
        else:
            return
        await say_soon(bench, user.telegram_id, card, within=_WITHIN)


async def _send(bench: Workbench, mail: InvoiceMail) -> None:
    async with bench.database.transaction() as session:
        owed = await _owed(session, mail)
        # They may have taken it back meanwhile, or told another.
        if owed.user.email != mail.address or owed.user.email_verified_at is None:
            await mailing.bury(session, mail, "the address is theirs no more")
            return
    try:
        name, content = await asyncio.to_thread(_document, owed)
        words = _words(owed, bench.billing.seller.name)
        await bench.mailer.send(mail.address, words.subject, words.text, words.html, (name, content))
    except MailAway as error:
        log.warning("invoice_mail.away", mail_id=mail.id, error=str(error))
        async with bench.database.transaction() as session:
            await mailing.try_again(session, mail, str(error))
    except MailRefused as error:
        log.warning("invoice_mail.refused", mail_id=mail.id, error=str(error))
        async with bench.database.transaction() as session:
            await mailing.bury(session, mail, str(error))
    except Exception as error:  # one that cannot be written must not stop the others
        log.exception("invoice_mail.not_written", mail_id=mail.id)
        async with bench.database.transaction() as session:
            await mailing.bury(session, mail, type(error).__name__)
    else:
        async with bench.database.transaction() as session:
            await mailing.sent(session, mail)


async def _owed(session: AsyncSession, mail: InvoiceMail) -> _Owed:
    user = await session.get_one(User, mail.user_id)
    if mail.credit_note_id is not None:
        note = await session.get_one(CreditNote, mail.credit_note_id)
        return _Owed(user, await session.get_one(Invoice, note.invoice_id), note)
    return _Owed(user, await session.get_one(Invoice, mail.invoice_id), None)


def _document(owed: _Owed) -> tuple[str, bytes]:
    """The name and the content of the PDF."""
    if owed.note is None:
        content = documents.invoice_pdf(invoicing.facts_of(owed.invoice))
        return _file_name(owed.invoice.number), content
    facts = invoicing.credit_note_facts(owed.note, owed.invoice)
    return _file_name(owed.note.number), documents.credit_note_pdf(facts)


def _file_name(number: str) -> str:
    return f"{number.replace('/', '-')}.pdf"


def _words(owed: _Owed, seller: str) -> Letter:
    language = Language.of(owed.user)
    document = owed.note or owed.invoice
    told = {
        "number": document.number,
        "amount": language.money(Money(document.total_minor, document.currency)),
        "plan": owed.invoice.facts["plan"],
        "seller": seller,
    }
    if owed.note is None:
        subject = language.plain("mail.invoice_subject", **told)
        lines = [language("mail.invoice", **told)]
    else:
        subject = language.plain("mail.credit_note_subject", **told)
        lines = [language("mail.credit_note", invoice=owed.invoice.number, **told)]
    return letter(language, subject, lines, language("mail.why", seller=seller))


def _words_of_code(language: Language, seller: str, code: str) -> Letter:
    lines = [language("mail.code", code=code), language("mail.code_until")]
    subject = language.plain("mail.code_subject", seller=seller)
    return letter(language, subject, lines, language("mail.code_why", seller=seller))
