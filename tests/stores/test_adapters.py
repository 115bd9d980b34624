"""Adapters: what their two engines claim, that none is half there, and that no page breaks one."""

import json
from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stores.test_pages import CASES, PAGES
from tracker.stores import shops
from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight
from tracker.stores.offer import Availability, Outcome
from tracker.stores.page import Page
from tracker.stores.registry import ADAPTERS, adapters_for, read
from tracker.stores.state import State

URL = "https://lamps.example.com/product/7"
SHOPS: Mapping[str, ModuleType] = {
    path.stem: import_module(f"tracker.stores.shops.{path.stem}")
    for path in sorted(Path(shops.__path__[0]).glob("[a-z]*.py"))
}
MARKUP = Markup(
    name="lamps",
    scope=("#product", "#old-product"),
    selling=(".now", ".price @data-price"),
    listed=(".before",),
    used=(".second-hand",),
    availability=(".stock",),
    on_sale=(".buy",),
    sold_out=(".gone",),
)


def marked(body: str, markup: Markup = MARKUP) -> list[tuple[object, ...]]:
    """Amount, list amount, whether used, and availability of each quote."""
    claims = markup(Page(f"<h1>Lamp</h1>{body}", URL))
    return [(q.amount, q.list_amount, q.used, q.availability) for claim in claims for q in claim.quotes]


IN_STOCK, OUT, UNKNOWN = Availability.IN_STOCK, Availability.OUT_OF_STOCK, Availability.UNKNOWN


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<div id=product><b class=now>$5</b></div>", [(Decimal(5), None, False, UNKNOWN)]),
        ("<div id=old-product><b class=now>$5</b></div>", [(Decimal(5), None, False, UNKNOWN)]),
        ("<b class=now>$5</b>", []),
        ("<div id=product><b class=now>$5</b><b class=now>$5.00</b></div>",
         [(Decimal(5), None, False, UNKNOWN)]),
        ("<div id=product><b class=now>$5</b><b class=now>$6</b></div>", []),
        ("<div id=product><b class=now>$5 - $6</b></div>", []),
        ("<div id=product><b class=now>$5 – 6</b></div>", []),
        ("<div id=product><b class=now>soon</b><i class=price data-price=4.5></i></div>",
         [(Decimal("4.5"), None, False, UNKNOWN)]),
        ("<div id=product><b class=now>$5</b><s class=before>$9</s></div>",
         [(Decimal(5), Decimal(9), False, UNKNOWN)]),
        ("<div id=product><b class=now>$5</b><s class=before>$4</s></div>",
         [(Decimal(5), None, False, UNKNOWN)]),
        ("<div id=product><b class=second-hand>$3</b></div>", [(Decimal(3), None, True, UNKNOWN)]),
        ("<div id=product><b class=now>$5</b><b class=second-hand>$3</b></div>",
         [(Decimal(5), None, False, UNKNOWN)]),
        ("<div id=product><b class=now>$5</b><a class=buy>Buy</a></div>",
         [(Decimal(5), None, False, IN_STOCK)]),
        ("<div id=product><b class=now>$5</b><a class=buy>Buy</a><p class=stock>Out of stock</p></div>",
         [(Decimal(5), None, False, OUT)]),
        ("<div id=product><b class=now>$5</b><p class=stock>In stock</p><p class=gone>Sold</p></div>",
         [(Decimal(5), None, False, OUT)]),
        ("<div id=product><p class=gone>Sold</p></div>", [(None, None, False, OUT)]),
        ("<div id=product><p>Nothing here</p></div>", []),
    ],
)  # fmt: skip
def test_markup_claims_what_its_selectors_show_and_nothing_in_doubt(
    body: str, expected: list[tuple[object, ...]]
) -> None:
    assert marked(body) == expected


def test_a_mark_that_contradicts_the_shops_currency_leaves_no_price() -> None:
    rupees = Markup(name="lamps", selling=(".now",), currency="INR")
    assert marked("<b class=now>499</b>", rupees)[0][0] == 499
    assert marked("<b class=now>$499</b>", rupees) == []


STATE = State(
    name="lamps",
    variable="window.lamps",
    product=("page.product", "items.0"),
    selling=("price.now", "price"),
    listed=("price.before",),
    available=("stock", "status"),
    title=("name",),
    currency="INR",
)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('window.lamps = {"page":{"product":{"name":"L","price":{"now":5,"before":9},"stock":3}}};',
         (Decimal(5), Decimal(9), IN_STOCK)),
        ('window.lamps={"items":[{"price":"1,499","stock":"0"}]}', (Decimal(1499), None, OUT)),
        ("window.lamps = {page: {product: {price: 5, stock: true}}};", (Decimal(5), None, IN_STOCK)),
        ('window.lamps = {"page":{"product":{"price":5,"stock":"who knows","status":"OUT_OF_STOCK"}}}',
         (Decimal(5), None, OUT)),
        ('if (window.lamps) {go()} window.lamps = {"items":[{"price":5}]}', (Decimal(5), None, UNKNOWN)),
        ('window.lamps = {"items":[{"price":"₹5 - ₹9"}]}', None),
        ('window.lamps = {"items":[{"price":"1e400"}]}', None),
        ('window.lamps = {"items":[{"price":-5}]}', None),
        ('window.lamps = {"items":{"0":5}}', None),
        ('window.lamps = {"items":[{"price":5}', None),
        ("window.lamps = lights;", None),
        ("nothing = {}", None),
    ],
)  # fmt: skip
def test_a_state_claims_what_stands_at_its_places(
    script: str, expected: tuple[Decimal, Decimal | None, Availability] | None
) -> None:
    claims = STATE(Page(f"<script>{script}</script>", URL))
    found = [(q.amount, q.list_amount, q.availability) for claim in claims for q in claim.quotes]
    assert found == ([expected] if expected else [])


