"""Changing prices, stock and manners: by PUT, by form, by hand."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from sandbox.shop import DemoShop, ShopProduct


async def test_a_put_changes_the_price_and_answers_the_product(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    answer = await http.put("/shop/kettle", json={"price": "1299.00"})

    assert answer.status_code == 200
    assert answer.json() == {
        "slug": "kettle",
        "title": "Chaiwala 1.5 L Electric Kettle, Brushed Steel",
        "brand": "Chaiwala",
        "price": "1299.00",
        "price_text": "₹1,299",
        "currency": "INR",
        "list_price": "2999.00",
        "availability": "in_stock",
        "mode": "normal",
        "state": "",
        "style": "json_ld",
        "points": ["1500 W, boils a litre in four minutes", "Switches itself off", "Two-year warranty"],
        "url": f"{shop.origin}/shop/kettle",
        "image": f"{shop.origin}/shop/kettle.png",
        "variants": [],
    }
    assert '"price": "1299.00"' in (await http.get("/shop/kettle")).text
    assert (await http.get("/shop/kettle.json")).json() == answer.json()


@pytest.mark.parametrize(
    ("price", "stands"),
    [
        pytest.param(1299, "1299.00", id="a whole number"),
        pytest.param(1299.5, "1299.50", id="a number with a fraction"),
        pytest.param(0.1, "0.10", id="a number that binary fractions cannot hold"),
        pytest.param(" 1299.5 ", "1299.50", id="text with spaces"),
        pytest.param("1299.5000", "1299.50", id="zeros too many"),
    ],
)
async def test_a_price_may_be_a_number_or_text(http: httpx.AsyncClient, price: object, stands: str) -> None:
    answer = await http.put("/shop/kettle", json={"price": price})

    assert answer.json()["price"] == stands


async def test_a_partial_body_changes_only_what_it_names(http: httpx.AsyncClient) -> None:
    await http.put("/shop/kettle", json={"price": "1500", "mode": "403"})
    answer = await http.put("/shop/kettle", json={"availability": "out_of_stock"})

    product = answer.json()
    assert (product["price"], product["mode"], product["availability"]) == ("1500.00", "403", "out_of_stock")
    assert product["state"] == "Out of stock · Robot check (403)"


async def test_title_and_list_price_can_be_changed_too(http: httpx.AsyncClient) -> None:
    answer = await http.put("/shop/kettle", json={"title": "Kettle", "list_price": "4000"})

    assert (answer.json()["title"], answer.json()["list_price"]) == ("Kettle", "4000.00")


_PLAIN = "The price must be a plain positive amount such as 1299.00."
_OBJECT = "The body must be a JSON object."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param('{"price": "cheap"}', _PLAIN, id="words"),
        pytest.param('{"price": "1,299"}', _PLAIN, id="grouped"),
        pytest.param('{"price": -5}', _PLAIN, id="negative"),
        pytest.param('{"price": NaN}', _PLAIN, id="not a number"),
        pytest.param('{"price": 1e400}', _PLAIN, id="beyond all bounds"),
        pytest.param('{"price": true}', _PLAIN, id="a truth"),
        pytest.param('{"price": ["1"]}', _PLAIN, id="a list"),
        pytest.param('{"price": 0}', "The price must be above zero.", id="zero"),
        pytest.param('{"price": "9.999"}', "A price in INR has at most 2 decimals.", id="a tenth of a paisa"),
        pytest.param(
            '{"availability": "maybe"}',
            "The availability must be one of: in_stock, out_of_stock.",
            id="unknown availability",
        ),
        pytest.param(
            '{"mode": "angry"}',
            "The mode must be one of: normal, 404, 403, captcha, slow, huge, truncated, redirect_loop,"
            " error500, needs_script, mislabelled.",
            id="unknown mode",
        ),
        pytest.param('{"title": "  "}', "The title must be a text of 1 to 300 characters.", id="no title"),
        pytest.param(
            '{"prize": 1}',
            "What can be changed is: price, availability, mode, list_price, title.",
            id="unknown field",
        ),
        pytest.param('{"price": null}', "A value that is named must not be null.", id="null"),
        pytest.param("[]", _OBJECT, id="a list as body"),
        pytest.param("kettle", _OBJECT, id="no JSON"),
        pytest.param("[" * 100_000, _OBJECT, id="deep JSON"),
        pytest.param(b"\xff", _OBJECT, id="no text"),
    ],
)
async def test_a_bad_value_is_refused_with_one_sentence_and_changes_nothing(
    shop: DemoShop, http: httpx.AsyncClient, body: str | bytes, sentence: str
) -> None:
    before = shop.products["kettle"]

    answer = await http.put("/shop/kettle", content=body)

    assert answer.status_code == 400
    assert answer.json() == {"error": sentence}
    assert shop.products["kettle"] == before


async def test_a_bad_value_beside_a_good_one_changes_neither(shop: DemoShop, http: httpx.AsyncClient) -> None:
    answer = await http.put("/shop/kettle", json={"price": "1", "mode": "angry"})

    assert answer.status_code == 400
    assert shop.products["kettle"].price == Decimal(1999)


async def test_an_unknown_product_cannot_be_changed(http: httpx.AsyncClient) -> None:
    answer = await http.put("/shop/no-such", json={"price": "1"})

    assert answer.status_code == 404
    assert answer.json() == {"error": "The shop sells nothing at this address."}
    assert (await http.post("/shop/no-such", data={"price": "1"})).status_code == 404


async def test_a_form_changes_a_product_and_leads_back_to_its_card(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    answer = await http.post(
        "/shop/kettle", data={"price": " 1499 ", "availability": "out_of_stock", "mode": "slow"}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/shop/#kettle")
    kettle = shop.products["kettle"]
    assert (kettle.price, kettle.availability, kettle.mode) == (Decimal(1499), "out_of_stock", "slow")


async def test_an_empty_field_of_a_form_changes_nothing(shop: DemoShop, http: httpx.AsyncClient) -> None:
    await http.post("/shop/kettle", data={"price": "", "mode": "404"})

    assert (shop.products["kettle"].price, shop.products["kettle"].mode) == (Decimal(1999), "404")


async def test_a_file_in_place_of_a_price_is_no_price(shop: DemoShop, http: httpx.AsyncClient) -> None:
    answer = await http.post("/shop/kettle", files={"price": ("price.txt", b"1")})

    assert answer.status_code == 303
    assert shop.products["kettle"].price == Decimal(1999)


async def test_a_bad_form_shows_the_shelf_with_the_problem(http: httpx.AsyncClient) -> None:
    answer = await http.post("/shop/kettle", data={"price": "free"})
    page = LexborHTMLParser(answer.text)

    assert answer.status_code == 400
    problem = page.css_first(".problem")
    assert problem is not None
    assert problem.text().endswith("Kettle, Brushed Steel: " + _PLAIN)
    assert page.css_first("#kettle") is not None


async def test_the_shelf_shows_every_product_with_labelled_knobs_and_its_link(
    shop: DemoShop, http: httpx.AsyncClient
) -> None:
    shop.set("kettle", price="1500", mode="captcha")
    page = LexborHTMLParser((await http.get("/shop/")).text)

    assert [card.attributes["id"] for card in page.css(".card")] == list(shop.products)

    def knob(selector: str) -> LexborNode:
        node = page.css_first(f"#kettle {selector}")
        assert node is not None
        return node

    assert knob("[data-price]").text() == "₹1,500"
    assert knob("[data-state]").text() == "Robot check (200)"
    assert knob("input[name=price]").attributes["value"] == "1500.00"
    assert knob("select[name=mode] [selected]").attributes["value"] == "captcha"
    assert knob("select[name=availability] [selected]").attributes["value"] == "in_stock"
    assert knob(".link a").text() == shop.url("kettle")
    for field in page.css("main input, main select"):
        assert page.css_first(f'label[for="{field.attributes["id"]}"]') is not None


async def test_the_search_box_finds_by_title_brand_and_category(http: httpx.AsyncClient) -> None:
    async def found(query: str) -> list[str | None]:
        page = LexborHTMLParser((await http.get("/shop/", params={"q": query})).text)
        return [card.attributes["id"] for card in page.css(".card")]

    assert await found("KETTLE steel") == ["kettle"]
    assert await found("tej") == ["ssd", "laptop"]
    assert await found("books") == ["book"]
    assert await found("submarine") == []


async def test_the_shop_is_found_without_its_closing_slash(http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop", follow_redirects=True)

    assert answer.status_code == 200
    assert answer.url.path == "/shop/"


def test_every_change_is_told_once() -> None:
    shop = DemoShop()
    told: list[ShopProduct] = []
    shop.on_change = told.append

    shop.set("kettle", price="1000")
    shop.lists("lamp", price="250")
    with pytest.raises(ValueError, match="above zero"):
        shop.set("kettle", price="0")

    assert [(product.slug, product.price) for product in told] == [
        ("kettle", Decimal(1000)),
        ("lamp", Decimal(250)),
    ]


def test_a_test_can_list_a_product_of_its_own() -> None:
    shop = DemoShop("http://shop.test")

    lamp = shop.lists("lamp", price=250, currency="KWD", style="text", list_price="300", title="A lamp")

    assert shop.products["lamp"] is lamp
    assert shop.url("lamp") == "http://shop.test/shop/lamp"
    assert (lamp.price, lamp.list_price, lamp.currency) == (Decimal("250.000"), Decimal(300), "KWD")


@pytest.mark.parametrize(
    ("slug", "details", "sentence"),
    [
        ("Lamp", {}, "A slug is made of"),
        ("lamp.json", {}, "A slug is made of"),
        ("lamp", {"colour": "red"}, "A product has no colour."),
        ("lamp", {"mode": "angry"}, "The mode must be one of"),
        ("lamp", {"availability": "maybe"}, "The availability must be one of"),
        ("lamp", {"style": "baroque"}, "The style must be one of"),
        ("lamp", {"currency": "rupees"}, "not an ISO 4217 code"),
        ("lamp", {"title": " "}, "The title must be"),
    ],
)
def test_a_product_that_makes_no_sense_is_not_listed(
    slug: str, details: dict[str, Any], sentence: str
) -> None:
    shop = DemoShop()

    with pytest.raises(ValueError, match=sentence):
        shop.lists(slug, price="250", **details)

    assert slug not in shop.products


def test_an_unknown_product_cannot_be_set() -> None:
    with pytest.raises(KeyError):
        DemoShop().set("no-such", price="1")
