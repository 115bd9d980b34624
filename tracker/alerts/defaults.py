"""The rules that a person's new watches begin with. Without any of their own: any drop."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.alerts.terms import Again, Terms, check, write, write_rearm
from tracker.errors import BadInput, OverAllowance
from tracker.users.allowance import Feature
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import DefaultRule, Rearm, RuleKind

BASIC = frozenset({RuleKind.ANY_DROP, RuleKind.DROP_BY, RuleKind.TARGET, RuleKind.BACK_IN_STOCK})
"""What every plan permits; the other kinds are a feature of some."""


async def of(session: AsyncSession, user: User) -> Sequence[DefaultRule]:
    rules = (
        await session.scalars(
            select(DefaultRule).where(DefaultRule.user_id == user.id).order_by(DefaultRule.id)
        )
    ).all()
    return rules or [_new(user, RuleKind.ANY_DROP)]


async def choose(session: AsyncSession, user: User, terms: Terms) -> Sequence[DefaultRule]:
    """Set a rule, or change what it says, for watches to come; those that there are stay as they are.

    Raises BadInput for terms that cannot be, and OverAllowance for a kind that the plan does not permit;
    nothing has the same target price as everything else.
    """
    if terms.kind == RuleKind.TARGET:
        raise BadInput("error.stale_button")
    check_plan(user, terms.kind)
    check(terms, None)
    rules = await _own(session, user)
    rule = _one(rules, terms.kind) or _new(user, terms.kind)
    write(rule, terms)
    session.add(rule)
    await session.flush()
    return await of(session, user)


async def set_rearm(session: AsyncSession, user: User, kind: RuleKind, again: Again) -> Sequence[DefaultRule]:
    """Raises BadInput when there is no such rule, or it knows no such way of being told again."""
    rules = await _own(session, user)
    write_rearm(existing(rules, kind), again)
    await session.flush()
    return rules


async def remove(session: AsyncSession, user: User, kind: RuleKind) -> Sequence[DefaultRule]:
    """Forget a rule; when it was the last one, any drop is the rule again.

    Raises BadInput when that is the rule to forget.
    """
    rules = await _own(session, user)
    rule = _one(rules, kind)
    if rule is not None:
        if len(rules) == 1 and kind == RuleKind.ANY_DROP:
            raise BadInput("error.last_default")
        await session.delete(rule)
        await session.flush()
    return await of(session, user)


def is_permitted(user: User, kind: RuleKind) -> bool:
    return kind in BASIC or user.allowance.allows(Feature.ALL_RULES)


def check_plan(user: User, kind: RuleKind) -> None:
    """Raises OverAllowance for a kind of rule that the person's plan does not permit."""
    if not is_permitted(user, kind):
        raise OverAllowance("error.rule_not_in_plan")


def existing(rules: Sequence[DefaultRule], kind: RuleKind) -> DefaultRule:
    """Raises BadInput when there is none of the kind."""
    found = _one(rules, kind)
    if found is None:
        raise BadInput("error.rule_is_off")
    return found


async def _own(session: AsyncSession, user: User) -> Sequence[DefaultRule]:
    """The person's rules as rows, locked, any drop among them when it was not a row yet."""
    await watches.lock(session, user)
    rules = await of(session, user)
    session.add_all(rules)
    await session.flush()
    return rules


def _one(rules: Sequence[DefaultRule], kind: RuleKind) -> DefaultRule | None:
    return next((rule for rule in rules if rule.kind == kind), None)


def _new(user: User, kind: RuleKind) -> DefaultRule:
    return DefaultRule(user_id=user.id, kind=kind, rearm=Rearm.CROSSING)
