"""Every way out to the internet goes through the guard (S51)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = frozenset(
    "httpx httpx2 httpcore aiohttp requests urllib3 urllib.request http.client curl_cffi pycurl niquests "
    "websockets ftplib telnetlib playwright".split()
)
# Who may speak to the network, and through what. In `fetching` each dials what the guard has judged; whoever
# is added elsewhere fetches no address of a stranger.
DOORS = {
    "tracker/fetching/client.py": {"httpcore"},
    "tracker/fetching/guard.py": {"httpcore"},
    "tracker/fetching/proxies.py": {"httpcore"},
    "tracker/fetching/impersonate.py": {"httpcore", "curl_cffi"},
    "tracker/fetching/browser.py": {"httpcore", "playwright"},
    "tracker/fetching/browser_proxy.py": {"httpcore"},
    "tracker/telegram": {"aiohttp"},
    "tracker/billing/razorpay.py": {"requests"},
    "bot": {"aiohttp"},
}


def clients_of(source: str) -> Iterator[str]:
    """The HTTP clients that a module imports."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            yield from (client for client in CLIENTS if name == client or name.startswith(f"{client}."))


def permitted(path: str) -> set[str]:
    return {
        client
        for door, clients in DOORS.items()
        if path == door or path.startswith(f"{door}/")
        for client in clients
    }


def test_only_the_fetcher_holds_an_http_client() -> None:
    modules = [
        path for folder in ("tracker", "bot", "worker", "webhooks") for path in (ROOT / folder).rglob("*.py")
    ]
    assert len(modules) > 10
    found = {
        f"{module.relative_to(ROOT)} imports {client}"
        for module in modules
        for client in set(clients_of(module.read_text())) - permitted(str(module.relative_to(ROOT)))
    }
    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        "import httpx",
        "import httpx as quiet",
        "from httpx import AsyncClient",
        "import urllib.request",
        "from urllib import request",
        "from aiohttp.client import ClientSession",
        "def f():\n    import requests",
    ],
)
def test_an_http_client_does_not_hide_behind_its_import(source: str) -> None:
    assert set(clients_of(source))


@pytest.mark.parametrize("source", ["from urllib.parse import quote", "from . import httpx", "httpx = 1"])
def test_what_is_no_http_client_is_left_alone(source: str) -> None:
    assert not set(clients_of(source))
