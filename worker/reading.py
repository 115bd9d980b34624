"""Fetch a page and read it: the part that a check and a preview share. No transaction is open meanwhile."""

import time
from contextlib import suppress
from dataclasses import dataclass

import structlog

from tracker import clock, metrics
from tracker.catalog import corrections
from tracker.catalog.move import Check
from tracker.errors import BadLink, FetchFailed
from tracker.fetching.canonical import canonical
from tracker.stores.corrections import corrected
from tracker.stores.offer import Outcome, Reading
from tracker.stores.registry import store_of
from worker.workbench import Workbench

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PageRead:
    """A check, the address where it ended after redirects, and the error when no page was had."""

    check: Check
    url: str
    error: FetchFailed | None = None
    reading: Reading | None = None
    """What the page said, as people's rules have it; None when no page was had."""


async def read_page(bench: Workbench, url: str) -> PageRead:
    """Read the page at a URL now, as people's rules have it.

    A page that cannot be had is an outcome, never an exception.
    """
    began_at, started = clock.now(), time.perf_counter()
    final_url, error, reading = url, None, None
    try:
        page = await bench.fetcher.fetch(url)
    except FetchFailed as failed:
        error, check = failed, Check(began_at, str(failed.details.get("problem", "fetch_failed")))
    else:
        final_url = page.url
        reading = await bench.readers.read(page.body, page.url, status=page.status, charset=page.charset)
        reading = await _as_people_have_it(bench, reading, (url, page.url))
        offer = reading.offer if reading.outcome is Outcome.OFFER else None
        check = Check(began_at, str(reading.reason or reading.outcome), offer)
    seconds = time.perf_counter() - started
    store = store_of(url).code
    metrics.checks.labels(store=store, outcome=check.outcome).inc()
    metrics.check_seconds.observe(seconds)
    log.info("listing.read", store=store, outcome=check.outcome, ms=round(seconds * 1000))
    return PageRead(check, final_url, error, reading)


async def _as_people_have_it(bench: Workbench, reading: Reading, urls: tuple[str, str]) -> Reading:
    """The reading, put right by the rules of the listing that these addresses mean, and of its store."""
    if reading.offer is None:
        return reading
    known = set(urls)
    for url in urls:
        with suppress(BadLink):
            known.add(canonical(url))
    async with bench.database.transaction() as session:
        rules = await corrections.rules_for(session, sorted(known), store_of(urls[1]).code)
    return corrected(reading, rules)
