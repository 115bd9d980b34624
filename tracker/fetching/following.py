"""From a link to its page, whatever asks for it: each redirect on the way is judged as the link was."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import structlog

from tracker.errors import BadLink, FetchFailed
from tracker.fetching.addresses import Address, join, parse
from tracker.fetching.body import charset, is_page, media_type
from tracker.fetching.guard import check_address
from tracker.fetching.page import Page, Validators, retry_after, validator
from tracker.fetching.problems import FetchProblem, failed

log = structlog.get_logger(__name__)

REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may take. Seconds, and bytes on the wire or decoded."""

    total_seconds: float = 20
    head_seconds: float = 10  # to the end of a response's head, name and handshake included
    connect_seconds: float = 5
    resolve_seconds: float = 3
    head_bytes: int = 128 * 1024
    wire_bytes: int = 3 * 1024 * 1024
    decoded_bytes: int = 8 * 1024 * 1024
    pieces: int = 20_000  # a body in chunks of one byte costs more time than its size tells
    redirects: int = 5
    connections: int = 100


class Answer(Protocol):
    """A response whose body is still to be read."""

    @property
    def status(self) -> int: ...

    def header(self, name: str) -> str:
        """Empty when it is missing, joined when it stands there several times; `name` is lower case."""

    async def body(self) -> bytes:
        """Decoded, and within the limits, or FetchFailed."""


Headers = tuple[tuple[str, str], ...]
Ask = Callable[[Address, Headers], AbstractAsyncContextManager[Answer]]
"""Asks an address that has been read and checked; what it dials is its own to judge."""


async def follow(
    url: str,
    ask: Ask,
    *,
    limits: FetchLimits,
    allowed: frozenset[str],
    validators: Validators | None = None,
) -> Page:
    """The page at `url`, whatever its status. Raises FetchFailed, and logs either without the link."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(limits.total_seconds):
            page = await _follow(url, ask, limits, allowed, validators, started)
    except BadLink as error:
        failure = failed(FetchProblem.BAD_LINK, str(error.details.get("reason", "another scheme")))
        log_failure(failure, started)
        raise failure from error
    except TimeoutError as error:
        failure = failed(FetchProblem.TIMEOUT, type(error).__name__)
        log_failure(failure, started)
        raise failure from error
    except FetchFailed as failure:
        log_failure(failure, started)
        raise
    log_page(page)
    return page


def log_failure(failure: FetchFailed, started: float) -> None:
    log.info("page.not_fetched", **failure.details, ms=milliseconds_since(started))


def log_page(page: Page) -> None:
    log.debug("page.fetched", status=page.status, bytes=len(page.body), ms=page.milliseconds)


async def _follow(
    url: str,
    ask: Ask,
    limits: FetchLimits,
    allowed: frozenset[str],
    validators: Validators | None,
    started: float,
) -> Page:
    address = parse(url)
    # Another address' page is not the one that the validators were given for.
    headers = validators.headers() if validators else ()
    for _ in range(limits.redirects + 1):
        check_address(address, allowed)
        async with ask(address, headers) as answer:
            location = answer.header("location")
            if answer.status not in REDIRECTS or not location:
                return await _page(answer, address, url, limits, started)
        address, headers = join(address, location), ()
    raise failed(FetchProblem.REDIRECT_LOOP, f"more than {limits.redirects} redirects")


async def _page(answer: Answer, address: Address, url: str, limits: FetchLimits, started: float) -> Page:
    content_type = answer.header("content-type")
    return Page(
        url=str(address),
        requested_url=url,
        status=answer.status,
        body=await _body(answer, media_type(content_type), limits),
        content_type=media_type(content_type),
        charset=charset(content_type),
        milliseconds=milliseconds_since(started),
        etag=validator(answer.header("etag")),
        last_modified=validator(answer.header("last-modified")),
        retry_after=retry_after(answer.header("retry-after")),
    )


async def _body(answer: Answer, media: str, limits: FetchLimits) -> bytes:
    if answer.status == NOT_MODIFIED:  # has no body, whatever stands in its head (RFC 9110, 15.4.5)
        return b""
    if not is_page(media):
        if 200 <= answer.status < 300:
            raise failed(FetchProblem.NOT_A_PAGE, "the content type is not a page's")
        return b""
    if announced_length(answer) > limits.wire_bytes:
        raise failed(FetchProblem.TOO_LARGE, "the announced length is too large")
    return await answer.body()


def announced_length(answer: Answer) -> int:
    length = answer.header("content-length")[:20]
    return int(length) if length.isascii() and length.isdigit() else 0


def asked_of(address: Address, replay: Address | None) -> tuple[Address, str]:
    """Who is asked for a page, and the target: the shop itself, or whoever replays what was saved of it."""
    if replay is None:
        return address, address.target
    return replay, f"/replay?url={quote(str(address).partition('#')[0], safe='')}"


def joined(values: Iterable[bytes]) -> str:
    return ", ".join(value.decode("utf-8", "replace") for value in values)


def milliseconds_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
