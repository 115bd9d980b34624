"""What reaches the log, and what must not."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from tracker import logs

TOKEN = "123456789:AAF" + "x" * 32


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("INFO", stream)
    return stream


def fail(text: str) -> None:
    raise ValueError(text)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_fields(stream: io.StringIO) -> None:
    structlog.get_logger("worker").info("listing.checked", listing_id=7, title="केतली", ms=1.5)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "listing.checked",
        "level": "info",
        "logger": "worker",
        "listing_id": 7,
        "title": "केतली",
        "ms": 1.5,
    }


def test_standard_logging_goes_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("lost %s", "a thing", extra={"attempt": 2})
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"], line["attempt"]) == (
        "lost a thing",
        "warning",
        "some.library",
        2,
    )


def test_fields_of_the_context_are_on_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("ours")
        logging.getLogger("theirs").warning("theirs")
    structlog.get_logger().info("after")
    assert [line.get("request_id") for line in lines(stream)] == ["r-1", "r-1", None]


def test_events_below_the_level_are_dropped(stream: io.StringIO) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("library").debug("quiet")
    assert lines(stream) == []


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "aiogram.event", "uvicorn.access"])
def test_libraries_that_log_each_request_are_quiet(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("HTTP Request: POST https://example.org")
    assert lines(stream) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(
            f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
            "POST https://api.telegram.org/bot***/sendMessage",
            id="bot-token",
        ),
        pytest.param(TOKEN.replace(":", "%3A"), "***", id="bot-token-quoted"),
        pytest.param("Authorization: Basic cnpwX3Rlc3Q6c2VjcmV0", "Authorization: ***", id="basic"),
        pytest.param("{'authorization': 'Bearer abc.def'}", "{'authorization': '***'}", id="printed-headers"),
        pytest.param("[(b'authorization', b'Basic YTpi')]", "[(b'authorization', b'***')]", id="raw-headers"),
        pytest.param("sent Bearer abcdefgh.ijklmnop", "sent Bearer ***", id="bearer-alone"),
        pytest.param(
            "postgresql://app:pa:ss@db:5432/x", "postgresql://***@db:5432/x", id="password-in-address"
        ),
        pytest.param("/p?id=1&access_token=abc&x=2#f", "/p?id=1&access_token=***&x=2#f", id="token-in-query"),
        pytest.param("/p?key=abc", "/p?key=***", id="key-in-query"),
        pytest.param("/p?keywords=kettle&code=7", "/p?keywords=kettle&code=7", id="harmless-query"),
        pytest.param("tracked at 12:30, 123456:short", "tracked at 12:30, 123456:short", id="harmless-text"),
    ],
)
def test_secrets_are_masked(stream: io.StringIO, text: str, shown: str) -> None:
    structlog.get_logger().info("event", text=text, nested={"deep": [text]})
    logging.getLogger("library").warning("%s", text)
    ours, theirs = lines(stream)
    assert ours["text"] == ours["nested"]["deep"][0] == theirs["event"] == shown


def test_secrets_in_a_traceback_are_masked(stream: io.StringIO) -> None:
    try:
        fail(f"https://api.telegram.org/bot{TOKEN}/getMe")
    except ValueError:
        structlog.get_logger().exception("ours")
        logging.getLogger("library").exception("theirs")
    assert TOKEN not in stream.getvalue()
    assert all(
        "ValueError: https://api.telegram.org/bot***/getMe" in line["exception"] for line in lines(stream)
    )


def test_a_field_that_is_named_as_a_secret_is_masked_whatever_it_holds(stream: io.StringIO) -> None:
    structlog.get_logger().info("event", webhook_secret="short", headers={"X-Razorpay-Signature": "00ff"})
    (line,) = lines(stream)
    assert (line["webhook_secret"], line["headers"]) == ("***", {"X-Razorpay-Signature": "***"})


def test_i11_a_value_cannot_forge_a_line(stream: io.StringIO) -> None:
    structlog.get_logger().info("event", url='https://x/\n{"event": "forged"}\r\x1b[2J\u2028\u202egpj')
    (line,) = lines(stream)
    assert line["url"] == 'https://x/\\n{"event": "forged"}\\r\\x1b[2J\\u2028\\u202egpj'


def test_i11_a_value_cannot_forge_a_line_on_a_terminal() -> None:
    terminal = Terminal()
    logs.configure("INFO", terminal)
    structlog.get_logger().info("event", url="https://x/\nforged \x1b[2J", thing=httpx.URL("https://y/"))
    logging.getLogger("library").warning("first\nsecond\x1b[2J")
    shown = terminal.getvalue()
    assert len(shown.splitlines()) == 2
    assert "\x1b[2J" not in shown
    assert "https://y/" in shown


def test_a_terminal_shows_a_traceback_as_lines() -> None:
    terminal = Terminal()
    logs.configure("INFO", terminal)
    try:
        fail("no \x1b[2J")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "\nTraceback (most recent call last):\n" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()


def test_a_value_that_json_does_not_know_is_shown_by_its_repr(stream: io.StringIO) -> None:
    structlog.get_logger().info("event", url=httpx.URL("https://x/?token=abc"), none=None, kinds={"a"})
    (line,) = lines(stream)
    assert (line["url"], line["none"], line["kinds"]) == ("URL('https://x/?token=***')", None, ["a"])


def test_masking_takes_time_in_proportion_to_the_text() -> None:
    """A text that made a pattern go back and forth would take minutes here."""
    for piece in ("1", "authorization ", "?tokentoken", "basic ", "://", "://a:"):
        logs.mask(piece * 100_000)


def test_configuring_twice_does_not_double_the_lines(stream: io.StringIO) -> None:
    logs.configure("INFO", stream)
    structlog.get_logger().info("once")
    assert len(lines(stream)) == 1
