"""Conversations, one module each, in the order in which they are asked."""

from collections.abc import Callable

from aiogram import Router

from bot.handlers import (
    admin,
    alerts,
    corrections,
    default_rules,
    fallback,
    links,
    membership,
    rules,
    settings,
    start,
    watches,
)


def routers() -> list[Router]:
    """A fresh router of every conversation; commands come before answers to questions, links after them."""
    makers: list[Callable[[], Router]] = [
        membership.router,
        start.router,
        watches.router,
        default_rules.router,
        rules.router,
        alerts.router,
        corrections.router,
        settings.router,
        admin.router,
        links.router,
        fallback.router,
    ]
    return [make() for make in makers]
