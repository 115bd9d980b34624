"""/coupons: which there are, how often each was used, and ending one."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker import clock
from tracker.admin import payments
from tracker.admin.roles import Actor
from tracker.telegram import admin_subscription_cards as cards
from tracker.telegram.cards import Card
from tracker.telegram.people_callbacks import CouponButton
from tracker.texts import Language

PAGE = 10


async def show(
    message: Message, session: AsyncSession, actor: Actor, language: Language, after: Afterwards
) -> None:
    after.show(message.chat.id, await _page(session, actor, language, before=0))


async def tapped(
    callback: CallbackQuery,
    callback_data: CouponButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """One is ended, or the page is turned."""
    note = None
    if callback_data.coupon_id:
        ended = await payments.end_coupon(session, actor, callback_data.coupon_id)
        note = language("coupon.did_end", code=ended.code)
    card = await _page(session, actor, language, before=callback_data.before, note=note)
    after.replace(callback.message, callback.from_user.id, card)


async def _page(
    session: AsyncSession,
    actor: Actor,
    language: Language,
    *,
    before: int,
    note: Markup | None = None,
) -> Card:
    found = await payments.coupons(session, actor, before=before or None, limit=PAGE + 1)
    shown = found[:PAGE]
    further = shown[-1][0].id if len(found) > PAGE else None
    return cards.coupons(language, shown, actor, clock.now(), further=further, note=note)


def router() -> Router:
    router = Router(name="admin_coupons")
    router.message.register(show, Command("coupons"))
    router.callback_query.register(tapped, CouponButton.filter())
    return router
