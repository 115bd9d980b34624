"""Buttons about people, their subscriptions, coupons and the audit log, for those who run the service."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from tracker.telegram.callbacks import RowId

MAX_QUERY_BYTES = 40
"""What is left for the words of a search beside the id from which a list goes on."""

Query = Annotated[str, Field(max_length=MAX_QUERY_BYTES)]
Before = Annotated[int, Field(ge=0, lt=2**63)]
"""The id before which a list goes on; 0 is its beginning."""


class PersonAction(StrEnum):
    SHOW = "show"
    SUSPEND = "suspend"
    """Ask why and until when; GIFT, NOTE and WRITE ask for what they need too."""
    ACTIVATE = "activate"
    GIFT = "gift"
    NOTE = "note"
    WRITE = "write"
    SEES = "sees"
    PAYMENTS = "payments"
    ROLE = "role"
    """Offer the roles; SET_ROLE gives the one in `value`, or takes it when that is empty."""
    SET_ROLE = "setrole"
    DELETE = "delete"
    """Say what it would do; DELETE_SURE does it."""
    DELETE_SURE = "deleted"


class PersonButton(CallbackData, prefix="up"):
    action: PersonAction
    user_id: RowId
    value: Annotated[str, Field(max_length=16)] = ""


class PeopleButton(CallbackData, prefix="ul", sep="|"):
    before: Before
    query: Query = ""


class SubscriptionAction(StrEnum):
    SHOW = "show"
    CANCEL = "cancel"
    """Say what it would do; NOW and PERIOD_END do it."""
    NOW = "now"
    PERIOD_END = "end"
    EXTEND = "extend"
    """Ask for how many days."""


class SubscriptionButton(CallbackData, prefix="su"):
    action: SubscriptionAction
    subscription_id: RowId


class SubscriptionsButton(CallbackData, prefix="sl", sep="|"):
    before: Before
    query: Query = ""


class AuditButton(CallbackData, prefix="al", sep="|"):
    before: Before
    query: Query = ""


class CouponButton(CallbackData, prefix="cp"):
    """End the coupon `coupon_id`; without one, list those before `before`."""

    coupon_id: Before = 0
    before: Before = 0
