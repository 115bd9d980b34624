"""Choosing when to be told: every kind of rule, how often, and against what."""

import asyncio

import pytest
from sqlalchemy import update

from tests.bot.conftest import on_both_databases
from tests.world import RAVI, Say, Shelf, Thing, World
from tracker.catalog.models import Listing
from tracker.watches.models import AlertRule, DefaultRule, Rearm, Reference, RuleKind, Watch

GONE = "I cannot find that any more. Send /list to see what you watch."
STALE = "This button is too old. Send /list to see what you watch."


@pytest.fixture
async def kettle(say: Say, shop: Shelf) -> Thing:
    """Asha watches a kettle at ₹1,999, and looks at its rules."""
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    await say.tap("Rules")
    return kettle


async def rules(world: World) -> dict[str, AlertRule]:
    return {rule.kind: rule for rule in await world.rows(AlertRule)}


@on_both_databases
async def test_kinds_are_switched_on_and_off_by_a_tap(kettle: Thing, say: Say, world: World) -> None:
    assert "☐ Back in stock" in say.buttons()
    [card] = await say.tap("Back in stock")
    assert "📦 I tell you when it is back in stock, every time" in card
    assert say.toast == "📦 I tell you when it is back in stock, every time"
    for label in ("Sold out", "Price rise", "Any change"):
        await say.tap(label)
    assert (await rules(world)).keys() == {
        RuleKind.ANY_DROP,
        RuleKind.BACK_IN_STOCK,
        RuleKind.OUT_OF_STOCK,
        RuleKind.RISE,
        RuleKind.ANY_CHANGE,
    }
    for label in ("Any drop", "Back in stock", "Sold out", "Price rise", "Any change"):
        [card] = await say.tap(f"✅ {label}")
    assert "No rule is set, so I tell you nothing about this." in card
    assert await rules(world) == {}


async def test_the_rules_that_are_chosen_are_the_rules_that_tell(
    kettle: Thing, say: Say, shop: Shelf
) -> None:
    await say.tap("Sold out")
    shop.set(kettle, availability="out_of_stock")
    alert = await say.hears("It is sold out now.")
    assert "Kettle" in alert["text"]


async def test_a_drop_is_chosen_by_percent_and_then_what_it_is_measured_by(
    kettle: Thing, say: Say, world: World
) -> None:
    [card] = await say.tap("Drop by…")
    assert "How large does a drop have to be?" in card
    assert "Usual price" not in say.buttons()
    [card] = await say.tap("10 %")
    assert (
        "📉 I tell you at 10 % less than its highest since my last message, every time it gets there" in card
    )
    assert "As things stand, that is at ₹1,799.10 or less." in card
    assert "• its usual price of 30 days: ₹1,999" in card
    [card] = await say.tap("When added")
    assert "10 % less than when you added it" in card
    [card] = await say.tap("20 %")
    assert "20 % less than when you added it" in card
    rule = (await rules(world))[RuleKind.DROP_BY]
    assert (rule.percent, rule.reference) == (20, Reference.ADDED)
    [card] = await say.tap("◀ Back")
    assert "✅ Drop by 20 %" in say.buttons()
    await say.tap("Drop by 20 %")
    [card] = await say.tap("Take this rule away")
    assert "Drop by" not in card
    assert RuleKind.DROP_BY not in await rules(world)


@pytest.mark.parametrize(
    ("typed", "percent", "minor"),
    [
        ("10%", 10, None),
        (" 15 % ", 15, None),
        ("-5%", 5, None),
        ("12 percent", 12, None),
        ("20% off", 20, None),
        ("१०%", 10, None),
        ("500", None, 50000),
        ("₹1,499", None, 149900),
        ("1499 rs", None, 149900),
        ("५००", None, 50000),
    ],
)
async def test_a_drop_is_understood_as(
    typed: str, percent: int | None, minor: int | None, kettle: Thing, say: Say, world: World
) -> None:
    await say.tap("Drop by…")
    [question] = await say.tap("Another drop…")
    assert question.startswith("How large does a drop of Kettle have to be? It is ₹1,999 now.")
    [card] = await say(typed)
    assert "less than its highest since my last message" in card
    rule = (await rules(world))[RuleKind.DROP_BY]
    assert (rule.percent, rule.amount_minor) == (percent, minor)


async def test_what_is_no_drop_is_asked_again_and_loses_nothing(
    kettle: Thing, say: Say, world: World
) -> None:
    await say.tap("Drop by…")
    await say.tap("Another drop…")
    whole = "A drop in percent is a whole number from 1 to 99. Send one such as 10%, or /cancel."
    for typed in ("0%", "100%", "12.5%", "%", "abc%", "9999%"):
        assert await say(typed) == [whole], typed
    for typed in ("abc", "0", "-500", "∞", "9" * 400):
        [answer] = await say(typed)
        assert "is no drop that I can read. Send a percentage such as 10%" in answer, typed
    assert await say("$15") == [
        "This page shows its price in INR. Please send your drop in INR or in percent, or /cancel."
    ]
    assert RuleKind.DROP_BY not in await rules(world)
    await say("10%")
    assert (await rules(world))[RuleKind.DROP_BY].percent == 10


