"""Buttons of the dashboard, for those who run the service."""

from enum import StrEnum

from aiogram.filters.callback_data import CallbackData

from tracker.admin.figures import By


class Look(StrEnum):
    CARD = "card"
    """The dashboard, in the place of the message; STORES tells of each store there."""
    STORES = "stores"
    REVENUE = "revenue"
    """A picture below; GROWTH is another."""
    GROWTH = "growth"


class DashboardButton(CallbackData, prefix="ad"):
    look: Look
    by: By = By.DAY
