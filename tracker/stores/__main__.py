"""`python -m tracker.stores PAGE --url URL`: the offer that is read from a saved page, as JSON.

`--batch` reads JSON lines {"file": …, "url": …} on standard input and writes one JSON line for each, in
order. `--explain` prints for people: every amount that was found, what it is for, how much speaks for it, and
the decision. A line that cannot be read gives a line with "error", and the next is read.
"""

import argparse
import asyncio
import gzip
import json
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from tracker.stores.explain import explained
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.page import LARGEST_PAGE
from tracker.stores.pool import ReaderPool


def fields(reading: Reading) -> dict[str, Any]:
    """A reading as flat JSON: prices are decimal strings in major units."""
    offer = reading.offer
    price = offer.price if offer else None
    list_price = offer.list_price if offer else None
    return {
        "outcome": reading.outcome.value,
        "reason": reading.reason.value if reading.reason else None,
        "title": offer.title if offer else None,
        "price": f"{price.amount:f}" if price else None,
        "currency": price.currency if price else None,
        "list_price": f"{list_price.amount:f}" if list_price else None,
        "availability": offer.availability.value if offer else "unknown",
        "sku": offer.sku if offer else None,
        "gtin": offer.gtin if offer else None,
        "brand": offer.brand if offer else None,
        "image": offer.image if offer else None,
        "variant": offer.variant if offer else None,
        "seller": offer.seller if offer else None,
        "confidence": offer.confidence if offer else 0.0,
        "evidence": [{"source": seen.source, "text": seen.text} for seen in offer.evidence] if offer else [],
    }


def saved_page(file: str) -> bytes:
    """The start of a file, unpacked when its name ends in .gz; no more than a reader reads."""
    with gzip.open(file) if file.endswith(".gz") else Path(file).open("rb") as page:
        return page.read(LARGEST_PAGE)


async def answer(pool: ReaderPool, file: str, url: str) -> dict[str, Any]:
    """What is printed for one page. Raises OSError, EOFError or zlib.error when the file cannot be read."""
    html = saved_page(file)
    started = time.perf_counter()
    reading = await pool.read(html, url)
    milliseconds = round((time.perf_counter() - started) * 1000, 2)
    return {"file": file, "url": url, **fields(reading), "milliseconds": milliseconds}


async def answer_line(pool: ReaderPool, line: str) -> dict[str, Any]:
    """`answer` for one line of a batch; what goes wrong becomes its "error"."""
    asked: Any = None
    try:
        asked = json.loads(line)
        return await answer(pool, str(asked["file"]), str(asked["url"]))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, RecursionError) as problem:
        known = asked if isinstance(asked, dict) else {}
        error = f"{type(problem).__name__}: {problem}"
        nothing = fields(Reading(Outcome.NO_OFFER, reason=Reason.UNREADABLE))
        return {
            "file": known.get("file"),
            "url": known.get("url"),
            **nothing,
            "milliseconds": 0.0,
            "error": error,
        }


def printed(answered: dict[str, Any], *, indent: int | None = None) -> None:
    print(json.dumps(answered, ensure_ascii=False, indent=indent), flush=True)


async def run(arguments: argparse.Namespace) -> int:
    pool = ReaderPool()
    await pool.warm()
    try:
        if arguments.batch:
            for line in sys.stdin:
                if line.strip():
                    printed(await answer_line(pool, line))
            return 0
        try:
            if arguments.explain:
                print(explained(saved_page(arguments.page), arguments.url))
                return 0
            printed(await answer(pool, arguments.page, arguments.url), indent=2)
        except (OSError, EOFError, zlib.error) as problem:
            print(f"{arguments.page}: {problem}", file=sys.stderr)
            return 1
        return 0
    finally:
        pool.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tracker.stores", description=__doc__)
    parser.add_argument("page", nargs="?", help="a saved page, .html or .html.gz")
    parser.add_argument("--url", help="the address that the page was saved from")
    parser.add_argument(
        "--batch", action="store_true", help="read JSON lines with file and url on standard input"
    )
    parser.add_argument(
        "--explain", action="store_true", help="print a table of all amounts and the decision"
    )
    arguments = parser.parse_args()
    if arguments.batch == bool(arguments.page) or (arguments.page and not arguments.url):
        parser.error("give a page and its --url, or --batch")
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    return asyncio.run(run(arguments))


if __name__ == "__main__":
    sys.exit(main())
