"""Buttons of broadcasts and of maintenance."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field


class BroadcastAction(StrEnum):
    LIST = "list"
    SHOW = "show"
    EVERYBODY = "all"
    """The answer to "who is it for?"."""
    TEST = "test"
    """Send it to whoever taps."""
    NOW = "now"
    """Say what starting it now would do; SURE starts it, now or at the time that was planned."""
    LATER = "later"
    """Ask when."""
    SURE = "sure"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    """Say what that means; CANCEL_SURE does it."""
    CANCEL_SURE = "cancelled"


class BroadcastButton(CallbackData, prefix="bc"):
    action: BroadcastAction
    id: Annotated[int, Field(ge=0, lt=2**63)] = 0


class MaintenanceButton(CallbackData, prefix="mt"):
    """The second step of /maintenance."""

    is_on: bool
