"""The client of Redis that all processes use."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.worker.waiting import eventually
from tracker import jobs


async def test_a_closed_client_opens_no_connection_again(redis_url: str) -> None:
    client = jobs.connect(redis_url)
    await client.ping()
    await client.aclose(close_connection_pool=True)
    with pytest.raises(RedisError, match="closed"):
        await client.ping()


async def test_who_still_waits_when_a_client_is_closed_does_not_connect_again(redis_url: str) -> None:
    client = jobs.connect(redis_url)
    waiting = asyncio.ensure_future(client.brpop(["never"], timeout=60))  # type: ignore[arg-type]  # redis-py says it may be a list
    async with Redis.from_url(redis_url) as other:

        async def it_waits() -> bool:
            return any(each["cmd"] == "brpop" for each in await other.client_list())

        await eventually(it_waits)
    await client.aclose(close_connection_pool=True)
    with pytest.raises(RedisError, match="closed"):
        await waiting
