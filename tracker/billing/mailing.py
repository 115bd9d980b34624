"""Invoices and credit notes that are owed by mail: claimed under a lease, settled by whoever holds it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing.models import CreditNote, Invoice, InvoiceMail, MailState
from tracker.database import insert
from tracker.users.models import User

_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)
TRIES = 21
"""With the pauses between them a little more than three days."""


async def owe(
    session: AsyncSession,
    user: User,
    *,
    invoice: Invoice | None = None,
    credit_note: CreditNote | None = None,
) -> None:
    """Owe a document to an address that is proved to be theirs, once; nothing to whoever has none."""
    if user.email is None or user.email_verified_at is None or (invoice is None and credit_note is None):
        return
    await session.execute(
        insert(session, InvoiceMail)
        .values(
            user_id=user.id,
            address=user.email,
            invoice_id=invoice.id if invoice else None,
            credit_note_id=credit_note.id if credit_note else None,
            state=MailState.DUE,
            attempts=0,
            due_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )


async def claim(session: AsyncSession, *, limit: int, lease: timedelta) -> Sequence[InvoiceMail]:
    """Take what is due, the oldest first. Commit before sending; settle each."""
    now = clock.now()
    due = (
        select(InvoiceMail.id)
        .where(
            InvoiceMail.state == MailState.DUE,
            InvoiceMail.due_at <= now,
            or_(InvoiceMail.lease_until.is_(None), InvoiceMail.lease_until <= now),
        )
        .order_by(InvoiceMail.due_at, InvoiceMail.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed = await session.scalars(
        update(InvoiceMail)
        .where(InvoiceMail.id.in_(select(due.c.id)))
        .values(lease_until=now + lease)
        .returning(InvoiceMail)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(claimed, key=lambda mail: mail.id)


async def sent(session: AsyncSession, mail: InvoiceMail) -> None:
    await _settle(session, mail, state=MailState.SENT, attempts=mail.attempts + 1, last_error=None)


async def try_again(session: AsyncSession, mail: InvoiceMail, error: str) -> None:
    """After a pause that doubles up to six hours; after some three days it is given up."""
    if mail.attempts + 1 >= TRIES:
        await bury(session, mail, error)
        return
    pause = min(_FIRST_PAUSE * 2 ** min(mail.attempts, 10), _LONGEST_PAUSE)
    await _settle(
        session,
        mail,
        due_at=clock.now() + pause,
        attempts=mail.attempts + 1,
        last_error=error[:1000],
    )


async def bury(session: AsyncSession, mail: InvoiceMail, error: str) -> None:
    await _settle(session, mail, state=MailState.DEAD, attempts=mail.attempts + 1, last_error=error[:1000])


async def _settle(session: AsyncSession, mail: InvoiceMail, **values: Any) -> None:
    """Nothing, when the lease has passed to somebody else."""
    await session.execute(
        update(InvoiceMail)
        .where(
            InvoiceMail.id == mail.id,
            InvoiceMail.state == MailState.DUE,
            InvoiceMail.lease_until == mail.lease_until,
        )
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
