"""Sites that want the worker's memory, time or trust. The ids are those of the threat list (D01 to D10)."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.fetching.conftest import MakeFetcher
from tests.fetching.internet import Internet, Site, Visit, response, says
from tracker.fetching.body import MAX_MEMBERS
from tracker.fetching.client import Fetcher, FetchProblem

Failure = Callable[[Fetcher, str], Any]
SHOP = "http://shop.example/"
MB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def packed(body: bytes, coding: str, wbits: int = 31) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return response(compressor.compress(body) + compressor.flush(), headers=f"Content-Encoding: {coding}\r\n")


@pytest.mark.parametrize(
    ("coding", "wbits"), [("gzip", 31), ("x-gzip", 31), ("GZip", 31), ("deflate", 15), ("deflate", -15)]
)
async def test_a_packed_page_is_unpacked(
    coding: str, wbits: int, internet: Internet, fetcher: MakeFetcher
) -> None:
    body = b"<p>kettle</p>" * 10_000
    await internet.site(says(packed(body, coding, wbits)))
    assert (await fetcher().fetch(SHOP)).body == body


@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
async def test_a_packed_page_may_come_byte_by_byte(
    coding: str, wbits: int, internet: Internet, fetcher: MakeFetcher
) -> None:
    head, _, body = packed(b"kettle", coding, wbits).partition(b"\r\n\r\n")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
    await internet.site(says(head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"))
    assert (await fetcher().fetch(SHOP)).body == b"kettle"


@pytest.mark.parametrize(
    ("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)], ids=["D01", "D02", "D02-raw"]
)
async def test_a_bomb_costs_no_more_than_a_page(
    coding: str, wbits: int, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(says(packed(bytes(64 * MB), coding, wbits)))
    client = fetcher()
    tracemalloc.start()
    try:
        error = await failure(client, SHOP)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.details["problem"] == FetchProblem.TOO_LARGE
    assert error.text_key == "error.page_too_large"
    assert peak < 32 * MB


@pytest.mark.parametrize(
    "coding",
    ["gzip, gzip", "gzip,gzip,gzip", "br", "zstd", "compress", "gzip, br", "identity, br", "x"],
    ids=["D03", "D03-thrice", "D04", "D05", "compress", "D04-in-gzip", "D04-in-nothing", "unknown"],
)
async def test_a_coding_that_was_not_asked_for_is_refused(
    coding: str, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    """D03 to D05: nested gzip, Brotli and Zstandard, the bombs of 300 bytes."""
    await internet.site(says(packed(gzip.compress(b"kettle"), coding)))
    assert (await failure(fetcher(), SHOP)).details["problem"] == FetchProblem.BAD_ENCODING


async def test_a_coding_that_changes_nothing_is_read(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(response(b"kettle", headers="Content-Encoding: identity\r\n")))
    assert (await fetcher().fetch(SHOP)).body == b"kettle"


async def test_a_page_packed_in_several_members_is_read_whole(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    members = gzip.compress(b"ket") + gzip.compress(b"tle") + b"\0\0padding"
    await internet.site(says(response(members, headers="Content-Encoding: gzip\r\n")))
    assert (await fetcher().fetch(SHOP)).body == b"kettle"


async def test_what_follows_a_deflated_page_is_ignored(internet: Internet, fetcher: MakeFetcher) -> None:
    body = zlib.compress(b"kettle") + b"padding"
    await internet.site(says(response(body, headers="Content-Encoding: deflate\r\n")))
    assert (await fetcher().fetch(SHOP)).body == b"kettle"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", b"<html>not packed", id="not packed"),
        pytest.param("gzip", gzip.compress(b"kettle" * 100)[:-9], id="cut short"),
        pytest.param("gzip", b"\x1f", id="one byte"),
        pytest.param("gzip", gzip.compress(b"") * (MAX_MEMBERS + 1), id="members without end"),
        pytest.param("gzip", gzip.compress(b"a") + b"\x1f\x8b\x08", id="half a member"),
        pytest.param("deflate", b"\xff\xff\xff", id="not deflated"),
    ],
)
async def test_a_page_that_cannot_be_unpacked_is_not_half_read(
    coding: str, body: bytes, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(says(response(body, headers=f"Content-Encoding: {coding}\r\n")))
    assert (await failure(fetcher(), SHOP)).details["problem"] == FetchProblem.BAD_ENCODING


async def test_a_page_of_exactly_the_limit_is_read_and_one_byte_more_is_not(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(says(packed(bytes(8 * MB), "gzip")))
    assert len((await fetcher().fetch(SHOP)).body) == 8 * MB
    await internet.site(says(packed(bytes(8 * MB + 1), "gzip")), "more.example", address="93.184.216.40")
    error = await failure(fetcher(), "http://more.example/")
    assert error.details["problem"] == FetchProblem.TOO_LARGE


async def flood(visit: Visit) -> None:
    await visit.send(HEAD + b"\r\n")
    await visit.flood(b"x" * 65536)


async def announced(visit: Visit) -> None:
    await visit.send(HEAD + b"Content-Length: 5000000000\r\n\r\n")
    await visit.hold()


async def chunk_flood(visit: Visit) -> None:
    await visit.send(CHUNKED)
    await visit.flood(b"ffff\r\n" + b"x" * 65535 + b"\r\n")


@pytest.mark.parametrize("site", [flood, announced, chunk_flood], ids=["D06", "D06-announced", "D06-chunks"])
async def test_a_body_without_end_is_too_large(
    site: Site, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(site)
    error = await failure(fetcher(), SHOP)
    assert error.details["problem"] == FetchProblem.TOO_LARGE
    assert error.text_key == "error.page_too_large"


async def test_padding_without_end_is_too_large_though_it_is_no_part_of_the_page(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    async def padding(visit: Visit) -> None:
        await visit.send(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"kettle"))
        await visit.flood(bytes(65536))

    await internet.site(padding)
    error = await failure(fetcher(), SHOP)
    assert error.details["problem"] == FetchProblem.TOO_LARGE
    assert error.details["detail"] == "more bytes than a page has"


async def test_a_body_in_crumbs_is_too_large(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    """Chunks of one byte cost far more time than their size tells."""

    async def crumbs(visit: Visit) -> None:
        await visit.send(CHUNKED)
        await visit.flood(b"1\r\nx\r\n" * 1000)

    await internet.site(crumbs)
    error = await failure(fetcher(limits={"pieces": 2000}), SHOP)
    assert error.details["problem"] == FetchProblem.TOO_LARGE
    assert "pieces" in error.details["detail"]


async def endless_headers(visit: Visit) -> None:
    await visit.send(HEAD)
    await visit.flood(b"X-Filler: " + b"x" * 1000 + b"\r\n")


async def one_endless_header(visit: Visit) -> None:
    await visit.send(HEAD + b"X-Filler: ")
    await visit.flood(b"x" * 4096)


async def endless_interim(visit: Visit) -> None:
    await visit.flood(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


async def endless_continue(visit: Visit) -> None:
    await visit.flood(b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 1000 + b"\r\n\r\n")


@pytest.mark.parametrize(
    "site",
    [endless_headers, one_endless_header, endless_interim, endless_continue],
    ids=["D09", "D09-one-header", "D09-interim", "D09-continue"],
)
async def test_a_head_without_end_is_cut_off(
    site: Site, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    """D09."""
    await internet.site(site)
    assert (await failure(fetcher(), SHOP)).details["problem"] == FetchProblem.PROTOCOL


async def dripped_body(visit: Visit) -> None:
    await visit.send(HEAD + b"\r\n")
    while True:
        await visit.send(b"x")
        await visit.pause(0.01)


async def dripped_head(visit: Visit) -> None:
    await visit.send(HEAD)
    while True:
        await visit.send(b"X-Drip: 1\r\n")
        await visit.pause(0.01)


async def dripped_interim(visit: Visit) -> None:
    while True:
        await visit.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await visit.pause(0.01)


@pytest.mark.parametrize(
    ("site", "limits"),
    [
        (dripped_body, {"total_seconds": 0.2}),
        (dripped_head, {"head_seconds": 0.2}),
        (dripped_interim, {"head_seconds": 0.2}),
        (Visit.hold, {"head_seconds": 0.2}),
        (Visit.hold, {"total_seconds": 0.2}),
    ],
    ids=["D07", "D08", "D10", "silence-to-the-head", "silence-to-the-end"],
)
async def test_a_site_that_drips_is_given_up_in_time(
    site: Site, limits: dict[str, float], internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(site)
    started = time.monotonic()
    error = await failure(fetcher(limits=limits), SHOP)
    assert error.details["problem"] == FetchProblem.TIMEOUT
    assert time.monotonic() - started < 3


async def test_a_slow_redirect_is_counted_in_the_whole(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    async def slow_redirect(visit: Visit) -> None:
        await visit.pause(0.1)
        await visit.send(response(b"", status="302 Found", headers="Location: /again\r\n"))

    await internet.site(slow_redirect)
    error = await failure(fetcher(limits={"total_seconds": 0.25}), SHOP)
    assert error.details["problem"] == FetchProblem.TIMEOUT
    assert len(internet.visits) == 3


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + b"Content-Length: 10\r\n\r\nshort", id="length too long"),
        pytest.param(HEAD + b"Content-Length: x\r\n\r\n", id="length no number"),
        pytest.param(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"),
        pytest.param(CHUNKED + b"5\r\nshort", id="chunk cut short"),
        pytest.param(CHUNKED + b"-5\r\n", id="chunk no number"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", id="upgrade"),
        pytest.param(b"<html>HTTP/0.9</html>", id="no head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\x00: x\r\n\r\n", id="no header"),
    ],
)
async def test_an_answer_against_the_rules_is_no_page(
    answer: bytes, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    async def site(visit: Visit) -> None:
        await visit.send(answer)
        visit.hang_up()

    await internet.site(site)
    assert (await failure(fetcher(), SHOP)).details["problem"] == FetchProblem.PROTOCOL


async def test_an_http_1_0_page_ends_when_the_shop_hangs_up(internet: Internet, fetcher: MakeFetcher) -> None:
    async def site(visit: Visit) -> None:
        await visit.send(b"HTTP/1.0 200 OK\r\n\r\nkettle")
        visit.hang_up()

    await internet.site(site)
    page = await fetcher().fetch(SHOP)
    assert (page.body, page.content_type, page.charset) == (b"kettle", "", None)


async def test_bytes_after_the_announced_length_are_no_part_of_the_page_or_of_the_next(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    async def site(visit: Visit) -> None:
        name = visit.target[1:].encode()
        await visit.send(response(name) + response(b"smuggled"))

    await internet.site(site)
    client = fetcher()
    assert [(await client.fetch(f"{SHOP}{name}")).body for name in ("one", "two")] == [b"one", b"two"]


async def test_a_given_up_fetch_leaves_its_place_to_the_next(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(Visit.hold, "slow.example", address="93.184.216.40")
    await internet.site(flood, "flood.example", address="93.184.216.41")
    await internet.site(says(response(b"kettle")))
    client = fetcher(limits={"connections": 1, "head_seconds": 0.2})
    for host in ("slow", "flood", "slow"):
        await failure(client, f"http://{host}.example/")
    assert (await client.fetch(SHOP)).body == b"kettle"
