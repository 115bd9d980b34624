"""What a person's plan permits, as it stands on their row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Feature(StrEnum):
    ALL_RULES = "all_rules"
    DIGESTS = "digests"
    EXPORTS = "exports"
    FORECASTS = "forecasts"
    API_TOKEN = "api_token"  # noqa: S105 - the name of a feature
    FIRST = "checked_first"


@dataclass(frozen=True, slots=True)
class Allowance:
    """`history_days` of None is everything; paused watches do not count towards `watches`."""

    watches: int
    check_every: timedelta
    history_days: int | None
    requests_per_minute: int
    features: frozenset[Feature]

    def allows(self, feature: Feature) -> bool:
        return feature in self.features


def features_of(names: Iterable[str]) -> frozenset[Feature]:
    """Those that we know: a row may name one that a later version brought."""
    return frozenset(Feature(name) for name in names if name in set(Feature))
