"""A Telegram Bot API server on one machine, for the demo and the tests."""

from sandbox.telegram.errors import ApiError, CannotDo
from sandbox.telegram.faults import Fault, FaultKind, Faults
from sandbox.telegram.limits import Limits
from sandbox.telegram.people import TelegramSandbox
from sandbox.telegram.server import Call

__all__ = ["ApiError", "Call", "CannotDo", "Fault", "FaultKind", "Faults", "Limits", "TelegramSandbox"]
