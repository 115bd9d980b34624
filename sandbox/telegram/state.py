"""What Telegram remembers: users, chats, messages, files, callback queries. Plain memory, one event loop."""

import asyncio
import html
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.entities import FormattedText
from sandbox.telegram.errors import ApiError, CannotDo, bad_request, forbidden
from sandbox.telegram.till import Till
from tracker import clock

Json = dict[str, Any]


class Changes:
    """Wakes everybody who waits whenever anything changed."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        """Something changed."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next(self) -> None:
        """Return at the next change."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def wait_for(self, predicate: Callable[[], bool], seconds: float) -> None:
        """Return once the predicate holds. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            while not predicate():
                await self.next()


@dataclass(slots=True)
class User:
    """A person with a Telegram account."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "en"
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def api(self) -> Json:
        """A User object of the Bot API."""
        return _without_none(
            id=self.id,
            is_bot=False,
            first_name=self.first_name,
            last_name=self.last_name,
            username=self.username,
            language_code=self.language_code,
        )

    def view(self) -> Json:
        """What the page shows of a person."""
        return {
            "id": self.id,
            "first_name": self.first_name,
            "started": self.started,
            "blocked": self.blocked,
            "deactivated": self.deactivated,
        }


@dataclass(slots=True)
class StoredFile:
    """A file that was uploaded, or a photo that Telegram would have fetched from its URL."""

    file_id: str
    name: str
    mime_type: str
    content: bytes = b""
    url: str | None = None
    width: int = 800
    height: int = 800

    @property
    def path(self) -> str:
        return f"files/{self.file_id}/{self.name}"

    def api(self) -> Json:
        """The fields that PhotoSize, Document and File share."""
        return {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_size": len(self.content),
        }

    def address(self) -> str:
        """Where the page finds it."""
        return self.url or f"/sandbox/files/{self.file_id}"


@dataclass(slots=True)
class Message:
    """One message of a chat. The three `…_at` are positions in the order of all changes, not times."""

    message_id: int
    chat_id: int
    sender: Json
    date: int
    body: FormattedText
    source: str | None = None
    """The HTML as the bot sent it; None when it used no parse mode."""
    photo: StoredFile | None = None
    document: StoredFile | None = None
    keyboard: list[list[Json]] | None = None
    silent: bool = False
    extra: Json = field(default_factory=dict)
    invoice: Json | None = None
    edit_date: int | None = None
    deleted: bool = False
    created_at: int = 0
    edited_at: int = 0
    deleted_at: int = 0

    @property
    def from_bot(self) -> bool:
        return bool(self.sender["is_bot"])

    @property
    def has_media(self) -> bool:
        return self.photo is not None or self.document is not None

    @property
    def is_about_money(self) -> bool:
        """An invoice, or the word of a payment: without a text of its own."""
        return any(name in self.extra for name in ("invoice", "successful_payment", "refunded_payment"))

    def view(self) -> Json:
        """What tests and the page see."""
        return {
            "message_id": self.message_id,
            "from": "bot" if self.from_bot else "user",
            "date": self.date,
            "text": self.body.text,
            "html": html.escape(self.body.text, quote=False) if self.source is None else self.source,
            "entities": list(self.body.entities),
            "photo": self.photo.address() if self.photo else None,
            "document": self.document.name if self.document else None,
            "document_url": self.document.address() if self.document else None,
            "buttons": self.keyboard or [],
            "invoice": self.extra.get("invoice"),
            "paid": self.extra.get("successful_payment"),
            "went_back": self.extra.get("refunded_payment"),
            "reply_to": self.extra.get("reply_to"),
            "forwarded": "forward_origin" in self.extra,
            "edited": self.edit_date is not None,
            "deleted": self.deleted,
            "silent": self.silent,
        }


@dataclass(slots=True)
class Chat:
    """A private chat (the id of its user) or a group (a negative id)."""

    id: int
    title: str | None = None
    bot_status: str = "member"
    """What the bot is in a group: member, left or kicked."""
    migrated_to: int | None = None
    """The supergroup that a group became."""
    is_deleted: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    listeners: set[asyncio.Queue[tuple[str, Json]]] = field(default_factory=set)


@dataclass(slots=True)
class CallbackQuery:
    """A tap that waits for its answer."""

    id: str
    user_id: int
    chat_id: int
    tapped_at: float
    """UTC timestamp."""
    answered: bool = False
    update_id: int = 0


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What answerCallbackQuery showed to a person."""

    query_id: str
    chat_id: int
    text: str
    show_alert: bool
    url: str | None
    position: int


