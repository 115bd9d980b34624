"""What a person reads with a token of their own: their watches, histories and alerts, and nobody else's."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tracker import clock
from tracker.alerts import history
from tracker.catalog import observations
from tracker.catalog.models import PriceObservation
from tracker.watches import reading
from tracker.watches import service as watches
from tracker.watches.models import Watch
from webhooks.auth import ByUser, Guarded, InWork
from webhooks.shapes import Amount, Before, Limit, Moment, Page, RowId


class WatchOut(BaseModel):
    id: int = Field(examples=[7])
    number: int = Field(description="What it is called in the chat: #3.", examples=[3])
    state: str = Field(examples=["active"])
    url: str = Field(examples=["https://shop.example/p/kettle"])
    store: str = Field(examples=["shop.example"])
    title: str = Field(examples=["Kettle"])
    price: Amount | None = Field(description="As it was last believed; null when it is not to be had.")
    availability: str = Field(examples=["in_stock"])
    started_at: Amount | None = Field(description="The price when the watch was added.")
    read_at: datetime | None
    created_at: datetime
    rules: list[str] = Field(examples=[["any_drop"]])


class ReadingOut(BaseModel):
    observed_at: datetime = Field(description="When it was first seen.")
    price: Amount | None = Field(description="Null when there was nothing to buy.")
    availability: str = Field(examples=["in_stock"])
    seller: str | None


class HistoryOut(BaseModel):
    """Newest first. `next` is the `before` of the page that follows; null on the last."""

    items: list[ReadingOut]
    next: datetime | None

    @classmethod
    def of(cls, found: Sequence[PriceObservation], limit: int) -> "HistoryOut":
        """Of one more than `limit`, which is not shown."""
        return cls(
            items=[_reading(each) for each in found[:limit]],
            next=found[limit - 1].observed_at if len(found) > limit else None,
        )


class AlertOut(BaseModel):
    id: int = Field(examples=[41])
    watch_id: int = Field(examples=[7])
    title: str = Field(examples=["Kettle"])
    reasons: list[str] = Field(examples=[["any_drop"]])
    before: Amount | None
    now: Amount | None
    observed_at: datetime
    state: str = Field(examples=["sent"])
    sent_at: datetime | None


def router() -> APIRouter:
    routes = Guarded("/api/me", "me")

    @routes.get_own("/watches", response_model=Page[WatchOut])
    async def my_watches(work: InWork, user: ByUser, before: Before = None, limit: Limit = 20) -> object:
        """The person's watches that they have not stopped."""
        found = await reading.newest(work.session, user, before=before, limit=limit + 1)
        return Page.of(found, limit, _watch)

    @routes.get_own("/watches/{id}/history", 404, response_model=HistoryOut)
    async def my_history(
        work: InWork,
        user: ByUser,
        id: RowId,
        before: Annotated[Moment | None, Query(description="The `next` of the page before.")] = None,
        limit: Limit = 20,
    ) -> object:
        """What a watched page showed, as far back as the plan goes."""
        watch, days = await watches.owned(work.session, user, id), user.allowance.history_days
        found = await observations.newest(
            work.session,
            watch.listing_id,
            since=None if days is None else clock.now() - timedelta(days=days),
            before=before,
            limit=limit + 1,
        )
        return HistoryOut.of(found, limit)

    @routes.get_own("/alerts", response_model=Page[AlertOut])
    async def my_alerts(
        work: InWork,
        user: ByUser,
        watch_id: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Of one watch alone.")] = None,
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """What the person was told, and what waits, as far back as the plan goes."""
        found = await history.newest(work.session, user, watch_id=watch_id, before=before, limit=limit + 1)
        return Page.of(found, limit, _alert)

    return routes.router


def _reading(observation: PriceObservation) -> ReadingOut:
    return ReadingOut(
        observed_at=observation.observed_at,
        price=Amount.of_any(observation.price),
        availability=observation.availability,
        seller=observation.seller,
    )


def _watch(watch: Watch) -> WatchOut:
    listing = watch.listing
    return WatchOut(
        id=watch.id,
        number=watch.number,
        state=watch.state,
        url=listing.url,
        store=listing.store,
        title=listing.title,
        price=Amount.of_any(listing.price),
        availability=listing.availability,
        started_at=Amount.of_any(watch.start_price),
        read_at=listing.read_at,
        created_at=watch.created_at,
        rules=[rule.kind for rule in watch.rules],
    )


def _alert(entry: history.Entry) -> AlertOut:
    alert = entry.alert
    return AlertOut(
        id=alert.id,
        watch_id=alert.watch_id,
        title=entry.listing.title,
        reasons=[str(reason["kind"]) for reason in alert.reasons],
        before=Amount.of_any(alert.before),
        now=Amount.of_any(alert.now),
        observed_at=alert.observed_at,
        state=alert.state,
        sent_at=alert.sent_at,
    )
