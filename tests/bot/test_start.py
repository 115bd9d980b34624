"""Arriving, help, settings, leaving a question, and the operator's /status."""

import base64

import pytest

from bot.commands import COMMANDS
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import ASHA, RAVI, Say, Shelf, World
from tracker.users.models import User


@on_both_databases
async def test_a_new_person_is_greeted_by_name_and_known_from_then_on(say: Say, world: World) -> None:
    [welcome] = await say("/start")
    assert welcome.startswith("Hello Asha! Send me the link of any product")
    [again] = await say("/start")
    assert again == welcome
    [user] = await world.rows(User)
    assert (user.telegram_id, user.first_name) == (ASHA, "Asha")


async def test_a_name_of_markup_is_a_name(say: Say) -> None:
    [welcome] = await say("/start", first_name='<a href="https://evil.example">&lt;Bob</a>\u202e')
    assert welcome.startswith('Hello <a href="https://evil.example">&lt;Bob<')


@pytest.mark.parametrize("payload", ["ref_1001", "A" * 64, "campaign-7_x"])
async def test_the_first_payload_of_a_person_is_kept(payload: str, say: Say, world: World) -> None:
    await say(f"/start {payload}")
    await say("/start another")
    [user] = await world.rows(User)
    assert user.start_payload == payload


@pytest.mark.parametrize(
    "payload", ["A" * 65, "ref 1001", "ref/1001", "कुछ", "<b>", "%00", "'; DROP TABLE users; --"]
)
async def test_a_payload_that_telegram_would_not_send_is_ignored(
    payload: str, say: Say, world: World
) -> None:
    [welcome] = await say(f"/start {payload}")
    assert welcome.startswith("Hello Asha!")
    [user] = await world.rows(User)
    assert user.start_payload is None


async def test_a_deep_link_may_carry_a_link_to_watch(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("k", price="1999.00")
    payload = base64.urlsafe_b64encode(kettle.url.encode()).decode().rstrip("=")
    assert len(payload) <= 64
    answers = await say(f"/start {payload}")
    assert any(answer.startswith("Hello Asha!") for answer in answers)
    assert any(answer.startswith("K\n₹1,999") for answer in answers)
    assert len(answers) == 2


@pytest.mark.parametrize("payload", ["____", "A", "AA", "-" * 64, "gICA"])
async def test_a_payload_that_decodes_to_no_link_is_a_greeting(payload: str, say: Say) -> None:
    [welcome] = await say(f"/start {payload}")
    assert welcome.startswith("Hello Asha!")


@pytest.mark.parametrize(
    ("code", "currency", "zone"),
    [
        ("en", "INR", "Asia/Kolkata"),
        ("hi", "INR", "Asia/Kolkata"),
        ("en-GB", "GBP", "Europe/London"),
        ("de", "EUR", "Europe/Berlin"),
        ("pt-br", "BRL", "America/Sao_Paulo"),
        ("ja", "JPY", "Asia/Tokyo"),
        ("zh-hans", "CNY", "Asia/Shanghai"),
        ("xx-yyy", "INR", "Asia/Kolkata"),
        ("", "INR", "Asia/Kolkata"),
    ],
)
async def test_the_clients_language_suggests_currency_and_zone(
    code: str, currency: str, zone: str, say: Say
) -> None:
    say.world.telegram.add_user(ASHA, "Asha", language_code=code)
    await say("/start")
    [card] = await say("/settings")
    assert f"Language: English\nCurrency: {currency}\nTime zone: {zone}" in card


@on_both_databases
async def test_settings_are_chosen_by_buttons(say: Say, world: World) -> None:
    await say("/settings")
    await say.tap("Language")
    [card] = await say.tap("English")
    assert "Language: English" in card
    await say.tap("Currency")
    [card] = await say.tap("AED")
    assert "Currency: AED" in card
    await say.tap("Time zone")
    [card] = await say.tap("America/New York")
    assert "Time zone: America/New_York" in card
    assert len(say.messages) == 1
    [user] = await world.rows(User)
    assert (user.locale, user.currency, user.time_zone) == ("en", "AED", "America/New_York")


async def test_settings_go_back_without_a_choice(say: Say) -> None:
    [card] = await say("/settings")
    await say.tap("Currency")
    assert await say.tap("Back") == [card]


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Kolkata", "Asia/Kolkata"),
        ("  new   york ", "America/New_York"),
        ("europe/paris", "Europe/Paris"),
        ("UTC", "UTC"),
    ],
)
async def test_a_city_may_be_typed(words: str, zone: str, say: Say) -> None:
    await say("/settings")
    await say.tap("Time zone")
    assert await say.tap("Another city…") == [
        "Send the city whose time you live by, such as Kolkata, or /cancel."
    ]
    [card] = await say(words)
    assert f"Time zone: {zone}" in card


