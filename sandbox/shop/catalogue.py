"""What the demo shop sells. Every brand is made up."""

from dataclasses import replace
from decimal import Decimal

from sandbox.shop.product import ShopProduct, Variant


def _rupees(slug: str, title: str, price: str, list_price: str | None = None) -> ShopProduct:
    return ShopProduct(slug, title, Decimal(price), list_price=Decimal(list_price) if list_price else None)


def _gtin(stem: str) -> str:
    """A 13-digit GTIN from its first twelve digits. Source: GS1 General Specifications, check digit."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(stem))
    return f"{stem}{-total % 10}"


_COLOURS = tuple(
    Variant(key, name, Decimal(extra), in_stock)
    for key, name, extra, in_stock in (
        ("sand-8", "Sand, UK 8", "0", True),
        ("sand-9", "Sand, UK 9", "0", True),
        ("indigo-8", "Indigo, UK 8", "500", True),
        ("indigo-10", "Indigo, UK 10", "500", False),
    )
)

_PRODUCTS = (
    replace(
        _rupees("kettle", "Chaiwala 1.5 L Electric Kettle, Brushed Steel", "1999", "2999"),
        brand="Chaiwala",
        category="Kitchen",
        points=("1500 W, boils a litre in four minutes", "Switches itself off", "Two-year warranty"),
    ),
    replace(
        _rupees("phone", "Nova 15 Pro 5G (Midnight Blue, 256 GB)", "149900", "159900"),
        brand="Nova",
        category="Phones",
        points=("6.3 inch display, 120 Hz", "Triple camera, 48 MP", "Five years of updates"),
    ),
    replace(
        _rupees("sneakers", "Chalo Everyday Sneakers", "4499", "5999"),
        brand="Chalo",
        category="Shoes",
        style="variants",
        variants=_COLOURS,
        points=("Knitted upper", "Machine washable", "Made in Agra"),
    ),
    replace(
        _rupees("headphones", "Raga Over-Ear Wireless Headphones", "7990", "12990"),
        brand="Raga",
        category="Audio",
        style="microdata",
        points=("Active noise cancelling", "38 hours on one charge", "Folds flat"),
    ),
    replace(
        _rupees("saree", "Handloom Kanchi Silk Saree with Zari Border", "6499", "12999"),
        brand="Kanchi Weaves",
        category="Clothing",
        style="traps",
        points=("Pure mulberry silk", "6.3 m with blouse piece", "Dry clean only"),
    ),
    replace(
        _rupees("pressure-cooker", "Annapurna 5 L Hard-Anodised Pressure Cooker", "2349.50", "3150"),
        brand="Annapurna",
        category="Kitchen",
        style="graph",
        points=("Gas and induction", "Inner lid", "ISI marked"),
    ),
    replace(
        _rupees("ssd", "Tej 1 TB NVMe SSD, PCIe 4.0", "8299", "11500"),
        brand="Tej",
        category="Computers",
        points=("Reads 7,000 MB/s", "600 TBW", "Fits laptops and consoles"),
    ),
    replace(
        _rupees("sunscreen", "Dhoop Aqua Gel Sunscreen SPF 50 PA++++, 50 g", "399", "499"),
        brand="Dhoop",
        category="Beauty",
        style="meta",
        points=("No white cast", "Fragrance free", "For oily and mixed skin"),
    ),
    replace(
        _rupees("book", "The Monsoon Ledger (Paperback)", "350"),
        brand="Ghats Press",
        category="Books",
        style="text",
        points=("Shortlisted novel of the year", "312 pages", "English"),
    ),
    replace(
        _rupees("led-bulbs", "Ujala 9 W LED Bulb, Pack of 2", "129.50"),
        brand="Ujala",
        category="Household",
        style="split",
        points=("Cool daylight, 6500 K", "B22 base", "Surge protected"),
    ),
    replace(
        _rupees("backpack", "Safar 28 L Laptop Backpack, Rainproof", "1899", "3200"),
        brand="Safar",
        category="Bags",
        points=("Fits 15.6 inch laptops", "Hidden pocket", "Rain cover inside"),
    ),
    replace(
        _rupees("air-fryer", "Annapurna 4.2 L Digital Air Fryer", "5999", "9995"),
        brand="Annapurna",
        category="Kitchen",
        style="graph",
        points=("1400 W", "Eight programmes", "Basket goes in the dishwasher"),
    ),
    replace(
        _rupees("laptop", "Tej Book 14 (16 GB, 512 GB SSD)", "74990", "89990"),
        brand="Tej",
        category="Computers",
        points=("14 inch, 1.3 kg", "Backlit keyboard", "14 hours on battery"),
    ),
    replace(
        _rupees("mixer-grinder", "Annapurna 750 W Mixer Grinder, 3 Jars", "3799", "5495"),
        brand="Annapurna",
        category="Kitchen",
        style="microdata",
        points=("Grinds dry and wet", "Overload protection", "Five-year motor warranty"),
    ),
    replace(
        _rupees("smartwatch", "Nova Fit 2 Smartwatch", "2499", "4999"),
        brand="Nova",
        category="Phones",
        style="script",
        points=("Heart rate and SpO₂", "Seven days on one charge", "Swim proof"),
    ),
    replace(
        _rupees("basmati-rice", "Dehradun Aged Basmati Rice, 5 kg", "749", "925"),
        brand="Khet",
        category="Grocery",
        style="meta",
        points=("Aged for two years", "Extra long grain", "Resealable bag"),
    ),
    replace(
        _rupees("cricket-bat", "Chauka Grade 2 English Willow Bat, Size SH", "3299", "4500"),
        brand="Chauka",
        category="Sports",
        availability="out_of_stock",
        points=("Seven grains", "1,180 g", "Knocked in"),
    ),
    replace(
        _rupees("washing-machine", "Dhobi 7 kg Front-Load Washing Machine", "24990", "38990"),
        brand="Dhobi",
        category="Appliances",
        style="traps",
        points=("Five stars for energy", "1200 rpm", "Ten-year motor warranty"),
    ),
    ShopProduct(
        "tea-set",
        "Arita Porcelain Tea Set, 5 Cups",
        Decimal(12800),
        "JPY",
        brand="Arita Gama",
        category="Kitchen",
        points=("Painted by hand", "Ships from Saga", "Gift box"),
    ),
    ShopProduct(
        "oud",
        "Oud Perfume Oil, 12 ml",
        Decimal("14.500"),
        "KWD",
        brand="Bakhoor House",
        category="Beauty",
        points=("Aged agarwood", "No alcohol", "Crystal bottle"),
    ),
    ShopProduct(
        "espresso",
        "Milano Espresso Machine, 15 bar",
        Decimal("249.90"),
        "EUR",
        Decimal("299.90"),
        brand="Milano",
        category="Kitchen",
        points=("Milk frother", "1.2 L tank", "Ships from Turin"),
    ),
)


def products() -> dict[str, ShopProduct]:
    """The shop on its opening day, in the order of the shelf."""
    return {
        product.slug: replace(
            product,
            sku=f"DB-{100 + place}",
            gtin=_gtin(f"890{100000000 + place * 37}"),
            description=f"{product.title} by {product.brand}. {'. '.join(product.points)}.",
        )
        for place, product in enumerate(_PRODUCTS)
    }
