"""Choosing when to be told about one thing: rules are set, changed, removed; what is met is said at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts import defaults, preferences
from tracker.alerts.owing import is_wanted, note_alert, standing_of
from tracker.alerts.rearm import LEVELS, MOVING, Memory, remember, told
from tracker.alerts.rules import Reason, judge, reference_price
from tracker.alerts.terms import DAYS, STEEP, Again, Limit, Terms, check, write, write_rearm
from tracker.catalog.history import Lowest
from tracker.catalog.models import Listing
from tracker.catalog.move import Move
from tracker.catalog.standing import as_it_stands
from tracker.errors import BadInput, NotYours
from tracker.money import Money
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import AlertRule, Rearm, Reference, RuleKind, RuleTerms, Watch, WatchState

_UNLIKELY = 20
"""Percent of what it costs and of the lowest that we know: a target below both is questioned once."""


@dataclass(frozen=True, slots=True)
class Met:
    """A rule whose condition holds already: said in the answer, and again only by its re-arm rule."""

    rule: AlertRule
    reason: Reason
    price: Money


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rule as it was set; `met` when its condition holds already."""

    watch: Watch
    rule: AlertRule
    met: Met | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A watch; what of its first rules is met already; whether it is new."""

    watch: Watch
    is_new: bool
    met: Sequence[Met] = ()


@dataclass(frozen=True, slots=True)
class Unlikely:
    """Why a wish can hardly come true: what it costs, what it would have to cost, and the lowest we know."""

    price: Money
    wanted: Money
    lowest: Money


@dataclass(frozen=True, slots=True)
class Known:
    """What a person should see when they choose: the price that each reference means, and the lowest ones."""

    references: Mapping[Reference, Money | None]
    lowest: Mapping[int | None, Lowest | None]


async def begin(session: AsyncSession, user: User, listing: Listing, *, chat_id: int) -> Begun:
    """Watch by the person's default rules. Raises OverAllowance.

    A drop by an amount of another currency than the page's is left out, and so is a kind that the plan does
    not permit any more; without any rule that is left, any drop is told.
    """
    watch, is_new = await watches.watch(session, user, listing, chat_id=chat_id)
    if not is_new:
        return Begun(watch, is_new)
    wanted = {
        RuleKind(rule.kind): rule
        for rule in await defaults.of(session, user)
        if rule.currency in (None, listing.currency) and defaults.is_permitted(user, RuleKind(rule.kind))
    }
    if not wanted:
        return Begun(watch, is_new)
    move = await as_it_stands(session, watch.listing)
    watch.rules[:] = [rule for rule in watch.rules if rule.kind in wanted]
    met = []
    for kind, terms in wanted.items():
        rule = _rule_of(watch, kind)
        if rule is None:
            rule = _new_rule(kind)
            watch.rules.append(rule)
        _copy(terms, rule)
        met.append(_judged(watch, rule, move))
    await session.flush()
    return Begun(watch, is_new, [one for one in met if one is not None])


async def choose(session: AsyncSession, user: User, watch_id: int, terms: Terms) -> Chosen:
    """Set a rule, or change what it says; its re-arming stays as it was. A rule without terms stays as it is.

    Raises NotYours, also for a watch that was stopped, BadInput for terms that cannot be, and OverAllowance
    for a kind that the plan does not permit; a rule of such a kind that there is already stays as it was.
    """
    watch = await _changing(session, user, watch_id)
    defaults.check_plan(user, terms.kind)
    check(terms, watch.listing.currency)
    rule = _rule_of(watch, terms.kind)
    if rule is not None and terms.says_nothing:
        return Chosen(watch, rule, None)
    rule = rule or _new_rule(terms.kind)
    write(rule, terms)
    remember(rule, Memory())
    if rule not in watch.rules:
        watch.rules.append(rule)
    met = _judged(watch, rule, await as_it_stands(session, watch.listing))
    await session.flush()
    return Chosen(watch, rule, met)


async def unlikely(session: AsyncSession, watch: Watch, terms: Terms) -> Unlikely | None:
    """Why a target or a drop can hardly be reached; None when it may well be, or nothing is known.

    Raises BadInput for terms that cannot be.
    """
    check(terms, watch.listing.currency)
    move = await as_it_stands(session, watch.listing)
    known, price = move.history.lowest(move.observed_at), move.now
    if known is None or price is None:
        return None
    wanted = _wanted_price(price, terms)
    if wanted is None or not _is_unlikely(terms, wanted, price, known.price):
        return None
    return Unlikely(price, wanted, known.price)


async def set_rearm(session: AsyncSession, user: User, watch_id: int, kind: RuleKind, again: Again) -> Chosen:
    """Choose when a rule may be told again. What was said already is not said again by that.

    Raises NotYours, and BadInput when there is no such rule or it knows no such way.
    """
    watch = await _changing(session, user, watch_id)
    rule = existing(watch, kind)
    write_rearm(rule, again)
    await _arm(session, watch, rule)
    if again.rearm == Rearm.ONCE:
        rule.fired_at = None
    elif not rule.is_armed and rule.fired_at is None:
        rule.fired_at = clock.now()
    await session.flush()
    return Chosen(watch, rule, None)


async def arm_again(session: AsyncSession, user: User, watch_id: int, kind: RuleKind) -> Chosen:
    """Let a rule that is told once be told once more: at the next time that its condition comes true.

    Raises NotYours, and BadInput when there is no such rule.
    """
    watch = await _changing(session, user, watch_id)
    rule = existing(watch, kind)
    if rule.rearm == Rearm.ONCE:
        await _arm(session, watch, rule)
        rule.fired_at = None
    await session.flush()
    return Chosen(watch, rule, None)


async def remove(session: AsyncSession, user: User, watch_id: int, kind: RuleKind) -> Watch:
    """Forget a rule; without one this changes nothing. Raises NotYours."""
    watch = await _changing(session, user, watch_id)
    rule = _rule_of(watch, kind)
    if rule is not None:
        watch.rules.remove(rule)
    await session.flush()
    return watch


async def limit(session: AsyncSession, user: User, watch_id: int, limit: Limit) -> Watch:
    """Choose of which offers a watch hears, and whether at once whatever holds others back.

    Raises NotYours, and BadInput when the page names no seller to keep to.
    """
    watch = await _changing(session, user, watch_id)
    match limit:
        case Limit.ONE_SELLER:
            if watch.listing.seller is None:
                raise BadInput("error.no_seller")
            watch.only_seller = watch.listing.seller
        case Limit.ANY_SELLER:
            watch.only_seller = None
        case Limit.ONLY_NEW | Limit.USED_TOO:
            watch.is_only_new = limit is Limit.ONLY_NEW
        case Limit.AT_ONCE | Limit.IN_TURN:
            watch.is_always_at_once = limit is Limit.AT_ONCE
            await preferences.judge_anew(session, user)
    await session.flush()
    return watch


async def known(session: AsyncSession, watch: Watch) -> Known:
    """What the references of a drop and the lowest prices are now."""
    move = await as_it_stands(session, watch.listing)
    standing = standing_of(watch, watch.listing.currency)
    return Known(
        {reference: reference_price(move, reference, standing) for reference in Reference},
        {
            days: move.history.lowest(move.observed_at, timedelta(days=days) if days else None)
            for days in DAYS
        },
    )


def existing(watch: Watch, kind: RuleKind) -> AlertRule:
    """The watch's rule of a kind. Raises BadInput when there is none."""
    found = _rule_of(watch, kind)
    if found is None:
        raise BadInput("error.rule_is_off")
    return found


