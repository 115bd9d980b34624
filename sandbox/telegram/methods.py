"""The table of methods, and those that write into no chat."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.telegram import messages, payments
from sandbox.telegram.errors import bad_request
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.state import Json, State

_ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_MOST_COMMANDS = 100
_LARGEST_DOWNLOAD = 20 * 1024 * 1024  # bytes; Source: Bot API, getFile


def get_me(state: State, _parameters: Parameters) -> Json:
    """getMe, with the capability flags."""
    return state.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(state: State, parameters: Parameters) -> Json:
    """getChat: ChatFullInfo."""
    chat_id = messages.chat_id(parameters)
    user = state.users.get(chat_id or 0)
    if chat_id not in state.chats or (user is not None and not user.started):
        raise bad_request("chat not found")
    return state.chat_api(chat_id) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }


def send_chat_action(state: State, parameters: Parameters) -> bool:
    """sendChatAction: the page shows it for five seconds, as Telegram's apps do."""
    chat = state.open_chat(messages.chat_id(parameters))
    action = parameters.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    state.publish(chat, "action", lambda: {"action": action})
    return True


def _scope(parameters: Parameters) -> tuple[str, str]:
    scope = parameters.structure("scope", "BotCommandScope") or {"type": "default"}
    kind = scope.get("type") if isinstance(scope, dict) else None
    if kind in ("chat", "chat_administrators", "chat_member"):
        kind = f"{kind}:{scope.get('chat_id')}"
    elif kind not in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    language = parameters.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    return str(kind), language


def set_my_commands(state: State, parameters: Parameters) -> bool:
    """setMyCommands for a scope and a language."""
    commands = parameters.structure("commands", "commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: Expected an Array of BotCommand")
    if len(commands) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict) or not _COMMAND.fullmatch(str(command.get("command"))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description") or "")) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    kept = [{"command": command["command"], "description": command["description"]} for command in commands]
    state.commands[_scope(parameters)] = kept
    _menus_changed(state)
    return True


def get_my_commands(state: State, parameters: Parameters) -> list[Json]:
    """getMyCommands of exactly this scope and language."""
    return state.commands.get(_scope(parameters), [])


def delete_my_commands(state: State, parameters: Parameters) -> bool:
    """deleteMyCommands of exactly this scope and language."""
    state.commands.pop(_scope(parameters), None)
    _menus_changed(state)
    return True


def _menus_changed(state: State) -> None:
    for user in state.users.values():
        commands = state.commands_for(user)
        state.publish(state.chat(user.id), "commands", partial(dict, commands=commands))


def get_file(state: State, parameters: Parameters) -> Json:
    """getFile: then GET /file/bot<token>/<file_path>."""
    stored = state.files.get(parameters.text("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > _LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return stored.api() | {"file_path": stored.path}


def _done(_state: State, _parameters: Parameters) -> bool:
    return True


Method = Callable[[State, Parameters], Any]

METHODS: dict[str, Method] = {
    "getMe": get_me,
    "logOut": _done,
    "close": _done,
    "getChat": get_chat,
    "getFile": get_file,
    "sendMessage": messages.send_message,
    "sendPhoto": messages.send_photo,
    "sendDocument": messages.send_document,
    "sendChatAction": send_chat_action,
    "editMessageText": messages.edit_message_text,
    "editMessageCaption": messages.edit_message_caption,
    "editMessageReplyMarkup": messages.edit_message_reply_markup,
    "editMessageMedia": messages.edit_message_media,
    "deleteMessage": messages.delete_message,
    "answerCallbackQuery": messages.answer_callback_query,
    "sendInvoice": payments.send_invoice,
    "createInvoiceLink": payments.create_invoice_link,
    "answerPreCheckoutQuery": payments.answer_pre_checkout_query,
    "refundStarPayment": payments.refund_star_payment,
    "editUserStarSubscription": payments.edit_user_star_subscription,
    "getStarTransactions": payments.get_star_transactions,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
}
LIMITED = frozenset({"sendMessage", "sendPhoto", "sendDocument", "sendInvoice"})
"""What counts against Telegram's rates."""
