"""The modes in which a page misbehaves."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.shop import DemoShop
from sandbox.shop.catalogue import products
from sandbox.shop.manners import HUGE_BYTES, cut_before_the_price
from sandbox.shop.page import product_page

_PRICE = "1999"


async def _last(pieces: AsyncIterator[bytes]) -> bytes:
    return [piece async for piece in pieces][-1]


@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [
        ("404", 404, "Page not found"),
        ("403", 403, "not a robot"),
        ("captcha", 200, "not a robot"),
        ("error500", 500, "Internal server error"),
        ("needs_script", 200, 'id="app"'),
        ("truncated", 200, '"@type": "Product"'),
    ],
)
async def test_a_page_that_misbehaves_holds_no_price(
    shop: DemoShop, http: httpx.AsyncClient, mode: str, status: int, words: str
) -> None:
    shop.set("kettle", mode=mode)

    answer = await http.get("/shop/kettle")

    assert answer.status_code == status
    assert words in answer.text
    assert _PRICE not in answer.text
    assert "1,999" not in answer.text


async def test_a_misbehaving_page_can_be_brought_back(http: httpx.AsyncClient) -> None:
    await http.put("/shop/kettle", json={"mode": "404"})
    assert (await http.get("/shop/kettle")).status_code == 404

    await http.put("/shop/kettle", json={"mode": "normal"})
    assert '"price": "1999.00"' in (await http.get("/shop/kettle")).text


async def test_a_redirect_loop_never_ends(shop: DemoShop, http: httpx.AsyncClient) -> None:
    shop.set("kettle", mode="redirect_loop")

    with pytest.raises(httpx.TooManyRedirects):
        await http.get("/shop/kettle", follow_redirects=True)


async def test_a_huge_page_passes_eight_megabytes_before_its_price(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    shop.set("kettle", mode="huge")

    body = (await http.get("/shop/kettle")).content

    assert len(body) > HUGE_BYTES > 8 * 1024 * 1024
    assert body.index(_PRICE.encode()) > HUGE_BYTES
    assert body.endswith(b"</html>\n")


async def test_a_slow_page_starts_and_does_not_finish_in_useful_time(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    shop.set("kettle", mode="slow")

    async with http.stream("GET", "/shop/kettle") as answer:
        pieces = answer.aiter_bytes()
        assert (await anext(pieces)).startswith(b"<!doctype html>")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_last(pieces), 0.2)


async def test_a_slow_page_ends_at_last_without_its_price(shop: DemoShop, http: httpx.AsyncClient) -> None:
    shop.set("kettle", mode="slow")
    shop.slow_seconds = 0.01

    text = (await http.get("/shop/kettle")).text

    assert "</html>" not in text
    assert _PRICE not in text


@pytest.mark.parametrize("slug", list(products()))
def test_a_page_cut_short_never_holds_its_price(slug: str) -> None:
    product = products()[slug]
    page = product_page(product, product.variant(None), [], "http://shop.test/shop/")

    cut = cut_before_the_price(page)

    whole = str(product.price.to_integral_value())
    assert 200 < len(cut) < len(page)
    assert whole not in cut.replace(",", "").replace(product.title.replace(",", ""), "")
