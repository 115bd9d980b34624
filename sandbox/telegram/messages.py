"""The methods that write into a chat: send, edit, delete, answer a tap."""

from urllib.parse import urlsplit

from sandbox.telegram import pictures
from sandbox.telegram.entities import FormattedText, formatted
from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.markup import keyboard
from sandbox.telegram.parameters import LARGEST_REQUEST, Parameters
from sandbox.telegram.state import CallbackAnswer, Chat, Json, Message, State, StoredFile
from tracker import clock

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_ANSWER = 200
_QUERY_LIFETIME = 150  # seconds; Source: tdlib/telegram-bot-api, Client.cpp
_DELETABLE = 48 * 3600  # seconds; Source: Bot API, deleteMessage

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def chat_id(parameters: Parameters) -> int | None:
    """The chat that a call names; None when it names none by number."""
    return parameters.number("chat_id")


def _open_chat(state: State, parameters: Parameters) -> Chat:
    if not parameters.text("chat_id"):
        raise bad_request("chat_id is empty")
    return state.open_chat(chat_id(parameters))


def _text(parameters: Parameters) -> FormattedText:
    if not parameters.text("text"):
        raise bad_request("message text is empty")
    text = formatted(
        parameters.text("text"),
        parameters.text("parse_mode"),
        parameters.structure("entities", "message entities"),
    )
    if not text.text:
        raise bad_request("message text is empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text


def _caption(parameters: Parameters) -> FormattedText:
    caption = formatted(
        parameters.text("caption"),
        parameters.text("parse_mode"),
        parameters.structure("caption_entities", "message entities"),
    )
    if len(caption) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return caption


def _source(parameters: Parameters, field: str) -> str | None:
    return parameters.text(field) if parameters.text("parse_mode").lower() == "html" else None


def reply_to(chat: Chat, parameters: Parameters) -> int | None:
    """The message that a call answers, None when it answers none. Raises ApiError when it is gone."""
    reply = parameters.structure("reply_parameters", "reply parameters") or {}
    if not isinstance(reply, dict):
        raise bad_request("object expected as reply parameters")
    message_id = reply.get("message_id") or parameters.number("reply_to_message_id")
    if not message_id:
        return None
    if int(message_id) in chat.messages and not chat.messages[int(message_id)].deleted:
        return int(message_id)
    if reply.get("allow_sending_without_reply") or parameters.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _send(
    state: State,
    parameters: Parameters,
    chat: Chat,
    body: FormattedText,
    source: str | None,
    *,
    photo: StoredFile | None = None,
    document: StoredFile | None = None,
) -> Json:
    buttons = keyboard(parameters)
    extra: Json = {}
    if (reply := reply_to(chat, parameters)) is not None:
        extra["reply_to"] = reply
    if (thread := parameters.number("message_thread_id")) is not None:
        extra["message_thread_id"] = thread
    if parameters.flag("protect_content"):
        extra["has_protected_content"] = True
    message = Message(
        message_id=state.next_message_id(),
        chat_id=chat.id,
        sender=state.bot,
        date=state.timestamp(),
        body=body,
        source=source,
        photo=photo,
        document=document,
        keyboard=buttons,
        silent=parameters.flag("disable_notification"),
        extra=extra,
    )
    return state.message_api(state.add(message))


def send_message(state: State, parameters: Parameters) -> Json:
    """sendMessage."""
    chat = _open_chat(state, parameters)
    return _send(state, parameters, chat, _text(parameters), _source(parameters, "text"))


def send_photo(state: State, parameters: Parameters) -> Json:
    """sendPhoto: an upload, a file_id or a URL."""
    chat = _open_chat(state, parameters)
    caption = _caption(parameters)
    photo = _photo(state, parameters, "photo")
    return _send(state, parameters, chat, caption, _source(parameters, "caption"), photo=photo)


def send_document(state: State, parameters: Parameters) -> Json:
    """sendDocument: an upload, a file_id or a URL."""
    chat = _open_chat(state, parameters)
    caption = _caption(parameters)
    document = _document(state, parameters, "document")
    return _send(state, parameters, chat, caption, _source(parameters, "caption"), document=document)


def _photo(state: State, parameters: Parameters, field: str) -> StoredFile:
    upload = parameters.upload(field)
    if upload is None:
        return _referenced(state, parameters.text(field), "photo", "image/jpeg")
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > pictures.LARGEST_PHOTO:
        raise bad_request(f"file of size {len(upload.content)} bytes is too big for a photo")
    size = pictures.size(upload.content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > 10_000 or not min(width, height) or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return state.store_file(
        upload.name, _image_type(upload.content), upload.content, width=width, height=height
    )


def _image_type(content: bytes) -> str:
    return next(
        (
            kind
            for start, kind in ((b"\x89", "image/png"), (b"GIF", "image/gif"), (b"RIFF", "image/webp"))
            if content.startswith(start)
        ),
        "image/jpeg",
    )


def _document(state: State, parameters: Parameters, field: str) -> StoredFile:
    upload = parameters.upload(field)
    if upload is None:
        return _referenced(state, parameters.text(field), "document", "application/octet-stream")
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > LARGEST_REQUEST:
        raise ApiError(413, "Request Entity Too Large")
    return state.store_file(upload.name, upload.mime_type, upload.content)


def _referenced(state: State, reference: str, what: str, mime_type: str) -> StoredFile:
    """A file by its file_id or URL. Nothing is fetched: the page shows a picture from its own address."""
    if not reference:
        raise bad_request(f"there is no {what} in the request")
    if reference in state.files:
        return state.files[reference]
    try:
        parts = urlsplit(reference)
    except ValueError:
        raise bad_request("wrong HTTP URL specified") from None
    if parts.scheme not in ("http", "https"):
        raise bad_request("wrong remote file identifier specified: Wrong padding in the string")
    if not parts.hostname:
        raise bad_request("wrong HTTP URL specified")
    name = parts.path.rsplit("/", 1)[-1] or what
    return state.store_file(name, mime_type, url=reference)


def _own_message(state: State, parameters: Parameters) -> Message:
    if parameters.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = _open_chat(state, parameters)
    if parameters.number("message_id") is None:
        raise bad_request("message identifier is not specified")
    message = state.find(chat, parameters.number("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return message


def _edit(state: State, message: Message, parameters: Parameters, **content: object) -> Json:
    """Give the message new content and the call's keyboard: none in the call takes the old one away."""
    content["keyboard"] = keyboard(parameters)
    compared = {name: value for name, value in content.items() if name != "source"}
    if all(getattr(message, name) == value for name, value in compared.items()):
        raise bad_request(_NOT_MODIFIED)
    for name, value in content.items():
        setattr(message, name, value)
    state.edited(message)
    return state.message_api(message)


def edit_message_text(state: State, parameters: Parameters) -> Json:
    """editMessageText."""
    message = _own_message(state, parameters)
    if message.has_media or message.is_about_money:
        raise bad_request("there is no text in the message to edit")
    return _edit(state, message, parameters, body=_text(parameters), source=_source(parameters, "text"))


def edit_message_caption(state: State, parameters: Parameters) -> Json:
    """editMessageCaption."""
    message = _own_message(state, parameters)
    if not message.has_media:
        raise bad_request("there is no caption in the message to edit")
    return _edit(state, message, parameters, body=_caption(parameters), source=_source(parameters, "caption"))


def edit_message_reply_markup(state: State, parameters: Parameters) -> Json:
    """editMessageReplyMarkup."""
    return _edit(state, _own_message(state, parameters), parameters)


def edit_message_media(state: State, parameters: Parameters) -> Json:
    """editMessageMedia: a photo or a document in the place of another, or of a text."""
    message = _own_message(state, parameters)
    media = parameters.structure("media", "media")
    if not isinstance(media, dict) or not isinstance(media.get("media"), str):
        raise bad_request('can\'t parse InputMedia: Field "media" must be of type String')
    wanted = Parameters(media, parameters.files)
    kind = media.get("type")
    if kind not in ("photo", "document"):
        raise bad_request("the sandbox edits photos and documents only")
    return _edit(
        state,
        message,
        parameters,
        body=_caption(wanted),
        source=_source(wanted, "caption"),
        photo=_photo(state, wanted, "media") if kind == "photo" else None,
        document=_document(state, wanted, "media") if kind == "document" else None,
    )


def delete_message(state: State, parameters: Parameters) -> bool:
    """deleteMessage: within 48 hours."""
    chat = _open_chat(state, parameters)
    message = state.find(chat, parameters.number("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if state.timestamp() - message.date > _DELETABLE:
        raise bad_request("message can't be deleted for everyone")
    state.delete(message)
    return True


def answer_callback_query(state: State, parameters: Parameters) -> bool:
    """answerCallbackQuery: once, within 150 s."""
    query = state.queries.get(parameters.text("callback_query_id"))
    too_old = query is not None and clock.now().timestamp() - query.tapped_at > _QUERY_LIFETIME
    if query is None or query.answered or too_old:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = parameters.text("text")
    if len(FormattedText(text)) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answered = True
    answer = CallbackAnswer(
        query_id=query.id,
        chat_id=query.chat_id,
        text=text,
        show_alert=parameters.flag("show_alert"),
        url=parameters.text("url") or None,
        position=state.next_position(),
    )
    state.answers.append(answer)
    state.publish(
        state.chat(query.chat_id),
        "answer",
        lambda: {"query_id": query.id, "text": text, "show_alert": answer.show_alert, "url": answer.url},
    )
    return True
