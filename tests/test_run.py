"""The whole service in one process: what it refuses to start with, one story, and its end."""

import asyncio
import logging
import re
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

import house
from tests.worker.outside import ASHA, Outside, the_outside
from tests.worker.processes import ROOT, STARTS_WITHIN, Processes, Running, processes_in
from tests.worker.waiting import patience
from tracker.config import Settings

TOKEN = "1001:sandbox-token"
Refusal = Callable[..., str]


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logging_as_before: None) -> Refusal:
    """Start with these settings, and give the one sentence with which it ends."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
        monkeypatch.delenv(field, raising=False)
    monkeypatch.chdir(tmp_path)

    def refuse(**environment: str) -> str:
        for name, value in ({"LOG_LEVEL": "CRITICAL"} | environment).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            house.cli()
        assert isinstance(ended.value.code, str)  # Python prints it, without a traceback, and exits with 1
        assert "\n" not in ended.value.code
        return ended.value.code

    return refuse


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with the_outside() as outside:
        yield outside


@pytest.fixture
async def processes(tmp_path: Path, outside: Outside) -> AsyncIterator[Processes]:
    async with processes_in(tmp_path, outside.environment) as processes:
        yield processes


def test_without_a_token_it_says_where_to_get_one(refusal: Refusal) -> None:
    assert refusal() == (
        "BOT_TOKEN is not set. Get one from @BotFather, or try `make demo`, which needs none."
    )


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"BOT_TOKEN": "hunter2"}, "BOT_TOKEN: .*looks like 123456789:AAExample"),
        ({"BOT_TOKEN": TOKEN, "CHECK_INTERVAL_SECONDS": "soon"}, "CHECK_INTERVAL_SECONDS: .*valid number"),
        ({"BOT_TOKEN": TOKEN, "ADMIN_IDS": "7, me"}, "ADMIN_IDS.*: .*valid integer"),
        ({"BOT_TOKEN": TOKEN, "REDIS_URL": "localhost"}, "REDIS_URL: .*looks like redis://host:6379/0"),
        ({"BOT_TOKEN": TOKEN, "DATABASE_URL": "here"}, "DATABASE_URL: .*not a database address"),
        (
            {"BOT_TOKEN": TOKEN, "DATABASE_URL": "mysql://me:hunter2@there/it"},
            r"DATABASE_URL: .*PostgreSQL \(postgresql://\) or SQLite",
        ),
        (
            {"BOT_TOKEN": TOKEN, "PUBLIC_URL": "https://tracker.example"},
            "TELEGRAM_WEBHOOK_SECRET is needed with PUBLIC_URL",
        ),
    ],
    ids=["token", "number", "list", "redis", "database", "other database", "webhook secret"],
)
def test_a_bad_setting_is_named_and_its_value_is_not(
    refusal: Refusal, environment: dict[str, str], sentence: str
) -> None:
    said = refusal(**environment)
    assert re.search(sentence, said)
    assert "hunter2" not in said
    assert "`.env.example` explains each setting." in said


def test_a_database_that_cannot_be_reached_is_named_without_its_password(refusal: Refusal) -> None:
    said = refusal(BOT_TOKEN=TOKEN, DATABASE_URL="postgresql://tracker:hunter2@127.0.0.1:1/tracker")
    assert said.startswith("The database at DATABASE_URL cannot be opened: ")
    assert "hunter2" not in said


def test_a_port_that_is_taken_is_named(refusal: Refusal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(BOT_TOKEN=TOKEN, WEB_PORT=str(port), TELEGRAM_API_BASE="http://127.0.0.1:1")
    assert said.startswith(f"The webhooks cannot listen on 127.0.0.1:{port}: Address already in use")
    assert said.endswith("WEB_HOST and WEB_PORT choose another address.")


@pytest.mark.processes
async def test_a_folder_in_the_place_of_the_database_is_named(processes: Processes, tmp_path: Path) -> None:
    refused = await processes.start(
        str(ROOT / "run.py"), DATABASE_URL=f"sqlite:///{tmp_path}", LOG_LEVEL="ERROR"
    )
    async with asyncio.timeout(patience(STARTS_WITHIN)):
        assert await refused.process.wait() == 1
    (said,) = refused.output.splitlines()
    assert said.endswith("unable to open database file")


@pytest.mark.processes
async def test_a_token_that_telegram_refuses_ends_it_with_a_sentence(processes: Processes) -> None:
    refused = await processes.start(
        str(ROOT / "run.py"), BOT_TOKEN="2002:another", WEB_PORT="0", LOG_LEVEL="ERROR"
    )
    async with asyncio.timeout(patience(STARTS_WITHIN)):
        assert await refused.process.wait() == 1
    assert refused.output.splitlines() == ["Telegram refuses BOT_TOKEN: take a new one from @BotFather"]


@pytest.mark.processes
async def test_a_story_on_one_machine_without_redis_ends_in_order(
    processes: Processes, outside: Outside, tmp_path: Path
) -> None:
    async def start() -> Running:
        running = await processes.start(
            str(ROOT / "run.py"),
            WEB_PORT="0",
            CHECK_INTERVAL_SECONDS="1",
            TELEGRAM_MESSAGES_PER_SECOND="4",
            LOG_LEVEL="WARNING",
        )
        await outside.telegram.wait_for(lambda: outside.telegram.polled, patience(STARTS_WITHIN))
        return running

    def alerts(user: int) -> int:
        return sum("₹1,499 instead of ₹1,999" in text for text in outside.texts(user))

    def states() -> set[str]:
        with closing(sqlite3.connect(tmp_path / "var" / "price-tracker.sqlite3")) as database:
            return {state for (state,) in database.execute("SELECT state FROM alerts")}

    service = await start()
    people = (ASHA, ASHA + 1, ASHA + 2, ASHA + 3)
    for user in people:
        outside.telegram.add_user(user, f"User {user}")
        await outside.telegram.say(user, "/start")
        await outside.hears(user, "Hello")
        await outside.telegram.say(user, "Look: https://bazaar.example/shop/kettle")
        await outside.hears(user, "Shall I watch this for you?")
        card = outside.telegram.chat(user)[-1]
        await outside.telegram.tap(user, card["message_id"], "✅ Track it")
        await outside.hears(user, "I watch this for you")
    outside.shop.set("kettle", price="1499")
    await outside.telegram.wait_for(lambda: any(alerts(user) for user in people))

    await service.stop()  # with alerts in hand that wait for their turn
    assert service.output == ""
    assert states() <= {"sent", "due"}  # what had no turn yet is still owed, and nothing is in nobody's hands
    service = await start()
    await outside.telegram.wait_for(lambda: all(alerts(user) for user in people))
    await service.stop()
    assert [alerts(user) for user in people] == [1, 1, 1, 1]
    assert states() == {"sent"}