async def test_a_drop_that_holds_already_is_said_at_once(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say.tap("Any drop")
    shop.set(kettle, price="1599.00")
    await world.checked(kettle)
    await say.tap("Drop by…")
    [card] = await say.tap("10 %")
    assert card.startswith(
        "📉 It costs ₹1,599 already: −₹400 (−20 %) from ₹1,999. I tell you when it falls as much again."
    )


async def test_the_lowest_price_is_chosen_for_a_time(kettle: Thing, say: Say, world: World) -> None:
    [card] = await say.tap("Lowest price")
    assert "The lowest that I know is ₹1,999; I know prices since" in card
    [card] = await say.tap("90 days")
    assert "🏆 I tell you at the lowest price in 90 days, every time" in card
    await say.tap("Lowest: 90 days")
    assert "• 90 days" in say.buttons()
    [card] = await say.tap("ever")
    assert "🏆 I tell you at the lowest price since we track it, every time" in card
    assert (await rules(world))[RuleKind.LOWEST].days is None


async def test_how_often_a_rule_is_told_is_chosen_and_shown(kettle: Thing, say: Say, world: World) -> None:
    [card] = await say.tap("🔁 Every time")
    assert "How often may I tell you?" in card
    [card] = await say.tap("in 6 hours")
    assert "🔔 I tell you about any drop, at most once in 6 hours" in card
    assert "🔁 at most once in 6 hours" in say.buttons()
    await say.tap("🔁 at most")
    [card] = await say.tap("Every further low")
    assert "🔔 I tell you about any drop, only when lower than the last time" in card
    rule = (await rules(world))[RuleKind.ANY_DROP]
    assert (rule.rearm, rule.rearm_hours) == (Rearm.FURTHER, None)


async def test_a_rule_that_was_said_once_is_armed_again_by_a_tap(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say.tap("🔁 Every time")
    await say.tap("Once")
    shop.set(kettle, price="1899.00")
    await say.hears("₹1,899 instead of")
    await say("/list")
    await say.tap("#1 Kettle")
    [card] = await say.tap("Rules")
    assert "🔔 I tell you about any drop, once, and that was said" in card
    [card] = await say.tap("Said once: arm again")
    assert "🔔 I tell you about any drop, once\n" in card + "\n"
    shop.set(kettle, price="1799.00")
    await say.hears("₹1,799 instead of")


@pytest.mark.parametrize(
    ("typed", "question"),
    [
        pytest.param(
            "1",
            "🤔 ₹1 is 99.94 % less than it costs, and the lowest I know is ₹1,999. "
            "Send it again if you mean it, or another price.",
            id="a rupee",
        ),
        pytest.param(
            "₹399",
            "🤔 ₹399 is 80.04 % less than it costs, and the lowest I know is ₹1,999. "
            "Send it again if you mean it, or another price.",
            id="below a fifth",
        ),
    ],
)
async def test_a_target_that_can_hardly_be_reached_is_questioned_once(
    typed: str, question: str, kettle: Thing, say: Say, world: World
) -> None:
    await say.tap("Target price")
    assert await say(typed) == [question]
    assert RuleKind.TARGET not in await rules(world)
    [card] = await say(typed)
    assert card.startswith("🎯 I tell you as soon as it costs")
    assert RuleKind.TARGET in await rules(world)


async def test_another_unlikely_target_is_another_question_and_a_likely_one_is_taken(
    kettle: Thing, say: Say, world: World
) -> None:
    await say.tap("Target price")
    for typed in ("1", "2"):
        [answer] = await say(typed)
        assert answer.startswith("🤔"), typed
    [answer] = await say("nothing")
    assert "is no price that I can read" in answer
    await say("1500")
    assert (await rules(world))[RuleKind.TARGET].amount_minor == 150000


async def test_a_drop_that_can_hardly_happen_is_questioned_once(
    kettle: Thing, say: Say, world: World
) -> None:
    await say.tap("Drop by…")
    await say.tap("Another drop…")
    assert await say("95%") == [
        "🤔 Such a drop would be from ₹1,999 to ₹99.95, and the lowest I know is ₹1,999. "
        "Send it again if you mean it, or another drop."
    ]
    [answer] = await say("5000")
    assert "from ₹1,999 to ₹0" in answer
    assert RuleKind.DROP_BY not in await rules(world)
    await say("5000")
    assert (await rules(world))[RuleKind.DROP_BY].amount_minor == 500000


async def test_seller_condition_and_hurry_are_chosen_one_level_deeper(
    kettle: Thing, say: Say, world: World
) -> None:
    [card] = await say.tap("Seller, condition, at once")
    assert "through digests, quiet hours and limits" in card
    [card] = await say.tap("☐ Only new, no used ones")
    assert "✨ Only new, no used ones" in card
    await say.tap("☐ Always at once")
    [watch] = await world.rows(Watch)
    assert (watch.is_only_new, watch.is_always_at_once) == (True, True)
    [card] = await say.tap("✅ Only new, no used ones")
    [card] = await say.tap("◀ Back")
    assert "⚡ Always at once" in card
    assert "✨ Only new" not in card


async def test_a_seller_is_kept_to_where_the_page_names_one(kettle: Thing, say: Say, world: World) -> None:
    [watch] = await world.rows(Watch)
    async with world.database.transaction() as session:
        await session.execute(update(Listing).values(seller=None))
    await say.tap("Seller, condition, at once")
    assert "☐ Only from this seller" not in say.buttons()
    await say.tap(f"r:limit:{watch.id}::seller", forced=True)
    assert say.toast == "The page names no seller now, so there is none to keep to."
    async with world.database.transaction() as session:
        await session.execute(update(Listing).values(seller="Cloudtail <b>"))
    await say.tap("◀ Back")
    await say.tap("Seller, condition, at once")
    [card] = await say.tap("☐ Only from this seller")
    assert "🏷 Only from Cloudtail <b>" in card
    await say.tap("✅ Only from this seller")
    assert (await world.rows(Watch))[0].only_seller is None


@on_both_databases
async def test_two_taps_at_once_set_one_rule_and_a_second_tap_changes_nothing(
    kettle: Thing, say: Say, world: World
) -> None:
    message_id, data = say.button("Price rise")
    query_ids = await asyncio.gather(*(world.telegram.tap(say.user, message_id, data) for _ in range(3)))
    for query_id in query_ids:
        await world.quiet(world.telegram.state.queries[query_id].update_id)
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP, RuleKind.RISE}
    assert len(await world.rows(AlertRule)) == 2


async def test_a_stale_button_says_what_is_so(kettle: Thing, say: Say, world: World) -> None:
    [watch] = await world.rows(Watch)
    off = "That rule is off by now. Open the rules again to set it."
    for data, said in (
        (f"r:again:{watch.id}:rise:", off),
        (f"r:rearm:{watch.id}:rise:once", off),
        (f"r:arm:{watch.id}:rise:", off),
        (f"r:kind:{watch.id}:target:", off),
        (f"r:ref:{watch.id}:drop_by:added", "Choose first how large the drop has to be."),
    ):
        assert await say.tap(data, forced=True) == [], data
        assert say.toast == said, data
    await say.tap(f"r:off:{watch.id}:rise:", forced=True)  # it is off already
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP}
    await say("/stop 1")
    await say.tap(f"r:set:{watch.id}:rise:", forced=True)
    assert say.toast == GONE
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP}


