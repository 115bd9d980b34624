"""The people at the other end: what they say, tap, block. This is what tests and the page drive."""

import asyncio
import hashlib
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.routing import BaseRoute

from sandbox.telegram.delivery import Pause
from sandbox.telegram.entities import FormattedText, found_entities
from sandbox.telegram.errors import CannotDo
from sandbox.telegram.faults import Faults
from sandbox.telegram.groups import Groups
from sandbox.telegram.limits import Limits
from sandbox.telegram.messages import LONGEST_CAPTION, LONGEST_TEXT
from sandbox.telegram.payments import Payments
from sandbox.telegram.pictures import size
from sandbox.telegram.server import BotApi, Call
from sandbox.telegram.state import CallbackQuery, Chat, Json, Message, State, StoredFile, User
from tracker import clock


class TelegramSandbox:
    """A Bot API server for one bot, and the people who talk with it. One event loop, plain memory."""

    def __init__(
        self,
        token: str = "1001:sandbox-token",
        *,
        username: str = "PriceTrackerDemoBot",
        limits: Limits | None = None,
        webhook_pause: Pause = asyncio.sleep,
    ) -> None:
        self.state = State(token, username)
        self.api = BotApi(self.state, limits or Limits(), webhook_pause)
        self.groups = Groups(self.state, self.api.updates)
        self.payments = Payments(self.state, self.api.updates)
        self.state.till.went_back = self.payments.went_back

    @property
    def token(self) -> str:
        return self.state.token

    @property
    def limits(self) -> Limits:
        """Telegram's rates; assign `Limits.off()` or `Limits().scaled(10)` at any time."""
        return self.api.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.api.limits = limits

    @property
    def calls(self) -> deque[Call]:
        """The calls of the Bot API, oldest first; the last 20,000."""
        return self.api.calls

    @property
    def faults(self) -> Faults:
        """What shall go wrong next."""
        return self.api.faults

    @property
    def polled(self) -> bool:
        """Whether a bot waits in a long poll right now."""
        return self.api.updates.poll_ended is not None

    def routes(self) -> list[BaseRoute]:
        """The Bot API, to mount at the root of an application."""
        return [*self.api.routes()]

    async def close(self) -> None:
        """End webhooks, long polls and hung calls, so that a server can stop."""
        await self.api.delivery.stop()
        self.state.close()

    async def wait_for(self, predicate: Callable[[], bool], timeout: float = 10) -> None:  # noqa: ASYNC109 - waits on our own changes
        """Return once the predicate holds; asked again at every change. Raises TimeoutError."""
        await self.state.changes.wait_for(predicate, timeout)

    def add_user(self, user_id: int, first_name: str, **facts: Any) -> User:
        """Make a person known who has not spoken to the bot yet; a known one gets the new facts."""
        user = self.state.users.setdefault(user_id, User(user_id, first_name))
        user.first_name = first_name
        for name, value in facts.items():
            setattr(user, name, value)
        self.state.changes.notify()
        return user

    def push_update(self, update: Json) -> int:
        """Queue an update of any kind as it is (`{"message": {…}}`) and return its update_id."""
        ((kind, payload),) = ((key, value) for key, value in update.items() if key != "update_id")
        chat = payload.get("chat") or payload.get("from") or {}
        return self.api.updates.push(kind, payload, int(chat.get("id", 0)))

    async def say(
        self,
        user: int,
        text: str,
        *,
        chat: int | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        entities: list[Json] | None = None,
        caption: str | None = None,
        photo: str | bytes | None = None,
        forward: str | None = None,
        reply_to: int | None = None,
    ) -> int:
        """Send a message as a person and return its update_id. A new person is made on the way.

        `entities` stand in the place of those that Telegram would find (a text_link, say). `photo` is a URL
        or the bytes of a picture, with `caption` (or `text`) below it. `forward` is the name of whom it was
        forwarded from. `chat` is a group (a negative id) instead of the private chat; what the bot does not
        hear there has no update_id of its own. Raises CannotDo.
        """
        facts = {
            "last_name": last_name,
            "username": username,
            "language_code": language_code,
        }
        known = self.state.users.get(user)
        name = first_name or (known.first_name if known else f"User {user}")
        person = self.add_user(
            user, name, **{key: value for key, value in facts.items() if value is not None}
        )
        where = self.state.chat(chat if chat is not None else user)
        self._can_act(person, where)
        body = self._body(caption if caption is not None else text, entities, with_photo=photo is not None)
        message = Message(
            message_id=self.state.next_message_id(),
            chat_id=where.id,
            sender=person.api(),
            date=self.state.timestamp(),
            body=body,
            photo=self._photo(photo),
            extra=self._extra(where, forward, reply_to),
        )
        if chat is None:
            person.started = True
        self.state.add(message)
        if chat is not None and not self.groups.is_heard(message):
            return self.api.updates.last_id
        return self.api.updates.push("message", self.state.message_api(message), where.id)

    def _can_act(self, user: User, where: Chat) -> None:
        if user.deactivated:
            raise CannotDo(f"{user.first_name}'s account is deleted")
        if where.migrated_to is not None:
            raise CannotDo(f"the group {where.id} is the supergroup {where.migrated_to} now")
        if user.blocked and where.id == user.id:
            raise CannotDo(f"{user.first_name} has blocked the bot; unblock it first")

    def _body(self, text: str, entities: list[Json] | None, *, with_photo: bool) -> FormattedText:
        text = text.strip()
        body = FormattedText(text, tuple(found_entities(text) if entities is None else entities))
        if not text and not with_photo:
            raise CannotDo("there is no text to send")
        longest = LONGEST_CAPTION if with_photo else LONGEST_TEXT
        if len(body) > longest:
            raise CannotDo(f"the text is longer than {longest} characters")
        return body

    def _photo(self, photo: str | bytes | None) -> StoredFile | None:
        if photo is None:
            return None
        if isinstance(photo, str):
            return self.state.store_file("photo.jpg", "image/jpeg", url=photo)
        pixels = size(photo)
        if pixels is None:
            raise CannotDo("this is no picture")
        return self.state.store_file("photo.jpg", "image/jpeg", photo, width=pixels[0], height=pixels[1])

    def _extra(self, chat: Chat, forward: str | None, reply_to: int | None) -> Json:
        extra: Json = {}
        if forward is not None:
            origin = {"type": "hidden_user", "sender_user_name": forward, "date": self.state.timestamp()}
            extra["forward_origin"] = origin
        if reply_to is not None:
            if self.state.find(chat, reply_to) is None:
                raise CannotDo(f"there is no message {reply_to} to reply to")
            extra["reply_to"] = reply_to
        return extra

    async def tap(
        self, user: int, message_id: int, button: str | int, *, chat: int | None = None, forced: bool = False
    ) -> str:
        """Tap an inline button and return the id of the callback query.

        `button` is its text, its callback_data or its index counted over all rows. With `forced`, data that
        is on no button is sent as it is, as a modified app can. Raises CannotDo.
        """
        person = self.state.user(user)
        where = self.state.chat(chat if chat is not None else user)
        self._can_act(person, where)
        message = self.state.find(where, message_id)
        if message is None:
            raise CannotDo(f"there is no message {message_id} in this chat")
        data = str(button) if forced else self._data_of(message, button)
        query = CallbackQuery(str(secrets.randbits(62)), user, where.id, clock.now().timestamp())
        self.state.queries[query.id] = query
        payload = {
            "id": query.id,
            "from": person.api(),
            "message": self.state.message_api(message),
            "chat_instance": str(int.from_bytes(hashlib.sha256(str(where.id).encode()).digest()[:8], "big")),
            "data": data,
        }
        query.update_id = self.api.updates.push("callback_query", payload, where.id)
        return query.id

    def _data_of(self, message: Message, button: str | int) -> str:
        buttons = [entry for row in message.keyboard or [] for entry in row]
        if isinstance(button, int):
            chosen = buttons[button] if 0 <= button < len(buttons) else None
        else:
            by_text = (entry for entry in buttons if entry["text"] == button)
            by_data = (entry for entry in buttons if entry.get("callback_data") == button)
            chosen = next(by_text, None) or next(by_data, None)
        if chosen is None:
            offered = ", ".join(repr(entry["text"]) for entry in buttons) or "none"
            raise CannotDo(
                f"there is no button {button!r} on message {message.message_id}; its buttons: {offered}"
            )
        if "callback_data" not in chosen:
            target = chosen.get("url", "something outside of the chat")
            raise CannotDo(f"the button {chosen['text']!r} opens {target} and tells the bot nothing")
        return str(chosen["callback_data"])

    async def block(self, user: int) -> int | None:
        """Block the bot: it gets a my_chat_member update and 403 from then on. Returns the update_id."""
        return self._set_blocked(self.state.user(user), blocked=True)

    async def unblock(self, user: int) -> int | None:
        """Take the block back. Returns the update_id, None when nothing changed."""
        return self._set_blocked(self.state.user(user), blocked=False)

    def _set_blocked(self, user: User, *, blocked: bool) -> int | None:
        if user.blocked == blocked:
            return None
        user.blocked = blocked
        self._show(user)
        if not user.started:
            return None
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        payload = {
            "chat": self.state.chat_api(user.id),
            "from": user.api(),
            "date": self.state.timestamp(),
            "old_chat_member": self.state.membership_api(before),
            "new_chat_member": self.state.membership_api(after),
        }
        return self.api.updates.push("my_chat_member", payload, user.id)

    async def deactivate(self, user: int) -> None:
        """Delete the person's account: 403 from then on, and no update about it."""
        person = self.state.user(user)
        person.deactivated = True
        self._show(person)

    def _show(self, user: User) -> None:
        self.state.publish(self.state.chat(user.id), "user", user.view)

    def chat(self, user: int) -> list[Json]:
        """The messages of a chat, oldest first, deleted ones too: see `Message.view`."""
        chat = self.state.chats.get(user)
        return [message.view() for message in chat.messages.values()] if chat else []
