"""Groups: who takes the bot in and throws it out, and what becomes of a group.

A group has a negative id; a supergroup's begins with -100. A group that nobody arranged is there from the
first word in it, with the bot as a member. The bot is no admin and has privacy mode on, as every new bot has:
it hears commands, and replies to what it said (Telegram Bot Features, privacy mode).
"""

import re

from sandbox.telegram.errors import CannotDo
from sandbox.telegram.state import Json, Message, State
from sandbox.telegram.updates import UpdateQueue

ANONYMOUS_ADMIN: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""Who is named in the place of an admin that hides, and of the group itself."""

_COMMAND = re.compile(r"/[A-Za-z0-9_]+(?:@(\w+))?")


class Groups:
    """The groups of the people at the other end."""

    def __init__(self, state: State, updates: UpdateQueue) -> None:
        self._state = state
        self._updates = updates

    def take_in(self, by: int, group: int) -> int:
        """A person adds the bot to a group, which is made when it is new. Returns the update_id."""
        return self._changed(self._state.user(by).api(), group, "member")

    def throw_out(self, by: int, group: int) -> int:
        """A person removes the bot: 403 from then on. Returns the update_id."""
        return self._changed(self._state.user(by).api(), group, "kicked")

    def throw_out_unseen(self, group: int) -> int:
        """An admin who hides removes the bot. Returns the update_id."""
        return self._changed(ANONYMOUS_ADMIN, group, "kicked")

    def delete(self, group: int) -> None:
        """The group is deleted: 403 from then on, and no update about it."""
        self._state.chat(group).is_deleted = True

    def upgrade(self, group: int) -> int:
        """The group becomes a supergroup, whose id is returned; the updates about it are still on their way.

        Writing to the old id is refused, with the new one as a parameter. Raises CannotDo.
        """
        old = self._state.chat(group)
        if old.migrated_to is not None or str(group).startswith("-100"):
            raise CannotDo(f"the group {group} cannot become a supergroup")
        new = self._state.chat(int(f"-100{-group:010d}"))
        new.title, new.bot_status = old.title, old.bot_status
        old.migrated_to = new.id
        return new.id

    def tell_upgrade(self, by: int, group: int) -> int:
        """The updates about an upgrade, of which the last one's update_id is returned. Raises CannotDo.

        A service message in either chat, and the bot's coming into the new one; there is none about its
        leaving the old one (tdlib/telegram-bot-api, issue 266).
        """
        new = self._state.chat(group).migrated_to
        if new is None:
            raise CannotDo(f"the group {group} is no supergroup")
        self._service_message(group, self._state.user(by).api(), {"migrate_to_chat_id": new})
        self._state.chat(new).bot_status = "left"
        self._changed(self._state.user(by).api(), new, "member")
        return self._service_message(new, ANONYMOUS_ADMIN, {"migrate_from_chat_id": group})

    def is_heard(self, message: Message) -> bool:
        """Whether the bot is told of what a person said in a group."""
        chat = self._state.chat(message.chat_id)
        if chat.bot_status != "member":
            return False
        answered = chat.messages.get(message.extra.get("reply_to", 0))
        if answered is not None and answered.from_bot:
            return True
        command = _COMMAND.match(message.body.text)
        return command is not None and command[1] in (None, self._state.bot["username"])

    def _changed(self, by: Json, group: int, status: str) -> int:
        chat = self._state.chat(group)
        before, chat.bot_status = chat.bot_status, status
        payload = {
            "chat": self._state.chat_api(group),
            "from": by,
            "date": self._state.timestamp(),
            "old_chat_member": self._state.membership_api(before),
            "new_chat_member": self._state.membership_api(status),
        }
        return self._updates.push("my_chat_member", payload, group)

    def _service_message(self, chat_id: int, sender: Json, content: Json) -> int:
        payload = {
            "message_id": self._state.next_message_id(),
            "from": sender,
            "chat": self._state.chat_api(chat_id),
            "date": self._state.timestamp(),
            **content,
        }
        return self._updates.push("message", payload, chat_id)