FORGED = [
    "r:set:{}::",
    "r:set:{}:drop_by:",
    "r:set:{}:drop_by:ten",
    "r:set:{}:drop_by:²",
    "r:set:{}:lowest:7",
    "r:set:{}:target:",
    "r:set:{}:explode:",
    "r:ref:{}:drop_by:mars",
    "r:ref:{}:target:added",
    "r:rearm:{}:any_drop:never",
    "r:rearm:{}:any_drop:5",
    "r:rearm:{}:any_drop:hours",
    "r:type:{}:rise:",
    "r:kind:{}:rise:",
    "r:again:{}::",
    "r:limit:{}::nobody",
    "r:limit:{}::",
    "r:set:{}:any_drop:much-too-long-a-value",
    "r:off:{}::",
]


@pytest.mark.parametrize("data", FORGED)
async def test_forged_data_is_answered_by_a_sentence_and_changes_nothing(
    data: str, kettle: Thing, say: Say, world: World
) -> None:
    [watch] = await world.rows(Watch)
    for watch_id in (watch.id, 0):
        if watch_id == 0 and ":limit:" in data:
            continue
        await say.tap(data.format(watch_id), forced=True)
        assert say.toast == STALE, watch_id
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP}
    assert await world.rows(DefaultRule) == []


async def test_percentages_beyond_reason_are_refused_from_buttons_too(
    kettle: Thing, say: Say, world: World
) -> None:
    [watch] = await world.rows(Watch)
    await say.tap(f"r:set:{watch.id}:drop_by:500", forced=True)
    assert say.toast == "A drop in percent is a whole number from 1 to 99. Send one such as 10%, or /cancel."
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP}


async def test_nobody_reaches_the_rules_of_somebody_else(kettle: Thing, say: Say, world: World) -> None:
    [watch] = await world.rows(Watch)
    ravi = say.as_user(RAVI)
    await ravi("/start")
    for data in (
        "r:show:{}::",
        "r:kind:{}:drop_by:",
        "r:set:{}:rise:",
        "r:ref:{}:drop_by:added",
        "r:type:{}:target:",
        "r:off:{}:any_drop:",
        "r:again:{}:any_drop:",
        "r:rearm:{}:any_drop:once",
        "r:arm:{}:any_drop:",
        "r:limits:{}::",
        "r:limit:{}::new",
    ):
        assert await ravi.tap(data.format(watch.id), forced=True) == [], data
        assert ravi.toast == GONE, data
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP}
    assert (await rules(world))[RuleKind.ANY_DROP].rearm == Rearm.CROSSING
