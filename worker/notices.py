"""Say what is owed beside alerts: about money and about plans, with its file when there is one."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import exports
from tracker.admin.exports import Wanted
from tracker.billing import documents, invoicing
from tracker.billing.models import CreditNote, Invoice
from tracker.notices import service as notices
from tracker.notices.models import Notice
from tracker.telegram import export_cards, notice_cards, sender
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users.models import User
from worker.exports import make
from worker.speaking import out_of_reach, take_turn
from worker.workbench import Workbench

log = structlog.get_logger()

LEASE = timedelta(seconds=45)
_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class _Document:
    name: str
    content: bytes


async def say_notices(bench: Workbench) -> None:
    """Say everything that is due, the oldest of each chat first."""
    while True:
        async with bench.database.transaction() as session:
            claimed = await notices.claim(session, limit=_AT_A_TIME, lease=LEASE)
        if not claimed:
            return
        for notice in claimed:
            with bench.answer():
                await _say(bench, notice)


async def _say(bench: Workbench, notice: Notice) -> None:
    async with bench.database.transaction() as session:
        user = await session.scalar(select(User).where(User.telegram_id == notice.chat_id))
        document = await _document(session, notice)
    language = Language.of(user) if user else Language()
    try:
        if notice.kind == exports.KIND:
            card, document = await _export(bench, language, notice)
        else:
            card = notice_cards.card(language, notice, bench.billing.plans)
    except Exception as error:  # a notice that cannot be put in words must not stop the others
        log.exception("notice.not_rendered", notice_id=notice.id, kind=notice.kind)
        async with bench.database.transaction() as session:
            await notices.bury(session, notice, type(error).__name__)
        return
    answer = await take_turn(bench, notice.chat_id)
    if answer is not None:
        async with bench.database.transaction() as session:
            await notices.put_back(session, notice, after=answer.after)
        return
    if notice.lease_until is None or clock.now() > notice.lease_until - timedelta(
        seconds=sender.SEND_TIMEOUT
    ):
        return  # it took so long that somebody else may say it
    if document is None:
        said = await sender.send(bench.bot, notice.chat_id, card)
    else:
        said = await sender.send_document(
            bench.bot, notice.chat_id, card, name=document.name, content=document.content
        )
    await settle(bench, notice, user, said)


async def settle(bench: Workbench, notice: Notice, user: User | None, answer: sender.Answer) -> None:
    """Write down what came of a notice that was tried."""
    async with bench.database.transaction() as session:
        match answer:
            case sender.Delivered(message_id=message_id):
                await notices.sent(session, notice, message_id)
            case sender.SlowDown(after=after):
                await notices.put_back(session, notice, after=after)
            case sender.Unknown(error=error):
                await notices.try_again(session, notice, error)
            case sender.Unreachable(error=error):
                if user is not None:
                    await out_of_reach(session, notice.chat_id, user, answer)
                await notices.bury(session, notice, error)
            case sender.Moved(to_chat_id=to_chat_id):
                await notices.moved(session, notice, to_chat_id)
            case sender.Refused(error=error):
                await notices.bury(session, notice, error)
    if not isinstance(answer, sender.Delivered | sender.SlowDown):
        log.warning("notice.not_sent", notice_id=notice.id, kind=notice.kind, answer=type(answer).__name__)


async def _document(session: AsyncSession, notice: Notice) -> _Document | None:
    """The PDF that goes with a notice, made anew from what the invoice says for ever."""
    wanted = notice_cards.document_of(notice)
    if wanted is None:
        return None
    kind, id = wanted
    if kind == "invoice":
        invoice = await session.get_one(Invoice, id)
        content = await asyncio.to_thread(documents.invoice_pdf, invoicing.facts_of(invoice))
        return _Document(_file_name(invoice.number), content)
    note = await session.get_one(CreditNote, id)
    invoice = await session.get_one(Invoice, note.invoice_id)
    content = await asyncio.to_thread(documents.credit_note_pdf, invoicing.credit_note_facts(note, invoice))
    return _Document(_file_name(note.number), content)


async def _export(bench: Workbench, language: Language, notice: Notice) -> tuple[Card, _Document]:
    wanted = Wanted.of(notice.details)
    made = await make(bench, wanted)
    card = export_cards.done(language, wanted, made.rows, is_cut=made.is_cut)
    return card, _Document(wanted.name, made.content)


def _file_name(number: str) -> str:
    return f"{number.replace('/', '-')}.pdf"
