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

LASTING_READS = 8
LASTING_FOR = timedelta(hours=24)
"""What stays through so many reads and so long is no passing mistake."""

FLICKER_WITHIN = timedelta(days=7)

_MONTHS = (6, 9, 12, 18, 24)
"""Of the instalments that shops show. Three months are a third of the price, which is a sale as often."""
_INTEREST = 0.0075
"""What an instalment is dearer a month: 12 of them at 16 % a year cost 1.09 times the price."""
_ROUNDING = 0.01
_EXACT = 0.001
"""A misplaced separator changes no digit."""


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
    VARIANT = "variant"
    """The price changed, and so did the size, the colour or the memory that the page names."""
    FLICKER = "flicker"
    """It came and went lately, as when a page shows two variants, or two sellers, in turn."""
    MISTAKE = "mistake"
    """As far off as a monthly instalment or a separator out of place, to the digit."""


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


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a listing before a reading; lists are oldest first."""

    before: Money | None
    """The last price that was believed."""
    median: Money | None
    """Of the believed prices of the last 30 days, each weighed by how long it stood."""
    evidence: str | None
    """The kind of evidence of the last price that was believed."""
    variant: str | None = None
    """What the page named with the last price that was believed."""
    believed: Sequence[tuple[datetime, int]] = ()
    """Every change that was believed: moments and minor units."""
    held: Sequence[tuple[datetime, Money]] = ()
    """The held readings since a reading was last believed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why` and `reference`, the price that a reading is far from, are what speaks against it."""

    belief: Belief
    why: Why | None
    reference: Money | None


def weigh(
    price: Money,
    known: Known,
    *,
    evidence: str,
    variant: str | None,
    now: datetime,
    bands: Bands = DEFAULT_BANDS,
) -> Verdict:
    """Judge a price that differs from the last believed one, by all that is known of the listing.

    `evidence` is its `evidence_kind`, `variant` what the page names beside it.
    """
    reference = nearest(price, known.median, known.before)
    belief, why = judge(
        price,
        reference,
        [held for _, held in known.held],
        is_other_evidence=is_other(known.evidence, evidence),
        is_other_variant=bool(variant and known.variant and variant != known.variant),
        is_flickering=comes_and_goes(price, known.believed, now, bands),
        is_mistakable=_is_mistakable(price, known) and not lasts([*known.held, (now, price)], now, bands),
        bands=bands,
    )
    return Verdict(belief, why, reference)


def judge(
    price: Money,
    median: Money | None,
    held: Sequence[Money],
    *,
    is_other_evidence: bool,
    is_other_variant: bool = False,
    is_flickering: bool = False,
    is_mistakable: bool = False,
    bands: Bands = DEFAULT_BANDS,
) -> tuple[Belief, Why | None]:
    """Whether a price that was just read is believed, and what speaks against it when it is not.

    `median` is the recent median, or what is `nearest`; while there is none, or it is nothing, every price is
    believed. `held` are the prices of the unbroken run of held readings before this one, the oldest first.
    `is_other_evidence` says that the price changed and other sources say it, `is_other_variant` that the page
    names another variant beside it, `is_flickering` that it is one that comes and goes, `is_mistakable` that
    it is as a mistake would be and no number of reads helps.
    """
    if median is None or median.minor <= 0:
        return Belief.BELIEVED, None
    if not bands.reject_below * median.minor <= price.minor <= bands.reject_above * median.minor:
        return Belief.REJECTED, Why.FAR_OFF
    if not bands.hold_below * median.minor <= price.minor <= bands.hold_above * median.minor:
        doubt = Why.MISTAKE if is_mistakable else Why.FAR
    elif is_other_variant:
        doubt = Why.VARIANT
    elif is_other_evidence:
        doubt = Why.EVIDENCE
    elif is_flickering:
        doubt = Why.FLICKER
    else:
        return Belief.BELIEVED, None
    run = [*held, price][-bands.reads :]
    if doubt is not Why.MISTAKE and len(run) == bands.reads and _agree(run, bands.agree):
        return Belief.BELIEVED, None
    return Belief.HELD, doubt


def _is_mistakable(price: Money, known: Known) -> bool:
    """Whether this price looks like a mistake, or one since the last believed reading did.

    While a page shows instalments, a new price changes them too, and then they are of nothing that we know.
    """
    references = [one for one in (known.median, known.before) if one is not None]
    prices = [price, *(held for _, held in known.held)]
    return any(looks_like_a_mistake(one, reference) for one in prices for reference in references)


def looks_like_a_mistake(price: Money, reference: Money) -> bool:
    """Whether a price is the reference's monthly instalment, or a tenth or ten times of it to the digit.

    Shops do sell at such prices, so they are believed when they stand for a day; a sale of 80 % and less is
    never among them.
    """
    if reference.minor <= 0:
        return False
    ratio = price.minor / reference.minor
    if any(abs(ratio / factor - 1) <= _EXACT for factor in (0.1, 10)):
        return True
    return any(1 - _ROUNDING <= ratio * months <= 1 + _INTEREST * months for months in _MONTHS)


def comes_and_goes(
    price: Money, believed: Sequence[tuple[datetime, int]], now: datetime, bands: Bands = DEFAULT_BANDS
) -> bool:
    """Whether a price came and went lately: it was believed anew in the last days, and a different one since.

    The first that we know of a listing did not come, it was there.
    """
    has_left = False
    for at, minor in reversed(believed[1:]):
        if now - at > FLICKER_WITHIN:
            return False
        if not _agree([price, Money(minor, price.currency)], bands.agree):
            has_left = True
        elif has_left:
            return True
    return False


def recheck_after(
    held: int, recheck: timedelta, interval: timedelta, bands: Bands = DEFAULT_BANDS
) -> timedelta:
    """How soon a page is read again of which so many readings in a row, at least one, are held.

    `recheck` while reads that agree may settle it, then twice as long each time up to the interval: a price
    that has not settled by then is no sale that a minute counts for.
    """
    doublings = min(max(0, held - bands.reads), 20)
    return min(interval, recheck * (1 << doublings))


def nearest(price: Money, *references: Money | None) -> Money | None:
    """The reference that a price is nearest to, as a ratio; None when none is known.

    The median forgets slowly: after a fall that was believed, the price before this one says more.
    """
    known = [one for one in references if one is not None and one.minor > 0]
    if not known or price.minor <= 0:
        return known[0] if known else None
    return min(known, key=lambda one: max(price.minor / one.minor, one.minor / price.minor))


def lasts(readings: Sequence[tuple[datetime, Money]], now: datetime, bands: Bands = DEFAULT_BANDS) -> bool:
    """Whether the readings at the end that agree, the oldest first, are at least 8 and go back a day."""
    first = len(readings)
    while first and _agree([price for _, price in readings[first - 1 :]], bands.agree):
        first -= 1
    return len(readings) - first >= LASTING_READS and now - readings[first][0] >= LASTING_FOR


def is_new_normal(
    rejected: Sequence[tuple[datetime, Money]], now: datetime, bands: Bands = DEFAULT_BANDS
) -> bool:
    """Whether rejected readings have become what the listing costs, and its history is to begin anew.

    So it is when the first reading was a placeholder of 1, or the shop put another thing at the address:
    `rejected`, the unbroken run of rejected readings and this one the last, lasts. Nobody is told, for it is
    no move: the price before it was not of this thing.
    """
    return lasts(rejected, now, bands)


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
