"""People block and unblock the bot; groups take it in, throw it out, and become supergroups."""

from aiogram import F, Router
from aiogram.types import ChatMemberUpdated, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.alerts import chats as alert_chats
from tracker.texts import Language, clean
from tracker.users.models import User, UserState
from tracker.watches import chats
from tracker.watches import service as watches

_OUT = ("kicked", "left")


async def changed(event: ChatMemberUpdated, session: AsyncSession, user: User) -> None:
    """Blocked: nothing more is sent or checked for them, and everything is kept. Unblocked: all goes on."""
    state = UserState.BLOCKED if event.new_chat_member.status in _OUT else UserState.ACTIVE
    await watches.reachable(session, user.telegram_id, state)


async def thrown_out(event: ChatMemberUpdated, session: AsyncSession, after: Afterwards) -> None:
    """What was watched for a group is paused until its owners resume it, and they are told so in private.

    It does not go on by itself: who takes the bot in again may not be who wants to hear of it.
    """
    group = clean(event.chat.title or "", limit=60)
    for owner in await chats.left(session, event.chat.id):
        if owner.state == UserState.ACTIVE:
            after.say_text(owner.telegram_id, Language.of(owner)("group.thrown_out", group=group))


async def migrated(message: Message, session: AsyncSession) -> None:
    """The group is a supergroup now, under another id."""
    if message.migrate_to_chat_id is not None:
        await alert_chats.moved(session, message.chat.id, message.migrate_to_chat_id)


def router() -> Router:
    router = Router(name="membership")
    router.my_chat_member.register(changed, F.chat.type == "private")
    router.my_chat_member.register(thrown_out, F.new_chat_member.status.in_(_OUT))
    router.message.register(migrated, F.migrate_to_chat_id)
    return router
