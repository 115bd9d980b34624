"""People block and unblock the bot."""

from aiogram import F, Router
from aiogram.types import ChatMemberUpdated
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.users.models import User, UserState
from tracker.watches import service as watches


async def changed(event: ChatMemberUpdated, session: AsyncSession, user: User) -> None:
    """Blocked: nothing more is sent or checked for them, and everything is kept. Unblocked: all goes on."""
    is_gone = event.new_chat_member.status in ("kicked", "left")
    state = UserState.BLOCKED if is_gone else UserState.ACTIVE
    await watches.reachable(session, user.telegram_id, state)


def router() -> Router:
    router = Router(name="membership")
    router.my_chat_member.register(changed, F.chat.type == "private")
    return router
