"""The admin API: the services of `tracker.admin` over HTTP, one module a resource."""

from fastapi import APIRouter

from webhooks.admin import (
    audit,
    billing,
    broadcasts,
    dashboard,
    outbox,
    people,
    products,
    sign_in,
    stores,
    system,
)


def routers() -> list[APIRouter]:
    return [
        each.router()
        for each in (sign_in, dashboard, people, billing, products, stores, outbox, broadcasts, system, audit)
    ]
