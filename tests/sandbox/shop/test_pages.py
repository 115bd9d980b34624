"""What a product's page says, to the eye and to machines."""

import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from sandbox.shop import DemoShop
from sandbox.shop.catalogue import products

_EVERY = tuple(products())
_VISIBLE = tuple(slug for slug, product in products().items() if product.style != "script")


async def _page(http: httpx.AsyncClient, address: str) -> LexborHTMLParser:
    answer = await http.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return LexborHTMLParser(answer.text)


def _text(page: LexborHTMLParser, selector: str) -> str:
    node = page.css_first(selector)
    assert node is not None, selector
    return node.text(strip=True)


def _content(page: LexborHTMLParser, selector: str) -> str | None:
    node = page.css_first(selector)
    return None if node is None else node.attributes.get("content")


def _json_ld(page: LexborHTMLParser) -> list[dict[str, Any]]:
    return [json.loads(node.text()) for node in page.css('script[type="application/ld+json"]')]


def test_the_shelf_has_about_twenty_products_mostly_in_rupees() -> None:
    currencies = [product.currency for product in products().values()]

    assert len(currencies) >= 20
    assert currencies.count("INR") >= 15
    assert {"JPY", "KWD", "EUR"} <= set(currencies)


def test_every_gtin_has_the_check_digit_that_scanners_expect() -> None:
    for product in products().values():
        assert product.gtin is not None
        weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(product.gtin))
        assert len(product.gtin) == 13
        assert weighed % 10 == 0, product.slug


@pytest.mark.parametrize("slug", _VISIBLE)
async def test_a_page_shows_title_picture_price_traps_and_related_products(
    shop: DemoShop, http: httpx.AsyncClient, slug: str
) -> None:
    page = await _page(http, shop.url(slug))
    product = shop.products[slug]

    assert _text(page, "main h1") == product.title
    picture = page.css_first("main .gallery img")
    assert picture is not None
    assert picture.attributes["src"] == f"/shop/{slug}.png"
    assert "₹499" in _text(page, ".delivery")
    assert len(page.css(".carousel .price-now")) == 6
    assert f"/shop/{slug}" not in {link.attributes["href"] for link in page.css(".carousel a")}


@pytest.mark.parametrize(
    ("slug", "shown"),
    [
        pytest.param("phone", "₹1,49,900", id="lakh"),
        pytest.param("kettle", "₹1,999", id="no paise"),
        pytest.param("pressure-cooker", "₹2,349.50", id="paise"),
        pytest.param("led-bulbs", "₹129.50", id="split digits"),
        pytest.param("tea-set", "￥12,800", id="yen"),
        pytest.param("oud", "KWD 14.500", id="three decimals"),
        pytest.param("espresso", "249,90\xa0€", id="comma"),
    ],
)
async def test_a_price_is_printed_as_its_currency_is(
    shop: DemoShop, http: httpx.AsyncClient, slug: str, shown: str
) -> None:
    page = await _page(http, shop.url(slug))

    assert _text(page, "main .price-now") == shown


