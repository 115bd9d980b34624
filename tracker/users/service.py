"""People arrive, change their settings, and block or unblock the bot."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.database import insert
from tracker.errors import BadInput
from tracker.texts import guess, locales
from tracker.users.allowance import Allowance, Feature
from tracker.users.models import User, UserState

_SEEN_EVERY = timedelta(minutes=1)
CURRENCIES = ("INR", "USD", "EUR", "GBP", "AED", "SGD", "JPY", "AUD", "CAD")
"""The currencies that /settings offers as buttons."""


async def arrive(
    session: AsyncSession,
    telegram_id: int,
    *,
    first_name: str,
    username: str | None,
    language_code: str | None,
    plan: str,
    allowance: Allowance,
) -> User:
    """The account of whoever wrote, made at their first word, with the plan that everybody begins with."""
    user = await session.scalar(select(User).where(User.telegram_id == telegram_id))
    now = clock.now()
    if user is None:
        guessed = guess(language_code)
        await session.execute(
            insert(session, User)
            .values(
                telegram_id=telegram_id,
                first_name=first_name[:256],
                username=username,
                locale=guessed.locale,
                currency=guessed.currency,
                time_zone=guessed.time_zone,
                state=UserState.ACTIVE,
                created_at=now,
                last_seen_at=now,
                plan=plan,
                **columns_of(allowance),
            )
            .on_conflict_do_nothing(index_elements=[User.telegram_id])
        )
        user = (await session.scalars(select(User).where(User.telegram_id == telegram_id))).one()
    user.first_name, user.username = first_name[:256], username
    user.name_key, user.username_key = search_key(first_name), search_key(username or "")
    if now - user.last_seen_at > _SEEN_EVERY:
        user.last_seen_at = now
    return user


def search_key(name: str) -> str:
    """What names are searched by: the beginning, in small letters, without a name's own @."""
    return name.strip().removeprefix("@").lower()[:64]


def permit(user: User, plan: str, allowance: Allowance) -> None:
    """Put a plan into force for a person."""
    user.plan = plan
    for name, value in columns_of(allowance).items():
        setattr(user, name, value)


def columns_of(allowance: Allowance) -> dict[str, Any]:
    """The columns of a person's row that say what they may."""
    return {
        "allowed_watches": allowance.watches,
        "check_every_seconds": int(allowance.check_every.total_seconds()),
        "history_days": allowance.history_days,
        "requests_per_minute": allowance.requests_per_minute,
        "features": sorted(allowance.features),
        "checked_first": allowance.allows(Feature.FIRST),
    }


def set_language(user: User, locale: str) -> None:
    if locale not in locales():
        raise BadInput("error.unknown_language", languages=", ".join(locales()))
    user.locale = locale


def set_currency(user: User, currency: str) -> None:
    if currency not in CURRENCIES:
        raise BadInput("error.unknown_currency", currencies=", ".join(CURRENCIES))
    user.currency = currency


def set_time_zone(user: User, words: str) -> None:
    """From a name of the zone database or a city in it, as people write them: "Asia/Kolkata", "new york".

    Raises BadInput when no zone, or more than one, answers to the words.
    """
    wanted = "_".join(words.strip().lower().split())
    zones = [zone for zone in available_timezones() if not zone.startswith(("posix", "right", "Etc/"))]
    named = [zone for zone in zones if zone.lower() == wanted]
    found = named or [zone for zone in zones if zone.lower().rpartition("/")[2] == wanted]
    if len(found) != 1:
        raise BadInput("error.unknown_time_zone", words=words.strip()[:60])
    user.time_zone = found[0]
