"""`python -m deploy.healthcheck [webhooks | worker]`: is this container well?

Without a role it asks what every role stands on: Redis must answer, and the database must take a connection.
`webhooks` asks its own `/healthz`; `worker` wants a fresh heartbeat. Ends with 0, or with 1 and one sentence.
"""

import http.client
import socket
import sys
from urllib.parse import urlsplit

import redis

from tracker.config import Settings
from tracker.jobs import HEARTBEAT_PREFIX

_SECONDS = 3.0


class Unwell(Exception):
    """Says what is wrong, and no secret."""


def _webhooks(settings: Settings) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", settings.web_port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except OSError as error:
        raise Unwell(f"webhooks do not answer ({type(error).__name__})") from error
    finally:
        connection.close()
    if status != http.client.OK:
        raise Unwell(f"webhooks answer {status}")


def _redis(settings: Settings, *, heartbeat: bool = False) -> None:
    if settings.redis_url is None:
        return
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
        ) as client:
            client.ping()
            alive = not heartbeat or any(True for _ in client.scan_iter(f"{HEARTBEAT_PREFIX}*"))
    except (redis.RedisError, OSError) as error:
        raise Unwell(f"Redis does not answer ({type(error).__name__})") from error
    if not alive:
        raise Unwell("no worker has given a sign of life lately")


def _database(settings: Settings) -> None:
    parts = urlsplit(settings.database_url)
    if parts.hostname is None:
        return  # an embedded database is a file
    try:
        socket.create_connection((parts.hostname, parts.port or 5432), _SECONDS).close()
    except OSError as error:
        raise Unwell(f"the database takes no connection ({type(error).__name__})") from error


def check(role: str | None, settings: Settings) -> None:
    """Raises Unwell with the first thing that is wrong."""
    if role == "webhooks":
        _webhooks(settings)
    elif role == "worker":
        _redis(settings, heartbeat=True)
    else:
        _redis(settings)
        _database(settings)


if __name__ == "__main__":
    try:
        check(sys.argv[1] if len(sys.argv) > 1 else None, Settings())
    except Unwell as problem:
        sys.exit(str(problem))
