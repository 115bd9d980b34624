"""Inline keyboards, checked as Telegram checks them."""

from typing import Any

from sandbox.telegram.entities import checked_link
from sandbox.telegram.errors import bad_request
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.state import Json

MOST_BUTTONS = 100
_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "copy_text",
    "pay",
)


def keyboard(parameters: Parameters) -> list[list[Json]] | None:
    """The inline keyboard of a call, None when there is none. Raises ApiError with Telegram's text."""
    markup = parameters.structure("reply_markup", "reply keyboard markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if "keyboard" in markup:
            raise bad_request("the sandbox shows inline keyboards only")
        return None  # remove_keyboard and force_reply show nothing here
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list):
        raise bad_request('can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard: Inline keyboard row must be of type Array")
    checked = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, checked)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return checked or None


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: Inline keyboard button must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not text.strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    actions = [name for name in _ACTIONS if button.get(name) is not None]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are not allowed in the inline keyboard"
        )
    data = button.get("callback_data")
    if data is not None and (not isinstance(data, str) or not 1 <= len(data.encode()) <= 64):
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and (not isinstance(url, str) or checked_link(url) is None):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return {name: value for name, value in button.items() if value is not None}
