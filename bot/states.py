"""Dialogues: what the next message is the answer to."""

from aiogram.fsm.state import State, StatesGroup


class Asking(StatesGroup):
    target = State()
    """The target price of the watch in `watch_id`."""
    time_zone = State()
    quiet_hours = State()
