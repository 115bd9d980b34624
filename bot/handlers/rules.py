"""When to be told about one thing: the buttons of its rules, and the answers that are typed."""

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot import typed
from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.states import Asking
from tracker.alerts import choosing
from tracker.alerts.choosing import Chosen
from tracker.alerts.terms import Again, Limit, Terms
from tracker.errors import BadInput
from tracker.telegram import rule_cards
from tracker.telegram.callbacks import RuleAction, RuleButton, WatchAction, WatchButton
from tracker.telegram.cards import Card
from tracker.telegram.rule_lines import rule_line
from tracker.texts import Language
from tracker.users.models import User
from tracker.watches.models import Rearm, Reference, RuleKind, Watch

STALE = "error.stale_button"


async def opened(
    callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The rules of a watch, from its card."""
    watch = await choosing.changeable(session, user, callback_data.watch_id)
    after.replace(callback.message, chat_of(callback), rule_cards.rules(language, watch))


async def new_target(
    callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A new target price, from an alert."""
    watch = await choosing.changeable(session, user, callback_data.watch_id)
    ask(callback, after, language, watch, RuleKind.TARGET)


async def looked_at(
    callback: CallbackQuery,
    callback_data: RuleButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons that change nothing: the card of the rules, and what can be chosen behind it."""
    watch = await choosing.changeable(session, user, callback_data.watch_id)
    match callback_data.action:
        case RuleAction.SHOW:
            card = rule_cards.rules(language, watch)
        case RuleAction.LIMITS:
            card = rule_cards.limits(language, watch)
        case RuleAction.AGAIN:
            card = rule_cards.agains(language, watch, choosing.existing(watch, kind_of(callback_data)))
        case _:
            card = await _choices(session, language, watch, kind_of(callback_data))
    after.replace(callback.message, chat_of(callback), card)


async def changed(
    callback: CallbackQuery,
    callback_data: RuleButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons that set a rule, change it, or take it away."""
    watch_id, value = callback_data.watch_id, callback_data.value
    match callback_data.action:
        case RuleAction.SET | RuleAction.REFERENCE:
            chosen = await choosing.choose(session, user, watch_id, terms_of(callback_data))
            card = await _shown(session, language, chosen)
            after.toast(rule_line(language, chosen.rule).striptags())
        case RuleAction.REARM:
            kind = kind_of(callback_data)
            chosen = await choosing.set_rearm(session, user, watch_id, kind, again_of(value))
            card = rule_cards.rules(language, chosen.watch)
            after.toast(rule_line(language, chosen.rule).striptags())
        case RuleAction.ARM:
            chosen = await choosing.arm_again(session, user, watch_id, kind_of(callback_data))
            card = rule_cards.rules(language, chosen.watch)
            after.toast(rule_line(language, chosen.rule).striptags())
        case RuleAction.LIMIT:
            watch = await choosing.limit(session, user, watch_id, _limit(value))
            card = rule_cards.limits(language, watch)
        case _:
            watch = await choosing.remove(session, user, watch_id, kind_of(callback_data))
            card = rule_cards.rules(language, watch)
    after.replace(callback.message, chat_of(callback), card)


async def asked(
    callback: CallbackQuery,
    callback_data: RuleButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The next message is to be a target price, or the size of a drop."""
    watch = await choosing.changeable(session, user, callback_data.watch_id)
    ask(callback, after, language, watch, kind_of(callback_data))


async def target_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The answer to "which price?"; whatever is no price is asked again and loses nothing."""
    dialogue = await state.get_data()
    watch = await choosing.changeable(session, user, int(dialogue.get("watch_id", 0)))
    target = typed.price(message.text or "", watch.listing.currency or user.currency)
    terms = Terms(RuleKind.TARGET, amount=target)
    if await _is_questioned(session, language, after, message, watch, terms, dialogue):
        return
    chosen = await choosing.choose(session, user, watch.id, terms)
    after.end_dialogue()
    if chosen.met:
        note = rule_cards.met(language, chosen.met)
    else:
        note = rule_cards.target_set(language, chosen.watch, target)
    after.show(message.chat.id, rule_cards.rules(language, chosen.watch, note=note))


async def drop_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The answer to "how large a drop?": "10%", or an amount."""
    dialogue = await state.get_data()
    watch = await choosing.changeable(session, user, int(dialogue.get("watch_id", 0)))
    terms = drop_terms(message.text or "", watch.listing.currency or user.currency)
    if await _is_questioned(session, language, after, message, watch, terms, dialogue):
        return
    chosen = await choosing.choose(session, user, watch.id, terms)
    after.end_dialogue()
    after.show(message.chat.id, await _shown(session, language, chosen))


def ask(callback: CallbackQuery, after: Afterwards, language: Language, watch: Watch, kind: RuleKind) -> None:
    """Ask for a target or a drop. Raises BadInput in a group, where no answer would reach us."""
    chat_id = private_chat_of(callback)
    if kind == RuleKind.TARGET:
        after.ask(Asking.target, watch_id=watch.id)
        after.say_text(chat_id, rule_cards.ask_target(language, watch))
    elif kind == RuleKind.DROP_BY:
        after.ask(Asking.drop, watch_id=watch.id)
        after.say_text(chat_id, rule_cards.ask_drop(language, watch))
    else:
        raise BadInput(STALE)


def terms_of(data: RuleButton) -> Terms:
    """What a button sets. Raises BadInput for what no button of ours carries."""
    kind, value = kind_of(data), data.value
    if data.action is RuleAction.REFERENCE:
        if kind != RuleKind.DROP_BY or value not in set(Reference):
            raise BadInput(STALE)
        return Terms(kind, reference=Reference(value))
    if kind == RuleKind.DROP_BY:
        return Terms(kind, percent=_number(value))
    if kind == RuleKind.LOWEST:
        return Terms(kind, days=_number(value) or None)
    return Terms(kind)


def drop_terms(text: str, currency: str) -> Terms:
    size = typed.drop(text, currency)
    if isinstance(size, int):
        return Terms(RuleKind.DROP_BY, percent=size)
    return Terms(RuleKind.DROP_BY, amount=size)


def again_of(value: str) -> Again:
    """Raises BadInput for what no button of ours carries."""
    if value in (Rearm.ONCE, Rearm.CROSSING, Rearm.FURTHER):
        return Again(Rearm(value))
    return Again(Rearm.HOURS, _number(value))


def kind_of(data: RuleButton) -> RuleKind:
    if data.kind is None:
        raise BadInput(STALE)
    return data.kind


def chat_of(callback: CallbackQuery) -> int:
    """Where the button stands: a group, or the person's own chat."""
    return callback.message.chat.id if callback.message else callback.from_user.id


def private_chat_of(callback: CallbackQuery) -> int:
    """Raises BadInput in a group: what is typed there does not reach us."""
    if callback.message is not None and callback.message.chat.type != "private":
        raise BadInput("error.private_only")
    return callback.from_user.id


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise BadInput(STALE)
    return int(value)


def _limit(value: str) -> Limit:
    if value not in set(Limit):
        raise BadInput(STALE)
    return Limit(value)


async def _choices(session: AsyncSession, language: Language, watch: Watch, kind: RuleKind) -> Card:
    """What can be chosen about a kind. Raises BadInput for one that has no choices."""
    match kind:
        case RuleKind.TARGET:
            return rule_cards.target(language, watch, choosing.existing(watch, kind))
        case RuleKind.DROP_BY:
            return rule_cards.drop(language, watch, await choosing.known(session, watch))
        case RuleKind.LOWEST:
            return rule_cards.lowest(language, watch, await choosing.known(session, watch))
        case _:
            raise BadInput(STALE)


async def _shown(session: AsyncSession, language: Language, chosen: Chosen) -> Card:
    """After a choice: a drop's own card, where its reference can be chosen next; else all rules."""
    note = rule_cards.met(language, chosen.met) if chosen.met else None
    if chosen.rule.kind == RuleKind.DROP_BY:
        known = await choosing.known(session, chosen.watch)
        return rule_cards.drop(language, chosen.watch, known, note=note)
    return rule_cards.rules(language, chosen.watch, note=note)


async def _is_questioned(
    session: AsyncSession,
    language: Language,
    after: Afterwards,
    message: Message,
    watch: Watch,
    terms: Terms,
    dialogue: dict[str, object],
) -> bool:
    """Whether a wish that can hardly come true was asked about, which it is once."""
    said = str(terms.percent or terms.amount)
    if dialogue.get("doubted") == said:
        return False
    why = await choosing.unlikely(session, watch, terms)
    if why is None:
        return False
    state = Asking.target if terms.kind == RuleKind.TARGET else Asking.drop
    after.ask(state, watch_id=watch.id, doubted=said)
    after.say_text(message.chat.id, rule_cards.unlikely(language, terms.kind, why))
    return True


def router() -> Router:
    router = Router(name="rules")
    of_a_watch = F.watch_id > 0
    looks = {RuleAction.SHOW, RuleAction.KIND, RuleAction.AGAIN, RuleAction.LIMITS}
    router.callback_query.register(opened, WatchButton.filter(F.action == WatchAction.RULES))
    router.callback_query.register(new_target, WatchButton.filter(F.action == WatchAction.SET_TARGET))
    router.callback_query.register(looked_at, RuleButton.filter(of_a_watch & F.action.in_(looks)))
    router.callback_query.register(asked, RuleButton.filter(of_a_watch & (F.action == RuleAction.TYPE)))
    router.callback_query.register(changed, RuleButton.filter(of_a_watch))
    for state, handler in ((Asking.target, target_typed), (Asking.drop, drop_typed)):
        router.message.register(
            handler,
            state,
            F.chat.type == "private",
            F.text,
            ~F.text.startswith("/"),
            lambda message: not links_of(message),
        )
    return router
