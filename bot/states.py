"""Dialogues: what the next message is the answer to."""

from aiogram.fsm.state import State, StatesGroup


class Asking(StatesGroup):
    target = State()
    """The target price of the watch in `watch_id`."""
    drop = State()
    """The size of a drop, for the watch in `watch_id`."""
    default_drop = State()
    """The size of a drop, for the watches that are to come."""
    time_zone = State()
    quiet_hours = State()
    coupon = State()
    """A code, for the `plan` and the `period` that were quoted."""
    invoice_name = State()
    invoice_address = State()
    invoice_state = State()
    invoice_gstin = State()
    email = State()
    email_code = State()
    """The code that was mailed to it."""
    broadcast_segment = State()
    broadcast_text = State()
    """What is sent to the `segment`."""
    broadcast_time = State()
    """When the broadcast `id` begins."""
