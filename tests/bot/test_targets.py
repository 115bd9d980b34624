"""Target prices: set at the preview, typed in every spelling, met at once, given up."""

import pytest

from tests.bot.conftest import on_both_databases
from tests.world import Say, Shelf, Thing, World
from tracker.watches.models import AlertRule, RuleKind

ASK = "At which price shall I tell you about Kettle? It is ₹1,999 now. Send a number, or /cancel."


@pytest.fixture
async def kettle(say: Say, shop: Shelf) -> Thing:
    """Asha was asked for a target price of a kettle at ₹1,999."""
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    _card, question = await say.tap("Set a target price")
    assert question == ASK
    return kettle


async def targets(world: World) -> list[tuple[int, str]]:
    rules = await world.rows(AlertRule, AlertRule.kind == RuleKind.TARGET)
    return [(rule.amount_minor, rule.currency) for rule in rules]


@on_both_databases
async def test_a_target_at_the_preview_tells_when_the_price_reaches_it(
    kettle: Thing, say: Say, shop: Shelf
) -> None:
    [card] = await say("1500")
    assert card.startswith("🎯 I tell you as soon as it costs ₹1,500 or less. It is ₹1,999 now.")
    shop.set(kettle, price="1499.00")
    alert = await say.hears("instead of ₹1,999")
    assert "That reaches your target of ₹1,500." in alert["text"]


async def test_a_target_that_is_met_already_is_said_at_once(kettle: Thing, say: Say) -> None:
    [card] = await say("2500")
    assert card.startswith("🎯 It costs ₹1,999 already, which meets your target of ₹2,500.")


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("1499", 149900),
        ("1,49,900", 14990000),
        ("₹1499", 149900),
        ("Rs. 1,499/-", 149900),
        ("INR 1499.50", 149950),
        ("  1 499 ", 149900),
        ("₹1.5 lakh", 15000000),
        ("१४९९", 149900),
        ("450.50", 45050),
    ],
)
async def test_a_target_is_understood_as(
    typed: str, minor: int, kettle: Thing, say: Say, world: World
) -> None:
    await say(typed)
    assert await targets(world) == [(minor, "INR")]


@pytest.mark.parametrize(
    "typed",
    [
        "abc",
        "0",
        "-5",
        "1e9999999",
        "NaN",
        "∞",
        "1499 1599",
        "99999999999999",
        "9" * 4000,
        "%",
        "₹",
    ],
)
async def test_what_is_no_price_is_asked_again_and_loses_nothing(
    typed: str, kettle: Thing, say: Say, world: World
) -> None:
    [answer] = await say(typed)
    assert "Send a number such as 1499, or /cancel." in answer
    assert len(answer) < 200
    assert await targets(world) == []
    await say("1500")
    assert await targets(world) == [(150000, "INR")]


@pytest.mark.parametrize("typed", ["$15", "15 EUR", "£1"])
async def test_a_target_in_another_currency_is_asked_again(
    typed: str, kettle: Thing, say: Say, world: World
) -> None:
    assert await say(typed) == [
        "This page shows its price in INR. Please send your target in INR, or /cancel."
    ]
    assert await targets(world) == []


async def test_a_second_target_replaces_the_first(kettle: Thing, say: Say, world: World) -> None:
    await say("1500")
    await say.tap("Target ₹1,500")
    await say.tap("Another price")
    await say("1400")
    assert await targets(world) == [(140000, "INR")]


async def test_a_price_typed_when_nothing_was_asked_is_no_target(
    kettle: Thing, say: Say, world: World
) -> None:
    await say("1500")
    [answer] = await say("1400")
    assert answer.startswith("I see no link in that.")
    assert await targets(world) == [(150000, "INR")]


async def test_a_cancelled_question_takes_no_answer(kettle: Thing, say: Say, world: World) -> None:
    assert await say("/cancel") == ["All right, forgotten."]
    [answer] = await say("1500")
    assert answer.startswith("I see no link in that.")
    assert await targets(world) == []


async def test_a_command_in_the_place_of_a_price_is_a_command(kettle: Thing, say: Say) -> None:
    [listed] = await say("/list")
    assert "You watch 1 thing" in listed


async def test_a_link_in_the_place_of_a_price_is_a_link_and_the_question_stays(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    lamp = shop.lists("lamp", price="99.00")
    [preview] = await say(lamp.url)
    assert preview.startswith("Lamp")
    await say("1500")
    assert await targets(world) == [(150000, "INR")]


async def test_a_target_for_a_watch_that_was_stopped_meanwhile_is_refused_and_the_question_ends(
    kettle: Thing, say: Say, world: World
) -> None:
    await say("/stop kettle")
    gone = "I cannot find that any more. Send /list to see what you watch."
    assert await say("1500") == [gone]
    assert await targets(world) == []
    [answer] = await say("1500")
    assert answer.startswith("I see no link in that.")


async def test_a_target_in_a_currency_without_decimals(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("teapot", price="12800", currency="JPY").url)
    await say.tap("Set a target price")
    [card] = await say("9,800")
    assert "I tell you as soon as it costs ¥9,800" in card.replace("JP¥", "¥")
    assert await targets(world) == [(9800, "JPY")]


async def test_a_target_can_be_removed(kettle: Thing, say: Say, world: World) -> None:
    await say("1500")
    await say.tap("Target ₹1,500")
    [card] = await say.tap("Remove target")
    assert "I tell you about any drop" in card
    assert "₹1,500" not in card
    assert await targets(world) == []


async def test_rules_switch_any_drop_off_and_on(kettle: Thing, say: Say, shop: Shelf) -> None:
    await say("/cancel")
    [rules] = await say.tap("Rules")
    assert "I tell you about any drop" in rules
    [rules] = await say.tap("Any drop")
    assert "No rule is set, so I tell you nothing about this." in rules
    assert "☐ Any drop" in say.buttons(say.messages[0])
    await say.tap("Any drop")
    assert "✅ Any drop" in say.buttons(say.messages[0])
    [card] = await say.tap("◀ Back")
    assert "I tell you about any drop" in card


async def test_without_a_rule_a_drop_is_not_told(kettle: Thing, say: Say, shop: Shelf, world: World) -> None:
    await say("3000")
    await say.tap("Any drop")
    lamp = shop.lists("lamp", price="99.00")
    await say(lamp.url)
    await say.tap("Track it")
    shop.set(kettle, price="1900.00")  # below the target before and after: not reached anew
    shop.set(lamp, price="89.00")
    await say.hears("Lamp", "instead of")
    await say.hears("Lamp", "instead of")
    assert not [message for message in say.messages if "₹1,900 instead of" in message["text"]]


async def test_a_target_is_told_again_only_after_the_price_was_above_it(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say("1500")
    await say.tap("Any drop")
    shop.set(kettle, price="1400.00")
    await say.hears("₹1,400 instead of")
    shop.set(kettle, price="1600.00")
    await world.checked(kettle)
    shop.set(kettle, price="1450.00")
    await say.hears("₹1,450 instead of ₹1,600")
    alerts = [message for message in say.messages if "instead of" in message["text"]]
    assert len(alerts) == 2
