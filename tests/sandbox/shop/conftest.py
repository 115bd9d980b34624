"""The demo shop behind real HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.shop import DemoShop
from tests.serving import run_app


@pytest.fixture
async def shop() -> AsyncIterator[DemoShop]:
    """The shop as it opens, at the address it is served from."""
    shop = DemoShop()
    async with run_app(Starlette(routes=shop.routes())) as origin:
        shop.origin = origin
        yield shop


@pytest.fixture
async def http(shop: DemoShop) -> AsyncIterator[httpx.AsyncClient]:
    # verify=False: loading the certificates of the world takes longer than a test, and this is plain HTTP.
    async with httpx.AsyncClient(base_url=shop.origin, trust_env=False, verify=False, timeout=10) as client:
        yield client
