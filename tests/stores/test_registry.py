"""Which store an address belongs to."""

import subprocess
import sys

import pytest

from tracker.stores.registry import Store, store_of


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("https://www.amazon.in/dp/B09V4B6K53", Store("amazon.in", "Amazon.in")),
        ("https://dl.flipkart.com/s/abc", Store("flipkart.com", "Flipkart")),
        ("https://WWW.Amazon.CO.UK./dp/1", Store("amazon.co.uk", "Amazon.co.uk")),
        ("https://shop.lamps.co.in/x", Store("lamps.co.in", "lamps.co.in")),
        ("https://deepam.myshopify.com/products/lamp", Store("deepam.myshopify.com", "deepam.myshopify.com")),
        ("http://127.0.0.1:8088/shop/kettle", Store("127.0.0.1", "127.0.0.1")),
        ("http://localhost:8088/shop/kettle", Store("localhost", "localhost")),
        ("https://[::1]/", Store("::1", "::1")),
        ("http://[bad", Store("unknown", "unknown")),
        ("", Store("unknown", "unknown")),
    ],
)
def test_an_address_belongs_to_the_store_of_its_registrable_domain(url: str, store: Store) -> None:
    assert store_of(url) == store


def test_a_process_that_reads_pages_imports_nothing_of_the_rest() -> None:
    heavy = "sqlalchemy httpx aiogram tldextract pydantic fastapi structlog bs4".split()
    script = f"import sys, tracker.stores.registry; print([n for n in {heavy} if n in sys.modules])"
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"
