"""The shop's front page: every product with the knobs that change its price and manners."""

from collections.abc import Iterable

from markupsafe import Markup

from sandbox.shop import amounts
from sandbox.shop.page import FRAME
from sandbox.shop.product import AVAILABILITIES, MODES, ShopProduct

_AVAILABILITY_NAMES = {"in_stock": "In stock", "out_of_stock": "Out of stock"}
_MODE_NAMES = {
    "normal": "Normal",
    "404": "Page gone (404)",
    "403": "Robot check (403)",
    "captcha": "Robot check (200)",
    "slow": "Never finishes",
    "huge": "Huge (9 MB)",
    "truncated": "Cut short",
    "redirect_loop": "Redirects in a circle",
    "error500": "Broken (500)",
    "needs_script": "Needs JavaScript",
    "mislabelled": "Tells machines the instalment",
}

_CARD = Markup(
    """<li class="card" id="{slug}">
<a class="picture" href="/shop/{slug}" tabindex="-1" aria-hidden="true">
<img src="/shop/{slug}.png" width="120" height="120" alt="" loading="lazy"></a>
<div class="card-words">
<h2><a href="/shop/{slug}">{title}</a></h2>
<p class="card-price"><span data-price>{shown}</span> <span class="state" data-state>{state}</span></p>
<form method="post" action="/shop/{slug}" data-knobs>
<div class="knob"><label for="{slug}-price">New price ({currency})</label>
<span class="together">
<input id="{slug}-price" name="price" inputmode="decimal" autocomplete="off" value="{price}">
<button>Change price</button></span></div>
<div class="knob"><label for="{slug}-availability">Stock</label>
<select id="{slug}-availability" name="availability">{availabilities}</select></div>
<div class="knob"><label for="{slug}-mode">Page</label>
<select id="{slug}-mode" name="mode">{modes}</select></div>
</form>
<p class="link">
<button type="button" data-copy="{url}" hidden>Copy link<span class="unseen"> of {title}</span></button>
<a href="{url}">{url}</a></p>
</div>
</li>"""
)


def front_page(products: Iterable[ShopProduct], home: str, *, query: str = "", problem: str = "") -> str:
    """The HTML of the shelf; `home` is the shop's absolute address, with a closing slash.

    It works without JavaScript: each card is a form, and `problem` tells what was wrong with the last one.
    """
    wanted = [product for product in products if _matches(product, query)]
    cards = Markup("\n").join(_card(product, home) for product in wanted)
    return FRAME.format(
        title="Demo Bazaar",
        head=Markup('<meta name="robots" content="noindex">'),
        script=Markup('<script src="/shop/static/shelf.js" defer></script>'),
        query=query,
        body=Markup(
            '<main class="shelf"><h1>The shelf</h1>'
            '<p class="lead">Copy a link into the chat, then change the price here.</p>'
            '<p class="problem" role="alert">{}</p><p class="said" role="status"></p>'
            '<ul class="cards">{}</ul>{}</main>'
        ).format(problem, cards, "" if wanted else Markup("<p>Nothing here is called that.</p>")),
    )


def state(product: ShopProduct) -> str:
    """What is unusual about the product now, in words; empty if nothing is."""
    unusual = []
    if product.availability != "in_stock":
        unusual.append(_AVAILABILITY_NAMES[product.availability])
    if product.mode != "normal":
        unusual.append(_MODE_NAMES[product.mode])
    return " · ".join(unusual)


def _matches(product: ShopProduct, query: str) -> bool:
    words = f"{product.title} {product.brand} {product.category}".casefold()
    return all(word in words for word in query.casefold().split())


def _card(product: ShopProduct, home: str) -> Markup:
    return _CARD.format(
        slug=product.slug,
        title=product.title,
        shown=amounts.shown(product.price, product.currency),
        state=state(product),
        currency=product.currency,
        price=amounts.plain(product.price, product.currency),
        availabilities=_options(AVAILABILITIES, _AVAILABILITY_NAMES, product.availability),
        modes=_options(MODES, _MODE_NAMES, product.mode),
        url=home + product.slug,
    )


def _options(values: Iterable[str], names: dict[str, str], chosen: str) -> Markup:
    return Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(
            value, Markup(" selected") if value == chosen else "", names[value]
        )
        for value in values
    )
