"""Who may do what. `docs/roles.md` is made from here: `python -m tracker.admin.roles > docs/roles.md`."""

import sys
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin.models import Staff
from tracker.errors import PriceTrackerError


class Role(StrEnum):
    """From the least on: each may what those before it may."""

    VIEWER = "viewer"
    SUPPORT = "support"
    OWNER = "owner"


class Action(StrEnum):
    """What can be done; the audit log calls it by the same name."""

    SEE_DASHBOARD = "see_dashboard"
    SEE_USERS = "see_users"
    SEE_SUBSCRIPTIONS = "see_subscriptions"
    SEE_PAYMENTS = "see_payments"
    SEE_PRODUCTS = "see_products"
    SEE_STORES = "see_stores"
    SEE_ALERTS = "see_alerts"
    SEE_EVENTS = "see_events"
    SEE_HEALTH = "see_health"
    SEE_AUDIT = "see_audit"
    SEE_BROADCASTS = "see_broadcasts"
    USE_API = "use_api"

    SUSPEND_USER = "suspend_user"
    ACTIVATE_USER = "activate_user"
    NOTE_USER = "note_user"
    WRITE_TO_USER = "write_to_user"
    GIFT_DAYS = "gift_days"
    CANCEL_SUBSCRIPTION = "cancel_subscription"
    EXTEND_SUBSCRIPTION = "extend_subscription"
    APPLY_PAYMENT = "apply_payment"
    CHECK_LISTING = "check_listing"
    PAUSE_LISTING = "pause_listing"
    RESET_RULE = "reset_rule"
    STRIKE_READING = "strike_reading"
    UNDO_CORRECTION = "undo_correction"
    REST_STORE = "rest_store"
    RELEASE_STORE = "release_store"
    RETRY_ALERT = "retry_alert"
    DROP_ALERT = "drop_alert"
    REPLAY_EVENT = "replay_event"
    DROP_EVENT = "drop_event"
    SILENCE_ALARM = "silence_alarm"

    REFUND_PAYMENT = "refund_payment"
    MAKE_COUPON = "make_coupon"
    END_COUPON = "end_coupon"
    SET_STORE = "set_store"
    SEND_BROADCAST = "send_broadcast"
    STOP_BROADCAST = "stop_broadcast"
    SET_MAINTENANCE = "set_maintenance"
    EXPORT = "export"
    CHANGE_ROLE = "change_role"
    DELETE_USER = "delete_user"


_OF_OWNERS = (
    Action.REFUND_PAYMENT,
    Action.MAKE_COUPON,
    Action.END_COUPON,
    Action.SET_STORE,
    Action.SEND_BROADCAST,
    Action.STOP_BROADCAST,
    Action.SET_MAINTENANCE,
    Action.EXPORT,
    Action.CHANGE_ROLE,
    Action.DELETE_USER,
)

LEAST: dict[Action, Role] = {
    action: Role.OWNER
    if action in _OF_OWNERS
    else Role.VIEWER
    if action.startswith(("see_", "use_"))
    else Role.SUPPORT
    for action in Action
}
"""The least role that may do each."""

_RANKS = {role: rank for rank, role in enumerate(Role)}


class Door(StrEnum):
    CHAT = "chat"
    API = "api"


class Forbidden(PriceTrackerError):
    """A role that is too small."""

    text_key = "error.forbidden"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who runs the service, and the door that they came through."""

    telegram_id: int
    role: Role
    door: Door

    def may(self, action: Action) -> bool:
        return _RANKS[self.role] >= _RANKS[LEAST[action]]

    def at_most(self, role: Role) -> "Actor":
        """The same person with no larger role than that."""
        return replace(self, role=min(self.role, role, key=_RANKS.__getitem__))

    def must_be_let(self, action: Action) -> None:
        """Raises Forbidden."""
        if not self.may(action):
            raise Forbidden(role=LEAST[action])


async def actor_of(
    session: AsyncSession, telegram_id: int, owners: frozenset[int], door: Door
) -> Actor | None:
    """Who this is by their numeric id, which nobody else can have; None for everybody else."""
    if telegram_id in owners:
        return Actor(telegram_id, Role.OWNER, door)
    row = await session.get(Staff, telegram_id)
    return Actor(telegram_id, Role(row.role), door) if row is not None and row.role in set(Role) else None


async def give(session: AsyncSession, actor: Actor, telegram_id: int, role: Role | None) -> None:
    """Give somebody a role, or take it; None takes it. The caller has asked `actor` and writes the audit."""
    row = await session.get(Staff, telegram_id, with_for_update=True)
    if role is None:
        if row is not None:
            await session.delete(row)
    elif row is None:
        session.add(
            Staff(telegram_id=telegram_id, role=role, given_by=actor.telegram_id, given_at=clock.now())
        )
    else:
        row.role, row.given_by, row.given_at = role, actor.telegram_id, clock.now()
    await session.flush()


_PAGE = """# Roles

Who may do what, in the chat and over HTTP alike: owners are those of `ADMIN_IDS` and whoever they make one.
Made from the code by `python -m tracker.admin.roles > docs/roles.md`; a test fails when it is stale.

"""


def table() -> str:
    """`docs/roles.md`."""
    lines = [f"| action | {' | '.join(Role)} |", f"|---{'|---' * len(Role)}|"]
    for action, least in LEAST.items():
        may = ["yes" if _RANKS[role] >= _RANKS[least] else "" for role in Role]
        lines.append(f"| `{action}` | {' | '.join(may)} |")
    return _PAGE + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
