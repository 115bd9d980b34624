"""Cards of corrections: which price is right, what was done about it, and what an admin may undo."""

from collections.abc import Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.catalog.models import Correction, DoubtfulReading, Listing
from tracker.money import Money
from tracker.stores.candidates import Role
from tracker.telegram.callbacks import CorrectionAction, CorrectionButton
from tracker.telegram.cards import Card, button, joined, link_to, title_of
from tracker.texts import Language, clean

_ROLES = {
    Role.SELLING: "correction.role_selling",
    Role.LOWEST: "correction.role_lowest",
    Role.LIST: "correction.role_list",
    Role.UNIT: "correction.role_unit",
    Role.INSTALMENT: "correction.role_instalment",
    Role.SHIPPING: "correction.role_shipping",
    Role.SAVING: "correction.role_saving",
    Role.THRESHOLD: "correction.role_threshold",
    Role.EXCHANGE: "correction.role_exchange",
    Role.SUBSCRIPTION: "correction.role_subscription",
    Role.MEMBER: "correction.role_member",
    Role.USED: "correction.role_used",
    Role.VARIANT: "correction.role_variant",
    Role.ELSEWHERE: "correction.role_elsewhere",
}


def question(
    language: Language, correction: Correction, listing: Listing, *, words: str | None = None
) -> Card:
    """Which is the right price? `words` are those around what we took for it."""
    wrong = language.money(wrong_of(correction, listing))
    said = (
        language("correction.read_from", wrong=wrong, words=clean(words, limit=80))
        if words
        else language("correction.read", wrong=wrong)
    )
    lines = [link_to(listing), said, Markup("")]
    lines += [_line(language, offered) for offered in correction.offered]
    lines += [language("correction.question" if correction.offered else "correction.nothing_else")]
    asked = int(correction.asked_at.timestamp())

    def answer(action: CorrectionAction, index: int = 0) -> CorrectionButton:
        return CorrectionButton(action=action, id=correction.id, index=index, asked=asked)

    amounts = [
        InlineKeyboardButton(
            text=language.money(_price(offered)),
            callback_data=answer(CorrectionAction.CHOOSE, number).pack(),
        )
        for number, offered in enumerate(correction.offered)
    ]
    rows = [amounts[start : start + 3] for start in range(0, len(amounts), 3)]
    rows.append([button(language, "button.none_of_these", answer(CorrectionAction.NONE))])
    rows.append([button(language, "button.price_is_right", answer(CorrectionAction.RIGHT))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def thanks(language: Language, correction: Correction, listing: Listing, *, struck: int) -> Card:
    """What was done by a person's choice."""
    lines = [link_to(listing)]
    if correction.chosen is not None:
        right = _price(correction.offered[correction.chosen])
        lines.append(language("correction.chosen", price=language.money(right)))
    else:
        lines.append(language("correction.none"))
    if struck:
        lines.append(language.count("correction.struck", struck))
    return Card(joined(lines))


def for_admin(language: Language, in_force: Sequence[tuple[Correction, Listing]]) -> Card:
    """The last corrections, each with a button to undo it."""
    if not in_force:
        return Card(language("admin.no_corrections"))
    lines = [language("admin.corrections"), Markup("")]
    buttons = []
    for correction, listing in in_force:
        wrong = language.money(wrong_of(correction, listing))
        title = title_of(listing, limit=50)
        when = language.time(correction.decided_at) if correction.decided_at else ""
        details = {"id": str(correction.id), "title": title, "wrong": wrong, "when": when}
        details["user"] = str(correction.user_id)
        if correction.chosen is None:
            lines.append(language("admin.correction_none", **details))
        else:
            right = language.money(_price(correction.offered[correction.chosen]))
            lines.append(language("admin.correction_chosen", right=right, **details))
        undo = CorrectionButton(action=CorrectionAction.UNDO, id=correction.id)
        buttons.append([button(language, "button.undo_correction", undo, id=str(correction.id))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=buttons))


def readings(language: Language, doubtful: Sequence[tuple[DoubtfulReading, Listing]]) -> Card:
    """The last readings that were held or rejected, for an admin."""
    if not doubtful:
        return Card(language("admin.no_readings"))
    lines = [language("admin.readings"), Markup("")]
    lines += [
        language(
            "admin.reading",
            title=title_of(listing, limit=50),
            price=language.money(reading.price),
            median=language.money(reading.median),
            reason=reading.reason,
            state=reading.state,
            when=language.time(reading.read_at),
        )
        for reading, listing in doubtful
    ]
    return Card(joined(lines))


def wrong_of(correction: Correction, listing: Listing) -> Money:
    """What we took for the price."""
    wrong = listing.money(correction.wrong_minor)
    assert wrong is not None
    return wrong


def _line(language: Language, offered: dict[str, str]) -> Markup:
    return language(
        "correction.choice",
        price=language.money(_price(offered)),
        role=language(_ROLES[Role(offered["role"])]),
        words=clean(offered["text"], limit=60),
    )


def _price(offered: dict[str, str]) -> Money:
    return Money(int(offered["minor"]), offered["currency"])
