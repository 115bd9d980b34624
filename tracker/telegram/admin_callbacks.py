"""What the buttons of those who run the service carry, as `callbacks.py` has it for everybody's."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

MAX_STORE = 40
"""Characters of what names a store in a button."""


class StoreAction(StrEnum):
    LIST = "list"
    SHOW = "show"
    REST = "rest"
    """For `value` hours."""
    RELEASE = "free"
    GAP = "gap"
    """Offer how far apart its pages are asked for; AT_ONCE and WAY likewise."""
    AT_ONCE = "once"
    WAY = "way"
    SET_GAP = "sgap"
    """`value` is in seconds; empty is as it is for the others."""
    SET_AT_ONCE = "sonce"
    SET_WAY = "sway"


class StoreButton(CallbackData, prefix="as", sep="|"):
    """A store by its code, or by `#` and the id of one of its listings when the code is too long."""

    action: StoreAction
    store: Annotated[str, Field(max_length=MAX_STORE)] = ""
    value: Annotated[str, Field(max_length=11)] = ""


class ProductAction(StrEnum):
    LIST = "list"
    """The newest; those before `other` when it is set."""
    SHOW = "show"
    CHECK = "now"
    PAUSE = "pause"
    RESUME = "resume"
    RESET = "reset"
    """Forget the rules that people taught about it; RESET_STORE those about all of its store."""
    RESET_STORE = "resets"
    READINGS = "read"
    """The readings that may be struck; STRIKE strikes `other`."""
    STRIKE = "strike"


class ProductButton(CallbackData, prefix="ap"):
    action: ProductAction
    listing_id: Annotated[int, Field(ge=0, lt=2**63)] = 0
    other: Annotated[int, Field(ge=0, lt=2**63)] = 0


class OutboxAction(StrEnum):
    FAILED = "failed"
    """A new list of what was given up, those before `id` when it is set; HERE is the same in its place."""
    HERE = "here"
    SHOW = "show"
    RETRY = "retry"
    DROP = "drop"


class FailedAlertButton(CallbackData, prefix="ae"):
    action: OutboxAction
    id: Annotated[int, Field(ge=0, lt=2**63)] = 0


class EventButton(CallbackData, prefix="av"):
    """A webhook event; RETRY replays it."""

    action: OutboxAction
    id: Annotated[int, Field(ge=0, lt=2**63)] = 0


class HealthAction(StrEnum):
    SHOW = "show"
    SILENCE = "quiet"
    """An alarm for `hours`; `alarm` is its number."""


class HealthButton(CallbackData, prefix="ah"):
    action: HealthAction
    alarm: Annotated[str, Field(max_length=16, pattern=r"^[0-9a-f]*$")] = ""
    """The beginning of the digest of its key."""
    hours: Annotated[int, Field(ge=0, le=999)] = 0
