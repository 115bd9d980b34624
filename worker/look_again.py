"""Answer "still this price?": read the page now, and say in the alert itself what it shows."""

from datetime import timedelta

import structlog
from markupsafe import Markup

from tracker import clock
from tracker.alerts import chats
from tracker.alerts import service as alerts
from tracker.alerts.owing import owe
from tracker.alerts.service import Told
from tracker.catalog.models import Doubt, Listing
from tracker.catalog.recording import record
from tracker.stores.offer import Availability
from tracker.telegram import alert_cards, sender
from tracker.texts import Language
from worker.reading import read_for_a_person
from worker.speaking import edit_soon
from worker.workbench import Workbench

log = structlog.get_logger()

FRESH = timedelta(seconds=10)
"""A listing that was read this recently is not fetched again."""

TURN = timedelta(seconds=10)


async def look_again(bench: Workbench, watch_id: int, chat_id: int, message_id: int) -> None:
    """Look at the page of a watch, for everybody who watches it, and edit the alert that asked."""
    with bench.answer():
        async with bench.database.transaction() as session:
            told = await alerts.said_in(session, watch_id, chat_id, message_id)
        if told is None:
            return
        is_read = _is_fresh(told.listing) or await _read(bench, told.listing)
        async with bench.database.transaction() as session:
            told = await alerts.said_in(session, watch_id, chat_id, message_id)
        if told is None:
            return
        language = Language.of(told.user)
        card = alert_cards.alert(language, told, note=_note(language, told, is_read=is_read))
        answer = await edit_soon(bench, chat_id, message_id, card, within=TURN)
        if isinstance(answer, sender.Moved):  # the message stays behind; what is owed does not
            async with bench.database.transaction() as session:
                await chats.moved(session, chat_id, answer.to_chat_id)


def _is_fresh(listing: Listing) -> bool:
    checked = listing.checked_at
    return checked is not None and not listing.is_unread and clock.now() - checked < FRESH


async def _read(bench: Workbench, listing: Listing) -> bool:
    """Check the listing now; whether its page could be read."""
    read = await read_for_a_person(bench, listing.url)
    if not read.is_asked:
        return False
    owed = 0
    async with bench.database.transaction() as session:
        move = await record(session, listing.id, read.check, bench.checking)
        if move is not None:
            owed = await owe(session, move)
    if owed:
        await bench.queue.deliver()
    return read.check.offer is not None


def _note(language: Language, told: Told, *, is_read: bool) -> Markup:
    listing, when = told.listing, language.time(clock.now())
    price = language.money(listing.price) if listing.price else language("price.none")
    if not is_read:
        return language("still.not_read", when=when, price=price)
    if listing.outcome in (Doubt.HELD, Doubt.REJECTED):
        return language("still.in_doubt", when=when)
    if listing.availability == Availability.OUT_OF_STOCK:
        return language("still.sold_out", when=when)
    key = "still.yes" if listing.price == told.alert.now else "still.no"
    return language(key, price=price, when=when)
