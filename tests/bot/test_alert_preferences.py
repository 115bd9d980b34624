"""How a person is told: /alerts and what it does to what waits, as they are talked through."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.bot.conftest import on_both_databases
from tests.world import PATIENCE, RAVI, Say, Shelf, Thing, World
from tracker import clock
from tracker.alerts.models import Alert, AlertPreferences, AlertState, Mode
from tracker.texts import Language

NOT_UNDERSTOOD = "I did not understand that. Send /help to see what I can do."
HOURS_WANTED = "I need two times of a day, such as 22:30-06:15. Send them, or /cancel."


@pytest.fixture
async def kettle(say: Say, shop: Shelf) -> Thing:
    """Asha watches a kettle at ₹1,999."""
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    return kettle


async def chosen(world: World) -> AlertPreferences:
    async with world.database.transaction() as session:
        return (await session.scalars(select(AlertPreferences))).one()


async def held(world: World, thing: Thing, number: int) -> None:
    """Check the shop, and return once this many alerts are held."""
    await world.checked(thing)
    await settled(world, AlertState.HELD, number)


async def settled(world: World, state: AlertState, number: int) -> None:
    """Return once this many alerts are noted as that."""
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = world.steps
            if await world.count(Alert, Alert.state == state) >= number:
                return
            await world.telegram.wait_for(lambda seen=seen: world.steps != seen, PATIENCE)  # type: ignore[misc]


async def heard(say: Say, *words: str) -> dict[str, Any]:
    """The newest message that holds these words, once it is there."""

    def message() -> dict[str, Any] | None:
        found = (each for each in reversed(say.messages) if all(word in each["text"] for word in words))
        return next(found, None)

    await say.world.telegram.wait_for(lambda: message() is not None, PATIENCE)
    found = message()
    assert found is not None
    return found


def day_after_tomorrow() -> str:
    """A weekday on which no digest comes while a test runs, in India."""
    return Language().weekday((clock.now() + timedelta(days=2, hours=5, minutes=30)).weekday())


async def tell_weekly(say: Say) -> None:
    await say("/alerts")
    await say.tap("When")
    await say.tap("Once a week")
    await say.tap(day_after_tomorrow())
    await say.tap("09:00")


async def test_whoever_chose_nothing_is_told_at_once_with_pictures_and_a_sound(say: Say) -> None:
    [card] = await say("/alerts")
    assert card == (
        "How I tell you\n\n"
        "⚡ At once, as soon as I see it.\n"
        "🌙 No quiet hours.\n"
        "🚦 No limit of messages an hour.\n"
        "🔔 With a sound.\n"
        "🖼 With the picture of the thing.\n\n"
        "Times are those of Asia/Kolkata; /settings changes that."
    )


@on_both_databases
async def test_a_daily_message_is_chosen_with_its_hour(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("When")
    assert "• ⚡ At once" in say.buttons()
    assert await say.tap("Once a day") == ["At which hour?"]
    assert len(say.buttons()) == 25
    [card] = await say.tap("08:00")
    assert "Once a day at 08:00, all that is new in one message." in card
    assert ((await chosen(world)).mode, (await chosen(world)).digest_hour) == (Mode.DAILY, 8)


async def test_a_weekly_message_is_chosen_with_its_day_and_hour(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("When")
    assert await say.tap("Once a week") == ["On which day?"]
    assert "• Saturday" in say.buttons()
    assert await say.tap("Sunday") == ["At which hour?"]
    [card] = await say.tap("19:00")
    assert "Once a week, Sunday at 19:00, all that is new in one message." in card


async def test_an_hourly_message_and_back_to_at_once(say: Say) -> None:
    await say("/alerts")
    await say.tap("When")
    [card] = await say.tap("Every hour")
    assert "Every full hour, all that is new in one message." in card
    await say.tap("When")
    [card] = await say.tap("At once")
    assert "At once, as soon as I see it." in card


async def test_quiet_hours_are_chosen_and_given_up(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("Quiet hours")
    assert "• None" in say.buttons()
    [card] = await say.tap("22:00 – 07:00")
    assert "Quiet from 22:00 until 07:00" in card
    await say.tap("Quiet hours")
    assert "• 22:00 – 07:00" in say.buttons()
    [card] = await say.tap("None")
    assert "No quiet hours." in card
    assert (await chosen(world)).quiet_from is None


async def test_quiet_hours_are_typed_to_the_minute(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("Quiet hours")
    assert await say.tap("Other hours") == [
        "Between which hours shall I be quiet? Send them like this: 22:30-06:15, or /cancel."
    ]
    assert await say("at night") == [HOURS_WANTED]
    assert await say("25-7") == [HOURS_WANTED]
    assert await say("x" * 4000) == [HOURS_WANTED]
    assert await say("7-7") == ["Those are one and the same time. Send two, such as 22:30-06:15, or /cancel."]
    assert await world.count(AlertPreferences) == 0
    [card] = await say("22:30-06:15")
    assert "Quiet from 22:30 until 06:15" in card
    [answer] = await say("22:30-06:15")
    assert answer.startswith("I see no link in that.")


async def test_a_question_for_quiet_hours_can_be_left(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("Quiet hours")
    await say.tap("Other hours")
    assert await say("/cancel") == ["All right, forgotten."]
    await say("22-7")
    assert await world.count(AlertPreferences) == 0


async def test_a_limit_is_chosen_and_given_up(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("Limit")
    [card] = await say.tap("5")
    assert "At most 5 messages an hour: what is more waits, and comes in one message." in card
    await say.tap("Limit")
    assert "• 5" in say.buttons()
    [card] = await say.tap("No limit")
    assert "No limit of messages an hour." in card
    assert (await chosen(world)).hourly_cap is None


async def test_sound_and_pictures_are_switched(say: Say, world: World) -> None:
    await say("/alerts")
    [card] = await say.tap("Without sound")
    assert "Without a sound." in card
    [card] = await say.tap("Text only")
    assert "As text, without pictures." in card
    assert ((await chosen(world)).is_silent, (await chosen(world)).has_photos) == (True, False)
    await say.tap("With sound")
    await say.tap("With pictures")
    assert ((await chosen(world)).is_silent, (await chosen(world)).has_photos) == (False, True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("a:hour:24:0", id="no-such-hour"),
        pytest.param("a:day:7:0", id="no-such-day"),
        pytest.param("a:cap:4:0", id="a-limit-not-offered"),
        pytest.param("a:between:2073600:0", id="beyond-a-day"),
        pytest.param("a:between:9223372036854775807:0", id="largest"),
    ],
)
async def test_a_forged_choice_is_refused_and_changes_nothing(data: str, say: Say, world: World) -> None:
    await say("/alerts")
    assert await say.tap(data, forced=True) == []
    assert say.toast == NOT_UNDERSTOOD
    assert await world.count(AlertPreferences) == 0


@pytest.mark.parametrize(
    "data",
    [
        "a:explode:0:0",
        "a:hour:-1:0",
        "a:hour:one:0",
        "a:history:9223372036854775808:0",
        "a:page:0:1000000",
        "a:page:0:-1",
        "a:show",
    ],
)
async def test_bytes_that_no_button_carries_are_too_old(data: str, say: Say) -> None:
    await say("/alerts")
    assert await say.tap(data, forced=True) == []
    assert say.toast == "This button is too old. Send /list to see what you watch."


@on_both_databases
async def test_what_is_kept_for_a_digest_is_listed_and_comes_when_asked_for(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await tell_weekly(say)
    shop.set(kettle, price="1499.00")
    await held(world, kettle, 1)
    assert not [message for message in say.messages if "instead of" in message["text"]]
    [waiting] = await say("/pending")
    assert waiting.startswith("1 alert waits\n\n🗓 For the message of the week, ")
    assert waiting.endswith(", 09:00:\n• Kettle – ₹1,499")
    await say.tap("Send it now")
    assert say.toast == "It comes now"
    await heard(say, "₹1,499 instead of ₹1,999")
    await settled(world, AlertState.SENT, 1)
    assert await say("/pending") == [
        "Nothing waits. /alerts sets when and how I tell you, /history shows what I told you."
    ]
    [told] = await say("/history")
    assert told.startswith("1 alert\n\n")
    assert told.endswith("Kettle\n₹1,499 instead of ₹1,999 · 📨 kept until you asked for it, ✅ sent")


async def test_what_waited_is_said_in_one_message_once_the_person_wants_it_at_once(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    lamp = shop.lists("lamp", price="99.00")
    await say(lamp.url)
    await say.tap("Track it")
    await tell_weekly(say)
    shop.set(kettle, price="1499.00")
    await held(world, kettle, 1)
    shop.set(lamp, price="89.00")
    await held(world, lamp, 2)
    [card] = await say("/alerts")
    assert card.endswith("⏳ 2 alerts wait: /pending")
    await say.tap("When")
    await say.tap("At once")
    said = await heard(say, "₹1,499", "₹89")
    await settled(world, AlertState.SENT, 2)
    alerts = await world.rows(Alert)
    assert {alert.message_id for alert in alerts} == {said["message_id"]}
    [told] = await say("/history")
    assert told.count("🗓 kept for the message of the week, ✅ sent, in one message with others") == 2


async def test_quiet_hours_hold_what_happens_in_them(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    local = clock.now() + timedelta(hours=5, minutes=30)
    begin, end = local - timedelta(hours=2), local + timedelta(hours=2)
    await say("/alerts")
    await say.tap("Quiet hours")
    await say.tap("Other hours")
    await say(f"{begin:%H:%M}-{end:%H:%M}")
    shop.set(kettle, price="1499.00")
    await held(world, kettle, 1)
    await say("/alerts")
    [waiting] = await say.tap("What waits")
    assert "🌙 For the end of your quiet hours, " in waiting
    assert f", {end:%H:%M}:\n• Kettle – ₹1,499" in waiting
    [told] = await say("/history kettle")
    assert f"🌙 kept for your quiet hours, ⏳ until {Language().time(end - timedelta(hours=5.5))}" in told


async def test_what_is_beyond_the_limit_waits(kettle: Thing, say: Say, shop: Shelf, world: World) -> None:
    await say("/alerts")
    await say.tap("Limit")
    await say.tap("3")
    for number, price in enumerate(("1899", "1799", "1699"), start=1):
        shop.set(kettle, price=price)
        await say.hears(f"₹1,{price[1:]} instead of")
        await settled(world, AlertState.SENT, number)
    shop.set(kettle, price="1599.00")
    await held(world, kettle, 1)
    [waiting] = await say("/pending")
    assert "🚦 Over your limit of messages an hour, until " in waiting
    assert waiting.endswith("\n• Kettle – ₹1,599")


async def test_an_alert_comes_without_a_sound_and_a_picture(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say("/alerts")
    await say.tap("Without sound")
    await say.tap("Text only")
    shop.set(kettle, price="1499.00")
    await say.hears("₹1,499 instead of ₹1,999")
    [call] = [call for call in world.telegram.calls if "instead of" in str(call.params.get("text"))]
    assert call.method == "sendMessage"
    assert call.params["disable_notification"]


async def test_another_time_zone_has_other_quiet_hours(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    local = clock.now() + timedelta(hours=5, minutes=30)
    await say("/alerts")
    await say.tap("Quiet hours")
    await say.tap("Other hours")
    await say(f"{local - timedelta(hours=1):%H:%M}-{local + timedelta(hours=1):%H:%M}")
    shop.set(kettle, price="1499.00")
    await held(world, kettle, 1)
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("America/Los Angeles")
    await heard(say, "₹1,499 instead of ₹1,999")


async def test_there_is_nothing_to_send_when_nothing_waits_any_more(say: Say, world: World) -> None:
    await say("/alerts")
    [card] = await say.tap("a:send:0:0", forced=True)
    assert say.toast == "Nothing waits any more"
    assert card.startswith("Nothing waits.")


async def test_nobody_lets_another_persons_alerts_go(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await tell_weekly(say)
    shop.set(kettle, price="1499.00")
    await held(world, kettle, 1)
    ravi = say.as_user(RAVI)
    [waiting] = await ravi("/pending")
    assert waiting.startswith("Nothing waits.")
    await ravi.tap("a:send:0:0", forced=True)
    assert ravi.toast == "Nothing waits any more"
    assert await world.count(Alert, Alert.state == AlertState.HELD) == 1
