"""How checks ended, counted in memory and added up by the hour: what an operator asks about stores."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import CheckTally
from tracker.database import insert

Row = tuple[datetime, str, str]
"""The hour, the store, and how the checks ended."""


@dataclass(slots=True)
class _Count:
    checks: int = 0
    drops: int = 0
    milliseconds: int = 0


class Tally:
    """Counts the checks of one process until they are added up; a crash loses seconds of them."""

    def __init__(self) -> None:
        self._counts: dict[Row, _Count] = defaultdict(_Count)

    def add(self, store: str, outcome: str, seconds: float, *, is_drop: bool) -> None:
        hour = clock.now().replace(minute=0, second=0, microsecond=0)
        count = self._counts[hour, store, outcome]
        count.checks += 1
        count.drops += is_drop
        count.milliseconds += round(seconds * 1000)

    def take(self) -> Mapping[Row, _Count]:
        """What was counted since the last time."""
        taken, self._counts = self._counts, defaultdict(_Count)
        return taken

    def put_back(self, taken: Mapping[Row, _Count]) -> None:
        """What could not be added up is counted again with the rest."""
        for row, count in taken.items():
            ours = self._counts[row]
            ours.checks += count.checks
            ours.drops += count.drops
            ours.milliseconds += count.milliseconds


async def add_up(session: AsyncSession, counts: Mapping[Row, _Count]) -> None:
    """Add to what all processes have counted, row by row in one order: two that add up never deadlock."""
    for (hour, store, outcome), count in sorted(counts.items()):
        new = insert(session, CheckTally).values(
            hour=hour,
            store=store,
            outcome=outcome,
            checks=count.checks,
            drops=count.drops,
            milliseconds=count.milliseconds,
        )
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["hour", "store", "outcome"],
                set_={
                    "checks": CheckTally.checks + new.excluded.checks,
                    "drops": CheckTally.drops + new.excluded.drops,
                    "milliseconds": CheckTally.milliseconds + new.excluded.milliseconds,
                },
            )
        )
