"""What a person is told about a link that leads to no price, and that nothing inside is ever dialled."""

import socket

import pytest

from tests.bot.conftest import MakeWorld
from tests.world import Say, Shelf, World
from tracker.catalog.models import Listing, PriceObservation

COULD_NOT_OPEN = (
    "I could not open that page just now. Please check that the link opens in a browser, then send it again."
)
BLOCKED = "127.0.0.1 does not let me read this page right now. Please send the link again in an hour."


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        ("404", "This page is gone, or was never there."),
        ("403", BLOCKED),
        ("captcha", BLOCKED),
        ("huge", "That page is too large for me to read."),
        ("truncated", "This is no page of a single product."),
        ("redirect_loop", "That link only leads in circles."),
        ("error500", COULD_NOT_OPEN),
        ("needs_script", "127.0.0.1 shows its price only inside a browser"),
    ],
)
async def test_a_page_that_is(mode: str, answer: str, say: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00", mode=mode)
    [said] = await say(kettle.url)
    assert said.startswith(answer)
    assert say.buttons() == []
    assert await world.count(Listing) == 0
    assert await world.count(PriceObservation) == 0


async def test_a_page_of_no_product_says_so(say: Say, world: World) -> None:
    [said] = await say(f"{world.origin}/shop/")
    assert said.startswith(
        ("This is no page of a single product.", "I see several prices", "I found no price")
    )


async def test_a_file_is_no_page(say: Say, shop: Shelf, world: World) -> None:
    shop.lists("kettle", price="1999.00")
    assert await say(f"{world.origin}/shop/kettle.png") == [
        "That link leads to a file, not to a shop page. Please send the link of a product's page."
    ]


async def test_a_failed_preview_can_be_tried_again_at_once(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00", mode="captcha")
    assert await say(kettle.url) == [BLOCKED]
    shop.set(kettle, mode="normal")
    [preview] = await say(kettle.url)
    assert "₹1,999" in preview


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:{port}/", id="S01-loopback"),
        pytest.param("http://localhost:{port}/", id="S02-localhost"),
        pytest.param("http://2130706433:{port}/", id="S04-decimal"),
        pytest.param("http://0x7f000001:{port}/", id="S05-hexadecimal"),
        pytest.param("http://127.1:{port}/", id="S07-short"),
        pytest.param("http://[::1]:{port}/", id="S10-ipv6"),
        pytest.param("http://[::ffff:127.0.0.1]:{port}/", id="S11-mapped"),
    ],
)
async def test_an_inside_address_is_refused_without_a_connection(url: str, say: Say) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        [said] = await say(url.format(port=inside.getsockname()[1]))
        assert said in (
            COULD_NOT_OPEN,
            "I cannot read that link. Please copy it again from the shop's page or app and send it here.",
        )
        with pytest.raises(BlockingIOError):
            inside.accept()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://10.0.0.5/", id="private"),
        pytest.param("http://169.254.169.254/latest/meta-data/", id="S19-metadata"),
        pytest.param("http://100.100.100.200/", id="S20-alibaba"),
        pytest.param("http://192.168.1.1/admin", id="router"),
        pytest.param("http://metadata.google.internal/", id="internal-name"),
        pytest.param("http://no-such-shop.invalid/kettle", id="unresolvable"),
        pytest.param("https://kettle.onion/", id="onion"),
    ],
)
async def test_every_address_that_cannot_be_fetched_gets_the_same_sentence(url: str, say: Say) -> None:
    assert await say(url) == [COULD_NOT_OPEN]


async def test_a_redirect_to_an_inside_address_is_refused_without_a_connection(
    make_world: MakeWorld,
) -> None:
    world = await make_world()
    say = Say(world)
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        target = f"http://127.0.0.1:{inside.getsockname()[1]}/"
        # The shop's own page is allowed; where it leads is judged anew.
        world.replay.override(
            "https://shop.example/kettle", f'<meta http-equiv="refresh" content="0;{target}">'
        )
        await say(f"{world.origin}/replay?url=https%3A%2F%2Fshop.example%2Fkettle")
        with pytest.raises(BlockingIOError):
            inside.accept()


async def test_the_demo_shop_is_refused_when_it_is_not_allowed(make_world: MakeWorld) -> None:
    world = await make_world(fetch_allow_private=frozenset())
    kettle = world.shop.lists("kettle", price="1999.00")
    assert await Say(world)(kettle.url) == [COULD_NOT_OPEN]
