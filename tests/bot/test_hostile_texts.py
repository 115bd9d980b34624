"""What a shop may write into a title never becomes markup, a command or a mess in our messages."""

import json

import pytest

from sandbox.telegram.entities import utf16_length
from sandbox.telegram.state import Json
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import Say, Shelf
from tracker.catalog.models import Listing

TITLES = [
    pytest.param("<b>x</b>", "<b>x</b>", id="I01-tags"),
    pytest.param("&lt;b&gt; &amp;amp;", "<b> &amp;", id="I02-escaped-already"),
    pytest.param(
        '"><a href="https://evil.example">x', '"><a href="https://evil.example">x', id="I03-attribute"
    ),
    pytest.param("<3 AT&T 5 < 6", "<3 AT&T 5 < 6", id="I04-loose-marks"),
    pytest.param("a\u202eb\u2066c\u2069\u200fd\u200be", "abcde", id="I05-directions"),
    pytest.param("Ke" + "\u0301" * 40 + "ttle", "K\u00e9" + "\u0301" * 3 + "ttle", id="I05-zalgo"),
    pytest.param("t.me/scam @support /delete_all +911234567890", None, id="I06-links-and-commands"),
    pytest.param("{price} %s %(x)s {0.__class__}", "{price} %s %(x)s {0.__class__}", id="format-places"),
    pytest.param("केतली ☕ 🇮🇳 👨‍👩‍👧", "केतली ☕ 🇮🇳 👨‍👩‍👧", id="hindi-and-emoji"),
    pytest.param("line\none\r\n\ttwo", "line one two", id="line-breaks"),
]


def link_of(message: Json) -> tuple[str, str]:
    """The words and the address of the message's first link."""
    entity = next(each for each in message["entities"] if each["type"] == "text_link")
    raw = message["text"].encode("utf-16-le")
    return raw[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le"), entity[
        "url"
    ]


@pytest.mark.parametrize(("title", "shown"), TITLES)
async def test_a_title_of(title: str, shown: str | None, say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00", title=title)
    shown = shown or title
    await say(kettle.url)
    assert link_of(say.last) == (shown, kettle.url)
    await say.tap("Track it")
    assert link_of(say.last) == (shown, kettle.url)
    await say("/list")
    assert link_of(say.last) == (shown, kettle.url)
    shop.set(kettle, price="1499.00")
    assert link_of(await say.hears("instead of")) == (shown, kettle.url)
    await say("/stop 1")
    assert link_of(say.last) == (shown, kettle.url)
    kinds = {entity["type"] for message in say.messages for entity in message["entities"]}
    assert kinds <= {"text_link", "bold", "strikethrough", "bot_command"}


def page(**fields: object) -> str:
    offer = {"@type": "Offer", "price": "1999.00", "priceCurrency": "INR", "availability": "InStock"}
    product = {"@type": "Product", "name": "Kettle", "offers": offer} | fields
    markup = json.dumps(product).replace("</", "<\\/")
    return f'<html><head><script type="application/ld+json">{markup}</script></head><body></body></html>'


@on_both_databases
@pytest.mark.parametrize(
    ("name", "begins"),
    [
        pytest.param("Kettle\0 of nul", "Kettle", id="I05-nul"),
        pytest.param("Kettle \ud800 of half a pair", "Kettle", id="lone-surrogate"),
        pytest.param("Kettle " * 2000, "Kettle Kettle", id="long"),
        pytest.param("Kettle " + "🔥" * 3000, "Kettle 🔥", id="I07-long-emoji"),
        pytest.param("क्ष्म्य" * 1000, "क्ष्म्य", id="long-hindi"),
    ],
)
async def test_a_page_that_names_its_product(name: str, begins: str, make_world: MakeWorld) -> None:
    world = await make_world(replayed=True)
    world.replay.override(
        "https://shop.example/kettle",
        page(name=name, seller={"name": name}, color=name, image="https://x.example/k.jpg"),
    )
    say = Say(world)
    [preview] = await say("https://shop.example/kettle")
    assert preview.startswith(begins)
    assert utf16_length(preview) <= 1024
    await say.tap("Set a target price")
    await say("1")
    await say("/list")
    await say("/pause Kettle")
    assert all(utf16_length(message["text"]) <= 1024 for message in say.messages)
    assert all(
        utf16_length(button["text"]) <= 64
        for message in say.messages
        for row in message["buttons"]
        for button in row
    )
    assert len(await world.rows(Listing)) == 1


@pytest.mark.parametrize("title", ["\u200d" * 50, "\u202e\u2066", "\u0301", "\u200b"])
async def test_a_title_of_nothing_visible_is_shown_as_the_shops_name(
    title: str, make_world: MakeWorld
) -> None:
    world = await make_world(replayed=True)
    world.replay.override("https://shop.example/kettle", page(name=title))
    [preview] = await Say(world)("https://shop.example/kettle")
    assert preview.startswith(("shop.example", "I found no price", "This is no page"))


@pytest.mark.parametrize(
    "image", ["javascript:alert(1)", "file:///etc/passwd", "data:image/png;base64,AA", "tg://x"]
)
async def test_i08_an_image_of_another_scheme_is_no_photo(image: str, make_world: MakeWorld) -> None:
    world = await make_world(replayed=True)
    world.replay.override("https://shop.example/kettle", page(image=image))
    say = Say(world)
    await say("https://shop.example/kettle")
    assert say.last["photo"] is None


async def test_i09_a_seller_and_a_variant_of_markup_stay_words(make_world: MakeWorld) -> None:
    world = await make_world(replayed=True)
    bad = '<a href="https://evil.example">Amazon</a>'
    offer = {"@type": "Offer", "price": "1999", "priceCurrency": "INR", "seller": {"name": bad}}
    world.replay.override("https://shop.example/kettle", page(color=bad, offers=offer))
    say = Say(world)
    [preview] = await say("https://shop.example/kettle")
    assert f"sold by {bad}" in preview
    assert [each["url"] for each in say.last["entities"] if each["type"] == "text_link"] == [
        "https://shop.example/kettle"
    ]


async def test_no_message_shows_a_preview_of_a_link(say: Say, shop: Shelf) -> None:
    await say("/start")
    await say(shop.lists("kettle", price="1999.00", title="see t.me/scam").url)
    calls = [call for call in say.world.telegram.calls if call.method == "sendMessage"]
    assert calls
    assert all("is_disabled" in str(call.params.get("link_preview_options")) for call in calls)
