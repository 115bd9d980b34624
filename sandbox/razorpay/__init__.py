"""Razorpay on one machine, for the demo and the tests."""

from sandbox.razorpay.delivery import Attempt, Event, Webhook
from sandbox.razorpay.errors import ApiError, CannotDo
from sandbox.razorpay.sandbox import RazorpaySandbox

__all__ = ["ApiError", "Attempt", "CannotDo", "Event", "RazorpaySandbox", "Webhook"]
