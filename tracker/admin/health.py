"""How the service itself does, for those who run it."""

import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import alarms
from tracker.admin.models import Alarm
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import Alert
from tracker.config import Settings
from tracker.inbox.models import WebhookEvent
from tracker.vitals import Readings

MOST_COUNTED = 1000
"""Failures are counted up to here: more are as bad."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database says, and how long it took to say the first of it."""

    kind: str
    milliseconds: float
    failed_alerts: int
    failed_events: int
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine on which this process runs. In bytes."""

    disk_free: int
    disk_total: int
    backup_at: datetime | None = None
    """When the newest backup was written; None when there is none."""
    has_backups: bool = False
    """Whether somebody said where backups are."""


@dataclass(frozen=True, slots=True)
class Health:
    stored: Stored
    readings: Readings
    machine: Machine
    at: datetime = field(default_factory=clock.now)

    @property
    def is_well(self) -> bool:
        """Whether nothing lasts that an alarm is about, and Redis and a worker answer."""
        return not self.stored.alarms and bool(self.readings.workers)


async def stored(session: AsyncSession, actor: Actor) -> Stored:
    """What the database says of its health. The rest of `Health` is read without a transaction."""
    actor.must_be_let(Action.SEE_HEALTH)
    began = monotonic()
    await session.execute(select(1))
    milliseconds = (monotonic() - began) * 1000
    return Stored(
        kind=session.get_bind().dialect.name,
        milliseconds=milliseconds,
        failed_alerts=await _count(session, _dead_alerts()),
        failed_events=await _count(session, _dead_events()),
        alarms=tuple(await alarms.active(session, actor)),
    )


def machine(settings: Settings) -> Machine:
    """What the machine says. Asks the disk alone, and still is for a thread: a network's disk can be slow."""
    usage = shutil.disk_usage(_folder(settings))
    path = settings.backup_path
    return Machine(
        disk_free=usage.free,
        disk_total=usage.total,
        backup_at=None if path is None else _newest(Path(path)),
        has_backups=path is not None,
    )


def _folder(settings: Settings) -> Path:
    """Where this process writes: beside the database's file, or where it runs."""
    scheme, _, path = settings.database_url.partition("///")
    folder = Path(path.partition("?")[0]).parent if scheme.startswith("sqlite") and path else Path()
    return folder if folder.is_dir() else Path()


def _newest(path: Path) -> datetime | None:
    """When a file, or the newest file right in a folder, was written."""
    try:
        if path.is_dir():
            with os.scandir(path) as entries:
                times = [entry.stat().st_mtime for entry in entries if entry.is_file()]
        else:
            times = [path.stat().st_mtime]
    except OSError:
        return None
    return datetime.fromtimestamp(max(times), UTC) if times else None


# Literals, not parameters: only then do both databases see that the partial indexes serve.
def _dead_alerts() -> Select[int]:
    return select(Alert.id).where(Alert.state == literal_column("'dead'"))


def _dead_events() -> Select[int]:
    return select(WebhookEvent.id).where(
        WebhookEvent.state == literal_column("'dead'"), literal_column("state IN ('dead', 'ignored')")
    )


async def _count(session: AsyncSession, found: Select[int]) -> int:
    return await session.scalar(select(func.count()).select_from(found.limit(MOST_COUNTED).subquery())) or 0
