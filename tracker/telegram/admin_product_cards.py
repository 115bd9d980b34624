"""Listings, as those who run the service see them."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.types import InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.products import Product, Said
from tracker.admin.roles import Action, Actor
from tracker.catalog.models import Listing, PriceObservation, ReadingRule
from tracker.telegram.admin_callbacks import ProductAction, ProductButton
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.telegram.store_cards import store_name
from tracker.texts import Language, clean

_TITLE = 60


def products(language: Language, found: Sequence[Listing], *, limit: int, is_whole: bool) -> Card:
    """`is_whole`: nothing was searched for, so that a button can lead on to older ones."""
    if not found:
        return Card(language("product.none"))
    lines = [language("product.list")]
    for listing in found:
        lines.append(
            language(
                "product.line",
                id=listing.id,
                title=_title(listing),
                store=clean(store_name(listing.store), limit=30),
                price=language.money(listing.price) if listing.price else "–",
                outcome=listing.outcome or "–",
            )
        )
    buttons = [
        button(language, "button.number", _button(ProductAction.SHOW, listing.id), id=str(listing.id))
        for listing in found
    ]
    rows: Rows = [buttons[start : start + 5] for start in range(0, len(buttons), 5)]
    if is_whole and len(found) == limit:
        older = ProductButton(action=ProductAction.LIST, other=found[-1].id)
        rows.append([button(language, "button.older", older)])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def product(
    language: Language, found: Product, actor: Actor, now: datetime, *, note: Markup | None = None
) -> Card:
    listing = found.listing
    lines = [note, Markup()] if note else []
    lines += [
        language(
            "product.card",
            id=listing.id,
            url=listing.url,
            title=_title(listing),
            store=clean(store_name(listing.store), limit=60),
            price=language.money(listing.price) if listing.price else "–",
            stock=listing.availability,
        ),
        language(
            "product.outcome",
            outcome=listing.outcome or "–",
            checked=language.ago(listing.checked_at, now) if listing.checked_at else "–",
            failures=listing.failures,
        ),
        _next_check(language, listing, now),
        language(
            "product.watches",
            watches=", ".join(f"{state} {language.number(number)}" for state, number in found.watches) or "–",
        ),
    ]
    if found.store is not None and found.store.rests_until is not None and found.store.rests_until > now:
        lines.append(language("admin.store_rests", until=language.time(found.store.rests_until)))
    lines += [_rule(language, rule) for rule in found.rules[:4]] or [language("product.no_rules")]
    return Card(joined(lines), keyboard=_buttons(language, found, actor))


def readings(language: Language, found: Product, actor: Actor) -> Card:
    """The last readings, and a button for each that may be struck."""
    listing = found.listing
    lines = [language("product.readings", title=_title(listing))]
    lines += [_reading(language, one) for one in found.readings]
    standing = [one for one in found.readings if one.correction_id is None]
    rows: Rows = []
    if actor.may(Action.STRIKE_READING):
        rows = [
            [
                button(
                    language,
                    "button.strike",
                    _button(ProductAction.STRIKE, listing.id, one.id),
                    price=language.money(one.price),
                    when=language.time(one.observed_at),
                )
            ]
            for one in standing
            if one.price is not None
        ]
    back = button(language, "button.back", _button(ProductAction.SHOW, listing.id))
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[*rows, [back]]))


def check_answer(language: Language, said: Said) -> Markup:
    return {
        Said.ASKED: language("product.check_asked"),
        Said.UNDER_WAY: language("product.check_under_way"),
        Said.RESTS: language("product.check_rests"),
        Said.NOT_CHECKED: language("product.check_not"),
    }[said]


def _buttons(language: Language, found: Product, actor: Actor) -> InlineKeyboardMarkup:
    id, rows = found.listing.id, []
    if actor.may(Action.CHECK_LISTING):
        rows.append([button(language, "button.check_listing", _button(ProductAction.CHECK, id))])
    if actor.may(Action.PAUSE_LISTING):
        key, action = (
            ("button.resume_checks", ProductAction.RESUME)
            if found.listing.paused_at is not None
            else ("button.pause_checks", ProductAction.PAUSE)
        )
        rows.append([button(language, key, _button(action, id))])
    if actor.may(Action.RESET_RULE):
        reset = []
        if found.own_rules:
            reset.append(button(language, "button.reset_rules", _button(ProductAction.RESET, id)))
        if found.own_rules < len(found.rules):
            reset.append(button(language, "button.reset_store_rules", _button(ProductAction.RESET_STORE, id)))
        rows.append(reset)
    look = button(language, "button.readings", _button(ProductAction.READINGS, id))
    refresh = button(language, "button.refresh", _button(ProductAction.SHOW, id))
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row] + [[look, refresh]])


def _next_check(language: Language, listing: Listing, now: datetime) -> Markup:
    if listing.paused_at is not None:
        return language("product.paused", since=language.time(listing.paused_at))
    if listing.next_check_at is None:
        return language("product.unchecked")
    return language(
        "product.next_check",
        when=language.ahead(listing.next_check_at, now),
        every=language.duration(listing.check_every),
    )


def _rule(language: Language, rule: ReadingRule) -> Markup:
    """What people taught: which place is the price, or what is not to be believed."""
    wrong = clean(rule.wrong_source or "?", limit=40)
    if rule.source is None:
        return language("product.rule_disbelieves", wrong=wrong)
    source, place = clean(rule.source, limit=40), clean(rule.place or "", limit=60)
    key = "product.rule_of_store" if rule.listing_id is None else "product.rule"
    return language(key, source=source, place=place, wrong=wrong)


def _reading(language: Language, one: PriceObservation) -> Markup:
    price = language.money(one.price) if one.price else "–"
    key = "product.reading" if one.correction_id is None else "product.struck"
    return language(
        key, price=price, when=language.time(one.observed_at), evidence=clean(one.evidence, limit=60)
    )


def _title(listing: Listing) -> str:
    return clean(listing.title, limit=_TITLE) or listing.store


def _button(action: ProductAction, listing_id: int, other: int = 0) -> ProductButton:
    return ProductButton(action=action, listing_id=listing_id, other=other)
