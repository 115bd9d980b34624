"""What a server marks a page with, and how it is asked whether the page is still the same."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.fetching.conftest import MakeFetcher
from tests.fetching.internet import Internet, Visit, redirects, response, says
from tracker.clock import now
from tracker.fetching.client import Validators

SHOP = "http://shop.example/kettle"
MONDAY = "Mon, 02 Nov 2026 10:00:00 GMT"


async def marks(internet: Internet, headers: str) -> None:
    await internet.site(says(response(headers=headers)))


async def test_a_page_has_the_marks_that_its_server_gave_it(internet: Internet, fetcher: MakeFetcher) -> None:
    await marks(internet, f'ETag: W/"k-1"\r\nLast-Modified: {MONDAY}\r\n')
    page = await fetcher().fetch(SHOP)
    assert (page.etag, page.last_modified, page.retry_after) == ('W/"k-1"', MONDAY, None)


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param("x" * 257, id="too long"),
        pytest.param("", id="empty"),
        pytest.param("ü", id="not ASCII"),
        pytest.param('"a\tb"', id="a tab"),
    ],
)
async def test_a_mark_that_is_none_is_not_kept(mark: str, internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(
        says(
            f"HTTP/1.1 200 OK\r\nETag: {mark}\r\nLast-Modified: {mark}\r\nContent-Length: 0\r\n\r\n".encode()
        )
    )
    page = await fetcher().fetch(SHOP)
    assert (page.etag, page.last_modified) == (None, None)


async def test_a_page_that_is_the_same_comes_without_a_body(internet: Internet, fetcher: MakeFetcher) -> None:
    async def site(visit: Visit) -> None:
        same = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 2000\r\n\r\n'
        await visit.send(same if visit.header("if-none-match") == '"1"' else response(b"kettle"))

    await internet.site(site)
    page = await fetcher().fetch(SHOP, validators=Validators('"1"', MONDAY))
    assert (page.status, page.body, page.etag) == (304, b"", '"1"')
    assert internet.visits[0].header("if-modified-since") == MONDAY


@pytest.mark.parametrize("mark", ["x" * 257, "", "ü", '"a"\r\nCookie: b', None])
async def test_what_is_no_mark_is_not_sent(
    mark: str | None, internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response()))
    await fetcher().fetch(SHOP, validators=Validators(mark, mark))
    head = internet.visits[0].head.lower()
    assert "if-none-match" not in head
    assert "if-modified-since" not in head
    assert "cookie" not in head


async def test_marks_are_not_sent_to_where_a_redirect_leads(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(redirects("http://other.example/"))
    await internet.site(says(response()), "other.example", address="93.184.216.40")
    await fetcher().fetch(SHOP, validators=Validators('"1"', MONDAY))
    sent = [visit.header("if-none-match") for visit in internet.visits]
    assert sent == ['"1"', None]
    assert internet.visits[1].header("if-modified-since") is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("86401", 86_400),
        ("999999999999", 86_400),
        ("9" * 5000, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("1, 2", None),
        (MONDAY.replace("2026", "1999"), 0),
        (MONDAY.replace("2026", "9999"), 86_400),
        ("Mon, 99 Nov 2026 10:00:00 GMT", None),
        ("Mon, 02 Nov 99999999999 10:00:00 GMT", None),
    ],
)
async def test_a_shop_says_how_long_it_wants_rest(
    said: str, seconds: float | None, internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response(status="429 Slow down", headers=f"Retry-After: {said}\r\n")))
    page = await fetcher().fetch(SHOP)
    assert (page.status, page.retry_after) == (429, seconds)


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
async def test_a_shop_says_until_when_it_wants_rest(
    zone: str, internet: Internet, fetcher: MakeFetcher
) -> None:
    until = format_datetime(now() + timedelta(minutes=10), usegmt=False).replace("+0000", zone)
    await marks(internet, f"Retry-After: {until}\r\n")
    rest = (await fetcher().fetch(SHOP)).retry_after
    assert rest is not None
    assert 590 < rest <= 600
