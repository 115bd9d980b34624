"""What the next message of somebody who runs the service is the answer to."""

from aiogram import F
from aiogram.fsm.state import State, StatesGroup


class Answering(StatesGroup):
    suspension = State()
    """Why the person `user_id` is suspended, and until when; so it is with the next three."""
    gift = State()
    note = State()
    letter = State()
    extension = State()
    """For how many days the subscription `subscription_id` is made longer."""


TYPED = (F.text, ~F.text.startswith("/"))
"""Of an answer: words, and no command, which leaves what was asked."""
