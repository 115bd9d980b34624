"""`python -m worker`: check prices and deliver alerts until SIGINT or SIGTERM."""

import asyncio
import gc
import sys
from functools import partial

from tracker import jobs, logs
from tracker.config import Settings
from tracker.database import Database
from tracker.shutdown import until_stopped
from worker.app import WorkerApp


async def main() -> None:
    settings = Settings()
    if settings.redis_url is None:
        sys.exit("REDIS_URL is not set: processes of their own share a Redis. `make run` needs none.")
    logs.configure(settings.log_level)
    settings.make_folders()
    database = Database.at(settings.database_url)
    worker = WorkerApp(settings, database, partial(jobs.connect, settings.redis_url))
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
