"""What a method tells, and what it is asked to tell."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from benchmarks.replay.series import Series


class Ask(StrEnum):
    """What the person of a series wants to hear of."""

    ANY_DROP = "any drop"
    TENTH = "a drop of 10 %"


LEAST = {Ask.ANY_DROP: 0.0, Ask.TENTH: 0.1}
"""Which part of the reference a drop must be."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert: it cost `reference`, and now it costs `minor`."""

    at: datetime
    minor: int
    reference: int


@dataclass(frozen=True, slots=True)
class Run:
    """One method on one series: what it told for each ask, and how often it read the page."""

    told: dict[Ask, list[Told]]
    reads: int


Method = Callable[[Series], Run]


def falls(ask: Ask, minor: int, reference: int, step: int) -> bool:
    """Whether a price is a drop of the kind asked for, at least `step` below the reference."""
    return reference - minor >= max(step, LEAST[ask] * reference)


def nothing_told() -> dict[Ask, list[Told]]:
    return {ask: [] for ask in Ask}
