"""Listings and what their pages showed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tracker.admin import products
from tracker.admin.roles import Action
from tracker.catalog import observations
from tracker.catalog.models import Listing
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.me import HistoryOut
from webhooks.shapes import Amount, Before, Limit, Moment, Page, RowId, Words


class ListingOut(BaseModel):
    id: int = Field(examples=[41])
    url: str = Field(examples=["https://shop.example/p/kettle"])
    store: str = Field(examples=["shop.example"])
    title: str = Field(examples=["Kettle"])
    price: Amount | None
    availability: str = Field(examples=["in_stock"])
    watchers: int
    outcome: str | None = Field(description="Of the last check.", examples=["offer"])
    failures: int = Field(description="Checks in a row that gave no offer.")
    read_at: datetime | None
    checked_at: datetime | None
    next_check_at: datetime | None = Field(description="Null while it is not checked.")


def router() -> APIRouter:
    routes = Guarded("/api/admin", "products")

    @routes.get("/products", Action.SEE_PRODUCTS, 409, response_model=Page[ListingOut])
    async def all_products(
        work: InWork,
        actor: ByActor,
        q: Annotated[
            Words, Query(description="An address, #41, the code of a store, or beginnings of words.")
        ] = "",
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """The listings, the newest first."""
        found = await products.search(work.session, actor, words=q, before=before, limit=limit + 1)
        return Page.of(found, limit, _listing)

    @routes.get("/products/{id}/history", Action.SEE_PRODUCTS, 404, response_model=HistoryOut)
    async def history(
        work: InWork,
        actor: ByActor,
        id: RowId,
        before: Annotated[Moment | None, Query(description="The `next` of the page before.")] = None,
        limit: Limit = 20,
    ) -> object:
        """The readings of a listing that stand, the newest first."""
        product = await products.get(work.session, actor, id)
        found = await observations.newest(work.session, product.listing.id, before=before, limit=limit + 1)
        return HistoryOut.of(found, limit)

    return routes.router


def _listing(listing: Listing) -> ListingOut:
    return ListingOut(
        id=listing.id,
        url=listing.url,
        store=listing.store,
        title=listing.title,
        price=Amount.of_any(listing.price),
        availability=listing.availability,
        watchers=listing.watchers,
        outcome=listing.outcome,
        failures=listing.failures,
        read_at=listing.read_at,
        checked_at=listing.checked_at,
        next_check_at=listing.next_check_at,
    )
