"""Our rules under other settings: one of them changed at a time, and both bands together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import product

from benchmarks.replay.figures import Figures, both, scores
from benchmarks.replay.ours import RECHECK, ours
from benchmarks.replay.series import Series
from benchmarks.replay.told import Method
from tracker.catalog.belief import DEFAULT_BANDS, Bands


def settings() -> Iterator[tuple[str, Method]]:
    """Each with a name that says what differs from the defaults."""
    yield "the defaults", ours()
    for below, above in product((0.4, 0.5, 0.6, 0.7, 0.8, 0.9), (1.25, 2.5)):
        bands = replace(DEFAULT_BANDS, hold_below=below, hold_above=above)
        if bands != DEFAULT_BANDS:
            yield f"hold_below {below}, hold_above {above}", ours(bands)
    singles: Mapping[str, Sequence[Bands]] = {
        "hold_above": [replace(DEFAULT_BANDS, hold_above=value) for value in (2, 4)],
        "reject_below": [replace(DEFAULT_BANDS, reject_below=value) for value in (0.005, 0.01, 0.05, 0.1)],
        "reject_above": [replace(DEFAULT_BANDS, reject_above=value) for value in (5, 10, 100)],
        "reads": [replace(DEFAULT_BANDS, reads=value) for value in (2, 4, 5)],
        "agree": [replace(DEFAULT_BANDS, agree=value) for value in (0, 0.01, 0.05)],
    }
    for field, values in singles.items():
        for bands in values:
            yield f"{field} {getattr(bands, field)}", ours(bands)
    for minutes in (1, 5, 10):
        recheck = timedelta(minutes=minutes)
        if recheck != RECHECK:
            yield f"read again after {minutes} min", ours(recheck=recheck)


def sweep(origins: Mapping[str, Sequence[Series]]) -> Iterator[tuple[str, dict[str, dict[str, float]]]]:
    """The name of each setting, and its figures by origin."""
    for name, method in settings():
        yield (
            name,
            {origin: asdict(Figures.of(both(scores(series, method)))) for origin, series in origins.items()},
        )
