"""A page as it was fetched, and what its server wants to know the next time."""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from tracker.clock import now

MAX_RETRY_AFTER = 86_400.0
"""Seconds. A shop that wants more rest than a day is asked again after a day."""

_VALIDATOR = re.compile(r"[\x20-\x7e]{1,256}")
_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Validators:
    """What a page was marked with the last time (RFC 9110, 8.8); its server may then say "the same" (304)."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Those that can stand in a request; what came from elsewhere than `validator` may not."""
        named = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return tuple((name, value) for name, value in named if value is not None and validator(value))


@dataclass(frozen=True, slots=True)
class Page:
    """A response of any status. `body` is decoded, at most 8 MB; empty when an error's body is no page."""

    url: str
    """Where the redirects ended."""
    requested_url: str
    status: int
    body: bytes
    content_type: str
    """The media type alone, lower case; empty when the server named none."""
    charset: str | None
    milliseconds: float
    etag: str | None = None
    last_modified: str | None = None
    retry_after: float | None = None
    """For how many seconds from now the server wants rest, at most a day."""


def validator(value: str) -> str | None:
    """The value of an `ETag` or `Last-Modified` if it is one that we keep and send back."""
    value = value.strip()
    return value if _VALIDATOR.fullmatch(value) else None


def retry_after(value: str) -> float | None:
    """Seconds from now that a `Retry-After` asks for, as a number of seconds or as a date."""
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000" says UTC too (RFC 5322, 3.3)
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now()).total_seconds(), 0.0), MAX_RETRY_AFTER)
