"""Answer a pasted link: read its page and show a card to confirm, or say in one sentence why not."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts import chats
from tracker.alerts.owing import owe
from tracker.catalog import previews
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing, Preview, PreviewState
from tracker.catalog.recording import record
from tracker.errors import BadLink, FetchFailed
from tracker.fetching.canonical import canonical
from tracker.stores.registry import store_of
from tracker.telegram import cards, sender
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import Watch
from worker.approach import PageRead
from worker.reading import read_for_a_person
from worker.speaking import out_of_reach, say_soon
from worker.workbench import Workbench

log = structlog.get_logger()

TURN = timedelta(seconds=10)
"""How long an answer waits for its chat's turn before it is put back."""

RETRY = timedelta(seconds=3)

FRESH = timedelta(seconds=30)
"""A listing that was read this recently is shown without another fetch."""

_SENTENCES = {
    "captcha": "preview.blocked",
    "bot_wall": "preview.blocked",
    "blocked": "preview.blocked",
    "gone": "preview.gone",
    "status_404": "preview.gone",
    "soft_404": "preview.gone",
    "discontinued": "preview.gone",
    "home_page": "preview.gone",
    "not_a_product": "preview.not_a_product",
    "ambiguous": "preview.ambiguous",
    "not_sure": "preview.not_sure",
    "too_slow": "error.page_too_large",
    "empty_shell": "preview.needs_browser",
    "not_html": "error.not_a_page",
    "server_error": "error.fetch_failed",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    card: Card
    state: PreviewState
    listing_id: int | None = None


async def preview(bench: Workbench, preview_id: int) -> None:
    """Answer one preview, at least once: a worker killed after sending and before settling answers twice."""
    async with bench.database.transaction() as session:
        claimed = await previews.claim(session, preview_id, lease=bench.settings.check_lease)
        if claimed is None:
            return
        user = await session.get_one(User, claimed.user_id)
    try:
        with bench.answer():
            await _answer(bench, claimed, user)
    except asyncio.CancelledError:
        # This process ends, or the job took too long: the next one need not wait for the lease.
        async with bench.database.transaction() as session:
            await previews.try_again(session, claimed, after=timedelta(0))
        raise


async def _answer(bench: Workbench, claimed: Preview, user: User) -> None:
    language = Language.of(user)
    if claimed.attempts > previews.MAX_ATTEMPTS:
        answer = _Answer(Card(language("error.fetch_failed")), PreviewState.FAILED)
    else:
        answer = await _fresh_answer(bench, claimed, user, language) or await _read_answer(
            bench, claimed, user, language
        )
    sent = await say_soon(bench, claimed.chat_id, answer.card, within=TURN)
    async with bench.database.transaction() as session:
        if isinstance(sent, sender.SlowDown | sender.Unknown) and claimed.attempts <= previews.MAX_ATTEMPTS:
            log.warning("preview.not_sent", preview_id=claimed.id, answer=type(sent).__name__)
            await previews.try_again(session, claimed, after=RETRY)
            return
        if isinstance(sent, sender.Moved):
            await chats.moved(session, claimed.chat_id, sent.to_chat_id)
            await previews.try_again(session, claimed, after=timedelta(0))
            return
        if isinstance(sent, sender.Unreachable):
            await out_of_reach(session, claimed.chat_id, user, sent)
        await previews.settle(session, claimed, answer.state, listing_id=answer.listing_id)


async def _fresh_answer(bench: Workbench, claimed: Preview, user: User, language: Language) -> _Answer | None:
    async with bench.database.transaction() as session:
        listing = await catalog.by_url(session, claimed.url)
        if listing is None:
            return None
        watch = await watches.of_listing(session, user, listing.id)
        is_fresh = (
            not listing.is_unread
            and listing.checked_at is not None
            and clock.now() - listing.checked_at < FRESH
        )
        if watch is None and not is_fresh:
            return None
        return await _card_for(session, language, claimed, listing, watch)


async def _read_answer(bench: Workbench, claimed: Preview, user: User, language: Language) -> _Answer:
    read = await read_for_a_person(bench, claimed.url)
    offer = read.check.offer
    if offer is None:
        return _Answer(Card(_why_not(language, claimed.url, read)), PreviewState.FAILED)
    owed = 0
    async with bench.database.transaction() as session:
        listing = await catalog.list_offer(session, _listing_url(claimed.url, read.url), offer)
        move = await record(session, listing.id, read.check, bench.checking)
        if move is not None:
            owed = await owe(session, move)
        watch = await watches.of_listing(session, user, listing.id)
        answer = await _card_for(session, language, claimed, listing, watch)
    if owed:
        await bench.queue.deliver()
    return answer


async def _card_for(
    session: AsyncSession, language: Language, claimed: Preview, listing: Listing, watch: Watch | None
) -> _Answer:
    await previews.hold(session, claimed, listing.id)
    if watch is not None:
        card = cards.already_watched(language, watch, clock.now())
    else:
        card = cards.preview(language, listing, claimed.id)
    return _Answer(card, PreviewState.SHOWN, listing.id)


def _listing_url(asked: str, final: str) -> str:
    """Where the offer was really read: a short link or a mobile address leads to the one listing."""
    try:
        return canonical(final)
    except BadLink:
        return asked


def _why_not(language: Language, url: str, read: PageRead) -> Markup:
    store = store_of(url).name
    if isinstance(read.error, FetchFailed):
        return language(read.error.text_key, store=store)
    return language(_SENTENCES.get(read.check.outcome, "preview.no_price"), store=store)
