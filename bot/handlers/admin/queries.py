"""What operators type to search: words, and filters such as `plan:pro state:suspended active:7`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker import clock
from tracker.billing.models import SubscriptionState
from tracker.billing.plans import Plans
from tracker.errors import BadInput
from tracker.telegram.people_callbacks import MAX_QUERY_BYTES
from tracker.users.models import UserState

_MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    words: str = ""
    plan: str | None = None
    state: str | None = None
    active_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionsQuery:
    plan: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class AuditQuery:
    subject: str | None = None
    by: int | None = None
    action: str | None = None


def people(text: str, plans: Plans) -> PeopleQuery:
    """Raises BadInput for a filter that is none."""
    problem = "person.how_to_search"
    words, filters = _read(text, problem, ("plan", "state", "active"))
    return PeopleQuery(
        words=" ".join(words),
        plan=_one_of(filters.get("plan"), [plan.code for plan in plans], problem),
        state=_one_of(filters.get("state"), list(UserState), problem),
        active_since=clock.now() - timedelta(days=_number(filters["active"], _MOST_DAYS, problem))
        if "active" in filters
        else None,
    )


def subscriptions(text: str, plans: Plans) -> SubscriptionsQuery:
    """Raises BadInput for whatever is no filter."""
    problem = "subs.how_to_search"
    words, filters = _read(text, problem, ("plan", "state"))
    if words:
        raise BadInput(problem)
    return SubscriptionsQuery(
        plan=_one_of(filters.get("plan"), [plan.code for plan in plans], problem),
        state=_one_of(filters.get("state"), list(SubscriptionState), problem),
    )


def audit(text: str) -> AuditQuery:
    """`by:` and `action:` are filters, and anything else with a colon is to what it was done: `user:7`."""
    problem = "audit.how_to_search"
    words, filters = _read(text, problem, None)
    subjects = [f"{key}:{value}" for key, value in filters.items() if key not in ("by", "action")]
    if words or len(subjects) > 1:
        raise BadInput(problem)
    return AuditQuery(
        subject=subjects[0] if subjects else None,
        by=_number(filters["by"], 2**52, problem) if "by" in filters else None,
        action=filters.get("action"),
    )


def _read(text: str, problem: str, known: tuple[str, ...] | None) -> tuple[list[str], dict[str, str]]:
    if len(text.encode()) > MAX_QUERY_BYTES or "|" in text:
        raise BadInput(problem)
    words: list[str] = []
    filters: dict[str, str] = {}
    for word in text.split():
        key, colon, value = word.partition(":")
        if not colon:
            words.append(word)
        elif not value or (known is not None and key.lower() not in known) or key.lower() in filters:
            raise BadInput(problem)
        else:
            filters[key.lower()] = value
    return words, filters


def _one_of(value: str | None, known: list[str], problem: str) -> str | None:
    if value is None:
        return None
    if value.lower() not in known:
        raise BadInput(problem)
    return value.lower()


def _number(text: str, most: int, problem: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= most):
        raise BadInput(problem)
    return int(text)
