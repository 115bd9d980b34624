"""`python -m benchmarks.page_server`: the shops, as a process of their own.

Answers `GET /replay?url=…` with the saved page's bytes as they were saved, after a delay, and closes. So
little is done for each answer that the server takes a small part of the processors that are being measured.
Prints its port once it listens.
"""

import argparse
import asyncio
import random
from typing import cast
from urllib.parse import parse_qs, urlsplit

import uvloop

from benchmarks import pages

_MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Shop(asyncio.Protocol):
    """One connection, one answer."""

    def __init__(self, answers: dict[str, bytes], delay_ms: tuple[float, float]) -> None:
        self._answers = answers
        self._delay_ms = delay_ms
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        target = self._received.split(b" ", 2)[1].decode()
        url = parse_qs(urlsplit(target).query)["url"][0]
        answer = self._answers.get(pages.original(url), _MISSING)
        delay = random.uniform(*self._delay_ms) / 1000
        asyncio.get_running_loop().call_later(delay, self._send, answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.close()


def _answer(page: pages.SavedPage) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={page.charset}\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(page.packed)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + page.packed


async def serve(delay_ms: tuple[float, float]) -> None:
    answers = {page.url.partition("#")[0]: _answer(page) for page in pages.load().pages}
    server = await asyncio.get_running_loop().create_server(
        lambda: _Shop(answers, delay_ms), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--delay", type=float, nargs=2, default=(50, 400), metavar=("FROM", "TO"), help="ms")
    chosen = words.parse_args()
    uvloop.run(serve(tuple(chosen.delay)))
