"""The outside world on one port: the Bot API, the people, the page, and whatever else is given."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from sandbox.control import Control, Patience
from sandbox.telegram import TelegramSandbox
from tracker import clock

PEOPLE = {1001: "Asha", 1002: "Ravi", 1003: "Meera"}
"""Who the page offers to be, by Telegram id. None has pressed Start."""
_PAGE = Path(__file__).parent / "page"
_HEADERS = {
    # Pictures come from any shop; everything else is ours. The shop in its frame is on this origin.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src http: https: data:; "
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


async def _page(_request: Request) -> Response:
    return FileResponse(_PAGE / "index.html", headers=_HEADERS)


def create_app(
    telegram: TelegramSandbox,
    *,
    extra_routes: Sequence[BaseRoute] = (),
    busy: Callable[[], bool] = lambda: False,
    advance_clock: Callable[[timedelta], object] = clock.advance,
    patience: Patience | None = None,
) -> Starlette:
    """The sandbox as one application.

    `busy` says whether the bot's own house still has work in hand; `say` and `tap` wait for it.
    `advance_clock` moves the clock of the process that the bot lives in.
    """
    for user_id, first_name in PEOPLE.items():
        if user_id not in telegram.state.users:
            telegram.add_user(user_id, first_name)
    control = Control(telegram, busy=busy, advance_clock=advance_clock, patience=patience)
    return Starlette(
        routes=[
            *telegram.routes(),
            *control.routes(),
            Route("/", _page),
            Mount("/assets", StaticFiles(directory=_PAGE)),
            *extra_routes,
        ]
    )


class _EmbeddedServer(uvicorn.Server):
    """A server that leaves signals to its process and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def serve(
    app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, closing: TelegramSandbox | None = None
) -> AsyncIterator[str]:
    """Serve an application in the running loop; yields its address (`http://host:port`), a free port for 0.

    `closing` is closed first at the end, so that its long polls do not hold the server up.
    Raises OSError when the port is taken.
    """
    config = uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = _EmbeddedServer(config)
    # Named as TCP, or asyncio leaves Nagle's algorithm on and answers wait 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await server.listening.wait()
            yield f"http://{host}:{listening.getsockname()[1]}"
        finally:
            if closing is not None:
                await closing.close()
            server.should_exit = True
            await running
