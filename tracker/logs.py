"""Logs are events with fields: JSON lines for machines, columns on a terminal, and no secret in either.

Standard logging (libraries) takes the same way out, so the same masks hold for a library's traceback.
"""

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

_NOISY = ("aiogram", "aiosqlite", "arq.connections", "asyncio", "httpcore", "httpx", "uvicorn.access")
"""Libraries that log each request or each update, some of them with the address, which may hold a token."""

_MASKS = [
    # Bot tokens stand in the path of every Bot API address.
    (re.compile(r"\d{6,16}(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE), "***"),
    # `Authorization: Basic …`, as a header line or as an item of a printed dictionary.
    (
        re.compile(
            r"""(authorization["']?\s*[:=,]\s*(?:b(?=["']))?["']?)(?:(?:basic|bearer)\s+)?[^\s"',})]+""",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    (re.compile(r"\b(basic|bearer)\s+[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE), r"\1 ***"),
    # User names and passwords in addresses of databases, caches and proxies.
    (re.compile(r"(://)[^/\s@:]*:[^/\s@]+@"), r"\1***@"),
    (
        re.compile(
            r"([?&;](?:[\w-]*(?:token|secret|password|passwd|signature|credential)[\w-]*"
            r"|(?:api|access|private|auth)?[_-]?key|auth|sig|hash|session|sid)=)[^&\s\"'#]+",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
]

_SECRET_FIELD = re.compile(r"(?:secret|password|authorization|api_?key|bot_?token|signature)", re.IGNORECASE)

# Line breaks, terminal escapes and direction overrides in a value would forge or hide lines of the log.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_IN_TRACEBACK = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send structlog and standard logging to `stream` (standard output): JSON unless it is a terminal."""
    stream = stream or sys.stdout
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        clean,
    ]
    renderer: Processor
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    else:
        renderer = structlog.processors.JSONRenderer(serializer=json.dumps, ensure_ascii=False)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def mask(text: str) -> str:
    """The text without bot tokens, credentials and secrets in query strings."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def clean(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: mask secrets and make control characters visible in every field."""
    return {
        field: "***" if _SECRET_FIELD.search(field) else _clean(value, in_traceback=field == "exception")
        for field, value in event.items()
    }


def _clean(value: Any, *, in_traceback: bool = False) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            pattern = _CONTROL_IN_TRACEBACK if in_traceback else _CONTROL
            return pattern.sub(_visible, mask(value))
        case MutableMapping():
            return clean(None, "", {str(key): item for key, item in value.items()})
        case list() | tuple() | set() | frozenset():
            return [_clean(item) for item in value]
        case _:
            return _clean(repr(value))


def _visible(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
