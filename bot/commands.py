"""The commands: a row here and a handler in `bot/handlers/` make one. A test fails when either is missing."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)

from tracker.config import Settings
from tracker.texts import Language, locales

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    text_key: str
    for_admins: bool = False
    is_for_groups: bool = False


COMMANDS = (
    Command("start", "command.start"),
    Command("add", "command.add", is_for_groups=True),
    Command("list", "command.list"),
    Command("pause", "command.pause"),
    Command("resume", "command.resume"),
    Command("stop", "command.stop"),
    Command("alerts", "command.alerts"),
    Command("pending", "command.pending"),
    Command("history", "command.history"),
    Command("defaults", "command.defaults"),
    Command("plans", "command.plans"),
    Command("upgrade", "command.upgrade"),
    Command("trial", "command.trial"),
    Command("billing", "command.billing"),
    Command("invite", "command.invite"),
    Command("settings", "command.settings"),
    Command("help", "command.help"),
    Command("cancel", "command.cancel"),
    Command("terms", "command.terms"),
    Command("paysupport", "command.paysupport"),
    Command("apitoken", "command.apitoken"),
    Command("admin", "command.admin", for_admins=True),
    Command("apitoken", "command.apitoken"),
    Command("status", "command.status", for_admins=True),
    Command("products", "command.products", for_admins=True),
    Command("stores", "command.stores", for_admins=True),
    Command("health", "command.health", for_admins=True),
    Command("corrections", "command.corrections", for_admins=True),
    Command("readings", "command.readings", for_admins=True),
    Command("users", "command.users", for_admins=True),
    Command("subs", "command.subs", for_admins=True),
    Command("payments", "command.payments", for_admins=True),
    Command("refund", "command.refund", for_admins=True),
    Command("gift", "command.gift", for_admins=True),
    Command("coupon", "command.coupon", for_admins=True),
    Command("coupons", "command.coupons", for_admins=True),
    Command("audit", "command.audit", for_admins=True),
    Command("broadcast", "command.broadcast", for_admins=True),
    Command("maintenance", "command.maintenance", for_admins=True),
    Command("export", "command.export", for_admins=True),
)

_EVERYBODYS = tuple(command for command in COMMANDS if not command.for_admins)
_IN_GROUPS = tuple(command for command in COMMANDS if command.is_for_groups)


async def publish(bot: Bot, settings: Settings) -> None:
    """Tell Telegram the commands, in each language: a short list to groups, a wider one to each admin.

    An admin who never pressed Start has no chat yet: that is logged and passed over.
    """
    for locale in locales():
        # The default locale is also what everybody else sees, so it is set without a language too.
        for language_code in (locale, None) if locale == locales()[0] else (locale,):
            for scope, commands in (
                (BotCommandScopeAllPrivateChats(), _EVERYBODYS),
                (BotCommandScopeAllGroupChats(), _IN_GROUPS),
            ):
                await bot.set_my_commands(_shown(locale, commands), scope=scope, language_code=language_code)
    for admin_id in sorted(settings.admin_ids):
        try:
            await bot.set_my_commands(
                _shown(locales()[0], COMMANDS), scope=BotCommandScopeChat(chat_id=admin_id)
            )
        except TelegramBadRequest as error:
            log.warning("commands.not_set_for_admin", admin_id=admin_id, error=str(error))


def _shown(locale: str, commands: Iterable[Command]) -> list[BotCommand]:
    language = Language(locale)
    return [
        BotCommand(command=command.name, description=language.plain(command.text_key)) for command in commands
    ]
