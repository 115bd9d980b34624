"""Alarms: what those who run the service should know, told once when it begins and once when it ends.

Each condition is looked at by a worker once a minute. Its thresholds stand here, each with its reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit, counts
from tracker.admin.models import Alarm, Staff
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import Alert, AlertState
from tracker.billing.models import Checkout, LedgerEntry, Payment, PaymentState, Provider
from tracker.catalog import stores
from tracker.catalog.models import StoreState
from tracker.database import insert
from tracker.errors import BadInput, NotYours
from tracker.inbox import service as inbox
from tracker.inbox.models import WebhookEvent
from tracker.notices import service as notices
from tracker.vitals import Readings

log = structlog.get_logger()

HELD_FOR = timedelta(hours=1)
"""Money that was taken and bought nothing is told at once; after an hour nobody has seen to it."""

LEDGER_LOOKS_BACK = 5000
"""Entries of the ledger that are summed each minute: more than an hour of a million people. The night's
reconciliation sums all of it.
"""

SILENT_FOR = timedelta(hours=3)
SILENT_CHECKOUTS = 100
"""Every link to pay ends with an event, paid or expired, an hour after it was made (PAYMENT_MINUTES). So one
that is three hours old, or a hundred of them, without any event since mean that none reaches us.
"""
_CHECKOUTS = 1000

PROMISE_PERCENT = 95
PROMISE_LEAST = 100
"""Below so many checks that were owed in a day, a single late one is more than a percent."""

ALERTS_WAIT = timedelta(minutes=5)
EVENTS_WAIT = timedelta(minutes=5)
"""Both take seconds. What has waited for minutes is behind hundreds of others, or nobody takes it; a night of
maintenance is when they may.
"""

ERRORS_LEAST, ERRORS_SHARE = 10, 0.01
"""Of the jobs of 15 minutes: a job that fails each time that the clock starts it is far above both, and one
that fails now and then for a lost connection below.
"""

DISK_LEAST = 1024**3
"""A gigabyte, or the part of the disk that ALARM_DISK_PERCENT says (a tenth): PostgreSQL and SQLite stop
writing on a full one, and a day's growth of a busy service is less than this.
"""

ENDS_AFTER = timedelta(minutes=5)
"""So long a condition must be over: what comes and goes each minute is one alarm."""

AGAIN_AFTER = timedelta(hours=24)
"""How often one that lasts is told again."""

LONGEST_SILENCE = timedelta(hours=24 * 7)


class Kind(StrEnum):
    PAYMENTS = "payments"
    LEDGER = "ledger"
    WEBHOOKS = "webhooks"
    STORE = "store"
    PROMISE = "promise"
    QUEUE = "queue"
    WORKER = "worker"
    ERRORS = "errors"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Disk:
    """Of the machine `host`, where the service writes. In bytes."""

    host: str
    free: int
    total: int
    least_percent: float = 10
    """Of it that is to be free; 0 lets no disk be full."""

    @property
    def is_nearly_full(self) -> bool:
        least = max(DISK_LEAST, self.least_percent * self.total / 100)
        return bool(self.least_percent) and self.free < least


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is so now. `key` names it among all alarms; `details` are what its text says."""

    kind: Kind
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"[:320] if self.subject else self.kind.value


def digest_of(key: str) -> str:
    """What stands for an alarm in a button, and in a notice's key: 16 hexadecimal digits."""
    return sha256(key.encode()).hexdigest()[:16]


async def conditions(session: AsyncSession, readings: Readings, disk: Disk) -> list[Condition]:
    """Everything that is to be alarmed about now."""
    now = clock.now()
    found = [
        *await _payments(session, now),
        *await _ledger(session),
        *await _webhooks(session, now),
        *await _stores(session),
        *await _promise(session, now),
        *await _queues(session, now),
    ]
    found += [
        Condition(Kind.WORKER, each.name, {"name": each.name, "last_seen": each.last_seen.isoformat()})
        for each in readings.gone
    ]
    failed = sum(worker.recently_failed for worker in readings.workers)
    jobs = failed + sum(worker.recently_done for worker in readings.workers)
    if failed >= ERRORS_LEAST and failed >= ERRORS_SHARE * jobs:
        found.append(Condition(Kind.ERRORS, details={"failed": failed, "jobs": jobs}))
    if disk.is_nearly_full:
        details = {"host": disk.host, "free": disk.free, "total": disk.total}
        found.append(Condition(Kind.DISK, disk.host, details))
    return found


