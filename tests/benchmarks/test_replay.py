"""The replay of price series: how it scores, what it comes to, and that it replays what the service does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete, select

from benchmarks.__main__ import is_asked_for
from benchmarks.ground import Unavailable
from benchmarks.replay import peers, recorded, synthetic
from benchmarks.replay.figures import both, scores
from benchmarks.replay.ours import RECHECK, ours
from benchmarks.replay.scoring import Score, drops, is_true, score
from benchmarks.replay.series import OTHER, Level, Mistake, Page, Seen, Series
from benchmarks.replay.told import Ask, Told
from tests import rows
from tracker.alerts.models import Alert
from tracker.alerts.owing import owe
from tracker.catalog import service as catalog
from tracker.catalog.belief import DEFAULT_BANDS, recheck_after
from tracker.catalog.models import Doubt
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.config import Settings
from tracker.database import Database
from tracker.money import Money
from tracker.stores.offer import Availability, Evidence, Offer
from tracker.watches import service as watches
from tracker.watches.models import AlertRule, Rearm, Reference, RuleKind

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)


def series(*levels: tuple[float, int | None], hours: float = 24, mistakes: Sequence[Mistake] = ()) -> Series:
    """Rupees from so many hours on, read every half an hour."""
    return Series(
        "kettle",
        "INR",
        [Level(BEGIN + since * HOUR, None if rupees is None else rupees * 100) for since, rupees in levels],
        [BEGIN + HALF_AN_HOUR * count for count in range(int(hours * 2) + 1)],
        HALF_AN_HOUR,
        mistakes,
    )


def told(hours: float, now: int, reference: int) -> Told:
    return Told(BEGIN + hours * HOUR, now * 100, reference * 100)


SALE = series((0, 1000), (5, 800), (10, 1000))


@pytest.mark.parametrize(
    ("ask", "alert", "expected"),
    [
        (Ask.ANY_DROP, told(5, 800, 1000), True),
        (Ask.TENTH, told(5, 800, 1000), True),
        (Ask.ANY_DROP, told(4.5, 800, 1000), False),
        (Ask.ANY_DROP, told(10, 800, 1000), False),
        (Ask.ANY_DROP, told(5, 700, 1000), False),
        (Ask.ANY_DROP, told(5, 800, 1200), False),
        (Ask.ANY_DROP, told(0, 1000, 1500), False),
        (Ask.ANY_DROP, told(10, 1000, 800), False),
        (Ask.TENTH, told(5, 800, 880), False),
    ],
    ids=[
        "true", "true of a tenth", "before the sale", "after it", "another price", "another reference",
        "a fall from a mistake", "a rise", "less than a tenth",
    ],
)  # fmt: skip
def test_an_alert_is_true_when_what_it_says_is(ask: Ask, alert: Told, expected: bool) -> None:
    assert is_true(SALE, ask, alert) is expected


def test_less_than_the_smallest_step_is_no_drop() -> None:
    noisy = Series("", "INR", [Level(BEGIN, 100_000), Level(BEGIN + HOUR, 99_950)], SALE.checks, HALF_AN_HOUR)
    assert not is_true(noisy, Ask.ANY_DROP, Told(BEGIN + HOUR, 99_950, 100_000))
    assert not list(drops(noisy, Ask.ANY_DROP))


def spans(one: Series, ask: Ask) -> list[tuple[float, float]]:
    return [((drop.since - BEGIN) / HOUR, (drop.until - BEGIN) / HOUR) for drop in drops(one, ask)]


def test_a_drop_lasts_until_the_price_changes_or_nobody_can_buy() -> None:
    assert spans(SALE, Ask.ANY_DROP) == [(5, 10)]
    assert spans(series((0, 1000), (5, 800), (6, None)), Ask.ANY_DROP) == [(5, 6)]
    assert spans(series((0, 1000), (5, 800), (7, 700)), Ask.ANY_DROP) == [(5, 7), (7, 24)]
    assert spans(series((0, 1000), (5, 800), (5.9, 1000)), Ask.ANY_DROP) == []


def test_slow_slides_come_to_a_tenth() -> None:
    assert spans(series((0, 1000), (5, 950), (10, 905), (15, 860), (20, 990)), Ask.TENTH) == [(15, 20)]


def test_a_drop_is_told_late_or_missed() -> None:
    assert score(SALE, Ask.ANY_DROP, [told(6, 800, 1000)]).delays == [60]
    late = score(SALE, Ask.ANY_DROP, [told(10, 800, 1000)])
    assert (late.false, late.missed, late.drops, late.reads) == (1, 1, 1, 49)
    assert score(SALE, Ask.ANY_DROP, []).missed == 1


def readings(page: Page, *hours: float) -> list[int | None]:
    seen = (page.read(BEGIN + hour * HOUR) for hour in hours)
    return [None if one.minor is None else one.minor // 100 for one in seen]


def test_a_mistake_lasts_for_reads_or_for_a_time() -> None:
    by_reads = series((0, 1000), mistakes=[Mistake("", BEGIN + HOUR, 0.1, reads=2)])
    assert readings(Page(by_reads), 0, 1, 1.1, 1.2) == [1000, 100, 100, 1000]
    assert readings(Page(by_reads), 0, 9, 20, 21) == [1000, 100, 100, 1000]
    by_time = series((0, 1000), mistakes=[Mistake("", BEGIN + HOUR, 0.1, until=BEGIN + 2 * HOUR)])
    assert readings(Page(by_time), 0, 1, 1.1, 1.9, 2) == [1000, 100, 100, 100, 1000]
    in_turn = series((0, 1000), mistakes=[Mistake("", BEGIN, 0.7, until=BEGIN + 9 * HOUR, every=2)])
    assert readings(Page(in_turn), 0, 1, 2, 3) == [700, 1000, 700, 1000]


def test_peers_do_as_they_do() -> None:
    def hours(told_by: Sequence[Told]) -> list[tuple[float, int, int]]:
        return [((a.at - BEGIN) / HOUR, a.minor // 100, a.reference // 100) for a in told_by]

    slide = series((0, 1000), (5, 950), (10, 890), (15, 1000))
    assert hours(peers.compare_with_previous(slide).told[Ask.TENTH]) == []
    assert hours(peers.compare_with_first(slide).told[Ask.TENTH]) == [(10, 890, 1000)]
    deep = series((0, 1000), (5, 400))
    assert hours(peers.compare_with_previous(deep).told[Ask.ANY_DROP]) == [(5, 400, 1000)]
    assert hours(peers.hold_3(deep).told[Ask.ANY_DROP]) == [(6, 400, 1000)]
    assert hours(peers.hold_3(series((0, 1000), (5, 10))).told[Ask.ANY_DROP]) == []


def test_the_series_are_the_same_in_every_run() -> None:
    assert list(synthetic.make(2)) == list(synthetic.make(2))


def test_ours_tells_less_that_is_false_and_misses_less_than_every_peer() -> None:
    made = list(synthetic.make(4))
    our = both(scores(made, ours()))
    others: list[Score] = [
        both(scores(made, method))
        for method in (peers.compare_with_previous, peers.compare_with_first, peers.hold_3)
    ]
    assert our.drops > 200
    assert 10 * our.false < min(other.false for other in others)
    assert our.missed < min(other.missed for other in others)


def test_without_mistakes_ours_tells_nothing_false_and_misses_nothing() -> None:
    right = [one for one in synthetic.make(6) if not one.mistakes]
    found = both(scores(right, ours()))
    assert (found.false, found.missed) == (0, 0)
    assert found.drops > 100


def test_recorded_prices_that_are_absent_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="recorded prices"):
        list(recorded.load(tmp_path / "nothing.csv.gz"))


def test_a_first_word_names_all_its_figures() -> None:
    assert is_asked_for("replay_delay_minutes_p50", "replay")
    assert is_asked_for("replay_delay_minutes_p50", "replay_delay_minutes_p50")
    assert not is_asked_for("reading_ms_p95", "read")


def test_the_settings_begin_with_the_bands_that_are_measured() -> None:
    checking = Checking.by(Settings(_env_file=None))
    assert (checking.bands, checking.recheck) == (DEFAULT_BANDS, RECHECK)


TROUBLED = series(
    (0, 1000), (5, 800), (10, 1000), (15, 350), (20, 1000), (25, 950), (28, 905), (31, 860), (34, 1000),
    (50, None), (52, 900), (56, 1000), (60, 1200),
    hours=72,
    mistakes=[
        Mistake("instalment", BEGIN + 12 * HOUR, 1 / 12, reads=5, evidence="visible"),
        Mistake("variant", BEGIN + 22 * HOUR, 0.7, until=BEGIN + 24.5 * HOUR, every=2),
        Mistake("named variant", BEGIN + 36 * HOUR, 0.7, until=BEGIN + 39 * HOUR, every=2, variant=OTHER),
        Mistake("other number", BEGIN + 40 * HOUR, 0.75, reads=2, evidence="state"),
        Mistake("currency", BEGIN + 42 * HOUR, 1 / 83, reads=3),
        Mistake("far", BEGIN + 44 * HOUR, 0.3, reads=2),
        Mistake("far for long", BEGIN + 46 * HOUR, 0.3, reads=4),
        Mistake("another thing", BEGIN + 61 * HOUR, 30, until=BEGIN + 71 * HOUR),
    ],
)  # fmt: skip


async def test_the_replay_tells_what_the_service_tells(database: Database) -> None:
    page, held = Page(TROUBLED), 0
    with time_machine.travel(BEGIN, tick=False) as traveller:
        await begin(database, page.read(BEGIN))
        for number, check in enumerate(TROUBLED.checks[1:], 2):
            later = TROUBLED.checks[number] if number < len(TROUBLED.checks) else check
            at = check
            while True:
                traveller.move_to(at)
                outcome = await read(database, page.read(at))
                if outcome != Doubt.HELD:
                    held = held if outcome == Doubt.REJECTED else 0
                    break
                held += 1
                at += recheck_after(held, RECHECK, HALF_AN_HOUR)
                if at >= later:
                    break
    replayed = ours()(TROUBLED)
    assert page.reads == replayed.reads
    assert {ask: await alerts(database, ask) for ask in Ask} == replayed.told
    assert len(replayed.told[Ask.ANY_DROP]) > 5


CHATS = {Ask.ANY_DROP: 1001, Ask.TENTH: 1002}


async def begin(database: Database, first: Seen) -> None:
    """A listing that was read once, and a watch for each ask."""
    async with database.transaction() as session:
        found = await catalog.list_offer(session, rows.URL, offer(first))
        await record(session, found.id, Check(first.at, "offer", offer(first)), Checking(HALF_AN_HOUR))
        for chat in CHATS.values():
            user = await rows.person(session, chat)
            watch, _ = await watches.watch(session, user, found, chat_id=chat)
            if chat == CHATS[Ask.TENTH]:
                await session.execute(delete(AlertRule).where(AlertRule.watch_id == watch.id))
                session.add(
                    AlertRule(
                        watch_id=watch.id, kind=RuleKind.DROP_BY, percent=10, reference=Reference.HIGHEST,
                        rearm=Rearm.CROSSING, created_at=first.at,
                    )
                )  # fmt: skip


async def read(database: Database, seen: Seen) -> str | None:
    """Record a reading, owe what follows, and give the check's outcome."""
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        check = Check(seen.at, "offer", offer(seen))
        move = await record(session, found.id, check, Checking(HALF_AN_HOUR, RECHECK))
        if move is not None:
            await owe(session, move)
        return found.outcome


def offer(seen: Seen) -> Offer:
    return Offer(
        title="Kettle",
        price=None if seen.minor is None else Money(seen.minor, "INR"),
        list_price=None,
        availability=Availability.OUT_OF_STOCK if seen.minor is None else Availability.IN_STOCK,
        image=None,
        variant=seen.variant,
        seller=None,
        sku=None,
        gtin=None,
        brand=None,
        confidence=1,
        evidence=tuple(Evidence(source, "") for source in seen.evidence.split("+")),
    )


async def alerts(database: Database, ask: Ask) -> list[Told]:
    async with database.transaction() as session:
        owed = await session.scalars(select(Alert).where(Alert.chat_id == CHATS[ask]).order_by(Alert.id))
        found = []
        for one in owed:
            assert one.now_minor is not None
            assert one.before_minor is not None
            reference = one.reasons[0].get("reference_minor", one.before_minor)
            found.append(Told(one.observed_at, one.now_minor, reference))
        return found
