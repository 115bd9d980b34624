"""What new things begin with: /defaults, by buttons and by words."""

from datetime import timedelta

from sqlalchemy import update

from tests.bot.conftest import on_both_databases
from tests.world import RAVI, Say, Shelf, World
from tracker import clock
from tracker.catalog.models import PriceObservation
from tracker.watches.models import AlertRule, DefaultRule, Reference, RuleKind


async def rules(world: World) -> dict[str, AlertRule]:
    return {rule.kind: rule for rule in await world.rows(AlertRule)}


@on_both_databases
async def test_new_things_begin_with_the_rules_of_defaults(say: Say, shop: Shelf, world: World) -> None:
    [card] = await say("/defaults")
    assert card.startswith("When I tell you about new things")
    assert "🔔 I tell you about any drop, every time" in card
    await say.tap("Drop by…")
    await say.tap("10 %")
    [card] = await say.tap("Usual price")
    assert "📉 I tell you at 10 % less than its usual price of 30 days, every time it gets there" in card
    await say.tap("◀ Back")
    await say.tap("Lowest price")
    await say.tap("30 days")
    await say.tap("🔁 Every time", on=say.last)
    await say.tap("a day")
    [card] = await say.tap("✅ Any drop")
    assert "any drop" not in card
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    found = await rules(world)
    assert found.keys() == {RuleKind.DROP_BY, RuleKind.LOWEST}
    assert (found[RuleKind.DROP_BY].percent, found[RuleKind.DROP_BY].reference) == (10, Reference.MEDIAN)
    assert {rule.rearm_hours for rule in found.values()} == {24, None}


async def test_the_card_of_alerts_leads_to_the_rules_of_new_things_and_back(say: Say) -> None:
    [alerts] = await say("/alerts")
    [card] = await say.tap("Rules of new things")
    assert card.startswith("When I tell you about new things")
    assert not [label for label in say.buttons() if "Target" in label]
    assert await say.tap("◀ Back") == [alerts]


async def test_any_drop_is_the_last_rule_of_new_things_and_stays(say: Say, world: World) -> None:
    await say("/defaults")
    assert await say.tap("✅ Any drop") == []
    assert (
        say.toast == "New things need one rule at least. Choose another one first, then take this one away."
    )
    await say.tap("Price rise")
    await say.tap("✅ Any drop")
    [card] = await say.tap("✅ Price rise")
    assert "🔔 I tell you about any drop, every time" in card
    assert await world.rows(DefaultRule) == []


async def test_a_drop_of_new_things_is_typed_in_ones_own_currency_or_in_percent(
    say: Say, shop: Shelf, world: World
) -> None:
    await say("/defaults")
    await say.tap("Drop by…")
    [question] = await say.tap("Another drop…")
    assert question.startswith("How large does a drop have to be?")
    [answer] = await say("much")
    assert "is no drop that I can read" in answer
    [answer] = await say("95%")
    assert answer == "🤔 Things hardly ever fall by 95 %. Send it again if you mean it, or another drop."
    [card] = await say("500")
    assert "📉 I tell you at ₹500 less than its highest since my last message" in card
    await say(shop.lists("teapot", price="12800", currency="JPY").url)
    await say.tap("Track it")
    assert (await rules(world)).keys() == {RuleKind.ANY_DROP}
    await say("/defaults")
    await say.tap("Drop by ₹500")
    await say.tap("Another drop…")
    await say("95%")
    await say("95%")
    assert {rule.percent for rule in await world.rows(DefaultRule)} == {None, 95}


async def test_a_default_that_a_new_thing_meets_is_said_when_it_is_added(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    ravi = say.as_user(RAVI)
    await ravi(kettle.url)
    await ravi.tap("Track it")
    shop.set(kettle, price="1599.00")
    await world.checked(kettle)
    async with world.database.transaction() as session:
        long_ago = clock.now() - timedelta(days=3)
        first = PriceObservation.price_minor == 199900
        await session.execute(update(PriceObservation).where(first).values(observed_at=long_ago))
    await say("/defaults")
    await say.tap("Drop by…")
    await say.tap("10 %")
    await say.tap("Usual price")
    await say(kettle.url)
    _card, met = await say.tap("Track it")
    assert met.startswith("📉 It costs ₹1,599 already: −₹400 (−20 %) from ₹1,999.")
    assert not (await world.rows(AlertRule, AlertRule.kind == RuleKind.DROP_BY))[0].is_armed