def _without_none(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


class State:
    """Everything the stand-in remembers."""

    def __init__(self, token: str, username: str) -> None:
        self.token = token
        self.bot: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Price Tracker",
            "username": username,
        }
        self.changes = Changes()
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.answers: deque[CallbackAnswer] = deque(maxlen=10_000)
        self.till = Till()
        self.position = 0
        """Grows with every change of a chat."""
        self.closed = False
        self._last_message_id = 0

    def close(self) -> None:
        """Let everybody who waits go, so that a server can stop."""
        self.closed = True
        for chat in self.chats.values():
            for listener in chat.listeners:
                listener.put_nowait(("closed", {}))
        self.changes.notify()

    def timestamp(self) -> int:
        """Now, in whole seconds UTC, on the clock that the sandbox can move."""
        return int(clock.now().timestamp())

    def next_position(self) -> int:
        self.position += 1
        return self.position

    def next_message_id(self) -> int:
        """Message ids count over all chats of a bot, as in Telegram."""
        self._last_message_id += 1
        return self._last_message_id

    def user(self, user_id: int) -> User:
        """A person known so far. Raises CannotDo."""
        try:
            return self.users[user_id]
        except KeyError:
            raise CannotDo(f"there is no user {user_id}") from None

    def chat(self, chat_id: int) -> Chat:
        """The chat with this id, made when it is new."""
        return self.chats.setdefault(chat_id, Chat(chat_id))

    def chat_api(self, chat_id: int) -> Json:
        """A Chat object of the Bot API."""
        user = self.users.get(chat_id)
        if user is None:
            kind = "supergroup" if str(chat_id).startswith("-100") else "group"
            return {"id": chat_id, "type": kind, "title": self.chat(chat_id).title or f"Group {-chat_id}"}
        return _without_none(
            id=chat_id,
            type="private",
            first_name=user.first_name,
            last_name=user.last_name,
            username=user.username,
        )

    def open_chat(self, chat_id: int | None) -> Chat:
        """A chat that the bot may write to. Raises ApiError as Telegram does when it may not."""
        if chat_id is None or chat_id not in self.chats:
            raise bad_request("chat not found")
        user = self.users.get(chat_id)
        if user is None:
            self._check_group(self.chats[chat_id])
        elif not user.started:
            raise bad_request("chat not found")
        elif user.deactivated:
            raise forbidden("user is deactivated")
        elif user.blocked:
            raise forbidden("bot was blocked by the user")
        return self.chats[chat_id]

    def _check_group(self, group: Chat) -> None:
        kind = self.chat_api(group.id)["type"]
        if group.migrated_to is not None:
            reason = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, reason, migrate_to_chat_id=group.migrated_to)
        if group.is_deleted:
            raise forbidden("the group chat was deleted")
        if group.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {kind} chat")
        if group.bot_status == "left":
            raise forbidden(f"bot is not a member of the {kind} chat")

    def membership_api(self, status: str) -> Json:
        """A ChatMember object of the Bot API about the bot."""
        until = {"until_date": 0} if status == "kicked" else {}
        return {"user": self.bot, "status": status, **until}

    def add(self, message: Message) -> Message:
        """Put a new message into its chat."""
        message.created_at = self.next_position()
        chat = self.chat(message.chat_id)
        chat.messages[message.message_id] = message
        self.publish(chat, "message", message.view)
        return message

    def edited(self, message: Message) -> None:
        """Note that a message has new content."""
        message.edit_date = self.timestamp()
        message.edited_at = self.next_position()
        self.publish(self.chat(message.chat_id), "message", message.view)

    def delete(self, message: Message) -> None:
        """Take a message out of its chat; its view stays, marked as deleted."""
        message.deleted = True
        message.deleted_at = self.next_position()
        self.publish(self.chat(message.chat_id), "message", message.view)

    def publish(self, chat: Chat, kind: str, view: Callable[[], Json]) -> None:
        """Tell the pages that show this chat, and everybody who waits for a change."""
        if chat.listeners:
            event = (kind, view())
            for listener in chat.listeners:
                listener.put_nowait(event)
        self.changes.notify()

    def find(self, chat: Chat, message_id: int | None) -> Message | None:
        """A message of the chat that is not deleted."""
        message = chat.messages.get(message_id or 0)
        return None if message is None or message.deleted else message

    def store_file(self, name: str, mime_type: str, content: bytes = b"", **facts: Any) -> StoredFile:
        """Keep a file; its `file_id` can be sent again."""
        stored = StoredFile(f"AgAC{secrets.token_urlsafe(12)}", name, mime_type, content, **facts)
        self.files[stored.file_id] = stored
        return stored

    def message_api(self, message: Message) -> Json:
        """A Message object of the Bot API."""
        chat = self.chats[message.chat_id]
        result: Json = {
            "message_id": message.message_id,
            "from": message.sender,
            "chat": self.chat_api(message.chat_id),
            "date": message.date,
        }
        if message.edit_date is not None:
            result["edit_date"] = message.edit_date
        text, entities = ("caption", "caption_entities") if message.has_media else ("text", "entities")
        if message.body.text or not (message.has_media or message.is_about_money):
            result[text] = message.body.text
        if message.body.entities:
            result[entities] = list(message.body.entities)
        if message.photo is not None:
            photo = message.photo
            result["photo"] = [photo.api() | {"width": photo.width, "height": photo.height}]
        if message.document is not None:
            document = message.document
            result["document"] = document.api() | {
                "file_name": document.name,
                "mime_type": document.mime_type,
            }
        if message.keyboard:
            result["reply_markup"] = {"inline_keyboard": message.keyboard}
        for name, value in message.extra.items():
            if name != "reply_to":
                result[name] = value
            elif (original := chat.messages.get(value)) is not None:
                result["reply_to_message"] = self.message_api(original)
        return result

    def commands_for(self, user: User) -> list[Json]:
        """The commands that a person's menu shows: the most specific scope, their language first."""
        language = user.language_code or ""
        for scope in (f"chat:{user.id}", "all_private_chats", "default"):
            for code in (language, ""):
                if commands := self.commands.get((scope, code)):
                    return commands
        return []
