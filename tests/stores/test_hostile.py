"""Whatever the bytes, a reading comes back; what cannot be read in time costs one process and no more."""

import asyncio
import gzip
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.pool import ReaderPool
from tracker.stores.registry import read

URL = "https://shop.example.in/lamp"
LAMP = '{"@type": "Product", "name": "Lamp", "offers": {"price": 1499, "priceCurrency": "INR"}}'
GOOD = f'<title>Lamp</title><h1>Lamp</h1><script type="application/ld+json">{LAMP}</script>'.encode()
REASONABLE = 4_000
"""How many ordinary pages could be read meanwhile: each takes less than half a millisecond, all of them two
seconds at most."""


def price(reading: Reading) -> str | None:
    return f"{reading.offer.price.amount}" if reading.offer and reading.offer.price else None


def parents() -> dict[int, int]:
    """The parent of each process that runs."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
    return found


def readers() -> list[int]:
    """The processes of reader pools: children of this process's fork server."""
    parent = parents()
    return [pid for pid in parent if parent.get(parent[pid]) == os.getpid()]


def timed(html: bytes) -> tuple[Reading, float]:
    """Read a page; also the seconds that it took of this thread, whoever else wanted the processor."""
    started = time.thread_time()
    reading = read(html, URL)
    return reading, time.thread_time() - started


def ordinary_seconds() -> float:
    """What an ordinary page takes here and now, on this processor and under this tracer, at its best."""
    return min(sum(timed(GOOD)[1] for _ in range(10)) for _ in range(5)) / 10


def linked_data(text: str) -> bytes:
    return f'<title>Lamp</title><h1>Lamp</h1><script type="application/ld+json">{text}</script>'.encode()


HOSTILE = {
    "nothing": b"",
    "zeros": b"\x00" * 5_000,
    "noise": bytes(range(256)) * 40,
    "open tags": b"<a " * 10_000,
    "open comments": b"<!--" * 20_000,
    "closing tags": b"</" * 50_000,
    "deep json": linked_data("[" * 100_000),
    "deep json objects": linked_data('{"@graph":' * 50_000),
    "a million nodes": linked_data("[" + ",".join(["{}"] * 300_000) + "]"),
    "many products": linked_data("[" + ",".join(LAMP.replace("1499", str(n)) for n in range(3_000)) + "]"),
    "loop of references": linked_data('{"@id":"#a","@type":"Product","name":"x","offers":{"@id":"#a"}}'),
    "wrong types": linked_data(
        '{"@type":["Product",5,null],"name":{"a":[]},"image":[[[]]],"brand":[],"sku":{},"url":7,"gtin13":[1],'
        '"offers":[5,"x",null,{"price":[],"priceCurrency":{},"availability":[],"seller":[],"itemOffered":[1]}],'
        '"hasVariant":"no"}'
    ),
    "lone surrogates": linked_data(LAMP.replace("Lamp", "\\ud800 lamp").replace("1499", "5")),
    "huge integer": linked_data(LAMP.replace("1499", "9" * 50_000)),
    "stray quotes": linked_data('{"a": "' + '\\" /* ' * 50_000),
    "one endless class": b"<h1>x</h1><div class='" + b"price " * 200_000 + b"'>5</div>",
    "many metas": b"<meta property='product:price:amount' content='1e999'>" * 5_000,
    "microdata without end": b"<div itemscope itemprop=offers itemtype=https://schema.org/Product>" * 500,
    "a million entries": linked_data("[" + "1," * 1_000_000 + "1]"),
    "a million offers": linked_data(
        '{"@type": "Product", "name": "Lamp", "offers": [' + '{"price":5},' * 600_000 + "1]}"
    ),
    "many keys": linked_data("{" + ",".join(f'"k{n}":1' for n in range(500_000)) + "}"),
    "state without end": b"<script>window.__INITIAL_STATE__ = [" + b'{"price":1,"name":"x"},' * 350_000,
    "states within states": b"<script>" + b'var product = {"a":{"b":' * 20_000,
    "next data without end": b'<script id="__NEXT_DATA__" type="application/json">' + b'{"a":' * 100_000,
    "braces": b"<script>var state = " + b"{" * 4_000_000,
    "strings without end": b"<script>window.__INITIAL_STATE__ = {" + b'"\\' * 2_000_000,
    "eight megabytes of words": b"<h1>x</h1>" + b"word " * 1_600_000,
    "eight megabytes of digits": b"<h1>x</h1><p>" + b"1" * 8_000_000,
    "only less-than signs": b"<" * 4_000_000,
    "cards": b"<h1>Lamps</h1>"
    + b"<li><a href=/x>Lamp</a><b class=price>$9</b><button>Buy now</button></li>" * 50_000,
    "headings": b"<h1>Lamp</h1>" * 200_000,
    "page types": b"<script>" + b"pageType: price low to high" * 200_000,
    "a title without end": b"<title>" + b"the page you requested " * 300_000,
    "buttons": b"<h1>Lamp</h1>" + b"<button>Add to cart</button>" * 150_000,
    "unclosed formatting": b"<h1>Lamp</h1>" + b"<a><b><i>" * 15_000,
    "gzip of gzip": gzip.compress(gzip.compress(GOOD)),
    "gzip in a page": b"<html>" + gzip.compress(GOOD) * 200,
}  # fmt: skip

