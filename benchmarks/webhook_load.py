"""`python -m benchmarks.webhook_load`: Razorpay at its busiest, as a process of its own.

Posts signed events, each with an id of its own, and prints what came of them as JSON.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import uvloop

from benchmarks.report import percentile


def event(number: int) -> bytes:
    """A payment.captured event of about 1 kB, as Razorpay's documentation shows it."""
    payment = {
        "id": f"pay_{number:014d}",
        "entity": "payment",
        "amount": 19900,
        "currency": "INR",
        "status": "captured",
        "order_id": f"order_{number:014d}",
        "invoice_id": None,
        "international": False,
        "method": "upi",
        "amount_refunded": 0,
        "refund_status": None,
        "captured": True,
        "description": "Price Tracker Pro, one month",
        "card_id": None,
        "bank": None,
        "wallet": None,
        "vpa": "gaurav.kumar@exampleupi",
        "email": "gaurav.kumar@example.com",
        "contact": "+919876543210",
        "notes": {"user": "10000001", "plan": "plus", "period": "month"},
        "fee": 470,
        "tax": 72,
        "error_code": None,
        "error_description": None,
        "error_source": None,
        "error_step": None,
        "error_reason": None,
        "acquirer_data": {"rrn": "012345678901"},
        "created_at": 1_760_000_000,
    }
    return json.dumps(
        {
            "entity": "event",
            "account_id": "acc_BFQ7uQEaa7j2z7",
            "event": "payment.captured",
            "contains": ["payment"],
            "payload": {"payment": {"entity": payment}},
            "created_at": 1_760_000_000,
        }
    ).encode()


async def _turns(seconds: float, per_second: float | None) -> AsyncIterator[tuple[int, float]]:
    """Numbers with the moment at which each is due: as fast as they are taken, or at a fixed rate."""
    began, number = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        due = time.monotonic()
        if per_second is not None:
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield number, due
        number += 1


async def post(
    url: str, secret: str, connections: int, seconds: float, per_second: float | None
) -> dict[str, Any]:
    """Post for so many seconds; an answer's time counts from when the event was due, not from when a
    connection came free for it.
    """
    times: list[float] = []
    failures = 0
    turns = _turns(seconds, per_second)
    next_turn = asyncio.Lock()
    waiting: set[asyncio.Task[None]] = set()

    async def one(session: aiohttp.ClientSession, number: int, due: float) -> None:
        nonlocal failures
        body = event(number)
        headers = {
            "Content-Type": "application/json",
            "X-Razorpay-Event-Id": f"bench-{number}-{per_second}",
            "X-Razorpay-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        }
        async with session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            failures += answer.status != 200
        times.append((time.monotonic() - due) * 1000)  # uvloop's own clock has whole milliseconds

    async def connection(session: aiohttp.ClientSession) -> None:
        while True:
            async with next_turn:
                turn = await anext(turns, None)
            if turn is None:
                return
            await one(session, *turn)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        began = time.monotonic()
        if per_second is None:
            await asyncio.gather(*(connection(session) for _ in range(connections)))
        else:
            async for turn in turns:
                waiting.add(asyncio.create_task(one(session, *turn)))
            await asyncio.gather(*waiting)
        took = time.monotonic() - began
    return {
        "events": len(times),
        "seconds": took,
        "failures": failures,
        "p50_ms": percentile(times, 50),
        "p99_ms": percentile(times, 99),
    }


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("url")
    words.add_argument("--secret", required=True)
    words.add_argument("--connections", type=int, default=50)
    words.add_argument("--seconds", type=float, default=6)
    words.add_argument(
        "--rate", type=float, help="events a second; as many as are taken when it is not given"
    )
    chosen = words.parse_args()
    result = uvloop.run(post(chosen.url, chosen.secret, chosen.connections, chosen.seconds, chosen.rate))
    print(json.dumps(result))
