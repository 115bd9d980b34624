"""Made-up series of an Indian shop, in the shapes that real ones have; the same ones in every run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from benchmarks.replay.mistakes import scatter
from benchmarks.replay.series import Level, Series

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 60
INTERVAL = timedelta(minutes=30)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_RUPEE = 100
_END = BEGIN + DAYS * _DAY

Shape = Callable[[Random, int], Iterator[Level]]


def flash_sales(random: Random, usual: int) -> Iterator[Level]:
    """10 to 45 % off for 2 to 24 hours, every few days."""
    yield Level(BEGIN, usual)
    at = BEGIN + random.uniform(1, 4) * _DAY
    while at < _END:
        length = random.uniform(2, 24) * _HOUR
        yield Level(at, _rounded(usual * random.uniform(0.55, 0.9)))
        yield Level(at + length, usual)
        at += length + random.uniform(2, 8) * _DAY


def deep_sales(random: Random, usual: int) -> Iterator[Level]:
    """50 to 80 % off for 2 to 24 hours, as at festivals."""
    yield Level(BEGIN, usual)
    at = BEGIN + random.uniform(2, 6) * _DAY
    while at < _END:
        length = random.uniform(2, 24) * _HOUR
        yield Level(at, _rounded(usual * random.uniform(0.2, 0.5)))
        yield Level(at + length, usual)
        at += length + random.uniform(5, 15) * _DAY


def clearances(random: Random, usual: int) -> Iterator[Level]:
    """82 to 97 % off for one to six days: real, and as low as a mistake."""
    yield Level(BEGIN, usual)
    at = BEGIN + random.uniform(3, 10) * _DAY
    while at < _END - 6 * _DAY:
        length = random.uniform(1, 6) * _DAY
        yield Level(at, _rounded(usual * random.uniform(0.03, 0.18)))
        yield Level(at + length, usual)
        at += length + random.uniform(8, 20) * _DAY


def raised_before_the_sale(random: Random, usual: int) -> Iterator[Level]:
    """The price goes up for some days, and the "sale" brings it back to a little below what it was."""
    yield Level(BEGIN, usual)
    at = BEGIN + random.uniform(3, 8) * _DAY
    while at < _END - 12 * _DAY:
        yield Level(at, _rounded(usual * random.uniform(1.2, 2.0)))
        sale = at + random.uniform(3, 7) * _DAY
        yield Level(sale, _rounded(usual * random.uniform(0.93, 0.99)))
        over = sale + random.uniform(1, 3) * _DAY
        yield Level(over, usual)
        at = over + random.uniform(4, 10) * _DAY


def slides(random: Random, usual: int) -> Iterator[Level]:
    """Down by about 5 % every day or two, four or five times; then back."""
    yield Level(BEGIN, usual)
    at = BEGIN + random.uniform(2, 4) * _DAY
    while at < _END - 12 * _DAY:
        price = usual
        for _ in range(random.randint(4, 5)):
            price = _rounded(price * random.uniform(0.945, 0.955))
            yield Level(at, price)
            at += random.uniform(1, 2) * _DAY
        yield Level(at, usual)
        at += random.uniform(2, 5) * _DAY


def noise(random: Random, usual: int) -> Iterator[Level]:
    """An imported thing at the day's rate: some paise up or down every few hours; now and then a sale."""
    yield Level(BEGIN, usual)
    at = BEGIN + 3 * _HOUR
    while at < _END:
        if random.random() < 0.02:
            yield Level(at, _rounded(usual * random.uniform(0.75, 0.9)))
            at += random.uniform(4, 24) * _HOUR
        yield Level(at, usual + random.randint(-30, 30))
        at += random.uniform(3, 9) * _HOUR


def stock_gaps(random: Random, usual: int) -> Iterator[Level]:
    """Sold out for hours or days; back at the old price, or at a lower one for a while."""
    yield Level(BEGIN, usual)
    at = BEGIN + random.uniform(1, 4) * _DAY
    while at < _END - 6 * _DAY:
        yield Level(at, None)
        at += random.uniform(0.2, 3) * _DAY
        yield Level(at, random.choice((usual, _rounded(usual * random.uniform(0.6, 0.9)))))
        at += random.uniform(0.5, 3) * _DAY
        yield Level(at, usual)
        at += random.uniform(2, 6) * _DAY


def layouts(random: Random, usual: int) -> Iterator[Level]:
    """The shop rebuilds its page: other sources say the price, which may change that night too."""
    yield Level(BEGIN, usual)
    at, evidence = BEGIN, ("state", "meta og:price:amount", "microdata", "json-ld+visible")
    for number in range(4):
        at += random.uniform(8, 13) * _DAY
        yield Level(at, _rounded(usual * random.choice((0.8, 0.9, 1.0))), evidence[number])


SHAPES: tuple[Shape, ...] = (
    flash_sales, deep_sales, clearances, raised_before_the_sale, slides, noise, stock_gaps, layouts,
)  # fmt: skip


def make(each: int) -> Iterator[Series]:
    """So many series of each shape: half of them are read without a mistake, half with one every few days."""
    for shape in SHAPES:
        for number in range(each):
            random = Random(f"{shape.__name__} {number}")
            usual = random.randint(300, 60_000) * _RUPEE - 1 * _RUPEE
            levels = list(shape(random, usual))
            offset = random.uniform(0, 1) * INTERVAL
            checks = [BEGIN + offset + INTERVAL * count for count in range((_END - BEGIN) // INTERVAL)]
            mistakes = scatter(random, BEGIN + 2 * _DAY, _END, INTERVAL, apart=2 * _DAY) if number % 2 else []
            yield Series(f"{shape.__name__} {number}", "INR", levels, checks, INTERVAL, mistakes)


def _rounded(minor: float) -> int:
    """To a whole rupee."""
    return round(minor / _RUPEE) * _RUPEE
