"""The inbox keeps its promises on both databases."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from tracker import clock
from tracker.database import Database
from tracker.inbox import service
from tracker.inbox.models import EventState, WebhookEvent
from tracker.inbox.service import LeaseLost

LEASE = timedelta(seconds=30)
Later = Callable[[timedelta], None]


async def receive(database: Database, *ids: str, partition: int | None = None, body: bytes = b"{}") -> None:
    for event_id in ids:
        async with database.transaction() as session:
            await service.receive(session, "telegram", event_id, body, partition)


async def claim(database: Database, limit: int = 10, lease: timedelta = LEASE) -> list[WebhookEvent]:
    async with database.transaction() as session:
        return await service.claim(session, "telegram", limit, lease)


async def settle(database: Database, event: WebhookEvent, state: EventState = EventState.APPLIED) -> None:
    async with database.transaction() as session:
        await service.settle(session, event, state)


async def stored(database: Database, event_id: str) -> WebhookEvent:
    async with database.transaction() as session:
        return (await session.scalars(select(WebhookEvent).where(WebhookEvent.event_id == event_id))).one()


def ids(events: list[WebhookEvent]) -> list[str]:
    return [event.event_id for event in events]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Moves the clock for this test alone."""
    moved = timedelta(0)
    now = clock.now

    def advance(by: timedelta) -> None:
        nonlocal moved
        moved += by

    monkeypatch.setattr(clock, "now", lambda: now() + moved)
    return advance


# Receiving


async def test_w06_one_id_delivered_three_times_at_once_is_one_event(database: Database) -> None:
    async def deliver() -> bool:
        async with database.transaction() as session:
            return await service.receive(session, "razorpay", "evt_1", b'{"event": "payment.captured"}')

    assert sorted(await asyncio.gather(deliver(), deliver(), deliver())) == [False, False, True]
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(WebhookEvent)) == 1


async def test_an_id_is_unique_within_its_provider_only(database: Database) -> None:
    async with database.transaction() as session:
        assert await service.receive(session, "razorpay", "1", b"a")
        assert await service.receive(session, "telegram", "1", b"b")


async def test_w22_the_same_id_with_another_body_keeps_the_first_and_raises_an_alarm(
    database: Database,
) -> None:
    await receive(database, "1", body=b"first")
    with capture_logs() as logs:
        await receive(database, "1", body=b"second")
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("error", "inbox.same_id_other_body")]
    assert (await stored(database, "1")).body == b"first"


async def test_a_true_repeat_raises_no_alarm(database: Database) -> None:
    await receive(database, "1", body=b"same")
    with capture_logs() as logs:
        await receive(database, "1", body=b"same")
    assert logs == []


async def test_the_body_is_kept_byte_for_byte(database: Database) -> None:
    body = bytes(range(256))
    await receive(database, "1", body=body)
    assert (await stored(database, "1")).body == body


# Claiming


async def test_events_are_claimed_in_the_order_they_came(database: Database) -> None:
    await receive(database, "9", "8", "7")
    assert ids(await claim(database, limit=2)) == ["9", "8"]
    assert ids(await claim(database)) == ["7"]


async def test_a_claim_takes_one_providers_events(database: Database) -> None:
    async with database.transaction() as session:
        await service.receive(session, "razorpay", "evt_1", b"{}")
    assert await claim(database) == []


async def test_an_event_is_claimed_by_one_of_many_claimers(database: Database) -> None:
    await receive(database, *(str(number) for number in range(12)))
    taken = await asyncio.gather(*(claim(database, limit=4) for _ in range(4)))
    everything = [event_id for events in taken for event_id in ids(events)]
    assert len(everything) == len(set(everything))
    assert sorted(everything + ids(await claim(database, limit=12)), key=int) == [str(n) for n in range(12)]


async def test_a_locked_event_is_passed_over_and_not_waited_for(postgresql_database: Database) -> None:
    await receive(postgresql_database, "1", "2")
    async with postgresql_database.transaction() as session:
        assert ids(await service.claim(session, "telegram", 1, LEASE)) == ["1"]
        async with asyncio.timeout(5):
            assert ids(await claim(postgresql_database)) == ["2"]


async def test_of_a_chat_only_the_oldest_unfinished_event_is_claimed(database: Database) -> None:
    await receive(database, "1", "2", "3", partition=-1001234567890123)
    await receive(database, "4", partition=77)
    first, other = await claim(database)
    assert ids([first, other]) == ["1", "4"]
    assert await claim(database) == []
    await settle(database, first)
    assert ids(await claim(database)) == ["2"]


