"""`python -m webhooks`: serve the webhooks at WEB_HOST:WEB_PORT until SIGTERM."""

import asyncio
import gc
import signal

import uvicorn

from tracker import jobs
from tracker.config import Settings
from tracker.database import Database
from tracker.process import settings_or_exit, shared_redis_or_exit
from webhooks.app import create_app


async def serve(settings: Settings, redis_url: str) -> None:
    """Serve until SIGTERM or SIGINT; requests under way end first."""
    database = Database.at(settings.database_url)
    queue = jobs.JobQueue(jobs.connect(redis_url))
    try:
        config = uvicorn.Config(
            create_app(settings, database, queue),
            host=settings.web_host,
            port=settings.web_port,
            log_config=None,
            access_log=False,  # ours names no query strings
            server_header=False,
            proxy_headers=False,  # whom to believe about addresses is a setting of ours
            timeout_graceful_shutdown=20,
        )
        # What was imported stays: without this each full collection of garbage walks it, while events wait.
        gc.collect()
        gc.freeze()
        # uvicorn ends by raising the signal again at whoever handled it before: that would end us unclosed.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        await uvicorn.Server(config).serve()
    finally:
        await queue.redis.aclose()
        await database.close()


def main() -> None:
    settings = settings_or_exit()
    asyncio.run(serve(settings, shared_redis_or_exit(settings)))


if __name__ == "__main__":
    main()
