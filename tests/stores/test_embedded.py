"""What is taken from a page's scripts and attributes, and what is left there."""

import time
from decimal import Decimal

import pytest

from tracker.stores import loose_json
from tracker.stores.attributes import read_attributes
from tracker.stores.candidates import Weight
from tracker.stores.embedded import read_embedded
from tracker.stores.offer import Availability
from tracker.stores.page import Page
from tracker.stores.shown import ShownText

KINDS = ("Oak", "Walnut", "Cherry", "Maple", "Beech", "Ash")
URL = "https://shop.example.com/p/walnut-cutting-board"


def page(body: str, url: str = URL) -> Page:
    return Page(f"<title>Walnut Cutting Board</title><h1>Walnut Cutting Board</h1>{body}", url)


def amounts(body: str, url: str = URL) -> list[Decimal | None]:
    of = page(body, url)
    return [quote.amount for claim in read_embedded(of, ShownText(of)) for quote in claim.quotes]


def script(text: str) -> str:
    return f"<script>{text}</script>"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, 'b': 'it\\'s'}", {"a": "1", "b": "it's"}),
        ('{"a": [1, 2.5,],}', {"a": ["1", "2.5"]}),
        ("{a: f(1, {b: 2}), c: x ? y : z, d: true}", {"a": None, "c": None, "d": True}),
        ("{a: undefined, /* {b */ b: -3 // c: 4\n}", {"a": None, "b": "-3"}),
        ("{a: function () { return {x: 1}; }, b: 2}", {"a": None, "b": "2"}),
        ("[{x: 'a' + 'b'}, `t`, null]", [{"x": None}, "t", None]),
        ("{...rest, a: q[0], b: [1][0]}", {"a": None, "b": None}),
        ("'caf\\u00e9 \\x41\\n'", "café A\n"),
    ],
)
def test_a_plain_value_of_javascript_is_read(text: str, value: object) -> None:
    found = loose_json.literal(text + "; next()", 0)
    assert found == (value, len(text))


@pytest.mark.parametrize(
    "text", ["{", "{a: 1;", "{a: [1}", "{1 2: 3", "x", "{a:" * 100, "'open", "{" + "a:1," * 50_000]
)
def test_what_is_no_closed_value_is_none(text: str) -> None:
    found = loose_json.literal(text, 0)
    assert found is None or found[0] == {"a": ["1"]}


def test_state_of_another_thing_is_not_taken() -> None:
    assert (
        amounts(script('window.__STATE__ = {"product": {"name": "Copper Kettle", "price": "80.00"}};')) == []
    )


def test_what_is_recommended_is_not_taken() -> None:
    other = '{"name": "Walnut Cutting Board", "price": "80.00"}'
    assert (
        amounts(script(f'window.__STATE__ = {{"recommendations": [{other}], "similarItems": {other}}};'))
        == []
    )


def test_an_amount_is_not_taken_when_the_page_shows_another() -> None:
    body = "<p>$49.50 with tax</p>" + script(
        'productData = {"name": "Walnut Cutting Board", "price": 41.25};'
    )
    assert amounts(body) == []


def test_free_shipping_over_an_amount_is_no_price_that_the_page_shows() -> None:
    body = "<p>Free shipping over $75</p>" + script(
        'productData = {"name": "Walnut Cutting Board", "price": 41.25};'
    )
    assert amounts(body) == [Decimal("41.25")]


def test_what_the_page_shows_is_trusted_more_than_what_it_does_not() -> None:
    state = script('productData = {"name": "Walnut Cutting Board", "price": 41.25};')
    seen, unseen = page("<p>$41.25</p>" + state), page(state)
    assert [claim.weight for claim in read_embedded(seen, ShownText(seen))] == [Weight.EMBEDDED]
    assert [claim.weight for claim in read_embedded(unseen, ShownText(unseen))] == [Weight.UNSEEN]


def test_a_whole_number_counts_hundredths_when_the_page_shows_so() -> None:
    state = script('productData = {"name": "Walnut Cutting Board", "price": 4950};')
    assert amounts("<p>$49.50</p>" + state) == [Decimal("49.50")]
    assert amounts("<p>$4,950</p>" + state) == [Decimal(4950)]
    assert amounts(state) == []


def test_instalments_and_charges_of_a_state_are_no_prices() -> None:
    state = '"installmentPrice": "4.10", "shippingPrice": "5.00", "price": "41.00"'
    state = f'{{"name": "Walnut Cutting Board", {state}}}'
    assert amounts(script(f"productData = {state};")) == [Decimal("41.00")]


def test_a_range_of_variants_stays_several_prices() -> None:
    state = '{"name": "Walnut Cutting Board", "variants": [{"price": "41.00"}, {"price": "55.00"}]}'
    assert amounts(script(f"productData = {state};")) == [Decimal("41.00"), Decimal("55.00")]


