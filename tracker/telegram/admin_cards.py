"""What an operator reads: how the service does."""

from tracker.admin.service import Status
from tracker.telegram.cards import Card, joined
from tracker.telegram.store_cards import store_name
from tracker.texts import Language

_NAMED = 5


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