def test_a_state_may_be_a_block_of_json_or_an_attribute() -> None:
    block = State(name="lamps", variable="#state", product=("",), selling=("price",))
    held = State(name="lamps", variable=".lamp[data-lamp] @data-lamp", product=("",), selling=("price",))
    page = Page(
        """<script id=state type=application/json>{"price":5}</script>"""
        """<p class=lamp data-lamp='{"price":6}'>""",
        URL,
    )
    assert [claim.quotes[0].amount for claim in (*block(page), *held(page))] == [5, 6]


def test_the_first_source_that_knows_a_price_speaks_for_an_adapter() -> None:
    sold_out = Markup(name="first", selling=(".none",), sold_out=(".gone",))
    priced = Markup(name="second", selling=(".now",))
    page = Page("<p class=gone>Gone</p><b class=now>$5</b>", URL)
    assert [claim.source for claim in Adapter(sources=(sold_out, priced)).claims(page)] == ["second"]
    assert [claim.source for claim in Adapter(sources=(sold_out,)).claims(page)] == ["first"]


def test_zones_about_other_things_leave_the_page_whatever_they_hold() -> None:
    page = Page("<h1>Lamp</h1>" + "<div class=related><b>Other</b>" * 20 + "</div>" * 20 + "<i>End</i>", URL)
    Adapter(elsewhere=(".related",)).tidy_up(page)
    assert page.tree.body is not None
    assert page.tree.body.text() == "LampEnd"


def test_no_adapter_is_half_there() -> None:
    assert [module.ADAPTER for module in SHOPS.values()] == list(ADAPTERS)
    domains = [domain for adapter in ADAPTERS for domain in adapter.domains]
    assert len(domains) == len(set(domains))


@pytest.mark.parametrize("name", SHOPS)
def test_an_adapter_has_pages_or_says_that_it_rests_on_the_generic_reader(name: str) -> None:
    module = SHOPS[name]
    has_pages = any(case.parent.name == name for case in CASES)
    assert has_pages == bool(module.ADAPTER.sources)
    assert has_pages or "rests on the generic reader" in " ".join((module.__doc__ or "").split())


OWN = [case for case in CASES if case.parent.name in SHOPS and "shelf" not in case.stem]


@pytest.mark.parametrize("case", OWN, ids=[f"{case.parent.name}/{case.stem}" for case in OWN])
def test_a_shops_own_page_is_read_by_its_own_adapter(case: Path) -> None:
    module = SHOPS[case.parent.name]
    expected = json.loads(case.with_suffix(".json").read_text(encoding="utf-8"))
    adapters = adapters_for(Page(case.read_text(encoding="utf-8", errors="replace"), expected["url"]))
    assert adapters == (module.ADAPTER,)


def test_without_adapters_a_page_is_any_shops() -> None:
    page = PAGES / "amazon" / "price_only_in_the_hidden_fields.html"
    url = "https://www.amazon.com/dp/B07TESTHID"
    assert read(page.read_bytes(), url).outcome is Outcome.OFFER
    assert read(page.read_bytes(), url, adapters=False).outcome is Outcome.NO_OFFER


def test_a_platform_ranks_below_what_shops_say_for_machines() -> None:
    platforms = [adapter for adapter in ADAPTERS if not adapter.domains]
    weights = {
        source.weight for adapter in platforms for source in adapter.sources if isinstance(source, Markup)
    }
    assert weights == {Weight.PLATFORM}
    assert Weight.PLATFORM < Weight.JSON_LD < Weight.STORE


@given(st.sampled_from(OWN), st.integers(0, 6000), st.integers(0, 400), st.text(max_size=8))
def test_a_damaged_page_breaks_no_adapter(case: Path, at: int, length: int, instead: str) -> None:
    html = case.read_text(encoding="utf-8")
    damaged = html[:at] + instead + html[at + length :]
    adapter: Adapter = SHOPS[case.parent.name].ADAPTER
    page = Page(damaged, URL)
    adapter.tidy_up(page)
    for claim in adapter.claims(page):
        assert all(quote.amount is None or quote.amount > 0 for quote in claim.quotes)
