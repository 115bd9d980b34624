"""Make the file that somebody asked for: page after page, each in a transaction of its own, up to a bound."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.admin import exports, sheets
from tracker.admin.exports import Page, Place, TaxReport, Wanted, What
from tracker.admin.sheets import Cell
from worker.workbench import Workbench

MOST_ROWS = 100_000
"""Rows of one file: more is asked for month by month."""

MOST_SECONDS = 20
"""Well within the lease of the notice by which it is asked for."""


@dataclass(frozen=True, slots=True)
class Made:
    content: bytes
    rows: int
    is_cut: bool
    """Whether the table has more rows."""


async def make(bench: Workbench, wanted: Wanted) -> Made:
    """A table of nothing has its headings."""
    sheet = sheets.sheet(wanted.format, exports.headings(wanted))
    report = TaxReport()
    loop = asyncio.get_running_loop()
    until, count, place = loop.time() + MOST_SECONDS, 0, Place()
    is_cut = False
    while True:
        page = await _page(bench, wanted, place)
        if wanted.what is What.GST:
            report.add(page.rows)
        else:
            await asyncio.to_thread(sheet.add, page.rows)
            count += len(page.rows)
        if page.next is None:
            break
        if count >= MOST_ROWS or loop.time() > until:
            is_cut = True
            break
        place = page.next
    if wanted.what is What.GST:
        lines: Sequence[Sequence[Cell]] = report.rows()
        sheet.add(lines)
        count = len(lines)
    return Made(await asyncio.to_thread(sheet.content), count, is_cut)


async def _page(bench: Workbench, wanted: Wanted, place: Place) -> Page:
    async with bench.database.transaction() as session:
        return await exports.page(session, wanted, place)
