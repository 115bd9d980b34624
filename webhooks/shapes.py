"""What requests and answers of the API are made of."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from tracker.money import Money

Item = TypeVar("Item")

_LARGEST = 2**63 - 1

RowId = Annotated[int, Path(ge=1, le=_LARGEST, examples=[7])]
Before = Annotated[
    int | None,
    Query(ge=1, le=_LARGEST, description="The `next` of the page before: what comes after it is answered."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at the most.")]

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""What a moment of the service can be: each database can be asked about it."""

Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
"""PostgreSQL holds every character but one."""


class Page(BaseModel, Generic[Item]):
    """Newest first. `next` is the `before` of the page that follows; null on the last."""

    items: list[Item]
    next: int | None = Field(examples=[41])


class Amount(BaseModel):
    """Money: `amount` in major units, `minor` in the smallest of its currency."""

    amount: str = Field(examples=["1499.00"])
    minor: int = Field(examples=[149900])
    currency: str = Field(examples=["INR"])

    @classmethod
    def of(cls, money: Money) -> "Amount":
        return cls(amount=f"{money.amount:f}", minor=money.minor, currency=money.currency)

    @classmethod
    def of_any(cls, money: Money | None) -> "Amount | None":
        return None if money is None else cls.of(money)
