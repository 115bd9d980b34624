"""How the demo shop answers when it is not itself: the modes that a page can be switched to."""

import asyncio
from collections.abc import AsyncIterator

from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from sandbox.shop.page import FRAME
from sandbox.shop.product import Mode

HUGE_BYTES = 9 * 1024 * 1024
_PIECE = 64 * 1024
_PRICE_MARKS = ('"offers"', "product:price:amount", 'itemprop="price"', 'class="price-now"')


def answer(
    mode: Mode, page: str, path: str, *, again: bool, slow_seconds: float, policy: dict[str, str]
) -> Response:
    """The answer to a GET of a product's page in `mode`; `page` is what the normal mode would say.

    `again` tells a redirect loop's two addresses apart. A slow page starts at once and trickles for
    `slow_seconds`.
    """
    if mode == "redirect_loop":
        return RedirectResponse(path if again else f"{path}?again=1", 302, policy)
    if mode == "slow":
        return StreamingResponse(_trickle(page, slow_seconds), 200, policy, "text/html")
    if mode == "huge":
        return StreamingResponse(_padded(page), 200, policy, "text/html")
    status, said = _INSTEAD.get(mode, (200, page))
    return HTMLResponse(cut_before_the_price(said) if mode == "truncated" else said, status, policy)


def cut_before_the_price(page: str) -> str:
    """The page as a broken connection leaves it: in the middle of JSON-LD, or short of the first price."""
    found = [place for mark in _PRICE_MARKS if (place := page.find(mark)) >= 0]
    return page[: min(found, default=len(page) // 2)]


def not_found(policy: dict[str, str]) -> Response:
    return HTMLResponse(_notice("Page not found", "We sell nothing at this address."), 404, policy)


def _notice(title: str, sentence: str) -> str:
    return FRAME.format(
        title=f"{title} | Demo Bazaar",
        head="",
        script="",
        query="",
        body=Markup(
            '<main class="plain"><h1>{}</h1><p>{}</p><p><a href="/shop/">To the shop</a></p></main>'
        ).format(title, sentence),
    )


def _robot_check() -> str:
    return FRAME.format(
        title="Robot Check",
        head=Markup('<meta name="robots" content="noindex">'),
        script="",
        query="",
        body=Markup(
            '<main class="plain"><h1>Robot Check</h1>'
            "<p>Enter the characters you see below. "
            "Sorry, we just need to make sure you're not a robot.</p>"
            '<form action="/shop/" class="captcha"><label>Type the characters '
            '<input name="captcha" autocomplete="off"></label>'
            "<button>Continue shopping</button></form></main>"
        ),
    )


_INSTEAD: dict[Mode, tuple[int, str]] = {
    "404": (404, _notice("Page not found", "We looked everywhere, but this page is gone.")),
    "403": (403, _robot_check()),
    "captcha": (200, _robot_check()),
    "error500": (500, _notice("Internal server error", "Something broke on our side.")),
}


async def _trickle(page: str, seconds: float) -> AsyncIterator[str]:
    """The start of the page, then a space at a time: no pause is long, and there is no useful end."""
    yield page[:200]
    steps = max(1, int(seconds * 2))
    for _ in range(steps):
        await asyncio.sleep(seconds / steps)
        yield " "


async def _padded(page: str) -> AsyncIterator[str]:
    """The page behind so much filling that its price lies beyond any sensible limit."""
    opening, head, rest = page.partition("<head>")
    yield f"{opening}{head}<!--"
    filling = "padding " * (_PIECE // 8)
    for _ in range(HUGE_BYTES // _PIECE):
        yield filling
    yield f"-->{rest}"
