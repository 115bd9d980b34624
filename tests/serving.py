"""An ASGI app behind real HTTP on loopback, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, socket
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """uvicorn without signal handlers and without its ten polls a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.leave = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as error:  # it would end the test run
            raise RuntimeError("the app did not start: its log says why") from error
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.leave.wait()


@asynccontextmanager
async def run_app(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve an ASGI app on an ephemeral port; yields `http://127.0.0.1:<port>` once it is ready.

    `options` go to `uvicorn.Config`. Raises RuntimeError when the app does not start.
    """
    settings = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 5} | options
    # Named as TCP, or asyncio leaves Nagle's algorithm on and answers wait 40 ms for an acknowledgement.
    with socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        server = _Server(uvicorn.Config(app, **settings))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        ready = asyncio.create_task(server.ready.wait())
        await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            ready.cancel()
            await serving
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.leave.set()
            await serving