AMOUNTS = [
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e999999999", '"1E+9999999"', '"sNaN"', "-1499",
    '"-1499"', "0", '"0.00"', "1000000000000000", '"1,00,00,00,00,00,00,000"', "1499e-9", '"1499 1599"',
    "true", '"free"', '"\\u0000"',
]  # fmt: skip

QUADRATIC = {
    "nested elements": b"<div>" * 100_000,
    "unclosed options": b"<select>" + b"<option>5" * 100_000,
    "attributes": b"<p " + b" ".join(b"a%d=1" % number for number in range(99_999)) + b">",
}

TITLES = [
    "\u202egnihtyna\u202c", "\u2066lamp\u2069", "<b>Lamp</b>", "[Lamp](tg://user?id=1)", "*Lamp* _`x`_",
    "=cmd()",
]  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_give_a_reading_without_a_price_in_reasonable_time(html: bytes) -> None:
    reasonable = REASONABLE * ordinary_seconds()
    reading, seconds = timed(html)
    assert price(reading) in (None, "5.00")
    if seconds >= reasonable:  # a neighbour can make a processor slower for a moment, and never faster
        _, seconds = timed(html)
    assert seconds < reasonable


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_nobody_asks_is_no_price(amount: str) -> None:
    assert price(read(linked_data(LAMP.replace("1499", amount)), URL)) is None


@pytest.mark.parametrize("title", TITLES)
def test_marks_and_markup_in_a_title_cost_no_price(title: str) -> None:
    heading = f"<h1>{title.replace('<', '&lt;')}</h1>".encode()
    reading = read(heading + linked_data(LAMP.replace("Lamp", title)), URL)
    assert price(reading) == "1499.00"


@pytest.mark.parametrize(
    "url", ["", "http://[", "//", "javascript:alert(1)", "https://x.in/?" + "a=b&" * 9_999]
)
def test_no_address_makes_the_reader_fail(url: str) -> None:
    assert price(read(GOOD, url)) == "1499.00"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([200, 302, 404, 503]))
def test_no_bytes_make_the_reader_fail(noise: bytes, status: int) -> None:
    assert read(noise, URL, status=status).offer is None
    middle = len(GOOD) // 2
    assert read(GOOD[:middle] + noise + GOOD[middle:], URL, status=status).reason is not Reason.UNREADABLE


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", None), ("utf-8", "iso-8859-1"), ("utf-8", "utf-16"), ("utf-8", "no-such-charset"),
        ("utf-8", "zip"), ("utf-8-sig", "ascii"), ("utf-16", None), ("utf-16-le", None),
        ("utf-16-be", "utf-8"),
        ("utf-16-le", "utf-16"), ("cp1252", "utf-8"), ("cp1252", "latin1"),
    ],
)  # fmt: skip
def test_a_page_is_decoded_by_what_it_is_and_not_by_what_it_claims(
    encoding: str, charset: str | None
) -> None:
    page = GOOD.decode().replace("Lamp", "Lampe épée à £5")
    reading = read(page.encode(encoding), URL, charset=charset)
    assert reading.offer is not None
    assert price(reading) == "1499.00"
    if not (encoding == "cp1252" and charset == "utf-8"):  # this lie costs the accents, never the price
        assert reading.offer.title == "Lampe épée à £5"


def test_a_declared_encoding_is_used_where_the_bytes_are_no_utf_8() -> None:
    page = '<meta charset="shift_jis"><h1>真鍮ランプ</h1>' + GOOD.decode().replace('"Lamp"', '"真鍮ランプ"')
    reading = read(page.encode("shift_jis"), URL)
    assert reading.offer is not None
    assert reading.offer.title == "真鍮ランプ"


