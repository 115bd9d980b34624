"""Article numbers without their labels, and GTINs whose check digit is right."""

import pytest

from tracker.stores.availability import availability_of, reconciled
from tracker.stores.identifiers import article_number, gtin_of, identified
from tracker.stores.offer import Availability, Offer
from tracker.stores.page import Page
from tracker.stores.shown import ShownText


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SKU: A-12", "A-12"),
        ("Item #: 4452", "4452"),
        ("sku:WCB-40", "WCB-40"),
        ("Art.-Nr.: 40.123.7", "40.123.7"),
        ("  B00EXAMPL3 ", "B00EXAMPL3"),
        ("mpn:ABC 123", "ABC 123"),
        ("#8123", "8123"),
        ("Model No. KX-1", "KX-1"),
        ("MODEL-9", "MODEL-9"),
        ("N/A", None),
        ("null", None),
        ("", None),
        (None, None),
        ("SKU:", None),
        ("the number stands on the back of it", None),
        ("x" * 61, None),
        ("<b>12</b>", None),
    ],
)
def test_an_article_number_is_read_without_its_label(text: str | None, number: str | None) -> None:
    assert article_number(text) == number


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("4006381333931", "4006381333931"),
        ("4006381333932", None),
        ("036000291452", "036000291452"),
        ("upc:036000291452", "036000291452"),
        ("00012345600012", "00012345600012"),
        ("96385074", "96385074"),
        ("0-306-40615-2", "0306406152"),
        ("urn:isbn:978-0-306-40615-7", "9780306406157"),
        ("080442957X", "080442957X"),
        ("0306406153", None),
        ("0000000000000", None),
        ("123", None),
        (None, None),
    ],
)
def test_a_gtin_is_taken_only_with_its_check_digit(text: str | None, gtin: str | None) -> None:
    assert gtin_of(text) == gtin


@pytest.mark.parametrize(
    ("said", "availability"),
    [
        ("https://schema.org/InStock", Availability.IN_STOCK),
        ("http://schema.org/OutOfStock/", Availability.OUT_OF_STOCK),
        ("in_stock", Availability.IN_STOCK),
        ("Only 3 left in stock - order soon", Availability.IN_STOCK),
        ("Currently unavailable.", Availability.OUT_OF_STOCK),
        ("Not available online", Availability.OUT_OF_STOCK),
        ("0 in stock", Availability.OUT_OF_STOCK),
        ("10 in stock", Availability.IN_STOCK),
        ("Nicht auf Lager", Availability.OUT_OF_STOCK),
        ("Sofort lieferbar", Availability.IN_STOCK),
        ("Rupture de stock", Availability.OUT_OF_STOCK),
        ("PreOrder", Availability.IN_STOCK),
        (True, Availability.IN_STOCK),
        (False, Availability.OUT_OF_STOCK),
        ("Free returns", Availability.UNKNOWN),
        (7, Availability.UNKNOWN),
        (None, Availability.UNKNOWN),
    ],
)
def test_availability_is_read_from_terms_and_words(said: object, availability: Availability) -> None:
    assert availability_of(said) is availability


@pytest.mark.parametrize(
    ("stated", "seen", "told"),
    [
        (Availability.IN_STOCK, Availability.OUT_OF_STOCK, Availability.OUT_OF_STOCK),
        (Availability.OUT_OF_STOCK, Availability.IN_STOCK, Availability.OUT_OF_STOCK),
        (Availability.UNKNOWN, Availability.IN_STOCK, Availability.IN_STOCK),
        (Availability.IN_STOCK, Availability.UNKNOWN, Availability.IN_STOCK),
        (Availability.UNKNOWN, Availability.UNKNOWN, Availability.UNKNOWN),
    ],
)
def test_sold_out_beside_the_heading_ends_every_claim_of_stock(
    stated: Availability, seen: Availability, told: Availability
) -> None:
    assert reconciled(stated, seen) is told


@pytest.mark.parametrize(
    ("html", "number"),
    [
        (
            "<p><i>Model:</i> <i>XBR-9</i></p><p><i>SKU:</i><i>6418599</i></p>",
            "6418599",
        ),
        ("<div>Item#: <em>N82E168191</em></div>", "N82E168191"),
        ("<h2>Internet #<span>204279858</span></h2><h2>Model #<span>DCD771C2</span></h2>", "204279858"),
        ("<span>SKU</span><span>9314518</span>", "9314518"),
        ("<p>Item #<!-- -->812693 | Model #<!-- -->HDX-4</p>", "812693"),
        ("<span>Item: 20674533</span>", "20674533"),
        ("<p>Item&nbsp;<span>1234567</span></p>", "1234567"),
        ("<p>Item BE9961</p>", "BE9961"),
        ("<dl><dt>Art. No.</dt><dd>0685816002</dd></dl>", "0685816002"),
        ("<div><strong>SKU</strong><div>24-MB01</div></div>", "24-MB01"),
        ("<span>Artikelnummer: <span>woo-123</span></span>", "woo-123"),
        ("<li>Product Code: SAM1</li>", "SAM1"),
        ("<label>Reference </label><span>demo_3</span>", "demo_3"),
        ("<strong>Part Number:</strong> <span>A-1004</span>", "A-1004"),
        ("<dt>SKU:</dt><dd>TSHIRT-BLUE</dd>", "TSHIRT-BLUE"),
        ("<p>Style: CW2288-111</p>", "CW2288-111"),
        ("<p>BH #SOA7M3 • MFR #ILCE7M3/B</p>", "SOA7M3"),
        ("<li><b>Item model number:</b> Z-1000</li><li><b>ASIN:</b> B00EXAMPL3</li>", "B00EXAMPL3"),
        ("<p>Cod produs: D1234</p>", "D1234"),
        ("<p>Web ID: 1345678</p>", "1345678"),
        ("<p>Varenr. 88-1</p>", "88-1"),
        ("<p>Ürün Kodu: TR99812</p>", "TR99812"),
        ("<p>Referencia 12345/88</p>", None),
        ("<p>Style: Casual 90s</p>", None),
        ("<p>SKU: see the box</p>", None),
        ("<p>2 item codes for 5 items</p>", None),
        ("<p>Order number 123456 was sent</p><p>Use code: SAVE10</p>", None),
        ("<p>Model: S</p>", None),
    ],
)
def test_a_labelled_number_is_found_as_shops_show_it(html: str, number: str | None) -> None:
    page = Page(f"<h1>Cordless Drill</h1>{html}", "https://shop.example.com/drill")
    offer = Offer(
        title="Cordless Drill",
        price=None,
        list_price=None,
        availability=Availability.UNKNOWN,
        image=None,
        variant=None,
        seller=None,
        sku=None,
        gtin=None,
        brand=None,
        confidence=0.9,
        evidence=(),
    )
    assert identified(page, ShownText(page), [], offer).sku == number
