"""`python -m worker`: check prices and deliver alerts until SIGINT or SIGTERM."""

import asyncio
import gc
import sys
from functools import partial

from tracker import jobs
from tracker.database import Database
from tracker.errors import CannotStart
from tracker.process import settings_or_exit, shared_redis_or_exit, with_token_or_exit
from tracker.shutdown import until_stopped
from worker.app import WorkerApp


async def main() -> None:
    settings = with_token_or_exit(settings_or_exit())
    redis_url = shared_redis_or_exit(settings)
    database = Database.at(settings.database_url)
    try:
        worker = WorkerApp(settings, database, partial(jobs.connect, redis_url))
    except CannotStart as error:
        sys.exit(str(error))
    # What was imported stays: without this each full collection of garbage walks it, for a fifth of a second.
    gc.collect()
    gc.freeze()
    try:
        await until_stopped(worker.run())
    finally:
        await worker.close()
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
