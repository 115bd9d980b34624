"""From a pasted link to a watch."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox.telegram.state import Json
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import RAVI, Say, Shelf, World
from tracker import clock
from tracker.catalog.models import Listing, Preview
from tracker.users.models import User
from tracker.watches.models import Watch, WatchState


@on_both_databases
async def test_a_link_becomes_a_preview_a_watch_and_then_an_alert(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say(kettle.url)
    assert "Kettle" in preview
    assert "₹1,999" in preview
    [card] = await say.tap("Track it")
    assert say.toast == "I watch it for you"
    assert "I watch this for you" in card
    shop.set(kettle, price="1499.00")
    alert = await say.hears("₹1,499", "instead of ₹1,999")
    assert "−₹500 (−25 %)" in alert["text"]


@on_both_databases
async def test_one_listing_serves_two_people(say: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    ravi = say.as_user(RAVI)
    for person in (say, ravi):
        await person(kettle.url)
        await person.tap("Track it")
    assert await world.count(Listing) == 1
    shop.set(kettle, price="1499.00")
    await say.hears("instead of")
    await ravi.hears("instead of")


async def test_a_link_behind_a_track_and_a_target_button_waits_for_a_choice(say: Say, shop: Shelf) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    assert say.buttons() == ["✅ Track it", "🎯 Set a target price", "🛒 Open at 127.0.0.1", "✖ Not now"]
    assert await say("/list") == ["You watch nothing yet. Send me the link of a product to begin."]


async def test_a_declined_preview_is_no_watch(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    assert await say.tap("Not now") == ["All right, I do not watch Kettle."]
    assert say.buttons() == []
    assert await world.count(Watch) == 0


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("Hey! Check out this cool product on Demo Bazaar {url}", id="share-text"),
        pytest.param("यह केतली देखो {url} बहुत सस्ती है।", id="hindi-around"),
        pytest.param("({url}).", id="brackets-and-a-full-stop"),
        pytest.param("{url}", id="alone"),
        pytest.param("सस्ती: {url}", id="behind-a-colon"),
        pytest.param("/add {url}", id="behind-the-command"),
        pytest.param("/add@PriceTrackerDemoBot {url}", id="behind-the-addressed-command"),
        pytest.param("👍🏽 {url} 👍🏽", id="between-emoji"),
    ],
)
async def test_a_link_is_found_in(words: str, say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say(words.format(url=kettle.url))
    assert "Kettle" in preview


async def test_a_link_is_found_in_a_caption(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say(caption=f"look {kettle.url}", photo="https://pictures.example/kettle.jpg")
    assert "Kettle" in preview


async def test_a_link_is_found_in_a_forwarded_message(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say(f"Deal! {kettle.url}", forward="Deals of the day")
    assert "Kettle" in preview


async def test_a_link_is_found_behind_words(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say("Buy it here", entities=[_link_behind(0, 11, kettle.url)])
    assert "Kettle" in preview


async def test_a_link_is_found_behind_words_of_a_caption(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say(
        caption="Buy it here",
        photo="https://pictures.example/k.jpg",
        entities=[_link_behind(0, 3, kettle.url)],
    )
    assert "Kettle" in preview


async def test_a_link_with_a_text_that_is_another_link_gives_both(say: Say, shop: Shelf) -> None:
    kettle, lamp = shop.lists("kettle", price="1999.00"), shop.lists("lamp", price="99.00")
    answers = await say(kettle.url, entities=[_link_behind(0, 10, lamp.url)])
    assert {answer.splitlines()[0] for answer in answers} == {"Kettle", "Lamp"}


def _link_behind(offset: int, length: int, url: str) -> Json:
    return {"type": "text_link", "offset": offset, "length": length, "url": url}


async def test_a_link_without_a_scheme_is_read_at_the_shops_own_address(make_world: MakeWorld) -> None:
    world = await make_world(replayed=True)
    page = '<script type="application/ld+json">{"@type":"Product","name":"Phone","offers":'
    page += '{"price":"54999","priceCurrency":"INR","availability":"InStock"}}</script>'
    world.replay.override("https://www.amazon.in/dp/B0CHX1W1XY", f"<html><head>{page}</head></html>")
    say = Say(world)
    [preview] = await say("amazon.in/dp/B0CHX1W1XY")
    assert "Phone" in preview
    assert "Amazon.in" in preview
    [card] = await say.tap("Track it")
    assert "₹54,999" in card
    [again] = await say("https://www.amazon.in/Some-Name/dp/B0CHX1W1XY/ref=sr_1_3?keywords=phone&qid=17")
    assert again == "You already watch Phone: ₹54,999, tracked since today."


async def test_several_links_are_several_previews(say: Say, shop: Shelf) -> None:
    things = [shop.lists(slug, price="100.00") for slug in ("kettle", "lamp", "mug")]
    answers = await say(" and ".join(thing.url for thing in things))
    assert {answer.splitlines()[0] for answer in answers} == {"Kettle", "Lamp", "Mug"}


@pytest.mark.parametrize("total", [12, 50])
async def test_of_many_links_the_first_ten_are_read_and_the_rest_is_said(
    total: int, say: Say, shop: Shelf, world: World
) -> None:
    things = [shop.lists(f"thing-{number}", price="100.00") for number in range(total)]
    answers = await say("\n".join(thing.url for thing in things))
    said = f"That is {total} links; I read the first 10 of them. Please send the rest in another message."
    assert sorted(answer.splitlines()[0] for answer in answers) == [
        said,
        *(f"Thing {number}" for number in range(10)),
    ]
    assert await world.count(Preview) == 10


async def test_the_same_link_twice_in_a_message_is_one_preview(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    assert len(await say(f"{kettle.url} {kettle.shared_url} {kettle.url}")) == 1


async def test_the_same_link_in_two_messages_is_two_previews_and_one_watch(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    first = say.last
    await say(kettle.url)
    await say.tap("Track it")
    [card] = await say.tap("Track it", on=first)
    assert say.toast == "You watch this already"
    assert "You watch this already." in card
    assert await world.count(Watch) == 1


async def test_a_second_link_to_the_same_thing_is_not_a_second_watch(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    answer = "You already watch Kettle: ₹1,999, tracked since today."
    assert await say(kettle.url) == [answer]
    assert await say(kettle.shared_url) == [answer]


async def test_declining_a_thing_that_is_watched_does_not_claim_that_it_is_not(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    first = say.last
    await say(kettle.url)
    await say.tap("Track it")
    assert await say.tap("Not now", on=first) == ["You already watch Kettle: ₹1,999, tracked since today."]
    assert await world.count(Watch, Watch.state == WatchState.ACTIVE) == 1


async def test_two_taps_at_once_are_one_watch(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    message_id, data = say.button("Track it")
    queries = [await world.telegram.tap(say.user, message_id, data) for _ in range(3)]
    for query in queries:
        await world.quiet(world.telegram.state.queries[query].update_id)
    assert await world.count(Watch) == 1
    assert [answer.text for answer in world.telegram.state.answers] == [
        "I watch it for you",
        "You watch this already",
        "You watch this already",
    ]


async def test_a_thing_out_of_stock_is_shown_and_can_be_watched(say: Say, shop: Shelf) -> None:
    [preview] = await say(shop.lists("kettle", price="1999.00", availability="out_of_stock").url)
    assert "₹1,999 · out of stock" in preview
    [card] = await say.tap("Track it")
    assert "I watch this for you" in card


async def test_a_list_price_above_the_price_is_shown_as_the_mrp(say: Say, shop: Shelf) -> None:
    [preview] = await say(shop.lists("kettle", price="1999.00", list_price="2499.00").url)
    assert "₹1,999 (MRP ₹2,499)" in preview


async def test_a_thing_stopped_before_begins_anew_under_its_old_number(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    await say("/stop 1")
    shop.set(kettle, price="1799.00")
    [preview] = await say(kettle.url)
    assert "Shall I watch this for you?" in preview
    await say.tap("Track it")
    [listed] = await say("/list")
    assert "#1 Kettle" in listed


@pytest.mark.parametrize("words", ["/add", "/add   "])
async def test_add_without_a_link_says_how(words: str, say: Say) -> None:
    assert await say(words) == [
        "Send the link behind the command: /add https://… A bare link does too.",
    ]


async def test_add_with_words_that_are_no_link_says_so(say: Say) -> None:
    [answer] = await say("/add kettle")
    assert answer.startswith("I see no link in that.")


async def test_text_without_a_link_is_answered_by_what_to_do(say: Say) -> None:
    [answer] = await say("hello there")
    assert answer.startswith("I see no link in that.")


@pytest.mark.parametrize(
    "text",
    ["ftp://shop.example/kettle", "javascript:alert(1)", "file:///etc/passwd", "tg://resolve?domain=x"],
)
async def test_a_link_of_another_scheme_is_said_to_be_none_of_the_web(text: str, say: Say) -> None:
    [answer] = await say(text)
    assert answer == "I can only watch web pages. Please send a link that begins with https://"


async def test_a_hidden_link_of_another_scheme_is_said_to_be_none_of_the_web(say: Say) -> None:
    [answer] = await say("tap here", entities=[_link_behind(0, 3, "tg://resolve?domain=x")])
    assert answer == "I can only watch web pages. Please send a link that begins with https://"


async def test_a_good_link_is_read_beside_a_bad_one(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    answers = await say(f"https://user:secret@shop.example/x {kettle.url}")
    assert len(answers) == 2
    assert any(answer.startswith("I cannot read that link.") for answer in answers)
    assert any(answer.startswith("Kettle") for answer in answers)


async def test_a_person_who_waits_for_twenty_answers_is_asked_to_wait(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say("/start")
    now = clock.now()
    async with world.database.transaction() as session:
        [user] = await session.scalars(select(User))
        for number in range(20):
            waiting = {"due_at": now, "asked_at": now, "lease_until": now + timedelta(hours=1)}
            session.add(Preview(user_id=user.id, chat_id=1, url=f"https://shop.example/{number}", **waiting))
    await world.telegram.say(say.user, kettle.url)
    await world.telegram.wait_for(lambda: len(say.messages) == 2)
    assert say.last["text"].startswith("I am still reading the last links that you sent.")
    assert await world.count(Preview) == 20
