"""Saved pages under their own addresses, over real HTTP."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.replay import Replay
from sandbox.shop import DemoShop
from tests.serving import run_app

_KETTLE = "https://www.shop.example/kettle?colour=red"
_LAMP = "https://www.shop.example/lamp/"
_PAGE = "<html><body><h1>Kettle</h1><b>₹1,999</b></body></html>"
_ODD = b"<html>\r\n\xff\xfe odd bytes\x00</html>"
_SHARED = Path("/work/shared/pages")


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with a packed page, a plain one and one that is not UTF-8."""
    (tmp_path / "kettle.html.gz").write_bytes(gzip.compress(_PAGE.encode()))
    (tmp_path / "lamp.html").write_bytes(_ODD)
    (tmp_path / "thé.html").write_bytes("<p>Thé 12 €</p>".encode("cp1252"))
    rows = [
        {"file": "kettle.html.gz", "url": _KETTLE},
        {"file": "lamp.html", "url": _LAMP},
        {"file": "thé.html", "url": "http://tea.example/", "charset": "windows-1252"},
    ]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.fixture
def replay(pages: Path) -> Replay:
    return Replay(pages, shop=DemoShop("http://127.0.0.1:8088"))


@pytest.fixture
async def http(replay: Replay) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        run_app(Starlette(routes=replay.routes())) as origin,
        httpx.AsyncClient(base_url=origin, trust_env=False, verify=False, timeout=10) as client,
    ):
        yield client


async def _raw(http: httpx.AsyncClient, url: str, accepted: str) -> tuple[str | None, bytes]:
    """The content coding of the answer, and its bytes as they crossed the wire."""
    request = http.build_request("GET", "/replay", params={"url": url}, headers={"Accept-Encoding": accepted})
    answer = await http.send(request, stream=True)
    body = b"".join([piece async for piece in answer.aiter_raw()])
    await answer.aclose()
    assert answer.headers["vary"] == "Accept-Encoding"
    return answer.headers.get("content-encoding"), body


async def _get(http: httpx.AsyncClient, url: str) -> httpx.Response:
    return await http.get(f"/replay?url={quote(url, safe='')}")


async def test_a_packed_page_crosses_the_wire_as_it_was_saved(http: httpx.AsyncClient, pages: Path) -> None:
    assert await _raw(http, _KETTLE, "gzip") == ("gzip", (pages / "kettle.html.gz").read_bytes())


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip; q=0.0, br", ""])
async def test_who_does_not_take_gzip_gets_the_plain_bytes(http: httpx.AsyncClient, accepted: str) -> None:
    assert await _raw(http, _KETTLE, accepted) == (None, _PAGE.encode())


@pytest.mark.parametrize("accepted", ["br, gzip", "*", "GZIP;q=0.5", "deflate, gzip;q=1.0"])
async def test_who_takes_gzip_among_others_gets_it(http: httpx.AsyncClient, accepted: str) -> None:
    coding, _ = await _raw(http, _KETTLE, accepted)

    assert coding == "gzip"


async def test_a_plain_page_is_served_byte_for_byte(http: httpx.AsyncClient) -> None:
    assert await _raw(http, _LAMP, "gzip") == (None, _ODD)


async def test_a_page_is_announced_with_its_charset(http: httpx.AsyncClient) -> None:
    kettle = await _get(http, _KETTLE)
    tea = await _get(http, "http://tea.example/")

    assert kettle.headers["content-type"] == "text/html; charset=utf-8"
    assert tea.headers["content-type"] == "text/html; charset=windows-1252"
    assert tea.text == "<p>Thé 12 €</p>"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"{_KETTLE}&utm_source=mail&gclid=1", id="tracking"),
        pytest.param(f"{_KETTLE}#reviews", id="fragment"),
        pytest.param("http://www.shop.example/kettle/?colour=red", id="scheme and closing slash"),
        pytest.param("https://WWW.SHOP.example:443/kettle?colour=red", id="capitals and port"),
    ],
)
async def test_an_address_that_means_the_same_page_finds_it(http: httpx.AsyncClient, url: str) -> None:
    answer = await _get(http, url)

    assert (answer.status_code, answer.text) == (200, _PAGE)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.shop.example/kettle?colour=blue",
        "https://www.shop.example/kettle",
        "https://www.shop.example/toaster",
        "https://other.example/kettle?colour=red",
        "https://[",
        "http://127.0.0.1:8089/shop/kettle",
        "ftp://127.0.0.1:8088/shop/kettle",
        "no address at all",
        "http://host:99999999/",
        "../../etc/passwd",
    ],
)
async def test_an_address_without_a_page_is_not_found(http: httpx.AsyncClient, url: str) -> None:
    answer = await _get(http, url)

    assert answer.status_code == 404
    assert answer.json() == {"error": "No page is saved under this address."}


