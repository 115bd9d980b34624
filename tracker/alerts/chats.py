"""The chats in which alerts are said."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.alerts.models import Alert, AlertState
from tracker.watches import chats


async def moved(session: AsyncSession, old: int, new: int) -> None:
    """A group became a supergroup: everything that is owed to it goes to its new id, in the same order.

    What was said already stays where it was said.
    """
    await chats.moved(session, old, new)
    await session.execute(
        update(Alert)
        .where(
            Alert.chat_id == old,
            Alert.state.in_((AlertState.DUE, AlertState.HELD, AlertState.SENDING)),
        )
        .values(chat_id=new)
    )