def test_one_broken_byte_does_not_spoil_a_utf_8_page() -> None:
    page = GOOD.replace(b"Lamp", "Lampe épée à l'été".encode()) + b"\xff"
    reading = read(page, URL)
    assert reading.offer is not None
    assert reading.offer.title == "Lampe épée à l'été"


def test_a_page_cut_in_the_middle_of_a_letter_is_still_utf_8() -> None:
    reading = read(GOOD.replace(b"Lamp", "Épée".encode()) + "é".encode()[:1], URL)
    assert reading.offer is not None
    assert reading.offer.title == "Épée"


def test_control_characters_do_not_reach_the_title() -> None:
    reading = read(GOOD.replace(b'"Lamp"', b'"La\\u0000mp\\u0007 \\n  post"'), URL)
    assert reading.offer is not None
    assert reading.offer.title == "Lamp post"


@pytest.fixture
async def pool() -> AsyncIterator[ReaderPool]:
    readers = ReaderPool(seconds=1.0)
    await readers.warm()
    yield readers
    readers.close()


@pytest.mark.processes
@pytest.mark.parametrize("html", QUADRATIC.values(), ids=QUADRATIC)
async def test_a_quadratic_page_is_stopped_in_time_and_the_next_page_reads_fine(
    pool: ReaderPool, html: bytes
) -> None:
    started = time.monotonic()
    reading = await pool.read(html, URL)
    assert reading == Reading(Outcome.NO_OFFER, reason=Reason.TOO_SLOW)
    assert time.monotonic() - started < 3
    assert price(await pool.read(GOOD, URL)) == "1499.00"


@pytest.mark.processes
async def test_a_page_cannot_take_all_memory() -> None:
    readers = ReaderPool(seconds=10.0, memory_mb=24)
    try:
        reading = await readers.read(linked_data("[" + "[],[[]]," * 900_000 + "1]"), URL)
        assert reading == Reading(Outcome.NO_OFFER, reason=Reason.UNREADABLE)
        assert price(await readers.read(GOOD, URL)) == "1499.00"
    finally:
        readers.close()


@pytest.mark.processes
async def test_a_reader_killed_at_work_costs_that_page_alone(pool: ReaderPool) -> None:
    busy = asyncio.create_task(pool.read(b"<div>" * 100_000, URL))
    await asyncio.wait({busy}, timeout=0)  # lets it begin
    for reader in readers():
        os.kill(reader, signal.SIGKILL)
    assert (await busy).offer is None
    assert price(await pool.read(GOOD, URL)) == "1499.00"


@pytest.mark.processes
async def test_a_reader_killed_while_idle_is_replaced_and_costs_no_page(pool: ReaderPool) -> None:
    for reader in readers():
        os.kill(reader, signal.SIGKILL)
    assert price(await pool.read(GOOD, URL)) == "1499.00"


@pytest.mark.processes
async def test_pages_wait_for_a_free_reader_and_all_are_read(pool: ReaderPool) -> None:
    readings = await asyncio.gather(*(pool.read(GOOD, URL, status=200, charset="utf-8") for _ in range(20)))
    assert {price(reading) for reading in readings} == {"1499.00"}


@pytest.mark.processes
async def test_a_closed_pool_has_no_children_and_starts_anew_when_asked(pool: ReaderPool) -> None:
    pool.close()
    assert readers() == []
    assert price(await pool.read(GOOD, URL)) == "1499.00"
    pool.close()
    pool.close()


@pytest.mark.processes
async def test_a_reader_that_nobody_waits_for_is_stopped(pool: ReaderPool) -> None:
    abandoned = asyncio.create_task(pool.read(b"<div>" * 100_000, URL))
    await asyncio.wait({abandoned}, timeout=0)  # lets it begin
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    assert price(await pool.read(GOOD, URL)) == "1499.00"


PARENT = """
import asyncio
from tests.stores.test_hostile import readers
from tracker.stores.pool import ReaderPool

async def main():
    pool = ReaderPool(seconds=3)
    await pool.warm()
    stuck = asyncio.create_task(pool.read(b"<div>" * 100_000, ""))
    await asyncio.wait({stuck}, timeout=0)
    print(*readers(), flush=True)
    await stuck

asyncio.run(main())
"""


@pytest.mark.processes
@pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="waits for a foreign process, which only Linux offers"
)
def test_readers_end_when_their_parent_is_killed() -> None:
    repository = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=repository) as parent:
        assert parent.stdout
        reader = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        ended, _, _ = select.select([reader], [], [], 10)
        os.close(reader)
        assert ended
