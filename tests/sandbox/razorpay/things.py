"""What the tests ask the API for."""

from datetime import timedelta
from typing import Any

import httpx

from tracker import clock

DAY = 86_400


def soon(seconds: float = 3600) -> int:
    return int((clock.now() + timedelta(seconds=seconds)).timestamp())


async def new_link(api: httpx.AsyncClient, **facts: Any) -> Any:
    answer = await api.post(
        "payment_links", json={"amount": 19_900, "currency": "INR", "description": "Pro"} | facts
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def new_plan(api: httpx.AsyncClient, **facts: Any) -> Any:
    item = {"name": "Pro", "amount": 19_900, "currency": "INR"}
    answer = await api.post("plans", json={"period": "monthly", "interval": 1, "item": item} | facts)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def new_subscription(api: httpx.AsyncClient, **facts: Any) -> Any:
    plan_id = facts.pop("plan_id", None) or (await new_plan(api))["id"]
    answer = await api.post(
        "subscriptions", json={"plan_id": plan_id, "total_count": 12, "customer_notify": False} | facts
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def get(api: httpx.AsyncClient, path: str) -> Any:
    answer = await api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()
