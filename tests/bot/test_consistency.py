"""Halves that belong together: commands and handlers, text keys and texts, buttons and their bytes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.filters import Command as CommandFilter
from aiogram.types import InlineKeyboardMarkup
from babel.messages.pofile import read_po

from bot import handlers, keyboards
from bot.app import ALLOWED_UPDATES
from bot.commands import COMMANDS
from tracker.billing.events import HANDLERS
from tracker.billing.periods import Period
from tracker.telegram.admin_callbacks import (
    MAX_STORE,
    EventButton,
    FailedAlertButton,
    HealthAction,
    HealthButton,
    OutboxAction,
    ProductAction,
    ProductButton,
    StoreAction,
    StoreButton,
)
from tracker.telegram.api_cards import TokenButton, TokenKind
from tracker.telegram.callbacks import (
    MAX_COUPON,
    MAX_NEEDLE_BYTES,
    AlertsAction,
    AlertsButton,
    BillingAction,
    BillingButton,
    CheckoutAction,
    CheckoutButton,
    ListButton,
    PaymentAction,
    PaymentButton,
    Place,
    PlanAction,
    PlanButton,
    PreviewAction,
    PreviewButton,
    RuleAction,
    RuleButton,
    SettingsAction,
    SettingsButton,
    WatchAction,
    WatchButton,
    fitting_needle,
)
from tracker.telegram.reach_callbacks import BroadcastAction, BroadcastButton
from tracker.texts import Language, locales
from tracker.users.service import CURRENCIES
from tracker.watches.models import Reference, RuleKind
from tracker.watches.service import Sort

ROOT = Path(__file__).parent.parent.parent
LARGEST_ID = 2**63 - 1
KEY = re.compile(r"""["']([a-z]+\.[a-z_]+)["']""")

# Keys that the code puts together, spelled out: a new action, order or outcome belongs here too.
CHANGES = ("pause", "resume", "stop", "day", "week", "lower", "bought")

FAMILIES = {
    'f"toast.{action}"': {f"toast.{action}" for action in CHANGES},
    'f"watch.did_{action}"': {f"watch.did_{action}" for action in CHANGES},
    'f"list.which_{action}"': {"list.which_pause", "list.which_resume", "list.which_stop"},
    'f"button.sort_{order}"': {f"button.sort_{order}" for order in Sort},
    'f"toast.check_{answer.said}"': {f"toast.check_{said}" for said in ("lately", "under_way")},
}


def sources() -> Iterator[str]:
    for folder in ("bot", "worker", "tracker"):
        for path in (ROOT / folder).rglob("*.py"):
            if "stores" not in path.parts:  # readers say nothing to people, and name fields of pages
                yield path.read_text()


def catalogue(locale: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted((ROOT / "tracker" / "texts" / locale).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=locale):
                if message.id:
                    key = message.id if isinstance(message.id, str) else message.id[0]
                    assert key not in found, f"{key} stands twice"
                    found[key] = message.string
    return found


def handled_commands() -> set[str]:
    return {
        str(command)
        for top in handlers.routers()
        for router in top.chain_tail
        for handler in router.message.handlers
        for each in handler.filters or []
        if isinstance(each.callback, CommandFilter)
        for command in each.callback.commands
    }


def test_every_command_has_a_handler_and_every_handler_a_command() -> None:
    assert handled_commands() == {command.name for command in COMMANDS}


def test_every_kind_of_update_that_is_handled_is_asked_for() -> None:
    dispatcher = Dispatcher()
    dispatcher.include_routers(*handlers.routers())
    assert set(dispatcher.resolve_used_update_types()) == set(ALLOWED_UPDATES)


def test_every_key_of_the_code_has_a_text() -> None:
    known = catalogue("en")
    prefixes = {key.partition(".")[0] for key in known}
    used = {key for source in sources() for key in KEY.findall(source) if key.partition(".")[0] in prefixes}
    # Names of log events look the same; they are the first argument of `log.…`. So do Razorpay's events.
    logged = {
        key for source in sources() for key in re.findall(r"""log\.\w+\(\s*["']([a-z]+\.[a-z_]+)""", source)
    }
    assert used - logged - HANDLERS.keys() - known.keys() == set()


def test_every_text_is_used() -> None:
    text = "\n".join(sources())
    for family, keys in FAMILIES.items():
        assert family in text
        assert keys <= catalogue("en").keys()
    spelled = set(KEY.findall(text)).union(*FAMILIES.values())
    assert catalogue("en").keys() - spelled == set()


def test_no_key_is_put_together_that_is_not_spelled_out_above() -> None:
    prefixes = "|".join(sorted({key.partition(".")[0] for key in catalogue("en")}))
    pattern = re.compile(rf"""f["'](?:{prefixes})\.[a-z_]*\{{[^"']*["']""")
    found = {match for source in sources() for match in pattern.findall(source)}
    assert found <= FAMILIES.keys() | {found_in_logs for found_in_logs in found if "error=" in found_in_logs}


@pytest.mark.parametrize("locale", locales())
def test_every_language_has_every_text_with_the_same_places(locale: str) -> None:
    english, other = catalogue("en"), catalogue(locale)
    assert other.keys() == english.keys()
    for key, text in english.items():
        assert _places(other[key]) == _places(text), key


def _places(text: str | tuple[str, ...]) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", " ".join(text) if isinstance(text, tuple) else text))


@pytest.mark.parametrize("locale", locales())
def test_every_text_fits_into_a_message_and_closes_its_tags(locale: str) -> None:
    for key, text in catalogue(locale).items():
        for form in text if isinstance(text, tuple) else (text,):
            assert 0 < len(form) < 4096, key
            assert sorted(re.findall(r"<(\w+)", form)) == sorted(re.findall(r"</(\w+)", form)), key
        if key.startswith(
            ("toast.", "button.", "error.", "billing.", "trial.", "refund.", "payment.", "stars.")
        ):
            assert len(str(text)) <= 200, key  # a pop-up takes no more; error texts become one on a button
        if key.startswith("command."):
            assert len(str(text)) <= 256, key


@pytest.mark.parametrize("text", ["☕" * 100, "x" * 500, "|" * 90, "a|b" * 30, "क" * 50, ""])
def test_a_search_text_is_made_to_fit_into_a_button(text: str) -> None:
    needle = fitting_needle(text)
    assert len(needle.encode()) <= MAX_NEEDLE_BYTES
    assert ListButton.unpack(ListButton(page=0, sort=Sort.NEWEST, needle=needle).pack()).needle == needle


def largest_buttons() -> Iterator[Any]:
    yield from (PreviewButton(action=action, preview_id=LARGEST_ID) for action in PreviewAction)
    yield from (
        WatchButton(action=action, watch_id=LARGEST_ID, place=place)
        for action in WatchAction
        for place in Place
    )
    # A person watches a thousand things at the most: no page has more than three digits.
    yield from (ListButton(page=999, sort=sort, needle="x" * MAX_NEEDLE_BYTES) for sort in Sort)
    yield from (
        RuleButton(action=RuleAction.REFERENCE, watch_id=LARGEST_ID, kind=kind, value=Reference.LAST_ALERT)
        for kind in RuleKind
    )
    yield from (SettingsButton(action=SettingsAction.CURRENCY, value=currency) for currency in CURRENCIES)
    yield from (SettingsButton(action=SettingsAction.TIME_ZONE, value=zone) for zone in keyboards.TIME_ZONES)
    yield from (SettingsButton(action=SettingsAction.LANGUAGE, value=locale) for locale in locales())
    yield from (SettingsButton(action=action) for action in SettingsAction)
    yield from (AlertsButton(action=action, value=LARGEST_ID, page=999_999) for action in AlertsAction)
    yield from (
        PlanButton(action=action, plan="p" * 16, period=Period.MONTH, coupon="C" * MAX_COUPON)
        for action in PlanAction
    )
    yield from (CheckoutButton(action=action, checkout_id=LARGEST_ID) for action in CheckoutAction)
    yield from (TokenButton(kind=kind, id=LARGEST_ID) for kind in TokenKind)
    yield from (BillingButton(action=action, id=LARGEST_ID, plan="p" * 16) for action in BillingAction)
    yield from (BroadcastButton(action=action, id=LARGEST_ID) for action in BroadcastAction)
    yield from (
        PaymentButton(action=action, payment_id=LARGEST_ID, amount=10**12 - 1, back=10**12 - 1)
        for action in PaymentAction
    )
    yield from (
        StoreButton(action=action, store="s" * MAX_STORE, value="impersonate") for action in StoreAction
    )
    yield from (
        ProductButton(action=action, listing_id=LARGEST_ID, other=LARGEST_ID) for action in ProductAction
    )
    for kind in (FailedAlertButton, EventButton):
        yield from (kind(action=action, id=LARGEST_ID) for action in OutboxAction)
    yield from (HealthButton(action=action, alarm="f" * 16, hours=999) for action in HealthAction)


@pytest.mark.parametrize("button", list(largest_buttons()), ids=lambda button: button.pack()[:40])
def test_a_button_fits_into_64_bytes_at_its_largest(button: Any) -> None:
    packed = button.pack()
    assert len(packed.encode()) <= 64
    assert type(button).unpack(packed) == button


def test_every_offered_zone_and_currency_can_be_chosen() -> None:
    for card in (keyboards.currencies(Language()), keyboards.time_zones(Language())):
        assert isinstance(card.keyboard, InlineKeyboardMarkup)
        for row in card.keyboard.inline_keyboard:
            assert all(SettingsButton.unpack(button.callback_data or "") for button in row)
