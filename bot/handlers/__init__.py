"""Conversations, one module each, in the order in which they are asked."""

from collections.abc import Callable

from aiogram import Router

from bot.handlers import (
    admin,
    alerts,
    api_tokens,
    billing,
    billing_account,
    billing_admin,
    billing_details,
    billing_email,
    corrections,
    default_rules,
    fallback,
    links,
    membership,
    rules,
    settings,
    stars,
    start,
    watches,
)


def routers() -> list[Router]:
    """A fresh router of every conversation; commands come before answers to questions, links after them."""
    makers: list[Callable[[], Router]] = [
        membership.router,
        stars.router,
        start.router,
        watches.router,
        default_rules.router,
        rules.router,
        alerts.router,
        corrections.router,
        settings.router,
        billing.router,
        billing_account.router,
        billing_details.router,
        billing_email.router,
        billing_admin.router,
        admin.router,
        api_tokens.router,
        links.router,
        fallback.router,
    ]
    return [make() for make in makers]