@pytest.mark.parametrize(
    ("facts", "availability"),
    [
        ('"inStock": true', Availability.IN_STOCK),
        ('"inStock": false', Availability.OUT_OF_STOCK),
        ('"soldOut": true', Availability.OUT_OF_STOCK),
        ('"stockStatus": "LOW_STOCK"', Availability.IN_STOCK),
        ('"availability": "http://schema.org/Discontinued"', Availability.OUT_OF_STOCK),
        ('"colour": "red"', Availability.UNKNOWN),
    ],
)
def test_availability_comes_from_a_state_in_its_many_words(facts: str, availability: Availability) -> None:
    of = page(script(f'productData = {{"name": "Walnut Cutting Board", "price": "41.00", {facts}}};'))
    assert read_embedded(of, ShownText(of))[0].quotes[0].availability is availability


def test_scripts_without_an_end_or_of_no_sense_are_left() -> None:
    assert amounts(script("productData = {name: 'Walnut Cutting Board', price: (function(){ return {")) == []
    assert amounts(script("var product = " + "[" * 100_000 + ' "price"')) == []
    assert amounts(script("product=(" * 50_000 + "price")) == []


def test_attributes_that_the_page_contradicts_are_not_taken() -> None:
    of = page('<p>$49.50</p><b data-name="Walnut Cutting Board" data-price="41.25">Choose</b>')
    assert read_attributes(of, ShownText(of)) == []
    of = page('<p>$41.25</p><b data-name="Oak Spoon" data-price="41.25">Choose</b>')
    assert read_attributes(of, ShownText(of)) == []
    of = page('<p>$41.25</p><b data-name="Walnut Cutting Board" data-price="41.25">Choose</b>')
    assert [quote.amount for quote in read_attributes(of, ShownText(of))[0].quotes] == [Decimal("41.25")]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,299.00", "1299"),
        ("1.299,00 €", "1299"),
        ("1 299,50 kr", "1299.50"),
        ("12<sup>99</sup>", "12.99"),
        ("₹1,49,900", "149900"),
        ("CHF 1'499.–", "1499"),
    ],
)
def test_amounts_are_found_however_they_are_grouped(text: str, amount: str) -> None:
    assert ShownText(page(f"<p>{text}</p>")).holds(Decimal(amount))


def test_scripts_and_choices_are_not_shown() -> None:
    text = ShownText(
        page("<script>var a='41.25'</script ><style>b{}</style><select><option>41.25</select>x<!--41.25-->")
    )
    assert not text.holds(Decimal("41.25"))
    assert "x" in text.text


@pytest.mark.parametrize(
    "text",
    [
        "var product={price:" + "/*" * 500_000,
        "var product={price:" + '"' + '\\"' * 500_000,
        "var product={price:" * 50_000,
        "price; var product=[" + "1,a," * 250_000 + "];",
        "price;" + "product=[1,1,1,1,1,1,1,a];" * 30_000,
    ],
)
def test_hostile_scripts_take_no_time(text: str) -> None:
    of = page(script(text))
    started = time.process_time()
    read_embedded(of, ShownText(of))
    assert time.process_time() - started < 1.0


def test_one_of_a_list_is_not_the_subject_for_being_named_like_the_list() -> None:
    things = ",".join(f'{{"name": "{kind} Boards", "price": "4{n}.00"}}' for n, kind in enumerate(KINDS))
    body = f"<title>Boards</title><h1>Boards</h1>{script(f'window.__STATE__ = {{items: [{things}]}};')}"
    of = Page(body, "https://shop.example.com/boards")
    assert read_embedded(of, ShownText(of)) == []
    of = Page(body.replace("Boards</h1>", "Walnut Boards</h1>"), "https://shop.example.com/boards")
    assert [quote.amount for quote in read_embedded(of, ShownText(of))[0].quotes] == [Decimal("41.00")]


@pytest.mark.parametrize(
    ("facts", "amount"),
    [
        ('"price": "41.00", "unitPrice": "4.10"', "41.00"),
        ('"product_unit_price": ["41.00"]', "41.00"),
        ('"price": "41.00", "discountPrice": "5.00"', "41.00"),
        ('"price": {"with_tax": {"value": 41}, "without_tax": {"value": 34}}', "41.00"),
        ('"price": "41.00", "salePrice": "35.00"', "41.00"),
        ('"price": {"regular": {"amount": 60}, "sale": {"amount": 41}}', "41.00"),
        ('"prices": {"now": "41.00", "was": "60.00"}', "41.00"),
        ('"price": "41.00", "memberPrice": "39.00"', "41.00"),
    ],
)
def test_of_several_amounts_in_a_state_the_one_that_is_paid_is_taken(facts: str, amount: str) -> None:
    shown = "<p>$41.00, save $5.00; $4.10 for 100 g</p>"
    body = shown + script(f'productData = {{"name": "Walnut Cutting Board", {facts}}};')
    assert amounts(body) == [Decimal(amount)]
