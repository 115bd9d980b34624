"""What an operator reads: how the service does, and how the stores answer."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from tracker.admin.service import Status
from tracker.admin.stores import StoreReport
from tracker.telegram.cards import Card, joined
from tracker.telegram.store_cards import store_name
from tracker.texts import Language, clean

_NAMED = 5
_NAME = 40
"""Characters of a store's name: twenty lines fit into a message."""


def status(language: Language, now: Status) -> Card:
    lines = [
        language(
            "admin.status",
            users=language.number(now.users),
            watches=language.number(now.watches),
            listings=language.number(now.listings),
            overdue=language.number(now.overdue_checks),
            waiting=language.number(now.waiting_alerts),
            dead=language.number(now.dead_alerts),
        )
    ]
    if now.missed:
        missed = ", ".join(f"{plan} {language.number(count)}" for plan, count in now.missed)
        lines.append(language("admin.missed", missed=missed))
    if now.refusing:
        names = ", ".join(store_name(code) for code in now.refusing[:_NAMED])
        lines.append(language.count("admin.refusing", len(now.refusing), names=names))
    return Card(joined(lines))


def stores(language: Language, found: Sequence[StoreReport], now: datetime) -> Card:
    if not found:
        return Card(language("admin.no_stores"))
    return Card(joined([language("admin.stores"), *(_store_line(language, each, now) for each in found)]))


def _store_line(language: Language, store: StoreReport, now: datetime) -> Markup:
    line = language.count("admin.store", store.listings, store=clean(store_name(store.code), limit=_NAME))
    if store.checks:
        line += Markup(" · ") + language.count(
            "admin.store_checks",
            store.checks,
            offers=_percent(store.offers, store.checks),
            refusals=_percent(store.refusals, store.checks),
        )
    if store.rests_until is not None:
        line += Markup(" · ") + language("admin.store_rests", until=language.time(store.rests_until))
    if store.sale_until is not None:
        line += Markup(" · ") + language("admin.store_sale", when=language.ahead(store.sale_until, now))
    return line


def _percent(part: int, whole: int) -> str:
    """Cut, so that 100 % is all of them; what is there at all is at least 1 %."""
    return str(max(100 * part // whole, 1 if part else 0))
