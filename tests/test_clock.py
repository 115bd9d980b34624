"""The one clock."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker import clock


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_offset", timedelta(0))


def test_now_is_aware_and_utc() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_steps_forward_add_up() -> None:
    clock.advance(timedelta(days=6))
    clock.advance(timedelta(days=1))
    moved = clock.now() - datetime.now(UTC)
    assert timedelta(days=7) - timedelta(seconds=5) < moved <= timedelta(days=7)


def test_the_clock_never_goes_back() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(timedelta(microseconds=-1))
    assert clock.now() - datetime.now(UTC) < timedelta(seconds=1)
