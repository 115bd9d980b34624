"""/apitoken for those who run the service: signing in to the admin API, and ending it.

`/apitoken own` is for what everybody with a plan for it has: see `bot/handlers/api_tokens.py`.
"""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.admin import sessions
from tracker.admin.roles import Actor
from tracker.config import Settings
from tracker.errors import BadInput
from tracker.telegram import api_cards
from tracker.telegram.api_cards import TokenButton, TokenKind
from tracker.texts import Language


async def sign_in(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    settings: Settings,
    language: Language,
    after: Afterwards,
) -> None:
    """A new sign-in, shown once, then all of them; with "list", what there is."""
    if settings.api_secret is None:
        raise BadInput("error.api_off")
    if command.args != "list":
        tokens = await sessions.begin(session, actor, settings.api_secret)
        after.show(message.chat.id, api_cards.signed_in(language, tokens))
    found = await sessions.of(session, actor)
    after.show(message.chat.id, api_cards.sign_ins(language, found))


async def revoke(
    callback: CallbackQuery,
    callback_data: TokenButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    await sessions.revoke(session, actor, callback_data.id)
    after.toast(language.plain("toast.token_revoked"))
    found = await sessions.of(session, actor)
    after.replace(callback.message, actor.telegram_id, api_cards.sign_ins(language, found))


def router() -> Router:
    router = Router(name="admin_api_tokens")
    router.message.register(sign_in, Command("apitoken", magic=~F.args.startswith("own")))
    router.callback_query.register(revoke, TokenButton.filter(F.kind == TokenKind.SIGN_IN))
    return router
