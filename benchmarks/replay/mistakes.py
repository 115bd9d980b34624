"""What goes wrong when pages are read: the mistakes put into made-up and recorded series."""

from datetime import datetime, timedelta
from random import Random

from benchmarks.replay.series import OTHER, THIS, USUAL, Mistake

_INSTALMENTS = (1 / 6, 1 / 12, 1 / 24)
_RUPEES_PER_DOLLAR = 83


def _instalment(random: Random, at: datetime, _interval: timedelta) -> Mistake:
    factor = random.choice(_INSTALMENTS)
    return Mistake("instalment", at, factor, reads=random.randint(1, 6), evidence="visible")


def _currency(random: Random, at: datetime, _interval: timedelta) -> Mistake:
    """The number of another currency under our currency's name."""
    factor = random.choice((1 / _RUPEES_PER_DOLLAR, float(_RUPEES_PER_DOLLAR)))
    return Mistake("currency", at, factor, reads=random.randint(1, 6))


def _variant(random: Random, at: datetime, interval: timedelta) -> Mistake:
    """Another size in every second read. Half of the pages name it."""
    until = at + interval * random.randint(4, 24)
    return Mistake(
        "variant", at, random.choice((0.7, 1.5)), until=until, every=2, variant=random.choice((THIS, OTHER))
    )


def _separator(random: Random, at: datetime, _interval: timedelta) -> Mistake:
    factor = random.choice((0.01, 0.1, 10.0, 100.0))
    evidence = random.choice((USUAL, "meta og:price:amount"))
    return Mistake("separator", at, factor, reads=random.randint(1, 6), evidence=evidence)


def _nothing(random: Random, at: datetime, _interval: timedelta) -> Mistake:
    return Mistake("nothing", at, 0.0, reads=random.randint(1, 4))


def _other_number(random: Random, at: datetime, _interval: timedelta) -> Mistake:
    """A saving, a related product, a threshold for free delivery: anything, from another place."""
    return Mistake(
        "other number", at, random.uniform(0.05, 0.9), reads=random.randint(1, 2), evidence="state"
    )


def _day_long(random: Random, at: datetime, _interval: timedelta) -> Mistake:
    """Wrong in every read until it is mended."""
    factor = random.choice((*_INSTALMENTS, 1 / _RUPEES_PER_DOLLAR, 0.1, 10.0))
    return Mistake("a day long", at, factor, until=at + timedelta(hours=24), evidence="visible")


KINDS = (_instalment, _currency, _variant, _separator, _nothing, _other_number, _day_long)


def scatter(
    random: Random, begin: datetime, end: datetime, interval: timedelta, *, apart: timedelta
) -> list[Mistake]:
    """Mistakes of all kinds, `apart` on average, none before the one before it has surely ended."""
    found: list[Mistake] = []
    at = begin + apart * random.uniform(0.5, 1.5)
    while at < end:
        found.append(random.choice(KINDS)(random, at, interval))
        at += max(interval * 24, timedelta(hours=24)) + apart * random.uniform(0.5, 1.5)
    return found
