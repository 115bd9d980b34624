"""Answer "wrong price?": read the page once more, and show what else on it may be the price."""

import asyncio
from datetime import timedelta

import structlog

from tracker.alerts import chats
from tracker.catalog import corrections
from tracker.catalog.models import Correction, CorrectionState, Listing
from tracker.money import Money
from tracker.stores.corrections import choices, words_around
from tracker.stores.offer import Reading
from tracker.telegram import correction_cards, sender
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users.models import User
from worker.reading import read_for_a_person
from worker.speaking import out_of_reach, say_soon
from worker.workbench import Workbench

log = structlog.get_logger()

TURN = timedelta(seconds=10)
"""How long an answer waits for its chat's turn before it is put back."""

RETRY = timedelta(seconds=3)


async def correct(bench: Workbench, correction_id: int) -> None:
    """Answer one correction, at least once: a worker killed after sending and before settling answers twice,
    by the same choices.
    """
    async with bench.database.transaction() as session:
        claimed = await corrections.claim(session, correction_id, lease=bench.settings.check_lease)
        if claimed is None:
            return
        user = await session.get_one(User, claimed.user_id)
        listing = await session.get_one(Listing, claimed.listing_id)
    try:
        with bench.answer():
            await _answer(bench, claimed, user, listing)
    except asyncio.CancelledError:
        # This process ends, or the job took too long: the next one need not wait for the lease.
        async with bench.database.transaction() as session:
            await corrections.try_again(session, claimed, after=timedelta(0))
        raise


async def _answer(bench: Workbench, claimed: Correction, user: User, listing: Listing) -> None:
    language = Language.of(user)
    card, state = Card(language("correction.not_read")), CorrectionState.WITHDRAWN
    if claimed.offered:
        card, state = correction_cards.question(language, claimed, listing), CorrectionState.OFFERED
    elif claimed.attempts <= corrections.MAX_ATTEMPTS:
        read = await read_for_a_person(bench, listing.url)
        if read.reading is not None and _shows_prices(read.reading):
            offered = await _offered(bench, claimed, listing, read.reading)
            if offered is None:
                return
            words = _words(read.reading, listing, offered)
            card = correction_cards.question(language, offered, listing, words=words)
            claimed, state = offered, CorrectionState.OFFERED
    sent = await say_soon(bench, claimed.chat_id, card, within=TURN)
    async with bench.database.transaction() as session:
        is_unsaid = isinstance(sent, sender.SlowDown | sender.Unknown)
        if is_unsaid and claimed.attempts <= corrections.MAX_ATTEMPTS:
            log.warning("correction.not_sent", correction_id=claimed.id, answer=type(sent).__name__)
            await corrections.try_again(session, claimed, after=RETRY)
            return
        if isinstance(sent, sender.Moved):
            await chats.moved(session, claimed.chat_id, sent.to_chat_id)
            await corrections.try_again(session, claimed, after=timedelta(0))
            return
        if isinstance(sent, sender.Unreachable):
            await out_of_reach(session, claimed.chat_id, user, sent)
        await corrections.settle(session, claimed, state)


def _shows_prices(reading: Reading) -> bool:
    return bool(reading.offer.places if reading.offer else reading.candidates)


async def _offered(
    bench: Workbench, claimed: Correction, listing: Listing, reading: Reading
) -> Correction | None:
    """Keep what can be chosen; None when somebody else has the lease."""
    wrong = _wrong(claimed, listing)
    source = reading.offer.source if reading.offer else None
    async with bench.database.transaction() as session:
        return await corrections.keep_offers(
            session, claimed, choices(reading, wrong), wrong_source=source[:64] if source else None
        )


def _words(reading: Reading, listing: Listing, claimed: Correction) -> str | None:
    return words_around(reading, _wrong(claimed, listing))


def _wrong(claimed: Correction, listing: Listing) -> Money:
    assert claimed.wrong_minor is not None
    assert listing.currency is not None
    return Money(claimed.wrong_minor, listing.currency)
