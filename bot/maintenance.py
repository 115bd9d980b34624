"""What becomes of an update during maintenance: a sentence, and what would be missed is kept."""

from datetime import timedelta

from aiogram.types import Update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.start import keep_payload, payload_of
from tracker.limits import Rate
from tracker.texts import Language
from tracker.users.models import User

ONCE = Rate(1, timedelta(minutes=5))
"""How often a person is told."""


def is_taken_anyway(update: Update) -> bool:
    """Money, and whether a chat is open, do not wait."""
    if update.callback_query is not None:
        return False
    message = update.message
    return message is None or message.successful_payment is not None or message.refunded_payment is not None


async def put_off(
    update: Update,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
    *,
    is_told: bool,
) -> None:
    """Ask to come back. What was asked of the person stays asked, and who invited them is kept."""
    message = update.message
    payload = payload_of(message.text or "") if message is not None else None
    if payload is not None:
        await keep_payload(session, user, payload)
    if not is_told:
        return
    if update.callback_query is not None:
        after.toast(language.plain("maintenance.sentence"), alert=True)
    elif message is not None and message.chat.type == "private":
        after.say(message.answer(str(language("maintenance.sentence"))))
