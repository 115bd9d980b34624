"""What people said of prices: the corrections that stand, and taking one back."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.alerts import corrections as deciding
from tracker.catalog import corrections
from tracker.catalog.models import Correction, Listing


async def in_force(session: AsyncSession, actor: Actor) -> Sequence[tuple[Correction, Listing]]:
    """The last ones whose rules stand."""
    actor.must_be_let(Action.SEE_PRODUCTS)
    return await corrections.in_force(session)


async def undo(session: AsyncSession, actor: Actor, correction_id: int) -> Listing:
    """Take a correction back; what it said of alerts is forgotten. Raises NotYours."""
    await audit.allow(session, actor, Action.UNDO_CORRECTION, f"correction:{correction_id}")
    return await deciding.undo(session, correction_id)
