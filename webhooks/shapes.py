"""What requests and answers of the API are made of."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field

from tracker.money import MAX_MINOR, Money

Item = TypeVar("Item")

_LARGEST = 2**63 - 1
_DATED = re.compile(r"\d{4}-\d\d-\d\d")

RowId = Annotated[int, Path(ge=1, le=_LARGEST, examples=[1])]
Before = Annotated[
    int | None,
    Query(ge=1, le=_LARGEST, description="The `next` of the page before: what comes after it is answered."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at the most.")]

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""What a moment of the service can be. One beyond is taken for the nearest: before or after everything."""


def _dated(value: object) -> object:
    """Pydantic takes a number for seconds since 1970, which the document does not promise."""
    if not isinstance(value, str) or not _DATED.match(value):
        raise ValueError("Input should be a date as 2026-11-24, with a time as 2026-11-24T12:00:00Z")
    return value


def _no_word(value: object) -> object:
    """A number of JSON is 7 or 7.0, as JSON Schema has it, and not "7"."""
    if isinstance(value, str | bool):
        raise ValueError("Input should be a whole number")  # noqa: TRY004 - what pydantic takes for a refusal
    return value


Moment = Annotated[
    AwareDatetime,
    AfterValidator(lambda moment: min(max(moment, EARLIEST), LATEST)),
    BeforeValidator(_dated),
]
Day = Annotated[
    date,
    AfterValidator(lambda day: min(max(day, EARLIEST.date()), LATEST.date())),
    BeforeValidator(_dated),
]
Minor = Annotated[int, Field(ge=1, le=MAX_MINOR), BeforeValidator(_no_word)]
MinorFromZero = Annotated[int, Field(ge=0, le=MAX_MINOR), BeforeValidator(_no_word)]
Days = Annotated[int, Field(ge=1, le=3650), BeforeValidator(_no_word)]

Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
"""PostgreSQL holds every character but one."""

Sentence = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""One that says something."""


class Page(BaseModel, Generic[Item]):
    """Newest first. `next` is the `before` of the page that follows; null on the last."""

    items: list[Item]
    next: int | None = Field(examples=[41])

    @classmethod
    def of(cls, found: Sequence[Any], limit: int, shown: Callable[[Any], Any]) -> "Page[Any]":
        """Of one row more than `limit`, which is not shown: it tells that there is another page."""
        items = [shown(each) for each in found[:limit]]
        return Page(items=items, next=items[-1].id if len(found) > limit else None)


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