async def watch(
    session: AsyncSession, readings: Readings, disk: Disk, owners: Collection[int]
) -> Sequence[str]:
    """Begin, go on with and end alarms, and owe all staff the notices of it; returns the keys of those that
    began or ended.
    """
    found = {condition.key: condition for condition in await conditions(session, readings, disk)}
    now, changed = clock.now(), []
    staff = sorted({*owners, *await session.scalars(select(Staff.telegram_id))})
    known = {
        alarm.key: alarm
        for alarm in await session.scalars(
            select(Alarm)
            .where((Alarm.ended_at.is_(None)) | (Alarm.key.in_(list(found))))
            .order_by(Alarm.key)
            .with_for_update()
        )
    }
    for key, condition in found.items():
        alarm = known.get(key)
        if alarm is None or alarm.ended_at is not None:
            alarm = await _begin(session, condition, alarm, now)
            if alarm is None:
                continue
            changed.append(key)
            log.warning("alarm.began", alarm=key, **condition.details)
            await _tell(session, alarm, "alarm_began", staff, now)
            continue
        alarm.details = _details(condition)
        if _is_to_be_told_again(alarm, now):
            await _tell(session, alarm, "alarm_goes_on", staff, now)
    for key, alarm in known.items():
        if key in found or alarm.ended_at is not None or not _can_be_seen(alarm, readings, disk):
            continue
        calm_since = alarm.details.get("calm_since")
        if calm_since is None:
            alarm.details = alarm.details | {"calm_since": now.isoformat()}
        elif now - datetime.fromisoformat(calm_since) >= ENDS_AFTER:
            alarm.ended_at = now
            changed.append(key)
            log.info("alarm.ended", alarm=key)
            await _tell(session, alarm, "alarm_ended", staff, now)
    await session.flush()
    return changed


async def active(session: AsyncSession, actor: Actor) -> Sequence[Alarm]:
    """Those that last, the oldest first."""
    actor.must_be_let(Action.SEE_HEALTH)
    rows = await session.scalars(
        select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.since, Alarm.key)
    )
    return rows.all()


async def silence(session: AsyncSession, actor: Actor, digest: str, hours: int) -> Alarm:
    """Say nothing of an alarm for so many hours. Raises NotYours for one that is over, and BadInput."""
    if not 1 <= hours <= LONGEST_SILENCE / timedelta(hours=1):
        raise BadInput("error.silence_too_long", hours=int(LONGEST_SILENCE / timedelta(hours=1)))
    lasting = await session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).with_for_update())
    found = next((alarm for alarm in lasting if digest_of(alarm.key) == digest), None)
    entry = await audit.allow(session, actor, Action.SILENCE_ALARM, f"alarm:{digest}", hours=hours)
    if found is None:
        raise NotYours("error.no_such_alarm")
    entry.subject = f"alarm:{found.key}"[:320]
    found.silenced_until = clock.now() + timedelta(hours=hours)
    await session.flush()
    return found


async def _begin(
    session: AsyncSession, condition: Condition, ended: Alarm | None, now: datetime
) -> Alarm | None:
    """The alarm that begins; None when another worker began it at this moment."""
    if ended is not None:
        ended.since, ended.ended_at, ended.told_at = now, None, None
        ended.details = _details(condition)
        return ended
    return await session.scalar(
        insert(session, Alarm)
        .values(key=condition.key, since=now, details=_details(condition))
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Alarm)
    )


def _details(condition: Condition) -> dict[str, Any]:
    return {"kind": condition.kind.value, **condition.details}


def _is_to_be_told_again(alarm: Alarm, now: datetime) -> bool:
    """A day after it was told last, or when a silence is over in which it went on."""
    if alarm.told_at is None:
        return True
    silence_ended = alarm.silenced_until is not None and alarm.told_at < alarm.silenced_until <= now
    return silence_ended or now - alarm.told_at >= AGAIN_AFTER


def _can_be_seen(alarm: Alarm, readings: Readings, disk: Disk) -> bool:
    """Whether its not being found means that it is over: not while Redis is away, nor on another machine."""
    kind = alarm.details.get("kind")
    if kind in (Kind.WORKER, Kind.ERRORS):
        return readings.milliseconds is not None
    return kind != Kind.DISK or alarm.details.get("host") == disk.host


