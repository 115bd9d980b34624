"""Rules that people made: found again on a changed page, never guessed, and only where they belong."""

import pytest

from tests.rows import rupees
from tracker.money import Money
from tracker.stores.corrections import Rule, choices, corrected, place_of, words_around
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.registry import read

URL = "https://shop.example/p/kettle"
PRICE_NOW = "selling span.price-now < div.price-block < main"


def page(
    *,
    stated: str = "166.58",
    shown: str = "₹1,999",
    name: str = "price-now",
    more: str = "",
    available: str = "InStock",
) -> Reading:
    """A kettle whose markup names one price, while the eye sees another in an element of that name."""
    html = f"""<!doctype html><html><head><title>Kettle | Bazaar</title>
<script type="application/ld+json">{{"@context": "https://schema.org/", "@type": "Product", "name": "Kettle",
"offers": {{"@type": "Offer", "priceCurrency": "INR", "price": "{stated}",
"availability": "https://schema.org/{available}"}}}}</script></head><body><main><h1>Kettle</h1>
<div class="price-block"><span class="{name}">{shown}</span>
<span class="mrp">M.R.P. <s>₹2,999</s></span>
<p class="emi">EMI from ₹166.58/month for 12 months</p></div>{more}
<p>Free delivery above ₹499. Cash on delivery costs ₹40 more.</p>
<button class="buy">Add to cart</button></main></body></html>"""
    return read(html, URL)


def price_of(reading: Reading) -> Money | None:
    return reading.offer.price if reading.offer else None


def own(source: str | None = "visible", place: str | None = PRICE_NOW, wrong: str | None = "json-ld") -> Rule:
    return Rule(source, place, wrong)


def of_store(place: str = PRICE_NOW, wrong: str = "json-ld") -> Rule:
    return Rule("visible", place, wrong, is_of_store=True)


def test_without_rules_the_page_reads_wrong() -> None:
    reading = page()
    assert price_of(reading) == rupees("166.58")
    assert corrected(reading, []) is reading


@pytest.mark.parametrize(
    ("reading", "rules", "price"),
    [
        pytest.param(page(), [own()], "1999", id="the place that was shown"),
        pytest.param(page(shown="₹1,499"), [own()], "1499", id="another amount there"),
        pytest.param(page(stated="1999.00"), [own()], "1999", id="markup that was repaired"),
        pytest.param(page(), [own("json-ld", "selling markup")], "166.58", id="the markup was right"),
        pytest.param(page(), [own(), own(None, None)], "1999", id="the newest of two"),
        pytest.param(page(), [of_store()], "1999", id="the store's"),
        pytest.param(page(), [of_store("selling b < p < main")], "166.58", id="another layout"),
        pytest.param(page(), [of_store(wrong="microdata")], "166.58", id="another source was taken"),
        pytest.param(
            page(), [of_store(), own("json-ld", "selling markup")], "166.58", id="own before store's"
        ),
        pytest.param(page(), [own(None, None, "meta")], "166.58", id="another source is not believed"),
    ],
)
def test_a_rule_means_one_place(reading: Reading, rules: list[Rule], price: str) -> None:
    assert price_of(corrected(reading, rules)) == rupees(price)


@pytest.mark.parametrize(
    ("reading", "rule"),
    [
        pytest.param(page(name="cost"), own(), id="no such place any more"),
        pytest.param(
            page(more='<div class="price-block"><span class="price-now">₹899</span></div>'),
            own(),
            id="two amounts at such places",
        ),
        pytest.param(page(shown="$19.99"), own(), id="another currency there"),
        pytest.param(page(), own(None, None), id="the source is not believed"),
        pytest.param(page(), own(None, None, None), id="no source is believed"),
    ],
)
def test_what_a_rule_does_not_find_is_not_guessed(reading: Reading, rule: Rule) -> None:
    found = corrected(reading, [rule])
    assert (found.outcome, found.reason, found.offer) == (Outcome.NO_OFFER, Reason.NOT_SURE, None)
    assert found.candidates, "a person can still choose"


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(read("<html><body><h1>About us</h1></body></html>", URL), id="no product"),
        pytest.param(read("", URL, status=404), id="gone"),
    ],
)
def test_a_page_without_a_price_stays_as_it_is(reading: Reading) -> None:
    assert corrected(reading, [own()]) is reading


def test_a_corrected_offer_says_whose_word_it_is_and_keeps_no_list_price_below_it() -> None:
    reading = corrected(page(shown="₹1,999"), [own()])
    assert reading.offer is not None
    assert reading.offer.source == "visible"
    assert [item.source for item in reading.offer.evidence] == ["visible"]
    assert reading.offer.list_price is None or reading.offer.list_price.minor > 199900


def test_a_rule_that_agrees_with_the_page_is_among_the_evidence() -> None:
    reading = corrected(page(stated="1999.00"), [own()])
    assert reading.offer is not None
    assert {"json-ld", "visible"} == {item.source for item in reading.offer.evidence}


def test_a_person_is_shown_the_likely_amounts_first_with_the_words_around_them() -> None:
    found = choices(page(), rupees("166.58"))
    assert [choice.price for choice in found] == [
        rupees("1999"),
        rupees("2999"),
        rupees("499"),
        rupees("40"),
    ][:4]
    assert found[0].place == PRICE_NOW
    assert "₹1,999" in found[0].candidate.text
    assert words_around(page(), rupees("166.58")) is not None
    assert "EMI from ₹166.58/month" in (words_around(page(), rupees("166.58")) or "")
    assert words_around(page(), rupees("12345")) is None


def test_a_chosen_amount_is_found_again_by_its_place() -> None:
    for choice in choices(page(), rupees("166.58")):
        rule = Rule(choice.candidate.source, choice.place, "json-ld")
        assert price_of(corrected(page(), [rule])) == choice.price


def test_what_no_rule_could_tell_apart_is_not_offered() -> None:
    more = "".join(f'<p class="plan"><b class="cost">₹{amount}</b></p>' for amount in (701, 702, 703))
    offered = {choice.price.minor for choice in choices(page(more=more), rupees("166.58"))}
    assert offered.isdisjoint({70100, 70200, 70300})


def test_no_more_than_six_are_offered() -> None:
    more = "".join(f'<p class="plan{amount}"><b>₹{amount}</b></p>' for amount in range(701, 711))
    assert len(choices(page(more=more), rupees("166.58"))) == 6


def test_a_place_fits_its_column() -> None:
    reading = page(name="x" * 400)
    assert reading.offer is not None
    assert max(len(place_of(one)) for one in reading.offer.places) <= 255
