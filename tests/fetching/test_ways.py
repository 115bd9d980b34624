"""One door for all ways to fetch."""

from typing import Any

import pytest
import structlog

from tests.conftest import MakeSettings
from tests.fetching.conftest import AUTHORITIES
from tests.fetching.internet import Internet, response, says
from tracker.fetching.client import Fetcher
from tracker.fetching.ways import Fetchers, Way


def test_what_is_not_configured_is_no_way(settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.fetching.ways.find_spec", lambda name: None)
    assert Fetchers.by(settings()).ways == {Way.DIRECT}
    assert Fetchers.by(settings(fetch_proxy_url="http://proxy:3128")).ways == {Way.DIRECT, Way.PROXY}


def test_what_is_installed_is_no_way_until_it_is_switched_on(settings: MakeSettings) -> None:
    assert Fetchers.by(settings(fetch_browser_path="/bin/sh")).ways == {Way.DIRECT}


def test_what_is_switched_on_and_installed_is_a_way(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.fetching.ways.find_spec", lambda name: name)
    here = settings(fetch_ways="impersonate,browser", fetch_browser_path="/bin/sh")  # it is not started
    assert Fetchers.by(here).ways == {Way.DIRECT, Way.IMPERSONATE, Way.BROWSER}
    nowhere = settings(fetch_ways="impersonate,browser", fetch_browser_path="/no/such/browser")
    assert Fetchers.by(nowhere).ways == {Way.DIRECT, Way.IMPERSONATE}


def test_saved_pages_are_not_asked_for_by_proxies_or_in_a_browser(settings: MakeSettings) -> None:
    replaying: dict[str, Any] = {
        "fetch_proxy_url": "http://proxy:3128",
        "fetch_ways": "browser",
        "fetch_browser_path": "/bin/sh",
        "fetch_replay_origin": "http://127.0.0.1:1",
    }
    assert Fetchers.by(settings(**replaying)).ways == {Way.DIRECT}


async def test_a_missing_way_is_replaced_by_the_direct_one_and_said_once(
    settings: MakeSettings, internet: Internet
) -> None:
    await internet.site(says(response(b"kettle")))
    direct = Fetcher(settings(), resolver=internet.resolve, tls=AUTHORITIES, network=internet)
    fetchers = Fetchers(direct)
    with structlog.testing.capture_logs() as events:
        for _ in range(3):
            assert (await fetchers.fetch("http://shop.example/", way=Way.PROXY)).body == b"kettle"
        await fetchers.fetch("http://shop.example/", way=Way.BROWSER)
    missing = [event["way"] for event in events if event["event"] == "way.missing"]
    assert missing == ["proxy", "browser"]
    await fetchers.close()


async def test_a_way_is_made_when_it_is_first_gone(settings: MakeSettings, internet: Internet) -> None:
    await internet.site(says(response(b"kettle")))
    made: list[Fetcher] = []

    def fetcher() -> Fetcher:
        made.append(Fetcher(settings(), resolver=internet.resolve, tls=AUTHORITIES, network=internet))
        return made[-1]

    fetchers = Fetchers(fetcher(), {Way.PROXY: fetcher})
    await fetchers.fetch("http://shop.example/")
    assert len(made) == 1
    for _ in range(2):
        await fetchers.fetch("http://shop.example/", way=Way.PROXY)
    assert len(made) == 2
    await fetchers.close()
