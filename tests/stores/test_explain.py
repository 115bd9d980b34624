"""What `python -m tracker.stores --explain` says to a maintainer."""

import subprocess
import sys
from pathlib import Path

from tracker.stores.explain import explained

URL = "https://shop.example.in/lamp"
PAGE = """<title>Oil lamp</title><h1>Oil lamp</h1>
<script type="application/ld+json">{"@type": "Product", "name": "Oil lamp",
 "offers": {"price": "1499", "priceCurrency": "INR"}}</script>
<div class="price">₹1,499 <s>₹2,499</s></div><p>EMI from ₹125/month</p><button>Add to cart</button>"""


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_every_amount_has_a_row_with_its_role_and_the_decision_has_its_reasons() -> None:
    table = explained(PAGE, URL)
    assert ["selling", "1499", "INR", "json-ld", "0.95"] in [row[:5] for row in rows(table)]
    assert {("selling", "1499"), ("list", "2499"), ("instalmen", "125")} <= {
        (row[0], row[1]) for row in rows(table) if len(row) > 3 and row[3] == "visible"
    }
    assert "decision   1499.00 INR, list price 2499.00, in_stock, confidence 0.97" in table
    assert "because    json-ld says 'price 1499 INR'" in table


def test_a_page_without_an_offer_is_explained_too() -> None:
    assert "decision   no_offer, not_html" in explained("%PDF", URL)
    assert "decision   gone, soft_404" in explained("<title>404 Not Found</title><h1>Not found</h1>", URL)


def test_the_command_prints_the_table(tmp_path: Path) -> None:
    page = tmp_path / "lamp.html"
    page.write_text(PAGE, encoding="utf-8")
    command = [sys.executable, "-m", "tracker.stores", str(page), "--url", URL, "--explain"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert "heading    Oil lamp" in run.stdout
    assert "decision   1499.00 INR" in run.stdout
