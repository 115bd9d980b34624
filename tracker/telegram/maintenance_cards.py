"""/maintenance: how it stands, and what switching it does."""

from aiogram.types import InlineKeyboardMarkup

from tracker.admin.models import Switch
from tracker.telegram.cards import Card, button
from tracker.telegram.reach_callbacks import MaintenanceButton
from tracker.texts import Language


def state(language: Language, switch: Switch | None) -> Card:
    if switch is None or not switch.is_on:
        return Card(language("maintenance.off"))
    return Card(language("maintenance.on", since=language.time(switch.at)))


def effect(language: Language, *, is_on: bool) -> Card:
    """What it does, before it does it."""
    key = "button.maintenance_sure_on" if is_on else "button.maintenance_sure_off"
    sure = button(language, key, MaintenanceButton(is_on=is_on))
    text = language("maintenance.turn_on") if is_on else language("maintenance.turn_off")
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=[[sure]]))
