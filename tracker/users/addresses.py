"""The address to which invoices are mailed: told, proved by a code that was mailed to it, and removed.

A door rolls back for an error, and a wrong code must be counted: what is wrong with a code is returned.
"""

import hmac
import re
import secrets
from datetime import timedelta
from hashlib import sha256

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.errors import BadInput
from tracker.users.models import User

VALID_FOR = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
"""Between two codes of a person, to whatever address: strangers' letter boxes are not ours to fill."""

CODES_A_DAY = 5
TRIES = 5
_DAY = timedelta(days=1)
_DIGITS = 6
_NOT_DIGITS = re.compile(r"[\s-]+")


async def begin(session: AsyncSession, user: User, words: str) -> str:
    """Note the address in somebody's words, which is nobody's until `confirm`; returns how it is kept.

    The code is made by `new_code`, where it is mailed. Raises BadInput for what is no address, within a
    minute of the last code, and after five codes in a day.
    """
    try:
        # Without SMTPUTF8, which few servers take: a name of a domain becomes ASCII, and is in lower case.
        found = validate_email(words.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise BadInput("email.bad") from None
    await _lock(session, user)
    if _has_had_enough(user):
        raise BadInput("email.too_many")
    if not _may_have_a_code(user):
        raise BadInput("email.wait")
    user.email = found.ascii_email
    user.email_verified_at = None
    user.email_code_hash = None  # a code that another address was told proves nothing of this one
    await session.flush()
    assert user.email is not None
    return user.email


async def new_code(session: AsyncSession, user: User) -> str | None:
    """Make the code to be mailed to `user.email`: six digits, good for 15 minutes and five tries.

    None when there is no address to be proved, the last code is not a minute old, or five were made in a day.
    """
    await _lock(session, user)
    if user.email is None or user.email_verified_at is not None or not _may_have_a_code(user):
        return None
    now = clock.now()
    if user.email_codes_since is None or now - user.email_codes_since >= _DAY:
        user.email_codes, user.email_codes_since = 0, now
    user.email_codes += 1
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    user.email_code_hash = _hash(user, code)
    user.email_code_until = clock.now() + VALID_FOR
    user.email_code_tries = 0
    await session.flush()
    return code


async def confirm(session: AsyncSession, user: User, code: str) -> str | None:
    """Take the address for theirs when the code is right; else the text key of what is wrong.

    The caller commits either way, so that the try counts.
    """
    await _lock(session, user)
    if (
        user.email_code_hash is None
        or user.email_code_until is None
        or user.email_code_until <= clock.now()
        or user.email_code_tries >= TRIES
    ):
        return "email.code_over"
    user.email_code_tries += 1
    wrong = None
    if hmac.compare_digest(_hash(user, _NOT_DIGITS.sub("", code)), user.email_code_hash):
        user.email_verified_at = clock.now()
        user.email_code_hash = None
    else:
        wrong = "email.code_wrong" if user.email_code_tries < TRIES else "email.code_over"
    await session.flush()
    return wrong


async def remove(session: AsyncSession, user: User) -> None:
    """Forget the address. When the last code was made stays known: see `PAUSE`."""
    await _lock(session, user)
    user.email = user.email_verified_at = user.email_code_hash = None
    await session.flush()


def _may_have_a_code(user: User) -> bool:
    until = user.email_code_until
    rested = until is None or until - VALID_FOR + PAUSE <= clock.now()
    return rested and not _has_had_enough(user)


def _has_had_enough(user: User) -> bool:
    since = user.email_codes_since
    return since is not None and clock.now() - since < _DAY and user.email_codes >= CODES_A_DAY


def _hash(user: User, code: str) -> str:
    return sha256(f"{user.id}:{code}".encode()).hexdigest()


async def _lock(session: AsyncSession, user: User) -> None:
    """Two answers at once are two tries."""
    await session.flush()
    await session.execute(
        select(User).where(User.id == user.id).with_for_update().execution_options(populate_existing=True)
    )