async def test_json_ld_states_the_offer_with_absolute_addresses(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    (product,) = _json_ld(await _page(http, shop.url("kettle")))

    assert product["@type"] == "Product"
    assert product["gtin13"] == shop.products["kettle"].gtin
    assert product["image"] == [f"{shop.origin}/shop/kettle.png"]
    assert product["offers"]["price"] == "1999.00"
    assert product["offers"]["priceCurrency"] == "INR"
    assert product["offers"]["availability"] == "https://schema.org/InStock"
    assert product["offers"]["url"] == shop.url("kettle")


@pytest.mark.parametrize(
    ("slug", "price"),
    [("tea-set", "12800"), ("oud", "14.500"), ("espresso", "249.90"), ("phone", "149900.00")],
)
async def test_json_ld_prices_have_the_decimals_of_their_currency(
    shop: DemoShop, http: httpx.AsyncClient, slug: str, price: str
) -> None:
    (product,) = _json_ld(await _page(http, shop.url(slug)))

    assert product["offers"]["price"] == price


async def test_a_graph_holds_the_product_among_other_things_and_a_list_price_as_a_trap(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    (data,) = _json_ld(await _page(http, shop.url("air-fryer")))

    kinds = [node["@type"] for node in data["@graph"]]
    assert kinds == ["Organization", "WebPage", "BreadcrumbList", "Product"]
    (offer,) = data["@graph"][3]["offers"]
    assert offer["price"] == "5999.00"
    assert offer["priceSpecification"]["price"] == "9995.00"


async def test_a_list_price_that_is_not_above_the_price_is_not_shown(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    shop.set("air-fryer", price="9995")
    page = await _page(http, shop.url("air-fryer"))
    (data,) = _json_ld(page)

    assert page.css_first("main .mrp") is None
    assert "priceSpecification" not in data["@graph"][3]["offers"][0]


async def test_microdata_marks_up_the_visible_price(shop: DemoShop, http: httpx.AsyncClient) -> None:
    page = await _page(http, shop.url("headphones"))

    assert _json_ld(page) == []
    assert _content(page, '[itemtype="https://schema.org/Offer"] [itemprop="price"]') == "7990.00"
    assert _content(page, '[itemprop="priceCurrency"]') == "INR"
    availability = page.css_first('[itemprop="availability"]')
    assert availability is not None
    assert availability.attributes["href"] == "https://schema.org/InStock"


async def test_open_graph_and_product_meta_alone_state_the_price(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    page = await _page(http, shop.url("sunscreen"))

    assert _json_ld(page) == []
    assert _content(page, 'meta[property="og:type"]') == "product"
    assert _content(page, 'meta[property="product:price:amount"]') == "399.00"
    assert _content(page, 'meta[property="product:price:currency"]') == "INR"
    assert _content(page, 'meta[property="product:availability"]') == "in stock"


@pytest.mark.parametrize("slug", ["book", "led-bulbs", "saree"])
async def test_some_pages_leave_the_price_to_the_eye(
    shop: DemoShop, http: httpx.AsyncClient, slug: str
) -> None:
    page = await _page(http, shop.url(slug))

    assert _json_ld(page) == []
    assert page.css_first("[itemprop]") is None
    assert page.css_first('meta[property^="product:"]') is None
    assert _content(page, 'meta[property="og:title"]') == shop.products[slug].title


async def test_a_page_with_traps_names_amounts_that_are_no_price(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    page = await _page(http, shop.url("saree"))

    assert _text(page, "main .price-now") == "₹6,499"
    assert _text(page, "main .mrp s") == "₹12,999"
    assert "₹542/month" in _text(page, ".emi")
    assert "₹5,849" in _text(page, ".offers")


async def test_split_digits_stand_in_nodes_of_their_own(shop: DemoShop, http: httpx.AsyncClient) -> None:
    page = await _page(http, shop.url("led-bulbs"))

    assert _text(page, ".price-now .symbol") == "₹"
    assert _text(page, ".price-now .fraction") == "50"


@pytest.mark.parametrize(
    ("variant", "shown", "stock"),
    [
        pytest.param(None, "₹4,499", "In stock", id="the first when none is named"),
        pytest.param("indigo-8", "₹4,999", "In stock", id="dearer"),
        pytest.param("indigo-10", "₹4,999", "Currently out of stock", id="sold out"),
        pytest.param("no-such", "₹4,499", "In stock", id="unknown"),
    ],
)
async def test_the_address_chooses_the_variant(
    shop: DemoShop, http: httpx.AsyncClient, variant: str | None, shown: str, stock: str
) -> None:
    page = await _page(http, shop.url("sneakers", variant=variant))

    assert _text(page, "main .price-now") == shown
    assert _text(page, "main .stock") == stock


async def test_a_product_group_lists_every_variant_with_its_own_offer(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    (group,) = _json_ld(await _page(http, shop.url("sneakers", variant="indigo-8")))

    assert group["@type"] == "ProductGroup"
    offers = {each["offers"]["url"].partition("=")[2]: each["offers"] for each in group["hasVariant"]}
    assert {key: offer["price"] for key, offer in offers.items()} == {
        "sand-8": "4499.00",
        "sand-9": "4499.00",
        "indigo-8": "4999.00",
        "indigo-10": "4999.00",
    }
    assert offers["indigo-10"]["availability"] == "https://schema.org/OutOfStock"


async def test_a_product_out_of_stock_says_so_everywhere(shop: DemoShop, http: httpx.AsyncClient) -> None:
    page = await _page(http, shop.url("cricket-bat"))
    (product,) = _json_ld(page)

    assert _text(page, "main .stock") == "Currently out of stock"
    assert page.css_first("main .buy[disabled]") is not None
    assert product["offers"]["availability"] == "https://schema.org/OutOfStock"


async def test_a_page_that_needs_a_script_holds_nothing_of_its_product(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    answer = await http.get(shop.url("smartwatch"))

    assert answer.status_code == 200
    assert "2,499" not in answer.text
    assert "2499" not in answer.text
    assert shop.products["smartwatch"].title not in answer.text
    data = (await http.get("/shop/smartwatch.json")).json()
    assert (data["price"], data["price_text"]) == ("2499.00", "₹2,499")


@pytest.mark.parametrize("slug", _EVERY)
async def test_a_page_asks_no_other_host_for_anything_and_runs_no_inline_script(
    shop: DemoShop, http: httpx.AsyncClient, slug: str
) -> None:
    answer = await http.get(shop.url(slug))
    page = LexborHTMLParser(answer.text)

    fetched = [
        *(node.attributes["src"] for node in page.css("[src]")),
        *(node.attributes["href"] for node in page.css('link[rel="stylesheet"], link[rel="icon"]')),
    ]
    assert fetched
    assert all(address is not None and address.startswith("/shop/") for address in fetched)
    for script in page.css("script"):
        assert "src" in script.attributes or script.attributes.get("type") == "application/ld+json"
    assert page.css_first("[style], style") is None
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    for address in fetched:
        assert (await http.get(str(address))).status_code == 200


async def test_a_hostile_title_stays_text(shop: DemoShop, http: httpx.AsyncClient) -> None:
    title = '</script><script>alert(1)</script> "A" & <b>B</b> {brand}'
    shop.lists("hostile", price="10", title=title)
    page = await _page(http, shop.url("hostile"))
    (product,) = _json_ld(page)

    assert product["name"] == title
    assert _text(page, "main h1") == title
    assert page.css_first("main b") is None
    assert title.partition(" ")[0] not in (await http.get("/shop/")).text


async def test_related_products_show_their_prices_of_now(shop: DemoShop, http: httpx.AsyncClient) -> None:
    shop.set("phone", price=Decimal("139900"))
    page = await _page(http, shop.url("kettle"))

    assert _text(page, ".carousel .price-now") == "₹1,39,900"


async def test_an_unknown_product_is_a_page_that_does_not_exist(
    http: httpx.AsyncClient, shop: DemoShop
) -> None:
    for address in ("/shop/no-such", "/shop/no-such.png"):
        answer = await http.get(address)
        assert answer.status_code == 404
        assert re.search("<h1>Page not found</h1>", answer.text)
    assert (await http.get("/shop/no-such.json")).status_code == 404
