"""`python -m bot`: talk until SIGINT or SIGTERM."""

import asyncio
import sys
from functools import partial

from bot.app import BotApp, TokenRefused
from tracker import jobs
from tracker.database import Database
from tracker.errors import CannotStart
from tracker.process import settings_or_exit, shared_redis_or_exit, with_token_or_exit
from tracker.shutdown import until_stopped


async def main() -> None:
    settings = with_token_or_exit(settings_or_exit())
    redis_url = shared_redis_or_exit(settings)
    database = Database.at(settings.database_url)
    try:
        bot = BotApp(settings, database, partial(jobs.connect, redis_url))
    except CannotStart as error:
        sys.exit(str(error))
    try:
        await until_stopped(bot.run())
    except TokenRefused as error:
        sys.exit(str(error))
    finally:
        await bot.close()
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
