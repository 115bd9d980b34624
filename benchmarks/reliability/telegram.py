"""A Telegram that can be away, refuse at random, and remembers every message that it took."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from random import Random
from urllib.parse import urlsplit

from starlette.applications import Starlette

from benchmarks.outside import messages
from benchmarks.processes import TOKEN
from benchmarks.reliability.account import Heard, numbers_in
from sandbox.app import serve
from sandbox.telegram import Fault, FaultKind, Faults, Limits, TelegramSandbox

_PATIENCE = 300
"""Seconds for which a call is waited for."""


class _Weather(Faults):
    """A fault for each call with that probability."""

    def __init__(self, fault: Fault, probability: float, random: Random) -> None:
        super().__init__()
        self._fault = fault
        self._probability = probability
        self._random = random

    def take(self, method: str, chat: int | None) -> Fault | None:
        return self._fault if self._random.random() < self._probability else super().take(method, chat)


class Telegram:
    """The sandbox on one port, which it leaves and comes back to."""

    def __init__(self, sandbox: TelegramSandbox, random: Random) -> None:
        self.sandbox = sandbox
        self.origin = ""
        self._random = random
        self._server = AsyncExitStack()

    async def come(self) -> None:
        """Listen, on the same port as before."""
        port = urlsplit(self.origin).port or 0
        app = Starlette(routes=self.sandbox.routes())
        self.origin = await self._server.enter_async_context(serve(app, port=port))

    async def go(self) -> None:
        """Refuse connections."""
        await self._server.aclose()
        self._server = AsyncExitStack()

    @contextmanager
    def weather(self, fault: Fault, probability: float = 1) -> Iterator[None]:
        """Let this happen to calls, until the block ends."""
        usual, self.sandbox.api.faults = self.sandbox.api.faults, _Weather(fault, probability, self._random)
        try:
            yield
        finally:
            self.sandbox.api.faults = usual

    async def reaches(self, count: int) -> None:
        """Wait until so many calls have come since the last `forget`."""
        await self.sandbox.wait_for(lambda: len(self.sandbox.calls) >= count, _PATIENCE)

    def answered(self, status: int) -> int:
        """How many calls were answered so."""
        return sum(call.status == status for call in self.sandbox.calls)

    def heard(self) -> list[Heard]:
        """Every message that was taken, oldest first."""
        return [
            Heard(call.at, call.chat or 0, numbers_in(str(call.params.get("text", ""))))
            for call in messages(self.sandbox)
        ]

    def forget(self) -> None:
        self.sandbox.calls.clear()


@asynccontextmanager
async def telegram(limits: Limits, people: Iterable[int], random: Random) -> AsyncIterator[Telegram]:
    """A Telegram that is there, with people who have started the bot."""
    sandbox = TelegramSandbox(TOKEN, limits=limits)
    sandbox.api.calls = deque()  # all of them, not the last 20,000
    for person in people:
        sandbox.add_user(person, f"Person {person}", started=True)
        sandbox.state.chat(person)
    here = Telegram(sandbox, random)
    await here.come()
    try:
        yield here
    finally:
        await sandbox.close()
        await here.go()


TOO_MANY = Fault(FaultKind.TOO_MANY_REQUESTS, retry_after=1)
BAD_GATEWAY = Fault(FaultKind.HTML, status=502, description="Bad Gateway")
