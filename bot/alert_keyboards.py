"""How a person is told: the card of their preferences, and the choices behind its buttons."""

from collections.abc import Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.alerts.models import AlertPreferences, Mode
from tracker.alerts.preferences import CAPS, MINUTES_A_DAY
from tracker.telegram.callbacks import AlertsAction, AlertsButton, RuleAction, RuleButton
from tracker.telegram.cards import Card, button, joined
from tracker.texts import Language

QUIET_HOURS = ((22 * 60, 7 * 60), (23 * 60, 8 * 60), (0, 7 * 60))

MODES = {
    AlertsAction.INSTANT: Mode.INSTANT,
    AlertsAction.HOURLY: Mode.HOURLY,
    AlertsAction.DAILY: Mode.DAILY,
    AlertsAction.WEEKLY: Mode.WEEKLY,
}
_MODE_LABELS = {
    AlertsAction.INSTANT: "button.mode_instant",
    AlertsAction.HOURLY: "button.mode_hourly",
    AlertsAction.DAILY: "button.mode_daily",
    AlertsAction.WEEKLY: "button.mode_weekly",
}


def preferences(language: Language, chosen: AlertPreferences, waiting: int) -> Card:
    """What is chosen, a sentence each, and a button to change it. `waiting` alerts are held."""
    lines = [
        language("alerts.heading"),
        Markup(""),
        _mode_line(language, chosen),
        _quiet_line(language, chosen),
        language("alerts.cap", cap=language.number(chosen.hourly_cap))
        if chosen.hourly_cap
        else language("alerts.no_cap"),
        language("alerts.silent" if chosen.is_silent else "alerts.sound"),
        language("alerts.photos" if chosen.has_photos else "alerts.no_photos"),
        Markup(""),
        language("alerts.time_zone", time_zone=language.time_zone),
        *([language.count("alerts.waiting", waiting)] if waiting else []),
    ]
    sound = "button.sound_on" if chosen.is_silent else "button.sound_off"
    photos = "button.photos_off" if chosen.has_photos else "button.photos_on"
    rows = [
        [
            _button(language, "button.when_told", AlertsAction.MODES),
            _button(language, "button.quiet_hours", AlertsAction.QUIET),
        ],
        [
            _button(language, "button.limit", AlertsAction.CAPS),
            _button(language, sound, AlertsAction.SOUND, int(chosen.is_silent)),
        ],
        [
            _button(language, photos, AlertsAction.PHOTOS, int(not chosen.has_photos)),
            _button(language, "button.history", AlertsAction.HISTORY),
        ],
        [button(language, "button.default_rules", RuleButton(action=RuleAction.SHOW))],
        *([[_button(language, "button.pending", AlertsAction.PENDING)]] if waiting else []),
    ]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def modes(language: Language, chosen: AlertPreferences) -> Card:
    buttons = [
        _choice(language.plain(label), action, is_chosen=chosen.mode == MODES[action])
        for action, label in _MODE_LABELS.items()
    ]
    return _choices(language, "alerts.which_mode", buttons, a_row=2)


def hours(language: Language, chosen: AlertPreferences) -> Card:
    buttons = [
        _choice(language.wall_clock(hour * 60), AlertsAction.HOUR, hour, is_chosen=hour == chosen.digest_hour)
        for hour in range(24)
    ]
    return _choices(language, "alerts.which_hour", buttons, a_row=4)


def weekdays(language: Language, chosen: AlertPreferences) -> Card:
    buttons = [
        _choice(language.weekday(day), AlertsAction.WEEKDAY, day, is_chosen=day == chosen.digest_weekday)
        for day in range(7)
    ]
    return _choices(language, "alerts.which_weekday", buttons, a_row=2)


def quiet_hours(language: Language, chosen: AlertPreferences) -> Card:
    now = (chosen.quiet_from, chosen.quiet_until)
    buttons = [
        _choice(
            f"{language.wall_clock(begin)} – {language.wall_clock(end)}",
            AlertsAction.BETWEEN,
            begin * MINUTES_A_DAY + end,
            is_chosen=now == (begin, end),
        )
        for begin, end in QUIET_HOURS
    ]
    buttons += [
        _button(language, "button.other_hours", AlertsAction.OTHER_HOURS),
        _choice(
            language.plain("button.not_quiet"), AlertsAction.NOT_QUIET, is_chosen=chosen.quiet_from is None
        ),
    ]
    return _choices(language, "alerts.which_quiet_hours", buttons, a_row=2)


def caps(language: Language, chosen: AlertPreferences) -> Card:
    buttons = [
        _choice(language.number(cap), AlertsAction.CAP, cap, is_chosen=cap == chosen.hourly_cap)
        for cap in CAPS
    ]
    none = _choice(
        language.plain("button.no_limit"), AlertsAction.CAP, 0, is_chosen=chosen.hourly_cap is None
    )
    return _choices(language, "alerts.which_cap", [*buttons, none], a_row=4)


def _mode_line(language: Language, chosen: AlertPreferences) -> Markup:
    hour = language.wall_clock(chosen.digest_hour * 60)
    if chosen.mode == Mode.HOURLY:
        return language("alerts.hourly")
    if chosen.mode == Mode.DAILY:
        return language("alerts.daily", hour=hour)
    if chosen.mode == Mode.WEEKLY:
        return language("alerts.weekly", weekday=language.weekday(chosen.digest_weekday), hour=hour)
    return language("alerts.instant")


def _quiet_line(language: Language, chosen: AlertPreferences) -> Markup:
    if chosen.quiet_from is None or chosen.quiet_until is None:
        return language("alerts.not_quiet")
    begin, end = language.wall_clock(chosen.quiet_from), language.wall_clock(chosen.quiet_until)
    return language("alerts.quiet", begin=begin, end=end)


def _choices(language: Language, key: str, buttons: Sequence[InlineKeyboardButton], *, a_row: int) -> Card:
    rows = [list(buttons[start : start + a_row]) for start in range(0, len(buttons), a_row)]
    rows.append([_button(language, "button.back", AlertsAction.SHOW)])
    return Card(language(key), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _choice(text: str, action: AlertsAction, value: int = 0, *, is_chosen: bool) -> InlineKeyboardButton:
    data = AlertsButton(action=action, value=value)
    return InlineKeyboardButton(text=f"• {text}" if is_chosen else text, callback_data=data.pack())


def _button(language: Language, key: str, action: AlertsAction, value: int = 0) -> InlineKeyboardButton:
    data = AlertsButton(action=action, value=value)
    return InlineKeyboardButton(text=language.plain(key), callback_data=data.pack())