async def test_events_without_a_partition_do_not_wait_for_each_other(database: Database) -> None:
    await receive(database, "1", "2")
    assert ids(await claim(database)) == ["1", "2"]


async def test_an_event_that_waits_for_its_next_attempt_holds_its_chat_back(
    database: Database, later: Later
) -> None:
    await receive(database, "1", "2", partition=5)
    (event,) = await claim(database)
    async with database.transaction() as session:
        await service.retry_later(session, event, timedelta(minutes=1), "Telegram was away")
    assert await claim(database) == []
    later(timedelta(minutes=1))
    (again,) = await claim(database)
    assert (again.event_id, again.attempts, again.last_error) == ("1", 2, "Telegram was away")


@pytest.mark.parametrize("end", [EventState.APPLIED, EventState.IGNORED, EventState.DEAD])
async def test_a_finished_event_lets_its_chat_go_on(database: Database, end: EventState) -> None:
    await receive(database, "1", "2", partition=5)
    (event,) = await claim(database)
    await settle(database, event, end)
    assert ids(await claim(database)) == ["2"]
    assert (await stored(database, "1")).state == end


# Leases


async def test_a_running_lease_keeps_others_away(database: Database, later: Later) -> None:
    await receive(database, "1")
    await claim(database)
    later(LEASE - timedelta(seconds=1))
    assert await claim(database) == []


async def test_an_expired_lease_frees_the_event(database: Database, later: Later) -> None:
    await receive(database, "1")
    await claim(database)
    later(LEASE)
    assert ids(await claim(database)) == ["1"]


async def test_a_claimer_that_comes_back_too_late_cannot_settle(database: Database, later: Later) -> None:
    await receive(database, "1")
    (slow,) = await claim(database)
    later(LEASE)
    (quick,) = await claim(database)
    with pytest.raises(LeaseLost):
        await settle(database, slow)
    with pytest.raises(LeaseLost):
        async with database.transaction() as session:
            await service.retry_later(session, slow, timedelta(0), "slow")
    await settle(database, quick)
    event = await stored(database, "1")
    assert (event.state, event.attempts, event.lease_token) == ("applied", 2, None)


async def test_an_event_is_settled_once(database: Database) -> None:
    await receive(database, "1")
    (event,) = await claim(database)
    await settle(database, event)
    with pytest.raises(LeaseLost):
        await settle(database, event)


async def test_what_was_done_under_a_lost_lease_is_rolled_back(database: Database, later: Later) -> None:
    await receive(database, "1")
    (slow,) = await claim(database)
    later(LEASE)
    await claim(database)

    async def work() -> None:
        async with database.transaction() as session:
            await service.receive(session, "telegram", "side effect", b"")
            await service.settle(session, slow, EventState.APPLIED)

    with pytest.raises(LeaseLost):
        await work()
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(WebhookEvent)) == 1


async def test_unfinished_events_are_counted_by_provider_with_the_age_of_the_oldest(
    database: Database, later: Later
) -> None:
    await receive(database, "1", "2")
    later(timedelta(minutes=5))
    await receive(database, "3")
    (first, *_) = await claim(database, limit=1)
    async with database.transaction() as session:
        waiting = await service.waiting(session)
    assert set(waiting) == {"telegram"}
    assert waiting["telegram"][0] == 3
    assert timedelta(minutes=5) <= waiting["telegram"][1] < timedelta(minutes=6)
    await settle(database, first)
    async with database.transaction() as session:
        assert (await service.waiting(session))["telegram"][0] == 2


# Giving up


async def test_after_its_last_attempt_an_event_is_dead(database: Database) -> None:
    await receive(database, "1", "2", partition=5)
    states = []
    for _ in range(service.MAX_ATTEMPTS):
        (event,) = await claim(database)
        async with database.transaction() as session:
            states.append(await service.retry_later(session, event, timedelta(0), "x" * 5000))
    assert states == [EventState.RECEIVED] * (service.MAX_ATTEMPTS - 1) + [EventState.DEAD]
    assert len((await stored(database, "1")).last_error or "") == 1000
    assert ids(await claim(database)) == ["2"]


async def test_an_event_that_kills_every_worker_is_dead_in_the_end(database: Database, later: Later) -> None:
    await receive(database, "1", "2", partition=5)
    for _ in range(service.MAX_ATTEMPTS):
        assert ids(await claim(database)) == ["1"]
        later(LEASE)
    assert ids(await claim(database)) == ["2"]
    assert (await stored(database, "1")).state == EventState.DEAD