async def changeable(session: AsyncSession, user: User, watch_id: int) -> Watch:
    """The person's watch, unless it was stopped. Raises NotYours."""
    found = await watches.owned(session, user, watch_id)
    if found.state == WatchState.STOPPED:
        raise NotYours
    return found


async def _changing(session: AsyncSession, user: User, watch_id: int) -> Watch:
    """`changeable`, and no check writes its rules meanwhile: it locks the listing first, as we do."""
    found = await changeable(session, user, watch_id)
    await watches.lock_listing(session, found.listing_id)
    return await changeable(session, user, watch_id)


def _rule_of(watch: Watch, kind: RuleKind) -> AlertRule | None:
    return next((rule for rule in watch.rules if rule.kind == kind), None)


def _new_rule(kind: RuleKind) -> AlertRule:
    return AlertRule(kind=kind, created_at=clock.now(), rearm=Rearm.CROSSING, is_armed=True)


def _copy(terms: RuleTerms, rule: AlertRule) -> None:
    for name in ("amount_minor", "currency", "percent", "reference", "days", "rearm", "rearm_hours"):
        setattr(rule, name, getattr(terms, name))


def _judged(watch: Watch, rule: AlertRule, move: Move) -> Met | None:
    """Whether a new rule is met already; it remembers then that this was told, just now."""
    if rule.kind not in LEVELS or move.now is None or not is_wanted(watch, move):
        return None
    reason = judge(move, rule, standing_of(watch, watch.listing.currency))
    fires, memory = told(rule, reason, move)
    if not fires or reason is None:
        return None
    remember(rule, memory)
    if rule.reference in MOVING:
        note_alert(watch, move)
    return Met(rule, reason, move.now)


async def _arm(session: AsyncSession, watch: Watch, rule: AlertRule) -> None:
    """Arm a rule whose condition does not hold now. A sold-out page says nothing about a condition."""
    move = await as_it_stands(session, watch.listing)
    holds = judge(move, rule, standing_of(watch, watch.listing.currency)) is not None
    if move.is_for_sale and not holds:
        rule.is_armed = True


def _wanted_price(price: Money, terms: Terms) -> Money | None:
    """What the thing would have to cost, never less than nothing."""
    if terms.percent is not None:
        return Money(price.minor * (100 - terms.percent) // 100, price.currency)
    if terms.amount is None:
        return None
    if terms.kind == RuleKind.TARGET:
        return terms.amount
    return Money(max(0, price.minor - terms.amount.minor), price.currency)


def _is_unlikely(terms: Terms, wanted: Money, price: Money, lowest: Money) -> bool:
    if terms.kind == RuleKind.TARGET:
        return all(wanted.minor * 100 < _UNLIKELY * known.minor for known in (price, lowest))
    return terms.is_steep or wanted.minor * 100 <= (100 - STEEP) * price.minor
