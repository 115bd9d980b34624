"""Fetch a page and read it: the part that a check and a preview share. No transaction is open meanwhile."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog

from tracker import clock, metrics
from tracker.catalog import corrections
from tracker.catalog.models import StoreState
from tracker.catalog.move import Check, Kind
from tracker.errors import BadLink, FetchFailed
from tracker.fetching.canonical import canonical
from tracker.fetching.page import Page
from tracker.fetching.politeness import StoreBusy
from tracker.fetching.problems import FetchProblem, failed
from tracker.fetching.ways import Way
from tracker.stores.corrections import Rule, corrected
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.registry import store_of
from worker.approach import Approach, PageRead
from worker.workbench import Workbench

log = structlog.get_logger()


UNCHANGED = "unchanged"

_PATIENCE_SECONDS = 15.0
"""How long somebody who waits for an answer waits for a store's turn."""

_PASSING_REASONS = frozenset({Reason.SERVER_ERROR, Reason.TOO_SLOW, Reason.UNREADABLE})
_LASTING_PROBLEMS = frozenset(
    {
        FetchProblem.REFUSED_ADDRESS,
        FetchProblem.BAD_LINK,
        FetchProblem.TOO_LARGE,
        FetchProblem.REDIRECT_LOOP,
        FetchProblem.NOT_A_PAGE,
        FetchProblem.ROBOTS,
    }
)


async def read_for_a_person(bench: Workbench, url: str) -> PageRead:
    """Read the page at a URL for somebody who waits. A store that rests is left alone."""
    async with bench.database.transaction() as session:
        store = await session.get(StoreState, store_of(url).code)
    approach = Approach.to(store, bench.manners, patience=_PATIENCE_SECONDS, ways=bench.fetcher.ways)
    if approach.rests_until is not None and approach.rests_until > clock.now():
        return PageRead(Check(clock.now(), Outcome.BLOCKED, kind=Kind.BLOCKED), url, is_asked=False)
    try:
        return await read_page(bench, url, approach)
    except StoreBusy as busy:
        return PageRead(Check(clock.now(), FetchProblem.BUSY, kind=Kind.FAILED), url, busy, is_asked=False)


async def read_page(
    bench: Workbench, url: str, approach: Approach, rules: Sequence[Rule] | None = None
) -> PageRead:
    """Read the page at a URL now, in the store's turn, as people's rules have it.

    A page that cannot be had is an outcome, never an exception. `rules` are those of the page's listing and
    store; None when they are still to be found. Raises StoreBusy when the turn does not come in time.
    """
    store = store_of(url).code
    async with bench.politeness.turn(store, approach.manners, patience=approach.patience):
        began_at, started = clock.now(), time.perf_counter()
        read = await _read(bench, url, approach, rules, began_at)
        reading, is_browsing = read.reading, approach.way is Way.BROWSER
        if _needs_browser(reading) and not is_browsing and Way.BROWSER in bench.fetcher.ways:
            is_browsing = True
            read = await _read(bench, url, replace(approach, way=Way.BROWSER), rules, began_at)
    check = replace(read.check, needs_browser=is_browsing)
    if check.retry_after is not None:
        await bench.politeness.rest(store, check.retry_after.total_seconds())
    seconds = time.perf_counter() - started
    metrics.checks.labels(store=store, outcome=check.outcome).inc()
    metrics.check_seconds.observe(seconds)
    log.info("listing.read", store=store, outcome=check.outcome, ms=round(seconds * 1000))
    return replace(read, check=check, seconds=seconds)


def _needs_browser(reading: Reading | None) -> bool:
    return reading is not None and reading.reason is Reason.EMPTY_SHELL


async def _read(
    bench: Workbench, url: str, approach: Approach, rules: Sequence[Rule] | None, began_at: datetime
) -> PageRead:
    try:
        if bench.robots is not None and not (await bench.robots.allows(url)).allowed:
            raise failed(FetchProblem.ROBOTS, "robots.txt forbids it")
        page = await bench.fetcher.fetch(url, way=approach.way, validators=approach.validators)
    except FetchFailed as error:
        return PageRead(_failed(began_at, error), url, error)
    if page.status == HTTPStatus.NOT_MODIFIED:
        return PageRead(Check(began_at, UNCHANGED, kind=Kind.UNCHANGED), url)
    reading = await bench.readers.read(page.body, page.url, status=page.status, charset=page.charset)
    if rules is None or page.url != url:
        rules = await _rules(bench, reading, (url, page.url))
    reading = corrected(reading, rules)
    return PageRead(_check_of(began_at, page, reading), page.url, reading=reading)


def _failed(began_at: datetime, error: FetchFailed) -> Check:
    problem = error.details.get("problem")
    kind = Kind.NO_OFFER if problem in _LASTING_PROBLEMS else Kind.FAILED
    return Check(began_at, str(problem or "fetch_failed"), kind=kind)


def _check_of(began_at: datetime, page: Page, reading: Reading) -> Check:
    offer = reading.offer if reading.outcome is Outcome.OFFER else None
    kind = {Outcome.BLOCKED: Kind.BLOCKED, Outcome.GONE: Kind.GONE}.get(reading.outcome, Kind.NO_OFFER)
    if reading.reason in _PASSING_REASONS:
        kind = Kind.FAILED
    pause = timedelta(seconds=page.retry_after) if page.retry_after and page.status >= 400 else None
    return Check(
        began_at,
        str(reading.reason or reading.outcome),
        offer,
        kind,
        etag=page.etag,
        last_modified=page.last_modified,
        retry_after=pause,
    )


async def _rules(bench: Workbench, reading: Reading, urls: tuple[str, str]) -> Sequence[Rule]:
    """The rules of the listing that these addresses mean, and of its store."""
    if reading.offer is None:
        return ()
    known = set(urls)
    for url in urls:
        with suppress(BadLink):
            known.add(canonical(url))
    async with bench.database.transaction() as session:
        return await corrections.rules_for(session, sorted(known), store_of(urls[1]).code)
