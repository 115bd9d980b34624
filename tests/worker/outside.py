"""The world outside of the service on one loopback port: Telegram with its people, a shop, saved pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sandbox.app import create_app
from sandbox.replay import Replay
from sandbox.shop import DemoShop
from sandbox.telegram import Limits, TelegramSandbox
from sandbox.telegram.server import Call
from tests.serving import run_app
from tests.worker.waiting import patience

ASHA, RAVI, MEERA = 2001, 2002, 2003


class Outside:
    """`address` serves all of it. Rates are unlimited until a test sets `telegram.limits`.

    Every page comes from the replay: the shop's too, at its own address, so that fetches can be counted.
    """

    def __init__(self, *, pages: Path | None = None) -> None:
        self.telegram = TelegramSandbox("1001:sandbox-token", limits=Limits.off())
        self.shop = DemoShop("https://bazaar.example", slow_seconds=60)
        self.replay = Replay(pages, shop=self.shop)
        self.address = ""

    @property
    def settings(self) -> dict[str, Any]:
        """What a service needs to live in this world."""
        return {
            "bot_token": SecretStr(self.telegram.token),
            "telegram_api_base": self.address,
            "fetch_replay_origin": self.address,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process of its own."""
        return {
            "BOT_TOKEN": self.telegram.token,
            "TELEGRAM_API_BASE": self.address,
            "FETCH_REPLAY_ORIGIN": self.address,
        }

    def fetches(self, url: str) -> int:
        """How often the page at a URL was fetched."""
        return self.replay.requests[url]

    def arrives(self, user: int, name: str = "Asha") -> None:
        """A person presses Start, unheard by any bot."""
        self.telegram.add_user(user, name, started=True)
        self.telegram.state.chat(user)

    def texts(self, user: int) -> list[str]:
        """What the bot wrote in a chat and did not delete, oldest first."""
        return [
            str(message["text"])
            for message in self.telegram.chat(user)
            if message["from"] == "bot" and not message["deleted"]
        ]

    def sends(self, user: int | None = None) -> list[Call]:
        """The calls that tried to write a message, to this person or to all."""
        return [
            call
            for call in self.telegram.calls
            if call.method in ("sendMessage", "sendPhoto") and user in (None, call.chat)
        ]

    async def hears(self, user: int, words: str, *, times: int = 1, within: float = 20) -> str:
        """The last message of the bot that holds the words, once there are so many."""

        def found() -> list[str]:
            return [text for text in self.texts(user) if words in text]

        try:
            await self.telegram.wait_for(lambda: len(found()) >= times, patience(within))
        except TimeoutError:
            raise AssertionError(f"not heard within {within:g} s: {words!r} in {self.texts(user)}") from None
        return found()[-1]


@asynccontextmanager
async def the_outside(*, pages: Path | None = None) -> AsyncIterator[Outside]:
    """Serve a world until the block ends; `pages` is a folder of saved pages to replay."""
    outside = Outside(pages=pages)
    app = create_app(outside.telegram, extra_routes=[*outside.shop.routes(), *outside.replay.routes()])
    async with run_app(app, timeout_graceful_shutdown=1) as outside.address:
        try:
            yield outside
        finally:
            await outside.telegram.close()
