"""What those who run the service may ask, in their own chat with the bot.

Who is one is decided by the numeric id alone; names can be anybody's. What each may do stands in
`tracker.admin.roles`.
"""

from aiogram import F, Router

from bot.handlers.admin import (
    api_tokens,
    audit,
    broadcasts,
    coupons,
    dashboard,
    exports,
    figures,
    health,
    maintenance,
    people,
    products,
    stores,
    subscriptions,
)


def router() -> Router:
    """Every area, closed to everybody else: to them its commands are words like any others."""
    router = Router(name="admin")
    # What an admin forwards are somebody else's words.
    router.message.filter(F.chat.type == "private", ~F.forward_origin, lambda _message, is_admin: is_admin)
    router.callback_query.filter(F.message.chat.type == "private", lambda _callback, is_admin: is_admin)
    for area in (
        api_tokens,
        dashboard,
        figures,
        broadcasts,
        maintenance,
        exports,
        health,
        products,
        stores,
        people,
        subscriptions,
        audit,
        coupons,
    ):
        router.include_router(area.router())
    return router
