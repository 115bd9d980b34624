import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.conftest import MakeSettings
from tests.fetching.internet import Internet, public_internet
from tracker.errors import FetchFailed
from tracker.fetching.client import Fetcher, FetchLimits, public_authorities

AUTHORITIES = public_authorities()  # read once: they take longer to read than a test to run
SECONDS = {"total_seconds": 5.0, "head_seconds": 5.0, "connect_seconds": 2.0, "resolve_seconds": 2.0}


class MakeFetcher(Protocol):
    def __call__(
        self, *, limits: dict[str, float] | None = None, tls: Any = None, **settings: Any
    ) -> Fetcher: ...


@pytest.fixture
async def internet() -> AsyncIterator[Internet]:
    async with public_internet() as internet:
        yield internet


@pytest.fixture
async def fetcher(settings: MakeSettings, internet: Internet) -> AsyncIterator[MakeFetcher]:
    """A factory of fetchers that dial into `internet`; `limits` and settings are named by the test."""
    async with AsyncExitStack() as stack:

        def make(*, limits: dict[str, float] | None = None, tls: Any = None, **values: Any) -> Fetcher:
            made = Fetcher(
                settings(**values),
                resolver=internet.resolve,
                limits=FetchLimits(**(SECONDS | (limits or {}))),  # type: ignore[arg-type]
                tls=tls or AUTHORITIES,
                network=internet,
            )
            stack.push_async_callback(made.close)
            return made

        yield make


@pytest.fixture
def failure() -> Callable[[Fetcher, str], Any]:
    """The FetchFailed with which a fetch ends."""

    async def failing(fetcher: Fetcher, url: str) -> FetchFailed:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(url)
        return caught.value

    return failing


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of shop.example, with its key, that no authority has signed."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-subj /CN=shop.example -addext subjectAltName=DNS:shop.example -keyout {path} -out {path}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path
