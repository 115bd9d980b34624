"""Whatever a page is made of, a reading comes back that a person could be shown.

`FUZZ_EXAMPLES=20000 pytest tests/stores/test_fuzz.py` searches for longer.
"""

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stores.mutations import damaged
from tracker.stores.currencies import largest_minor
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.price_text import read_price
from tracker.stores.registry import read

URL = "https://shop.example.in/brass-oil-lamp?variant=2"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "120"))
PAGES = sorted((Path(__file__).parent.parent / "pages").glob("*/*.html"))
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def sound(reading: Reading) -> None:
    """What holds for every reading, of whatever page."""
    assert reading.reason is not Reason.UNREADABLE, "the reader failed inside: see the log"
    assert (reading.outcome is Outcome.OFFER) == (reading.offer is not None)
    assert (reading.offer is None) == (reading.reason is not None)
    offer = reading.offer
    if offer is None:
        return
    assert offer.title.strip() == offer.title != ""
    assert not any(ord(sign) < 32 for sign in offer.title)
    assert 0 < offer.confidence <= 1
    if offer.price:
        assert 0 < offer.price.minor <= largest_minor(offer.price.currency)
        assert offer.evidence
    if offer.list_price:
        assert offer.price
        assert offer.list_price.currency == offer.price.currency
        assert offer.list_price.minor > offer.price.minor


numbers = st.one_of(
    st.integers(), st.floats(), st.decimals().map(str),
    st.sampled_from(["1,49,900", "1.499,00 €", "$1.99 - $5.00", "-5", "0", "1e400", "NaN", "free", "٣٤"]),
    st.sampled_from(["9" * 50, "1E+9999999", "-0.00", "1e-9", "²", "१,४९९"]),
)  # fmt: skip
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    "name offers price priceCurrency availability lowPrice highPrice priceSpecification hasVariant url"
    " sku gtin13 image brand"
    " itemOffered seller @id @graph isRelatedTo itemListElement item mainEntity priceValidUntil"
    " offerCount".split()
)
types = st.sampled_from(
    "Product Offer AggregateOffer ProductGroup ItemList ListItem BreadcrumbList WebPage Article"
    " UnitPriceSpecification".split()
)


def things(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    described = st.dictionaries(names, st.one_of(inner, numbers, anything), max_size=5)
    return st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(types, described).map(lambda pair: {"@type": pair[0], **pair[1]}),
    )


linked_data = st.recursive(anything, things, max_leaves=12).map(json.dumps)
scripts = st.tuples(
    st.sampled_from(
        [
            '<script type="application/ld+json">%s</script>',
            '<script id="__NEXT_DATA__" type="application/json">%s</script>',
            "<script>window.__INITIAL_STATE__ = %s;</script>",
            "<script>dataLayer.push(%s)</script>",
            "<script>var product = %s;</script>",
            '<script type="application/json" data-product-json>%s</script>',
        ]
    ),
    linked_data,
).map(lambda pair: pair[0] % pair[1])
texts = st.one_of(
    st.text(max_size=30),
    numbers.map(lambda number: f"₹{number}"),
    st.sampled_from(
        [
            "Add to cart",
            "Buy now",
            "M.R.P.",
            "was $9",
            "EMI from ₹999/mo",
            "Sold out",
            "₹1,499",
            "$1 099",
            "<b>x</b>",
        ]
    ),
)
elements = st.tuples(
    st.sampled_from("div span p h1 h2 del s button a meta link td li select form".split()),
    st.dictionaries(
        st.sampled_from(
            "class id itemprop itemscope itemtype content href property typeof name value data-price"
            " style hidden data-product".split()
        ),
        st.one_of(
            texts,
            st.sampled_from(
                "price product offers https://schema.org/Product https://schema.org/Offer name"
                " og:price:amount was-price gb:Product"
                " product:price:amount priceCurrency INR display:none".split()
            ),
        ),
        max_size=4,
    ),
)


def opened(tag: str, attributes: dict[str, str]) -> str:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{said}>"


fragments = st.recursive(
    st.one_of(texts, scripts, elements.map(lambda element: opened(*element))),
    lambda inner: st.tuples(elements, st.lists(inner, max_size=4)).map(
        lambda pair: f"{opened(*pair[0])}{''.join(pair[1])}</{pair[0][0]}>"
    ),
    max_leaves=15,
)


@thorough
@given(st.lists(fragments, max_size=6).map("".join), st.booleans())
def test_any_fragments_of_html_are_read_soundly(fragment: str, adapters: bool) -> None:
    sound(
        read(f"<html><title>Brass Oil Lamp</title><h1>Brass Oil Lamp</h1>{fragment}", URL, adapters=adapters)
    )


@thorough
@given(linked_data)
def test_any_linked_data_is_read_soundly(data: str) -> None:
    sound(read(f'<h1>Lamp</h1><script type="application/ld+json">{data}</script>', URL))


@thorough
@given(st.one_of(st.text(max_size=60), st.lists(texts, max_size=4).map(" ".join)))
def test_any_text_is_no_price_or_a_sound_one(text: str) -> None:
    price = read_price(text, country_hint="IN")
    if price is not None:
        assert price[0].is_finite()
        assert price[0] >= 0


@thorough
@given(st.sampled_from(PAGES), st.sampled_from(PAGES), st.integers(0, 2**32))
def test_a_damaged_page_is_read_soundly(page: Path, other: Path, seed: int) -> None:
    told = json.loads(page.with_suffix(".json").read_text("utf-8"))
    sound(read(damaged(page.read_bytes(), other.read_bytes(), Random(seed)), told["url"]))


@pytest.mark.parametrize("page", PAGES, ids=[f"{page.parent.name}/{page.stem}" for page in PAGES])
def test_a_page_cut_anywhere_is_read_soundly(page: Path) -> None:
    told, html = json.loads(page.with_suffix(".json").read_text("utf-8")), page.read_bytes()
    for end in range(0, len(html), max(1, len(html) // 8)):
        sound(read(html[:end], told["url"]))
