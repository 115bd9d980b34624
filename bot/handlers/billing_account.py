"""What somebody has and owes: /billing, what follows a plan, invoices, help with a payment, invitations."""

from urllib.parse import quote

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot import billing_reading
from bot.afterwards import Afterwards
from tracker import clock
from tracker.billing import invoicing, mandates, referrals, subscriptions
from tracker.billing.periods import Period
from tracker.billing.plans import TRIAL, Plan
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.notices import service as notices
from tracker.telegram import account_cards
from tracker.telegram.account_cards import Account
from tracker.telegram.callbacks import BillingAction, BillingButton
from tracker.telegram.cards import Card
from tracker.texts import Language, clean
from tracker.users.models import User

_INVOICES = 10
_WORDS = 500
_AGAIN_AFTER = 600
"""Seconds between two requests for help: each goes to every admin."""


async def show(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/billing"""
    mine = await billing_reading.account(session, billing, user)
    after.show(message.chat.id, account_cards.account(language, mine, billing.plans))


async def looked_at(
    callback: CallbackQuery,
    callback_data: BillingButton,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The buttons that decide nothing: the card, what may follow, and what each choice would mean."""
    mine = await billing_reading.account(session, billing, user)
    match callback_data.action:
        case BillingAction.LESSER:
            _may_end(mine)
            card = account_cards.lesser(language, mine, billing.plans)
        case BillingAction.NEXT:
            _may_end(mine)
            chosen = _lesser(billing, mine, callback_data.plan)
            card = account_cards.confirm_next(language, mine, billing.plans, chosen)
        case BillingAction.STOP:
            if mine.charging is None:
                raise BadInput("billing.nothing_to_change")
            card = account_cards.confirm_stop(language, mine, billing.plans)
        case BillingAction.INVOICES:
            card = account_cards.invoices(language, await invoicing.newest(session, user, limit=_INVOICES))
        case _:
            card = account_cards.account(language, mine, billing.plans)
    after.replace(callback.message, callback.from_user.id, card)


async def choose_next(
    callback: CallbackQuery,
    callback_data: BillingButton,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """A smaller plan, or none, when the paid time ends; nothing is charged for the present one again."""
    mine = await billing_reading.account(session, billing, user)
    chosen = _lesser(billing, mine, callback_data.plan)
    period = Period(mine.standing.period) if mine.standing.period and not chosen.is_free else None
    await subscriptions.choose_next(session, billing.plans, user, chosen.code, period)
    await mandates.end_with_cycle(session, user)
    await subscriptions.refresh(session, billing.plans, user)  # who is not charged is reminded
    await _show_changed(callback, session, user, language, billing, after, language("next.decided"))


async def keep(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The plan goes on as it was, and renews by itself if it did and the provider was not told yet."""
    await subscriptions.keep(session, user)
    await mandates.go_on(session, user)
    await subscriptions.refresh(session, billing.plans, user)
    await _show_changed(callback, session, user, language, billing, after, language("next.kept"))


async def stop_renewal(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    await subscriptions.lock(session, user.id)
    if await mandates.end_with_cycle(session, user) is None:
        raise BadInput("billing.nothing_to_change")
    await subscriptions.refresh(session, billing.plans, user)
    await _show_changed(callback, session, user, language, billing, after, language("renewal.stopped"))


async def send_invoice(
    callback: CallbackQuery,
    callback_data: BillingButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A worker draws the document and sends it."""
    invoice = await invoicing.owned(session, user, callback_data.id)
    await notices.owe(
        session,
        user.telegram_id,
        "invoice_copy",
        f"invoice-copy:{invoice.id}:{callback.id}"[:128],
        invoice_id=invoice.id,
        number=invoice.number,
    )
    after.toast(language.plain("toast.invoice"))
    after.say_notices()


async def help_with_payment(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/paysupport: what to do; with words behind it, the admins read them."""
    words = clean(command.args or "", limit=_WORDS)
    if not words:
        after.say_text(message.chat.id, language("paysupport.how"))
        return
    # One request in a while: its key is the same until then.
    now = int(clock.now().timestamp()) // _AGAIN_AFTER
    told = [
        await notices.owe(
            session,
            admin_id,
            "admin_paysupport",
            f"paysupport:{user.id}:{now}:{admin_id}",
            person=user.telegram_id,
            name=clean(user.first_name, limit=40),
            words=words,
        )
        for admin_id in billing.admin_ids
    ]
    if not told:
        raise BadInput("paysupport.nobody")
    if not any(told):
        raise BadInput("paysupport.again")
    after.say_notices()
    after.say_text(message.chat.id, language("paysupport.told"))


async def show_terms(message: Message, language: Language, billing: Billing, after: Afterwards) -> None:
    """/terms"""
    text = language("terms.text", seller=clean(billing.seller.name, limit=80))
    after.say_text(message.chat.id, text)


async def invite(
    message: Message,
    bot: Bot,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/invite: the person's own link, and what came of it."""
    me = await bot.me()
    link = f"https://t.me/{me.username}?start={referrals.payload(user)}"
    came, paid = await billing_reading.came_by(session, user)
    plan = billing.plans[TRIAL if billing.plans[user.plan].is_free else user.plan]
    text = language.count("invite.text", referrals.DAYS, link=link, plan=plan.name)
    if came:
        text += Markup("\n\n") + language.count("invite.came", came, paid=language.number(paid))
    words = quote(language.plain("invite.words"))
    share = f"https://t.me/share/url?url={quote(link, safe='')}&text={words}"
    rows = [[InlineKeyboardButton(text=language.plain("button.share"), url=share)]]
    after.show(message.chat.id, Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows)))


def _may_end(mine: Account) -> None:
    if not mine.may_end or mine.standing.until is None:
        raise BadInput("billing.nothing_to_change")


def _lesser(billing: Billing, mine: Account, code: str) -> Plan:
    """Raises BadInput for a plan that is not less than the person's own."""
    plans = billing.plans
    if code not in plans or plans[code].rank >= plans[mine.standing.plan].rank:
        raise BadInput("billing.not_less")
    return plans[code]


async def _show_changed(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
    note: Markup,
) -> None:
    mine = await billing_reading.account(session, billing, user)
    card = account_cards.account(language, mine, billing.plans, note=note)
    after.replace(callback.message, callback.from_user.id, card)


def router() -> Router:
    router = Router(name="billing_account")
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")
    router.message.register(show, Command("billing"))
    router.message.register(help_with_payment, Command("paysupport"))
    router.message.register(show_terms, Command("terms"))
    router.message.register(invite, Command("invite"))
    on, action = router.callback_query.register, BillingButton.filter
    looks = {
        BillingAction.SHOW,
        BillingAction.LESSER,
        BillingAction.NEXT,
        BillingAction.STOP,
        BillingAction.INVOICES,
    }
    on(looked_at, action(F.action.in_(looks)))
    on(choose_next, action(F.action == BillingAction.SURE))
    on(keep, action(F.action == BillingAction.KEEP))
    on(stop_renewal, action(F.action == BillingAction.STOP_SURE))
    on(send_invoice, action(F.action == BillingAction.INVOICE))
    return router
