"""The admin API: the services of `tracker.admin` over HTTP, one module a resource."""

from fastapi import APIRouter

from webhooks.admin import audit, sign_in


def routers() -> list[APIRouter]:
    return [each.router() for each in (sign_in, audit)]