@pytest.mark.parametrize("words", ["Atlantis", "<b>", "x" * 3000, "../../etc/passwd", "posix/Asia/Kolkata"])
async def test_a_city_that_is_none_is_asked_again(words: str, say: Say) -> None:
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("Another city…")
    [answer] = await say(words)
    assert answer.startswith("I know no single time zone called “")
    assert len(answer) < 200
    [card] = await say("Dubai")
    assert "Time zone: Asia/Dubai" in card


async def test_a_link_in_the_place_of_a_city_is_a_link(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("Another city…")
    [preview] = await say(kettle.url)
    assert preview.startswith("Kettle")


async def test_times_are_told_in_the_persons_zone_and_change_with_it(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    shop.set(kettle, price="1899.00")
    in_kolkata = (await say.hears("₹1,899 instead of"))["text"].rpartition("read ")[2]
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("UTC")
    shop.set(kettle, price="1799.00")
    in_utc = (await say.hears("₹1,799 instead of"))["text"].rpartition("read ")[2]
    assert in_kolkata != in_utc


async def test_help_names_every_command_of_a_person(say: Say) -> None:
    [answer] = await say("/help")
    for command in ("/list", "/add", "/pause", "/resume", "/stop", "/settings", "/cancel"):
        assert command in answer


async def test_cancel_without_a_question_says_so(say: Say) -> None:
    assert await say("/cancel") == ["There is nothing to cancel."]


async def test_start_leaves_a_question(say: Say) -> None:
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("Another city…")
    await say("/start")
    [answer] = await say("Dubai")
    assert answer.startswith("I see no link in that.")


@pytest.mark.parametrize(
    "command", ["/frobnicate", "/start@SomebodyElsesBot", "/", "/delete_all now", "//list"]
)
async def test_a_command_that_is_none_is_said_to_be_unknown(command: str, say: Say) -> None:
    assert await say(command) == ["I do not know that command. Send /help to see what I can do."]


async def test_a_question_is_one_persons_alone(say: Say) -> None:
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("Another city…")
    [answer] = await say.as_user(RAVI)("Dubai")
    assert answer.startswith("I see no link in that.")


async def test_status_is_for_operators_alone(make_world: MakeWorld) -> None:
    world = await make_world(admin_ids=frozenset({ASHA}))
    say = Say(world)
    [status] = await say("/status")
    assert status.splitlines()[:2] == ["Service", "Users: 1"]
    world.telegram.add_user(RAVI, "Asha", username="asha")
    unknown = ["I do not know that command. Send /help to see what I can do."]
    ravi = say.as_user(RAVI)
    assert await ravi("/status") == unknown
    assert await ravi("/status", forward="Asha") == unknown


async def test_stores_are_for_operators_alone(make_world: MakeWorld) -> None:
    world = await make_world(admin_ids=frozenset({ASHA}))
    say = Say(world)
    assert await say("/stores") == ["No store is known yet."]
    ravi = say.as_user(RAVI)
    assert await ravi("/stores") == ["I do not know that command. Send /help to see what I can do."]


async def test_operators_see_more_commands(make_world: MakeWorld) -> None:
    world = await make_world(admin_ids=frozenset({ASHA}))
    state = world.telegram.state
    for_asha, for_ravi = (
        {command["command"] for command in state.commands_for(state.user(person))} for person in (ASHA, RAVI)
    )
    assert for_asha - for_ravi == {command.name for command in COMMANDS if command.for_admins}
    assert {"start", "list", "help"} <= for_ravi