@pytest.mark.parametrize("query", ["", "?url=", "?address=x"])
async def test_a_question_without_an_address_is_refused(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"/replay{query}")

    assert answer.status_code == 400
    assert answer.json() == {"error": "The query must name a url."}


async def test_the_exact_address_wins_over_one_that_means_the_same(tmp_path: Path) -> None:
    replay = Replay(overrides={"http://a.example/x": "first", "https://a.example/x": "second"})
    # The second means the first's page, so it took its place: one page, one address.
    assert replay.urls == ["http://a.example/x"]

    rows = [{"file": "1.html", "url": "http://a.example/x"}, {"file": "2.html", "url": "https://a.example/x"}]
    (tmp_path / "manifest.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "1.html").write_text("one")
    (tmp_path / "2.html").write_text("two")
    async with (
        run_app(Starlette(routes=Replay(tmp_path).routes())) as origin,
        httpx.AsyncClient(base_url=origin, trust_env=False, verify=False) as http,
    ):
        assert (await _get(http, "https://a.example/x")).text == "two"
        assert (await _get(http, "https://a.example/x/")).text == "one"


async def test_an_override_takes_the_place_of_a_page(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.override(_KETTLE, "<p>₹1,299</p>")

    assert (await _get(http, f"{_KETTLE}#now")).text == "<p>₹1,299</p>"
    assert await _raw(http, _KETTLE, "identity") == (None, "<p>₹1,299</p>".encode())


async def test_an_override_of_the_standing_page_builds_on_earlier_ones(
    replay: Replay, http: httpx.AsyncClient
) -> None:
    replay.override(_KETTLE, lambda html: html.replace("1,999", "1,499"))
    replay.override(_KETTLE, lambda html: html.replace("Kettle", "Samovar"))

    assert (await _get(http, _KETTLE)).text == _PAGE.replace("1,999", "1,499").replace("Kettle", "Samovar")


async def test_an_override_keeps_the_bytes_that_are_no_text(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.override(_LAMP, lambda html: html.replace("odd", "even"))

    assert (await _get(http, _LAMP)).content == _ODD.replace(b"odd", b"even")


async def test_a_page_can_be_put_where_none_was_saved(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.override("https://new.example/thing", b"<p>new</p>")

    assert (await _get(http, "https://new.example/thing")).text == "<p>new</p>"


def test_a_page_that_is_not_there_cannot_be_changed(replay: Replay) -> None:
    with pytest.raises(KeyError):
        replay.override("https://new.example/thing", str.upper)


async def test_a_put_serves_the_same_page_with_a_lower_price(http: httpx.AsyncClient) -> None:
    answer = await http.put(
        "/replay", json={"url": _KETTLE, "replace": [["1,999", "999"], ["Kettle", "Pot"]]}
    )

    assert (answer.status_code, answer.json()) == (200, {"url": _KETTLE})
    assert (await _get(http, _KETTLE)).text == "<html><body><h1>Pot</h1><b>₹999</b></body></html>"


_SHAPE = 'The body must be {"url": …, "replace": [[old, new], …]}.'


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        pytest.param("{", 400, _SHAPE, id="no JSON"),
        pytest.param("[]", 400, _SHAPE, id="a list"),
        pytest.param('{"url": "x"}', 400, _SHAPE, id="nothing to replace"),
        pytest.param('{"url": "x", "replace": [["a"]]}', 400, _SHAPE, id="half a pair"),
        pytest.param('{"url": "x", "replace": 3}', 400, _SHAPE, id="a number"),
        pytest.param(
            '{"url": "x", "replace": [[1, 2]]}',
            400,
            "The url, and what is replaced, must be texts.",
            id="numbers",
        ),
        pytest.param(
            '{"url": "https://x.example/", "replace": [["a", "b"]]}',
            404,
            "No page is saved under this address.",
            id="unknown address",
        ),
        pytest.param(
            json.dumps({"url": _KETTLE, "replace": [["1,999", "5"], ["1,999", "6"]]}),
            400,
            "The page does not hold '1,999'.",
            id="words that are not there",
        ),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(
    http: httpx.AsyncClient, body: str, status: int, sentence: str
) -> None:
    answer = await http.put("/replay", content=body)

    assert (answer.status_code, answer.json()) == (status, {"error": sentence})
    assert (await _get(http, _KETTLE)).text == _PAGE


async def test_the_demo_shop_answers_under_the_origin_it_claims(
    replay: Replay, http: httpx.AsyncClient
) -> None:
    page = await _get(http, "http://127.0.0.1:8088/shop/sneakers?variant=indigo-8#size")
    gone = await _get(http, "http://127.0.0.1:8088/shop/no-such")
    picture = await _get(http, "http://127.0.0.1:8088/shop/kettle.png")

    assert '<span class="price-now">₹4,999</span>' in page.text
    assert '"url": "http://127.0.0.1:8088/shop/sneakers?variant=indigo-8"' in page.text
    assert gone.status_code == 404
    assert picture.headers["content-type"] == "image/png"


async def test_the_demo_shop_is_known_by_its_origin_of_now(pages: Path) -> None:
    shop = DemoShop("http://127.0.0.1:8088")
    replay = Replay(pages, shop=shop)
    shop.origin = "https://bazaar.example"
    shop.set("kettle", mode="404")
    async with (
        run_app(Starlette(routes=replay.routes())) as origin,
        httpx.AsyncClient(base_url=origin, trust_env=False, verify=False) as http,
    ):
        assert "We looked everywhere" in (await _get(http, "https://bazaar.example:443/shop/kettle")).text
        assert (await _get(http, "http://127.0.0.1:8088/shop/kettle")).status_code == 404


async def test_requests_are_counted_by_the_address_that_was_asked_for(
    replay: Replay, http: httpx.AsyncClient
) -> None:
    await _get(http, _KETTLE)
    await _get(http, _KETTLE)
    await _get(http, "https://x.example/")

    assert replay.requests == {_KETTLE: 2, "https://x.example/": 1}


async def test_a_delay_is_spent_before_the_answer(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.delay_ms = (40, 60)

    answer = await _get(http, _KETTLE)

    assert answer.elapsed.total_seconds() >= 0.039


@pytest.mark.parametrize("file", ["../secret.html", "/etc/hostname", "a/../../secret.html", "link.html"])
def test_a_manifest_that_leaves_its_folder_is_refused(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (tmp_path / "secret.html").write_text("secret")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    (folder / "manifest.jsonl").write_text(json.dumps({"file": file, "url": "https://x.example/"}))

    with pytest.raises(ValueError, match="outside its folder"):
        Replay(folder)


@pytest.mark.skipif(not _SHARED.exists(), reason="the saved pages of real shops are not on this machine")
async def test_every_saved_page_of_a_real_shop_is_found_as_it_was_saved() -> None:
    rows = [json.loads(line) for line in (_SHARED / "manifest.jsonl").read_text().splitlines()]
    replay = Replay(_SHARED)
    async with (
        run_app(Starlette(routes=replay.routes())) as origin,
        httpx.AsyncClient(base_url=origin, trust_env=False, verify=False) as http,
    ):
        first = {row["url"]: row["file"] for row in reversed(rows)}
        assert replay.urls == list(dict.fromkeys(row["url"] for row in rows))
        for url, file in first.items():
            assert await _raw(http, url, "gzip") == ("gzip", (_SHARED / file).read_bytes()), url
