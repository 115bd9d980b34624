"""/apitoken: a person's own tokens for the API, where their plan has them."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.telegram import api_cards
from tracker.telegram.api_cards import TokenButton, TokenKind
from tracker.texts import Language
from tracker.users import api_tokens
from tracker.users.models import User


async def make(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A new token, shown once, then all of them; with "list", what there is."""
    if "list" not in (command.args or "").split():
        token = await api_tokens.make(session, user)
        after.show(message.chat.id, api_cards.made(language, token))
    after.show(message.chat.id, api_cards.tokens(language, await api_tokens.of(session, user)))


async def revoke(
    callback: CallbackQuery,
    callback_data: TokenButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    await api_tokens.revoke(session, user, callback_data.id)
    after.toast(language.plain("toast.token_revoked"))
    found = await api_tokens.of(session, user)
    after.replace(callback.message, user.telegram_id, api_cards.tokens(language, found))


def router() -> Router:
    router = Router(name="api_tokens")
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")
    router.message.register(make, Command("apitoken"))
    router.callback_query.register(revoke, TokenButton.filter(F.kind == TokenKind.OWN))
    return router
