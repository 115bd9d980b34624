"""`make demo`: the whole service and the outside world on one machine, with no account and no token.

The service is the real one (`house.py`); the Telegram, the shop and the people are the sandbox's. All is
kept in a folder that goes when the demo ends, unless `--keep` names one.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

import house
from sandbox.app import create_app, serve
from sandbox.mailbox import Mailbox
from sandbox.razorpay import RazorpaySandbox
from sandbox.replay import Replay
from sandbox.shop import DemoShop
from sandbox.telegram import TelegramSandbox
from tracker import logs
from tracker.config import Settings
from tracker.shutdown import until_stopped

_TICK_SECONDS = 1
CHECK_SECONDS = 2
"""How often the demo looks at its shop: an alert is seconds away, not half an hour."""


def demo_settings(
    origin: str,
    token: str,
    razorpay: RazorpaySandbox,
    mailbox: Mailbox,
    folder: Path,
    *,
    replay: bool,
    web_port: int,
) -> Settings:
    """The service's settings in the demo: nothing of the environment, everything of this machine."""
    return Settings(
        _env_file=None,
        bot_token=SecretStr(token),
        telegram_api_base=origin,
        telegram_webhook_secret=None,
        public_url=None,
        database_url=f"sqlite+aiosqlite:///{folder / 'demo.sqlite3'}",
        redis_url=None,
        admin_ids=frozenset({1001}),
        razorpay_key_id=razorpay.key_id,
        razorpay_key_secret=SecretStr(razorpay.key_secret),
        razorpay_api_base=razorpay.api_base,
        razorpay_webhook_secret=[SecretStr(razorpay.webhook_secret)],
        smtp_url=SecretStr(mailbox.url),
        mail_from="Price Tracker Pro <invoices@pricetracker.example>",
        seller_name="Price Tracker Pro (demo)",
        seller_address="1 Sandbox Road, Bengaluru",
        seller_gstin="29AAAAA0000A1ZY",
        fetch_allow_private=frozenset({urlsplit(origin).netloc}),
        fetch_replay_origin=origin if replay else None,
        check_interval_seconds=CHECK_SECONDS,
        fetch_store_at_once=100,  # the shop is our own, and people wait to see what happens
        fetch_store_gap_seconds=0,
        fetch_rest_seconds=CHECK_SECONDS * 5,
        web_host="127.0.0.1",
        web_port=web_port,
    )


async def demo(port: int, folder: Path, pages: Path | None, web_port: int) -> None:
    telegram = TelegramSandbox()
    origin = f"http://127.0.0.1:{port}"
    razorpay = RazorpaySandbox(origin=origin)
    mailbox = Mailbox()
    shop = DemoShop(origin)
    replay = Replay(pages, shop=shop)
    async with mailbox.listening():
        settings = demo_settings(
            origin, telegram.token, razorpay, mailbox, folder, replay=pages is not None, web_port=web_port
        )
        await asyncio.to_thread(house.migrate, settings.database_url)
        service = house.House(settings)
        app = create_app(
            telegram,
            extra_routes=[*shop.routes(), *replay.routes(), *razorpay.routes(), *mailbox.routes()],
            busy=lambda: service.is_answering or not service.worker.is_ready.is_set(),
        )
        world = asyncio.create_task(_go_on(razorpay, service))
        try:
            async with serve(app, port=port, closing=telegram):
                print(f"Price Tracker Pro is at {origin}\nStop it with Ctrl-C.", flush=True)
                await until_stopped(service.run())
        finally:
            world.cancel()
            await razorpay.close()
            await service.close()
    print("Stopped.")


async def _go_on(razorpay: RazorpaySandbox, service: house.House) -> None:
    """Tell Razorpay where our webhooks are, and let its time pass: links end, subscriptions are charged."""
    await service.is_listening.wait()
    razorpay.webhook_url = f"http://127.0.0.1:{service.web_port}/razorpay/webhook"
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        await razorpay.tick()


def cli() -> None:
    words = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__.splitlines()[0])
    words.add_argument("--port", type=int, default=8088, help="the demo's port (8088)")
    words.add_argument("--web-port", type=int, default=0, help="the webhooks' port (any free one)")
    words.add_argument("--pages", type=Path, help="a folder of saved pages with a manifest.jsonl to replay")
    words.add_argument("--keep", type=Path, help="keep the demo's data in this folder")
    words.add_argument("--log-level", default="WARNING")
    chosen = words.parse_args()
    logs.configure(chosen.log_level)
    with contextlib.ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            asyncio.run(demo(chosen.port, folder, chosen.pages, chosen.web_port))
        except house.CannotListen as error:
            sys.exit(f"{error} Choose another port with --web-port.")
        except OSError as error:
            sys.exit(
                f"The demo cannot start on port {chosen.port}: {error.strerror}. Choose another with --port."
            )


if __name__ == "__main__":
    cli()
