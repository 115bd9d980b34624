"""Which readings we believe: a price far from what a listing costs is read again before anybody is told.

Pure functions over prices of one currency. The bands are settings, chosen by `make bench ONLY=replay`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.money import Money
from tracker.stores.offer import Evidence

MAX_KIND = 64
"""As long as the columns that keep an evidence kind."""

NEW_NORMAL_READS = 8
NEW_NORMAL_AFTER = timedelta(hours=24)


class Belief(StrEnum):
    BELIEVED = "believed"
    HELD = "held"
    """Read again within minutes; believed when enough reads agree."""
    REJECTED = "rejected"
    """Recorded and nothing else: no number of reads makes it an alert."""


class Why(StrEnum):
    """What speaks against a reading."""

    FAR = "far"
    """Outside what the listing cost lately, as a deep sale would be."""
    FAR_OFF = "far_off"
    """Farther than any sale goes: another currency, a misplaced separator, a placeholder."""
    EVIDENCE = "evidence"
    """The price changed, and none of the sources that said the last one says this one."""


@dataclass(frozen=True, slots=True)
class Bands:
    """How far from the recent median a price may be; the first four are multiples of the median."""

    hold_below: float = 0.6
    hold_above: float = 2.5
    reject_below: float = 0.02
    reject_above: float = 20
    reads: int = 3
    """How many reads in a row must agree before a held price is believed, the first one included."""
    agree: float = 0.02
    """Prices agree when the highest is at most this part above the lowest."""


DEFAULT_BANDS = Bands()


def judge(
    price: Money,
    median: Money | None,
    held: Sequence[Money],
    *,
    is_other_evidence: bool,
    bands: Bands = DEFAULT_BANDS,
) -> tuple[Belief, Why | None]:
    """Whether a price that was just read is believed, and what speaks against it when it is not.

    `median` is the median of the believed prices of the last 30 days, each weighed by how long it stood;
    while there is none, or it is nothing, every price is believed. `held` are the prices of the unbroken run
    of held readings before this one, the oldest first. `is_other_evidence` says that the price changed and
    that other sources say it (`is_other`).
    """
    if median is None or median.minor <= 0:
        return Belief.BELIEVED, None
    if not bands.reject_below * median.minor <= price.minor <= bands.reject_above * median.minor:
        return Belief.REJECTED, Why.FAR_OFF
    if not bands.hold_below * median.minor <= price.minor <= bands.hold_above * median.minor:
        doubt = Why.FAR
    elif is_other_evidence:
        doubt = Why.EVIDENCE
    else:
        return Belief.BELIEVED, None
    run = [*held, price][-bands.reads :]
    if len(run) == bands.reads and _agree(run, bands.agree):
        return Belief.BELIEVED, None
    return Belief.HELD, doubt


def nearest(price: Money, *references: Money | None) -> Money | None:
    """The reference that a price is nearest to, as a ratio; None when none is known.

    The median forgets slowly: after a fall that was believed, the price before this one says more.
    """
    known = [one for one in references if one is not None and one.minor > 0]
    if not known or price.minor <= 0:
        return known[0] if known else None
    return min(known, key=lambda one: max(price.minor / one.minor, one.minor / price.minor))


def is_new_normal(
    rejected: Sequence[tuple[datetime, Money]], now: datetime, bands: Bands = DEFAULT_BANDS
) -> bool:
    """Whether rejected readings have become what the listing costs, and its history is to begin anew.

    So it is when the first reading was a placeholder of 1, or the shop put another thing at the address: the
    unbroken run of rejected readings, the oldest first and this one the last, holds at least 8 that agree and
    goes back at least a day. Nobody is told, for it is no move: the price before it was not of this thing.
    """
    agreeing: list[tuple[datetime, Money]] = []
    for reading in reversed(rejected):
        if not _agree([reading[1], *(price for _, price in agreeing)], bands.agree):
            break
        agreeing.append(reading)
    return len(agreeing) >= NEW_NORMAL_READS and now - agreeing[-1][0] >= NEW_NORMAL_AFTER


def evidence_kind(evidence: Iterable[Evidence]) -> str:
    """The names of the sources, sorted: "json-ld+visible". At most 64 characters, of whole names."""
    kind = ""
    for source in sorted({item.source for item in evidence}):
        longer = f"{kind}+{source}" if kind else source[:MAX_KIND]
        if len(longer) > MAX_KIND:
            break
        kind = longer
    return kind


def is_other(before: str | None, now: str) -> bool:
    """Whether both kinds are known and have no source in common."""
    return bool(before and now) and set((before or "").split("+")).isdisjoint(now.split("+"))


def _agree(prices: Sequence[Money], within: float) -> bool:
    minors = [price.minor for price in prices]
    return max(minors) - min(minors) <= within * min(minors)