async def _tell(session: AsyncSession, alarm: Alarm, kind: str, staff: Sequence[int], now: datetime) -> None:
    """Owe everybody a notice, unless the alarm is silenced."""
    if alarm.silenced_until is not None and alarm.silenced_until > now:
        return
    alarm.told_at = now
    digest = digest_of(alarm.key)
    for telegram_id in staff:
        await notices.owe(
            session,
            telegram_id,
            kind,
            f"{kind}:{digest}:{int(now.timestamp())}:{telegram_id}",
            digest=digest,
            since=alarm.since.isoformat(),
            at=now.isoformat(),
            alarm=alarm.details,
        )


async def _payments(session: AsyncSession, now: datetime) -> list[Condition]:
    """Payments that bought nothing and did not go back."""
    held, since = (
        await session.execute(
            select(func.count(), func.min(Payment.created_at)).where(
                Payment.held_because.is_not(None),
                Payment.state == PaymentState.CAPTURED,
                Payment.refunded_minor == 0,
                Payment.created_at <= now - HELD_FOR,
            )
        )
    ).one()
    return [Condition(Kind.PAYMENTS, details={"held": held, "since": since.isoformat()})] if held else []


async def _ledger(session: AsyncSession) -> list[Condition]:
    """Postings among the last entries whose sides do not sum to zero."""
    newest = select(LedgerEntry.posting).order_by(LedgerEntry.id.desc()).limit(LEDGER_LOOKS_BACK).subquery()
    rows = await session.execute(
        select(LedgerEntry.posting, LedgerEntry.currency, func.sum(LedgerEntry.amount_minor))
        .where(LedgerEntry.posting.in_(select(newest.c.posting)))
        .group_by(LedgerEntry.posting, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount_minor) != 0)
        .order_by(LedgerEntry.posting)
    )
    wrong = [posting for posting, _, _ in rows]
    return [Condition(Kind.LEDGER, details={"postings": len(wrong), "first": wrong[0]})] if wrong else []


async def _webhooks(session: AsyncSession, now: datetime) -> list[Condition]:
    """Links to pay after which Razorpay told nothing at all."""
    heard = await session.scalar(
        select(WebhookEvent.received_at)
        .where(
            WebhookEvent.provider == literal_column("'razorpay'"),
            literal_column("provider <> 'telegram'"),  # as the partial index says it
        )
        .order_by(WebhookEvent.id.desc())
        .limit(1)
    )
    rows = await session.scalars(
        select(Checkout.created_at)
        .where(Checkout.provider == Provider.RAZORPAY, Checkout.provider_id.is_not(None))
        .order_by(Checkout.id.desc())
        .limit(_CHECKOUTS)
    )
    unheard = [made for made in rows if made > now - timedelta(days=1) and (heard is None or made > heard)]
    if not unheard or (min(unheard) > now - SILENT_FOR and len(unheard) < SILENT_CHECKOUTS):
        return []
    details = {"checkouts": len(unheard), "since": (heard or min(unheard)).isoformat()}
    return [Condition(Kind.WEBHOOKS, details=details)]


async def _stores(session: AsyncSession) -> list[Condition]:
    """Stores whose circuit is open: they refused so often that they rest."""
    refusing: Sequence[StoreState] = await stores.refusing(session)
    return [
        Condition(
            Kind.STORE,
            store.code,
            {
                "store": store.code,
                "refusals": store.blocks,
                "until": store.rests_until.isoformat() if store.rests_until else None,
            },
        )
        for store in refusing
        if store.blocks >= stores.PROBE_FROM
    ]


async def _promise(session: AsyncSession, now: datetime) -> list[Condition]:
    kept = await counts.promise_kept(session, now)
    if kept.whole < PROMISE_LEAST or 100 * kept.part >= PROMISE_PERCENT * kept.whole:
        return []
    return [Condition(Kind.PROMISE, details={"kept": kept.percent, "missed": kept.whole - kept.part})]


async def _queues(session: AsyncSession, now: datetime) -> list[Condition]:
    waiting = {
        f"inbox {provider}": (count, age)
        for provider, (count, age) in (await inbox.waiting(session)).items()
        if age > EVENTS_WAIT
    }
    due = await session.scalar(select(func.min(Alert.due_at)).where(Alert.state == AlertState.DUE))
    if due is not None and now - due > ALERTS_WAIT:
        late = await session.scalar(
            select(func.count()).where(Alert.state == AlertState.DUE, Alert.due_at <= now - ALERTS_WAIT)
        )
        waiting["alerts"] = (late or 0, now - due)
    return [
        Condition(Kind.QUEUE, name, {"queue": name, "waiting": count, "seconds": int(age.total_seconds())})
        for name, (count, age) in sorted(waiting.items())
    ]
