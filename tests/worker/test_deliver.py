"""Alerts that are owed are delivered: in order, at the pace that Telegram allows, whatever it answers."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from sandbox.telegram import Fault, FaultKind
from tests.worker.house import House
from tests.worker.outside import ASHA, MEERA, RAVI
from tests.worker.waiting import eventually
from tracker import clock
from tracker.alerts.models import AlertState
from tracker.users.models import UserState
from tracker.watches.models import WatchState

KETTLE = "https://bazaar.example/shop/kettle"
PHONE = "https://bazaar.example/shop/phone"
Later = Callable[[timedelta], None]


async def settled(house: House, user: int | None = None) -> list[str]:
    """The states of the alerts once none is under way or due at once; empty until then."""
    found = await house.alerts(user)
    now = clock.now()
    open_ = [
        a for a in found if a.state == AlertState.SENDING or (a.state == AlertState.DUE and a.due_at <= now)
    ]
    return [] if open_ else [alert.state for alert in found]


async def test_an_alert_is_sent_with_both_prices_and_settled(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.falls(KETTLE, "1499")
    async with house.delivering():
        text = await house.outside.hears(ASHA, "₹1,499")
        assert await eventually(partial(settled, house)) == [AlertState.SENT]

    assert text.splitlines()[:3] == ["📉 Kettle", "₹1,499 instead of ₹1,999", "−₹500 (−25 %)"]
    alert = await house.alert()
    assert alert.attempts == 1
    assert alert.sent_at is not None
    assert alert.message_id == house.outside.telegram.chat(ASHA)[-1]["message_id"]
    assert alert.lease_token is None


async def test_a_hint_is_not_waited_for_longer_than_a_sweep(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    async with house.delivering():
        await eventually(partial(settled_nothing, house))
        await house.falls(KETTLE, "1499")
        await house.outside.hears(ASHA, "₹1,499", within=3)


async def settled_nothing(house: House) -> bool:
    return await house.alerts() == []


async def test_a_429_silences_its_chat_and_costs_no_attempt(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, PHONE)
    house.outside.telegram.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, chat=ASHA, retry_after=1))
    await house.falls(KETTLE, "1499")
    async with house.delivering():
        await house.outside.telegram.wait_for(lambda: len(house.outside.sends(ASHA)) == 1)
        await house.falls(PHONE, "1299")
        house.app.deliverer.wake()
        await house.outside.hears(RAVI, "₹1,299")
        await house.outside.hears(ASHA, "₹1,499")
        await eventually(partial(settled, house))

    refused, others, again = house.outside.sends()
    assert [(call.chat, call.status) for call in (refused, others, again)] == [
        (ASHA, 429),
        (RAVI, 200),
        (ASHA, 200),
    ]
    assert again.at - refused.at >= 1
    assert [alert.attempts for alert in await house.alerts()] == [1, 1]


async def test_429s_in_two_chats_at_once_silence_everybody(house: House) -> None:
    for user in (ASHA, RAVI):
        await house.watch(user, KETTLE)
        house.outside.telegram.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, chat=user, retry_after=1))
    await house.watch(MEERA, PHONE)
    await house.falls(KETTLE, "1499")
    async with house.delivering():
        await eventually(partial(house.bench.queue.redis.exists, "telegram:paused"))
        await house.falls(PHONE, "1299")
        house.app.deliverer.wake()
        await house.outside.hears(MEERA, "₹1,299")
        await eventually(partial(settled, house))

    first, second, *later = house.outside.sends()
    assert {first.status, second.status} == {429}
    assert {call.status for call in later} == {200}
    assert all(call.at - second.at >= 1 for call in later if call.chat == MEERA)
    assert [alert.attempts for alert in await house.alerts()] == [1, 1, 1]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.ERROR, status=500, description="Internal Server Error"),
        Fault(FaultKind.HTML, status=502, description="Bad Gateway"),
        Fault(FaultKind.DROP_BEFORE),
        Fault(FaultKind.ERROR, status=401, description="Unauthorized"),
    ],
    ids=["server error", "proxy's page", "broken connection", "revoked token"],
)
async def test_an_error_that_passes_is_tried_again_later(
    sqlite_house: House, later: Later, fault: Fault
) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    await house.falls(KETTLE, "1499")
    house.outside.telegram.faults.add(Fault(fault.kind, status=fault.status, description=fault.description))
    begun = clock.now()
    async with house.delivering():
        assert await eventually(partial(settled, house)) == [AlertState.DUE]
        alert = await house.alert()
        assert alert.attempts == 1
        assert alert.last_error
        assert begun + timedelta(seconds=2) <= alert.due_at <= clock.now() + timedelta(seconds=2)
        assert len(house.outside.sends()) == 1

        later(timedelta(seconds=2))
        await house.outside.hears(ASHA, "₹1,499")
        assert await eventually(partial(settled, house)) == [AlertState.SENT]
    alert = await house.alert()
    assert (alert.attempts, alert.last_error) == (2, None)


async def test_the_pause_between_attempts_doubles_up_to_five_minutes(
    sqlite_house: House, later: Later
) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    await house.falls(KETTLE, "1499")
    house.outside.telegram.faults.add(Fault(FaultKind.ERROR, times=10, status=500))
    pauses = []
    async with house.delivering():
        for attempt in range(1, 11):

            async def has_failed(attempt: int = attempt) -> bool:
                alert = await house.alert()
                return alert.attempts == attempt and alert.state == AlertState.DUE

            await eventually(has_failed)
            pause = (await house.alert()).due_at - clock.now()
            pauses.append(round(pause.total_seconds()))
            later(pause)
        await house.outside.hears(ASHA, "₹1,499")
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(FaultKind.BLOCK), UserState.BLOCKED),
        (Fault(FaultKind.DEACTIVATE), UserState.DEACTIVATED),
        (
            Fault(FaultKind.ERROR, status=400, description="Bad Request: chat not found"),
            UserState.DEACTIVATED,
        ),
    ],
    ids=["blocked", "deactivated", "chat not found"],
)
async def test_of_whoever_cannot_be_reached_nothing_more_is_checked_or_sent(
    house: House, fault: Fault, state: UserState
) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(ASHA, PHONE)
    await house.watch(RAVI, PHONE)
    await house.falls(KETTLE, "1499")
    await house.falls(PHONE, "1299")
    house.outside.telegram.faults.add(
        Fault(fault.kind, chat=ASHA, status=fault.status, description=fault.description)
    )
    async with house.delivering():
        await house.outside.hears(RAVI, "₹1,299")
        assert await eventually(partial(settled, house, ASHA)) == [AlertState.DEAD, AlertState.CANCELLED]

    assert (await house.person(ASHA)).state == state
    assert (await house.listing(KETTLE)).next_check_at is None
    assert (await house.listing(PHONE)).next_check_at is not None
    assert len(house.outside.sends(ASHA)) == 1
    assert await house.falls(KETTLE, "999") == 0


async def test_refused_markup_is_sent_as_plain_text(sqlite_house: House) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE, title="AT&T <b>kettle")
    await house.falls(KETTLE, "1499", title="AT&T <b>kettle")
    house.outside.telegram.faults.add(
        Fault(FaultKind.ERROR, status=400, description="Bad Request: can't parse entities: byte offset 5")
    )
    async with house.delivering():
        text = await house.outside.hears(ASHA, "₹1,499")
        assert await eventually(partial(settled, house)) == [AlertState.SENT]

    assert text.startswith("📉 AT&T <b>kettle")
    formatted, plain = house.outside.sends()
    assert formatted.params["parse_mode"] == "HTML"
    assert "parse_mode" not in plain.params
    assert plain.params["reply_markup"] == formatted.params["reply_markup"]


async def test_a_photo_that_telegram_cannot_load_is_left_out(sqlite_house: House) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE, image="https://bazaar.example/gone.png")
    await house.falls(KETTLE, "1499", image="https://bazaar.example/gone.png")
    house.outside.telegram.faults.add(
        Fault(
            FaultKind.ERROR,
            method="sendPhoto",
            status=400,
            description="Bad Request: wrong file identifier/HTTP URL specified",
        )
    )
    async with house.delivering():
        await house.outside.hears(ASHA, "₹1,499")
        assert await eventually(partial(settled, house)) == [AlertState.SENT]

    assert [call.method for call in house.outside.sends()] == ["sendPhoto", "sendMessage"]
    assert house.outside.telegram.chat(ASHA)[-1]["photo"] is None


async def test_what_telegram_refuses_for_good_is_buried_and_the_next_goes_out(sqlite_house: House) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    await house.falls(KETTLE, "1499")
    await house.falls(KETTLE, "1399")
    house.outside.telegram.faults.add(
        Fault(FaultKind.ERROR, status=400, description="Bad Request: message is too long")
    )
    async with house.delivering():
        await house.outside.hears(ASHA, "₹1,399")
        assert await eventually(partial(settled, house)) == [AlertState.DEAD, AlertState.SENT]
    assert (await house.person(ASHA)).state == UserState.ACTIVE
    assert "message is too long" in str((await house.alerts())[0].last_error)


async def test_an_alert_that_must_wait_holds_back_the_later_ones_of_its_chat(
    house: House, later: Later
) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, PHONE)
    for price in ("1899", "1799", "1699"):
        await house.falls(KETTLE, price)
    await house.falls(PHONE, "1299")
    house.outside.telegram.faults.add(Fault(FaultKind.ERROR, chat=ASHA, status=500))
    async with house.delivering():
        await house.outside.hears(RAVI, "₹1,299")
        await eventually(partial(settled, house, RAVI))
        assert house.outside.texts(ASHA) == []
        later(timedelta(seconds=2))
        await house.outside.hears(ASHA, "₹1,699 instead")
    assert [text.splitlines()[1] for text in house.outside.texts(ASHA)] == [
        "₹1,899 instead of ₹1,999",
        "₹1,799 instead of ₹1,899",
        "₹1,699 instead of ₹1,799",
    ]


async def test_a_chat_with_many_alerts_delays_nobody(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, PHONE)
    for number in range(40):
        assert await house.falls(KETTLE, str(round(1900 * 0.97**number))) == 1
    await house.falls(PHONE, "1299")
    async with house.delivering():
        await house.outside.hears(RAVI, "₹1,299")
        await eventually(partial(settled, house))
    chats = [call.chat for call in house.outside.sends()]
    assert chats.count(ASHA) == 40
    assert chats.index(RAVI) < 2


async def test_a_send_that_hangs_delays_no_other_chat(sqlite_house: House) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, PHONE)
    await house.falls(KETTLE, "1499")
    house.outside.telegram.faults.add(Fault(FaultKind.HANG_BEFORE, chat=ASHA))
    async with house.delivering():
        await house.outside.telegram.wait_for(lambda: len(house.outside.sends(ASHA)) == 1)
        await house.falls(PHONE, "1299")
        house.app.deliverer.wake()
        await house.outside.hears(RAVI, "₹1,299", within=3)
        assert await house.states(ASHA) == [AlertState.SENDING]


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.STOPPED])
async def test_an_alert_of_a_watch_that_was_given_up_is_cancelled(house: House, state: WatchState) -> None:
    watch = await house.watch(ASHA, KETTLE)
    await house.falls(KETTLE, "1499")
    await house.turns(ASHA, watch, state)
    async with house.delivering():
        assert await eventually(partial(settled, house)) == [AlertState.CANCELLED]
    assert house.outside.sends() == []
