"""What our inline buttons carry: typed, at most 64 bytes, never trusted (a client can send any bytes)."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from tracker.billing.periods import Period
from tracker.watches.models import RuleKind
from tracker.watches.service import Sort

RowId = Annotated[int, Field(ge=1, lt=2**63)]
"""What a table's key can be: no database is asked about a larger number that somebody made up."""

MAX_NEEDLE_BYTES = 36
"""What is left for a search text in a list button beside its page and sort order."""


class PreviewAction(StrEnum):
    TRACK = "track"
    TARGET = "target"
    DECLINE = "no"


class PreviewButton(CallbackData, prefix="p"):
    action: PreviewAction
    preview_id: RowId


class WatchAction(StrEnum):
    CARD = "card"
    RULES = "rules"
    SET_TARGET = "target"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STILL = "still"
    """Look at the page now, and say in the alert what it shows."""
    CHECK = "now"
    """Let the page be checked now, for all who watch it."""
    SNOOZE = "snooze"
    """Offer for how long."""
    BACK = "back"
    """Leave that offer."""
    SNOOZE_DAY = "day"
    SNOOZE_WEEK = "week"
    SNOOZE_LOWER = "lower"
    BOUGHT = "bought"


class Place(StrEnum):
    """Which kind of message a button stands under: it decides what a tap does to that message."""

    CARD = "c"
    """The card changes in place."""
    LIST = "l"
    """The list stays, and a card is sent."""
    ALERT = "a"
    """The alert keeps its words, and its buttons change."""


class WatchButton(CallbackData, prefix="w"):
    action: WatchAction
    watch_id: RowId
    place: Place = Place.CARD


class CorrectionAction(StrEnum):
    WRONG = "wrong"
    """"Wrong price?" under a card or an alert: `id` is a watch's."""
    CHOOSE = "choose"
    NONE = "none"
    RIGHT = "right"
    UNDO = "undo"
    """For admins."""


class CorrectionButton(CallbackData, prefix="x"):
    action: CorrectionAction
    id: RowId
    """A watch's of WRONG, a correction's of all others."""
    index: Annotated[int, Field(ge=0, lt=16)] = 0
    """Of CHOOSE: which of what was offered."""
    asked: Annotated[int, Field(ge=0, lt=2**40)] = 0
    """Of CHOOSE, NONE and RIGHT: when it was asked, in seconds. A later question has other choices."""


class RuleAction(StrEnum):
    SHOW = "show"
    """The card of the rules."""
    KIND = "kind"
    """What can be chosen about one kind."""
    SET = "set"
    """`value` is the percentage of DROP_BY, the days of LOWEST (0 is ever), and nothing of all others."""
    REFERENCE = "ref"
    TYPE = "type"
    """Ask for the target, or for the size of the drop."""
    REMOVE = "off"
    AGAIN = "again"
    """Offer when a rule may be told again."""
    REARM = "rearm"
    """`value` is a Rearm, or a number of hours."""
    ARM = "arm"
    """Let a rule that is told once be told once more."""
    LIMITS = "limits"
    LIMIT = "limit"
    """`value` is a Limit."""


class RuleButton(CallbackData, prefix="r"):
    """A rule of a watch. Watch 0 is every watch to come: the person's default rules."""

    action: RuleAction
    watch_id: Annotated[int, Field(ge=0, lt=2**63)] = 0
    kind: RuleKind | None = None
    value: Annotated[str, Field(max_length=12)] = ""


class ListButton(CallbackData, prefix="l", sep="|"):
    page: int
    sort: Sort
    needle: str = ""


class SettingsAction(StrEnum):
    SHOW = "show"
    LANGUAGES = "languages"
    LANGUAGE = "language"
    CURRENCIES = "currencies"
    CURRENCY = "currency"
    TIME_ZONES = "zones"
    TIME_ZONE = "zone"
    OTHER_TIME_ZONE = "other"
    HEAR = "hear"
    """Get what is sent to many; HEAR_NOT gets none, and NO_MORE is that from under one of them."""
    HEAR_NOT = "hear_not"
    NO_MORE = "no_more"


class SettingsButton(CallbackData, prefix="s"):
    action: SettingsAction
    value: str = ""


