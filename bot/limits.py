"""How often people may ask: by their plan, and less often for what costs most.

Who asks too often hears so once and then nothing until there is room again; whoever floods is not heard at
all for some minutes. Those who run the service, and payments, are never limited.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

import structlog
from aiogram.types import CallbackQuery, Message, Update
from redis.asyncio import Redis

from bot import senders
from bot.handlers.links import LINKS_PER_MESSAGE, links_of
from tracker.limits import Limiter, Lockout, Rate
from tracker.telegram.callbacks import WatchAction, WatchButton

log = structlog.get_logger()

COSTLY_SHARE = 4
"""Of so many requests one may be costly."""

FLOOD = 3
"""So many times the limit, refused within a minute, is a flood."""

MUTED = timedelta(minutes=5)

_MINUTE = timedelta(minutes=1)
_COSTLY_COMMANDS = frozenset({"/add", "/history", "/export"})
_COSTLY_ACTIONS = (WatchAction.CHECK, WatchAction.STILL)

_MOST_KNOWN = 50_000


class Verdict(Enum):
    ANSWER = auto()
    ASK_FOR_PATIENCE = auto()
    SILENCE = auto()


@dataclass(frozen=True, slots=True)
class _Known:
    per_minute: int
    is_staff: bool


class Pace:
    """Judges each update before anything is done about it.

    What somebody's plan permits is known from their last update here: before the first, `usual` is taken.
    """

    def __init__(self, redis: Redis, *, owners: Collection[int], usual: int) -> None:
        self._redis = redis
        self._limiter = Limiter(redis)
        self._owners = owners
        self._usual = _Known(usual, is_staff=False)
        self._known: dict[int, _Known] = {}

    def learn(self, telegram_id: int, *, per_minute: int, is_staff: bool) -> None:
        """What this person may, from now on."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[telegram_id] = _Known(per_minute, is_staff)

    async def judge(self, update: Update, telegram_id: int) -> Verdict:
        """Whether an update is answered. Without Redis, every one is."""
        if not _counts(update):
            return Verdict.ANSWER
        known = self._known.get(telegram_id, self._usual)
        if telegram_id in self._owners or known.is_staff:
            return Verdict.ANSWER
        await senders.count(self._redis, telegram_id)
        lockout = Lockout(FLOOD * known.per_minute, _MINUTE, MUTED)
        if await self._limiter.locked(f"bot:flood:{telegram_id}", lockout):
            return Verdict.SILENCE
        if await self._is_within(update, telegram_id, known.per_minute):
            return Verdict.ANSWER
        await self._limiter.strike(f"bot:flood:{telegram_id}", lockout)
        told = await self._limiter.take(f"bot:told:{telegram_id}", Rate(1))
        if told.allowed and not _is_in_group(update):
            log.info("bot.too_often", telegram_id=telegram_id)
            return Verdict.ASK_FOR_PATIENCE
        return Verdict.SILENCE

    async def _is_within(self, update: Update, telegram_id: int, per_minute: int) -> bool:
        if not (await self._limiter.take(f"bot:all:{telegram_id}", Rate(per_minute))).allowed:
            return False
        most = max(2, per_minute // COSTLY_SHARE)
        cost = min(_cost(update), most)
        if not cost:
            return True
        return (await self._limiter.take(f"bot:costly:{telegram_id}", Rate(most), cost=cost)).allowed


def _counts(update: Update) -> bool:
    """Only what a person says or taps; in a group, only what is said to a bot. Money is always taken."""
    if update.callback_query is not None:
        return True
    message = update.message
    if message is None or message.successful_payment is not None or message.refunded_payment is not None:
        return False
    return not _is_in_group(update) or (message.text or "").startswith("/")


def _is_in_group(update: Update) -> bool:
    return update.message is not None and update.message.chat.type != "private"


def _cost(update: Update) -> int:
    if update.callback_query is not None:
        return _cost_of_button(update.callback_query)
    return _cost_of_message(update.message) if update.message is not None else 0


def _cost_of_message(message: Message) -> int:
    """One for each page that is read, or picture or file that is made."""
    links = min(len(links_of(message)), LINKS_PER_MESSAGE)
    words = (message.text or "").split(maxsplit=1)
    is_costly = bool(words) and words[0].partition("@")[0].lower() in _COSTLY_COMMANDS
    return max(links, int(is_costly))


def _cost_of_button(callback: CallbackQuery) -> int:
    try:
        return int(WatchButton.unpack(callback.data or "").action in _COSTLY_ACTIONS)
    except (TypeError, ValueError):
        return 0
