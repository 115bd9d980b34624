"""/users: people are found, looked at, suspended, written to, given days and roles, and deleted."""

import re
from datetime import timedelta

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.admin import queries
from bot.handlers.admin.dialogues import TYPED, Answering
from tracker import clock
from tracker.admin import erasing, payments, people
from tracker.admin.roles import Action, Actor, Role
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.telegram import admin_people_cards as cards
from tracker.telegram import payment_cards
from tracker.telegram.cards import Card
from tracker.telegram.people_callbacks import PeopleButton, PersonAction, PersonButton
from tracker.texts import Language, clean

PAGE = 8

_TERM = re.compile(r"(\d{1,4})\s*(hour|day|week|month)s?", re.IGNORECASE)
_LENGTHS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_QUESTIONS = {
    PersonAction.SUSPEND: (Answering.suspension, Action.SUSPEND_USER, "person.how_to_suspend"),
    PersonAction.GIFT: (Answering.gift, Action.GIFT_DAYS, "person.how_to_gift"),
    PersonAction.NOTE: (Answering.note, Action.NOTE_USER, "person.ask_note"),
    PersonAction.WRITE: (Answering.letter, Action.WRITE_TO_USER, "person.ask_letter"),
}


async def find(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/users, with words and filters; the only one who is found is shown at once."""
    query = " ".join((command.args or "").split())
    card, found = await _page(session, actor, language, billing, query, before=0)
    if query and len(found) == 1:
        card = await _card(session, actor, language, billing, found[0])
    after.show(message.chat.id, card)


async def turn_page(
    callback: CallbackQuery,
    callback_data: PeopleButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    card, _ = await _page(session, actor, language, billing, callback_data.query, before=callback_data.before)
    after.replace(callback.message, callback.from_user.id, card)


async def look(
    callback: CallbackQuery,
    callback_data: PersonButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The buttons that change nothing."""
    user_id, owners = callback_data.user_id, billing.admin_ids
    match callback_data.action:
        case PersonAction.SEES:
            card = cards.sees(language, *await people.sees(session, actor, user_id))
        case PersonAction.PAYMENTS:
            card = payment_cards.payments(language, await payments.search(session, actor, user_id=user_id))
        case PersonAction.ROLE:
            actor.must_be_let(Action.CHANGE_ROLE)
            shown = await people.get(session, actor, user_id, owners=owners)
            card = cards.roles(language, shown.user)
        case PersonAction.DELETE:
            card = cards.confirm_delete(
                language, await erasing.effect(session, actor, user_id, owners=owners)
            )
        case _:
            card = await _card(session, actor, language, billing, user_id)
    after.replace(callback.message, callback.from_user.id, card)


async def ask(
    callback: CallbackQuery,
    callback_data: PersonButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """What is done needs words: the next message is the answer."""
    state, action, question = _QUESTIONS[callback_data.action]
    actor.must_be_let(action)
    shown = await people.get(session, actor, callback_data.user_id, owners=billing.admin_ids)
    after.ask(state, user_id=shown.user.id)
    heading = language("person.about", name=cards.name_of(shown.user), id=shown.user.telegram_id)
    after.say_text(callback.from_user.id, heading + Markup("\n") + language(question))


async def suspension_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """ "spam, 7 days", or "spam, for good"."""
    reason, comma, term = (message.text or "").rpartition(",")
    length = _length(term)
    if not comma:
        raise BadInput("person.how_to_suspend")
    user = await people.suspend(
        session,
        actor,
        (await state.get_data())["user_id"],
        because=clean(reason, limit=people.LONGEST_REASON),
        until=clock.now() + length if length is not None else None,
        owners=billing.admin_ids,
    )
    await _done(message, session, actor, language, billing, after, user.id, language("person.did_suspend"))


async def gift_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """ "30", of the plan that they have, or "pro 30"."""
    user_id = (await state.get_data())["user_id"]
    shown = await people.get(session, actor, user_id, owners=billing.admin_ids)
    *named, days = (message.text or "").lower().split() or [""]
    plan = named[0] if named else shown.user.plan
    is_free = plan in billing.plans and billing.plans[plan].is_free
    if len(named) > 1 or is_free or not (days.isascii() and days.isdigit() and len(days) < 6):
        raise BadInput("person.how_to_gift")
    key = f"gift:{message.chat.id}:{message.message_id}"
    await payments.gift(session, billing, actor, user_id, plan=plan, days=int(days), key=key)
    after.say_notices()
    note = language.count("person.did_gift", int(days), plan=billing.plans[plan].name)
    await _done(message, session, actor, language, billing, after, user_id, note)


async def note_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    user_id = (await state.get_data())["user_id"]
    await people.note(session, actor, user_id, message.text or "")
    await _done(message, session, actor, language, billing, after, user_id, language("person.did_note"))


async def letter_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    user = await people.write_to(session, actor, (await state.get_data())["user_id"], message.text or "")
    after.say_notices()
    await _done(message, session, actor, language, billing, after, user.id, language("person.did_write"))


async def activate(
    callback: CallbackQuery,
    callback_data: PersonButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    await people.activate(session, actor, callback_data.user_id)
    note = language("person.did_activate")
    card = await _card(session, actor, language, billing, callback_data.user_id, note=note)
    after.replace(callback.message, callback.from_user.id, card)


async def set_role(
    callback: CallbackQuery,
    callback_data: PersonButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    if callback_data.value not in ("", *Role):
        raise BadInput("error.stale_button")
    role = Role(callback_data.value) if callback_data.value else None
    await people.change_role(session, actor, callback_data.user_id, role, owners=billing.admin_ids)
    note = language("person.did_change_role")
    card = await _card(session, actor, language, billing, callback_data.user_id, note=note)
    after.replace(callback.message, callback.from_user.id, card)


async def delete(
    callback: CallbackQuery,
    callback_data: PersonButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """Confirmed."""
    await erasing.erase(session, billing.plans, actor, callback_data.user_id, owners=billing.admin_ids)
    card = Card(language("person.did_delete", id=callback_data.user_id))
    after.replace(callback.message, callback.from_user.id, card)


async def _page(
    session: AsyncSession, actor: Actor, language: Language, billing: Billing, query: str, *, before: int
) -> tuple[Card, list[int]]:
    """A page, and the ids of those on it."""
    asked = queries.people(query, billing.plans)
    found = await people.search(
        session,
        actor,
        words=asked.words,
        plan=asked.plan,
        state=asked.state,
        active_since=asked.active_since,
        before=before or None,
        limit=PAGE + 1,
    )
    shown = found[:PAGE]
    further = shown[-1].id if len(found) > PAGE else None
    card = cards.people(language, shown, clock.now(), query=query, further=further)
    return card, [user.id for user in shown]


async def _card(
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    user_id: int,
    *,
    note: Markup | None = None,
) -> Card:
    shown = await people.get(session, actor, user_id, owners=billing.admin_ids)
    return cards.person(language, shown, actor, billing.plans, clock.now(), note=note)


async def _done(
    message: Message,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
    user_id: int,
    note: Markup,
) -> None:
    after.end_dialogue()
    after.show(message.chat.id, await _card(session, actor, language, billing, user_id, note=note))


def _length(words: str) -> timedelta | None:
    """None is for good. Raises BadInput."""
    words = " ".join(words.split()).lower()
    if words == "for good":
        return None
    term = _TERM.fullmatch(words)
    if term is None or not int(term[1]):
        raise BadInput("person.how_to_suspend")
    return int(term[1]) * _LENGTHS[term[2]]


def router() -> Router:
    router = Router(name="admin_people")
    router.message.register(find, Command("users"))
    for state, typed in (
        (Answering.suspension, suspension_typed),
        (Answering.gift, gift_typed),
        (Answering.note, note_typed),
        (Answering.letter, letter_typed),
    ):
        router.message.register(typed, state, *TYPED)
    router.callback_query.register(turn_page, PeopleButton.filter())
    on, action = router.callback_query.register, PersonButton.filter
    on(ask, action(F.action.in_(set(_QUESTIONS))))
    on(activate, action(F.action == PersonAction.ACTIVATE))
    on(set_role, action(F.action == PersonAction.SET_ROLE))
    on(delete, action(F.action == PersonAction.DELETE_SURE))
    on(look, action())
    return router