class AlertsAction(StrEnum):
    SHOW = "show"
    """The card of the preferences."""
    MODES = "modes"
    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    HOURS = "hours"
    HOUR = "hour"
    WEEKDAYS = "days"
    WEEKDAY = "day"
    """Monday is 0."""
    QUIET = "quiet"
    BETWEEN = "between"
    """`value` is begin x 1440 + end, in minutes since midnight."""
    NOT_QUIET = "loud"
    OTHER_HOURS = "other"
    CAPS = "caps"
    CAP = "cap"
    """0 is none."""
    SOUND = "sound"
    """1 is with, 0 without; so it is with PHOTOS."""
    PHOTOS = "photos"
    PENDING = "pending"
    SEND_NOW = "send"
    HISTORY = "history"
    """A new message with the alerts of the watch `value`; 0 is all."""
    PAGE = "page"
    """The same, in the place of the message, at `page`."""


class AlertsButton(CallbackData, prefix="a"):
    action: AlertsAction
    value: Annotated[int, Field(ge=0, lt=2**63)] = 0
    page: Annotated[int, Field(ge=0, lt=10**6)] = 0


PlanCode = Annotated[str, Field(max_length=16, pattern=r"^[a-z]*$")]

MAX_COUPON = 32
"""Characters of a coupon's code, ASCII alone: a button carries it."""


class PlanAction(StrEnum):
    PLANS = "plans"
    """All of them."""
    PLAN = "plan"
    QUOTE = "quote"
    """What `plan` costs for `period`, with `coupon` when there is one."""
    COUPON = "coupon"
    """Ask for a code."""
    PAY = "pay"
    """Once; AUTO renews by itself."""
    AUTO = "auto"
    STARS = "stars"
    """The quote in Telegram Stars, which STARS_PAY and STARS_AUTO are for."""
    STARS_PAY = "spay"
    STARS_AUTO = "sauto"
    TRIAL = "trial"


class PlanButton(CallbackData, prefix="b"):
    action: PlanAction
    plan: PlanCode = ""
    period: Period | None = None
    coupon: Annotated[str, Field(max_length=MAX_COUPON, pattern=r"^[A-Z0-9-]*$")] = ""


class CheckoutAction(StrEnum):
    ASK = "ask"
    """"I have paid": look whether it is so."""
    AGAIN = "again"
    """Make the link once more, or show it."""
    CANCEL = "cancel"


class CheckoutButton(CallbackData, prefix="k"):
    action: CheckoutAction
    checkout_id: RowId


class BillingAction(StrEnum):
    SHOW = "show"
    LESSER = "lesser"
    """What may follow when the paid time ends."""
    NEXT = "next"
    """Say what `plan` would mean then; SURE decides it."""
    SURE = "sure"
    KEEP = "keep"
    STOP = "stop"
    """Say what it means to renew no more by itself; STOP_SURE decides it."""
    STOP_SURE = "stopped"
    INVOICES = "invoices"
    INVOICE = "invoice"
    """Send the invoice `id`."""
    DETAILS = "details"
    """Whom invoices name; NAME, ADDRESS, STATE and GSTIN ask for one of it, REMOVE forgets all."""
    NAME = "name"
    ADDRESS = "address"
    STATE = "state"
    GSTIN = "gstin"
    REMOVE = "remove"
    EMAIL = "email"
    """Ask where invoices are mailed to; NO_EMAIL forgets it."""
    NO_EMAIL = "no_email"


class BillingButton(CallbackData, prefix="m"):
    action: BillingAction
    id: Annotated[int, Field(ge=0, lt=2**63)] = 0
    plan: PlanCode = ""


class PaymentAction(StrEnum):
    """For admins."""

    LIST = "list"
    APPLY = "apply"
    REFUND = "refund"
    """Say what a refund would do; SURE asks for it."""
    SURE = "sure"


class PaymentButton(CallbackData, prefix="y"):
    action: PaymentAction
    payment_id: Annotated[int, Field(ge=0, lt=2**63)] = 0
    amount: Annotated[int, Field(ge=0, lt=10**12)] = 0
    """Of a refund, in minor units; 0 is all that is left."""
    back: Annotated[int, Field(ge=0, lt=10**12)] = 0
    """What had gone back, or was on its way, when it was asked: a second tap finds another figure."""


def fitting_needle(words: str) -> str:
    """The start of a search text that fits into a list button, cut at a whole character."""
    return words.replace("|", " ").encode()[:MAX_NEEDLE_BYTES].decode(errors="ignore").strip()
