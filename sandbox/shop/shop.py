"""The demo shop: its state, and the routes that show and change it."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.shop import amounts, catalogue, manners, pictures, shelf
from sandbox.shop.page import product_page
from sandbox.shop.product import ShopProduct, read_availability, read_mode, read_price, read_title

_STATIC = Path(__file__).with_name("static")
_CHANGES = ("price", "availability", "mode", "list_price", "title")
_RELATED = 6
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class DemoShop:
    """About twenty products under `{origin}/shop/`; tests add theirs with `lists`.

    `on_change` is called with the product after each change. A page in the mode `slow` trickles for
    `slow_seconds`.
    """

    def __init__(self, origin: str = "http://127.0.0.1:8088", *, slow_seconds: float = 30) -> None:
        self.origin = origin
        self.slow_seconds = slow_seconds
        self.products: dict[str, ShopProduct] = catalogue.products()
        self.on_change: Callable[[ShopProduct], object] | None = None

    def url(self, slug: str, *, variant: str | None = None) -> str:
        """The product's address. Raises KeyError for a product that is not sold here."""
        return f"{self._home}{self.products[slug].slug}" + (f"?variant={variant}" if variant else "")

    def set(
        self,
        slug: str,
        *,
        price: object = None,
        availability: str | None = None,
        mode: str | None = None,
        list_price: object = None,
        title: str | None = None,
    ) -> ShopProduct:
        """Change what is named, in one step. Prices are major units: text, int or Decimal.

        Raises KeyError for an unknown product and ValueError, with one clear sentence, for a bad value.
        """
        product = self.products[slug]
        changes: dict[str, Any] = {}
        if price is not None:
            changes["price"] = read_price(price, product.currency)
        if list_price is not None:
            changes["list_price"] = read_price(list_price, product.currency)
        if availability is not None:
            changes["availability"] = read_availability(availability)
        if mode is not None:
            changes["mode"] = read_mode(mode)
        if title is not None:
            changes["title"] = read_title(title)
        return self._put(replace(product, **changes))

    def lists(self, slug: str, *, price: object, **details: Any) -> ShopProduct:
        """Add a product, or replace the one of that slug. `details` are fields of ShopProduct.

        Raises ValueError, with one clear sentence, for a bad value.
        """
        unknown = details.keys() - {field.name for field in fields(ShopProduct)}
        if unknown:
            raise ValueError(f"A product has no {sorted(unknown)[0]}.")
        currency = details.get("currency", "INR")
        if details.get("list_price") is not None:
            details["list_price"] = read_price(details["list_price"], currency)
        title = details.pop("title", slug.replace("-", " ").capitalize())
        return self._put(ShopProduct(slug, title, read_price(price, currency), **details))

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/shop", self._to_front),
            Route("/shop/", self._front),
            Mount("/shop/static", StaticFiles(directory=_STATIC)),
            Route("/shop/{slug}.json", self._data),
            Route("/shop/{slug}.png", self._picture),
            Route("/shop/{slug}", self._page, methods=["GET"]),
            Route("/shop/{slug}", self._change, methods=["PUT"]),
            Route("/shop/{slug}", self._change_by_form, methods=["POST"]),
        ]

    @property
    def _home(self) -> str:
        return f"{self.origin}/shop/"

    def _put(self, product: ShopProduct) -> ShopProduct:
        self.products[product.slug] = product
        if self.on_change is not None:
            self.on_change(product)
        return product

    def _product(self, request: Request) -> ShopProduct | None:
        return self.products.get(request.path_params["slug"])

    def _related(self, product: ShopProduct) -> list[ShopProduct]:
        shelf_order = list(self.products.values())
        place = shelf_order.index(product)
        return (shelf_order[place + 1 :] + shelf_order[:place])[:_RELATED]

    def _described(self, product: ShopProduct) -> dict[str, Any]:
        """The product as JSON: prices are decimal strings in major units."""
        list_price = product.list_price
        return {
            "slug": product.slug,
            "title": product.title,
            "brand": product.brand,
            "price": amounts.plain(product.price, product.currency),
            "price_text": amounts.shown(product.price, product.currency),
            "currency": product.currency,
            "list_price": None if list_price is None else amounts.plain(list_price, product.currency),
            "availability": product.availability,
            "mode": product.mode,
            "state": shelf.state(product),
            "style": product.style,
            "points": list(product.points),
            "url": self.url(product.slug),
            "image": f"{self._home}{product.slug}.png",
            "variants": [each.key for each in product.variants],
        }

    async def _to_front(self, _request: Request) -> Response:
        return RedirectResponse("/shop/", 308)

    async def _front(self, request: Request) -> Response:
        query = request.query_params.get("q", "")
        return HTMLResponse(shelf.front_page(self.products.values(), self._home, query=query), 200, _POLICY)

    async def _data(self, request: Request) -> Response:
        product = self._product(request)
        return _unknown() if product is None else JSONResponse(self._described(product))

    def _picture(self, request: Request) -> Response:
        """Drawn on a thread, since a drawing takes longer than an event loop should stand still."""
        product = self._product(request)
        if product is None:
            return manners.not_found(_POLICY)
        return Response(
            pictures.picture(product.slug), media_type="image/png", headers={"Cache-Control": "max-age=86400"}
        )

    async def _page(self, request: Request) -> Response:
        product = self._product(request)
        if product is None:
            return manners.not_found(_POLICY)
        variant = product.variant(request.query_params.get("variant"))
        page = product_page(product, variant, self._related(product), self._home)
        return manners.answer(
            product.mode,
            page,
            request.url.path,
            again="again" in request.query_params,
            slow_seconds=self.slow_seconds,
            policy=_POLICY,
        )

    async def _change(self, request: Request) -> Response:
        product = self._product(request)
        if product is None:
            return _unknown()
        try:
            changed = self.set(product.slug, **_wanted(await request.body()))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse(self._described(changed))

    async def _change_by_form(self, request: Request) -> Response:
        product = self._product(request)
        if product is None:
            return manners.not_found(_POLICY)
        async with request.form() as form:
            wanted = {name: value for name in _CHANGES if (value := _typed(form, name))}
        try:
            self.set(product.slug, **wanted)
        except ValueError as problem:
            page = shelf.front_page(self.products.values(), self._home, problem=f"{product.title}: {problem}")
            return HTMLResponse(page, 400, _POLICY)
        return RedirectResponse(f"/shop/#{product.slug}", 303)


def _unknown() -> Response:
    return JSONResponse({"error": "The shop sells nothing at this address."}, 404)


def _wanted(body: bytes) -> dict[str, Any]:
    """The changes that a JSON object names. Raises ValueError, with one clear sentence, for anything else."""
    try:
        wanted: dict[str, Any] = {} | json.loads(body, parse_float=Decimal)
    except (ValueError, TypeError, RecursionError):
        raise ValueError("The body must be a JSON object.") from None
    if not set(_CHANGES).issuperset(wanted):
        raise ValueError(f"What can be changed is: {', '.join(_CHANGES)}.")
    if None in wanted.values():
        raise ValueError("A value that is named must not be null.")
    return wanted


def _typed(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
