"""How a process of its own begins: settings and logs, or one sentence why not."""

import sys

from pydantic import ValidationError

from tracker import logs
from tracker.config import Settings, explain


def settings_or_exit() -> Settings:
    """The settings of the environment, with logging set up by them; ends the process when they are wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(f"{explain(error)} `.env.example` explains each setting.")
    logs.configure(settings.log_level)
    try:
        settings.make_folders()
    except OSError as error:
        sys.exit(f"The database at DATABASE_URL cannot be opened: {error}")
    return settings


def with_token_or_exit(settings: Settings) -> Settings:
    """The same settings; ends the process when they hold no bot's token."""
    if settings.bot_token is None:
        sys.exit("BOT_TOKEN is not set. Get one from @BotFather, or try `make demo`, which needs none.")
    return settings


def shared_redis_or_exit(settings: Settings) -> str:
    """The address of the Redis that the processes share; ends the process when there is none."""
    if settings.redis_url is None:
        sys.exit("REDIS_URL is not set: processes of their own share a Redis. `make run` needs none.")
    return settings.redis_url
