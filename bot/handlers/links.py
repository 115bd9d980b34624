"""Links become previews; a preview becomes a watch."""

from collections.abc import Sequence

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.states import Asking
from tracker import clock
from tracker.alerts import choosing
from tracker.catalog import previews
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.errors import BadInput, BadLink
from tracker.fetching.canonical import canonical
from tracker.fetching.links import links_in
from tracker.telegram import cards, rule_cards
from tracker.telegram.callbacks import PreviewAction, PreviewButton
from tracker.texts import Language
from tracker.users.models import User
from tracker.watches import service as watches

LINKS_PER_MESSAGE = 10


def links_of(message: Message) -> list[str]:
    """Every link of a message, wherever it stands: text, caption, or behind words."""
    text = message.text or message.caption or ""
    hidden = [
        entity.url
        for entity in message.entities or message.caption_entities or []
        if entity.type == "text_link"
    ]
    return list(dict.fromkeys([*links_in(text), *(url for url in hidden if url)]))


async def track(
    message: Message, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """Every link in a message becomes a preview to confirm, whatever surrounds it."""
    await read_links(links_of(message), message.chat.id, session, user, language, after)


async def add(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """/add with a link does what a bare link does, in a group too: there is told what becomes of it."""
    if not command.args:
        raise BadInput("add.how")
    links = links_of(message)
    if not links:
        raise BadInput("error.no_link")
    await read_links(links, message.chat.id, session, user, language, after)


async def read_links(
    links: Sequence[str],
    chat_id: int,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """Ask for a preview of each; what is no address we can watch is said, and the others go on."""
    urls: dict[str, None] = {}
    problems: dict[str, None] = {}
    for link in links:
        try:
            urls.setdefault(canonical(link))
        except BadLink as error:
            problems.setdefault(str(language(error.text_key, **error.details)))
    for problem in problems:
        after.say_text(chat_id, problem)
    chosen = list(urls)[:LINKS_PER_MESSAGE]
    if len(urls) > len(chosen):
        after.say_text(chat_id, language("links.too_many", total=len(urls), taken=len(chosen)))
    for url in chosen:
        preview = await previews.ask(session, user, url, chat_id=chat_id)
        after.read_link(preview.id)
    if chosen:
        after.show_typing(chat_id)


async def confirm(
    callback: CallbackQuery,
    callback_data: PreviewButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons of a preview: track it, track it with a target price, or leave it."""
    preview = await previews.answered(session, user, callback_data.preview_id)
    listing = await session.get_one(Listing, preview.listing_id)
    if callback_data.action is PreviewAction.DECLINE:
        watched = await watches.of_listing(session, user, listing.id)
        after.replace(
            callback.message,
            preview.chat_id,
            cards.already_watched(language, watched, clock.now())
            if watched
            else cards.Card(language("preview.declined", title=cards.title_of(listing))),
        )
        return
    begun = await choosing.begin(session, user, listing, chat_id=preview.chat_id)
    watch, is_new = begun.watch, begun.is_new
    note = language("watch.begun") if is_new else language("watch.begun_before")
    card = cards.watch(language, watch, await catalog.price_range(session, listing), clock.now(), note=note)
    after.replace(callback.message, preview.chat_id, card)
    after.toast(language.plain("toast.tracking" if is_new else "toast.already"))
    for met in begun.met:
        after.say_text(preview.chat_id, rule_cards.met(language, met))
    if callback_data.action is PreviewAction.TARGET and preview.chat_id < 0:
        after.toast(language.plain("toast.target_in_private"), alert=True)
    elif callback_data.action is PreviewAction.TARGET:
        after.ask(Asking.target, watch_id=watch.id)
        after.say_text(preview.chat_id, rule_cards.ask_target(language, watch))


def router() -> Router:
    router = Router(name="links")
    router.message.register(add, Command("add"))
    router.message.register(track, F.chat.type == "private", lambda message: bool(links_of(message)))
    router.callback_query.register(confirm, PreviewButton.filter())
    return router
