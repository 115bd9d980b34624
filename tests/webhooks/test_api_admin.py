"""Staff do over HTTP what they do in the chat, by the same services and into the same log. Both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests import rows
from tests.conftest import MakeSettings
from tests.webhooks.api import ASHA, OWNER, SUPPORT, Api, open_api
from tracker import clock
from tracker.admin.models import AuditEntry
from tracker.admin.roles import Role
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import owe
from tracker.billing import subscriptions
from tracker.billing.models import Payment, PaymentState, Refund, TermSource
from tracker.billing.plans import DEFAULT
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.inbox import service as inbox
from tracker.inbox.models import EventState, WebhookEvent
from tracker.inbox.service import Received
from tracker.jobs import JobQueue
from tracker.notices.models import Notice


@pytest.fixture
async def api(settings: MakeSettings, database: Database, queue: JobQueue) -> AsyncIterator[Api]:
    async with open_api(settings, database, queue) as api:
        yield api


@pytest.fixture
async def support(api: Api) -> str:
    return (await api.sign_in(SUPPORT, Role.SUPPORT)).access


@pytest.fixture
async def owner(api: Api) -> str:
    return (await api.sign_in()).access


async def get(api: Api, token: str, path: str, **query: Any) -> Any:
    answer = await api.ask(path, token, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def done(api: Api) -> list[tuple[int, str, str, str | None]]:
    async with api.database.transaction() as session:
        entries = await session.scalars(
            select(AuditEntry).where(AuditEntry.action != "use_api").order_by(AuditEntry.id)
        )
        return [(entry.by, entry.door, entry.action, entry.subject) for entry in entries]


async def dead_alert(database: Database) -> Alert:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        move = await rows.read(session, await session.get_one(Listing, watch.listing_id), "1499")
        assert move is not None
        await owe(session, move)
        await session.execute(update(Alert).values(state=AlertState.DEAD, last_error="chat not found"))
        return (await session.scalars(select(Alert))).one()


async def paid(database: Database) -> Payment:
    async with database.transaction() as session:
        user = await rows.person(session)
        payment = Payment(
            provider="razorpay",
            provider_id="pay_1",
            user_id=user.id,
            amount_minor=29900,
            currency="INR",
            state=PaymentState.CAPTURED,
            created_at=clock.now(),
            captured_at=clock.now(),
        )
        session.add(payment)
        return payment


async def test_people_are_paged_by_key_found_and_suspended(api: Api, support: str) -> None:
    async with api.database.transaction() as session:
        for number in range(5):
            await rows.person(session, ASHA + number, name=f"Person {number}")
    seen: list[int] = []
    page = await get(api, support, "/api/admin/users", limit=2)
    while True:
        seen += [each["telegram_id"] for each in page["items"]]
        if page["next"] is None:
            break
        page = await get(api, support, "/api/admin/users", limit=2, before=page["next"])
    assert seen == [ASHA + number for number in reversed(range(5))]
    [found] = (await get(api, support, "/api/admin/users", q=str(ASHA)))["items"]
    place = f"/api/admin/users/{found['id']}"
    until = (clock.now() + timedelta(days=3)).isoformat()
    change = {"status": "suspended", "because": "Sends spam.", "until": until}
    answer = await api.ask(f"{place}/status", support, method="PATCH", json=change)
    assert (answer.status_code, answer.json()["state"]) == (200, "suspended")
    person = await get(api, support, place)
    assert (person["flags"], person["user"]["suspended_because"]) == (["suspended"], "Sends spam.")
    assert [
        each["id"] for each in (await get(api, support, "/api/admin/users", state="suspended"))["items"]
    ] == [found["id"]]
    for status in (200, 409):  # whoever is active cannot be activated
        answer = await api.ask(f"{place}/status", support, method="PATCH", json={"status": "active"})
        assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    subject = f"user:{found['id']}"
    assert await done(api) == [
        (SUPPORT, "api", "suspend_user", subject),
        (SUPPORT, "api", "activate_user", subject),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "deleted"},
        {"status": "suspended"},
        {"status": "suspended", "because": " "},
        {"status": "suspended", "because": "x\x00"},
        {"status": "suspended", "because": "Spam.", "until": "tomorrow"},
        {"status": "suspended", "because": "Spam.", "until": "2099-01-01T00:00:00"},
        {"status": "active", "because": "x"},
    ],
)
async def test_a_status_that_cannot_be_understood_changes_nothing(body: Any, api: Api, support: str) -> None:
    async with api.database.transaction() as session:
        user = await rows.person(session)
    answer = await api.ask(f"/api/admin/users/{user.id}/status", support, method="PATCH", json=body)
    assert answer.status_code == 422
    assert await done(api) == []


async def test_a_subscription_is_seen_and_ended(api: Api, support: str) -> None:
    async with api.database.transaction() as session:
        user = await rows.person(session)
        given = {"plan": "pro", "days": 30, "source": TermSource.GIFT, "key": "gift"}
        await subscriptions.give(session, DEFAULT, user, **given)  # type: ignore[arg-type]  # named above
    [listed] = (await get(api, support, "/api/admin/subscriptions", plan="pro"))["items"]
    assert (listed["telegram_id"], listed["state"]) == (ASHA, "active")
    assert (await get(api, support, "/api/admin/subscriptions", plan="business"))["items"] == []
    place = f"/api/admin/subscriptions/{listed['id']}"
    held = await get(api, support, place)
    assert [(term["plan"], term["source"]) for term in held["ahead"]] == [("pro", "gift")]
    answer = await api.ask(f"{place}/cancel", support, method="POST", json={"when": "now"})
    assert (answer.status_code, answer.json()["plan"]) == (200, "free")
    answer = await api.ask(f"{place}/cancel", support, method="POST", json={"when": "now"})
    assert answer.status_code == 409
    assert await done(api) == [(SUPPORT, "api", "cancel_subscription", f"subscription:{listed['id']}")]


async def test_h07_a_refund_shows_its_effect_before_it_is_made_and_is_written_down(
    api: Api, owner: str, support: str
) -> None:
    payment = await paid(api.database)
    place = f"/api/admin/payments/{payment.id}/refund"

    async def ask(token: str = owner, **body: Any) -> Any:
        answer = await api.ask(place, token, method="POST", json={"reason": "Paid twice."} | body)
        return answer.status_code, answer.json()

    assert (await ask(support))[0] == 403
    status, effect = await ask(amount_minor=9900)
    assert status == 200
    assert (effect["refund_id"], effect["amount"]["amount"], effect["back_minor"]) == (None, "99.00", 0)
    async with api.database.transaction() as session:
        assert (await session.scalars(select(Refund))).all() == []
    assert await done(api) == []
    status, effect = await ask(amount_minor=9900, confirm_back_minor=0)
    assert (status, effect["refund_id"] is not None) == (200, True)
    assert (await ask(amount_minor=9900, confirm_back_minor=0))[0] == 409
    assert (await ask(amount_minor=29900))[0] == 409
    assert await done(api) == [(OWNER, "api", "refund_payment", f"payment:{payment.id}")]
    async with api.database.transaction() as session:
        [refund] = (await session.scalars(select(Refund))).all()
    assert (refund.amount_minor, refund.asked_by, refund.reason) == (9900, OWNER, "Paid twice.")


async def test_an_alert_that_was_given_up_is_said_again(api: Api, support: str) -> None:
    alert = await dead_alert(api.database)
    [listed] = (await get(api, support, "/api/admin/alerts", state="dead"))["items"]
    assert (listed["id"], listed["last_error"], listed["title"]) == (alert.id, "chat not found", "Kettle")
    for status in (200, 409):
        answer = await api.ask(f"/api/admin/alerts/{alert.id}/retry", support, method="POST")
        assert answer.status_code == status
    assert (await get(api, support, "/api/admin/alerts", state="dead"))["items"] == []
    assert await done(api) == [(SUPPORT, "api", "retry_alert", f"alert:{alert.id}")]


async def test_an_event_that_could_not_be_applied_is_replayed_and_its_body_is_never_shown(
    api: Api, support: str
) -> None:
    async with api.database.transaction() as session:
        await inbox.receive_all(session, [Received("razorpay", "evt_1", b'{"card": "private"}', None)])
        await session.execute(update(WebhookEvent).values(state=EventState.DEAD))
    page = await get(api, support, "/api/admin/webhook-events", state="dead")
    assert "private" not in str(page)
    [listed] = page["items"]
    for status in (200, 409):
        answer = await api.ask(f"/api/admin/webhook-events/{listed['id']}/replay", support, method="POST")
        assert answer.status_code == status
    assert (await get(api, support, "/api/admin/webhook-events", state="received"))["items"] != []
    assert await done(api) == [(SUPPORT, "api", "replay_event", f"event:{listed['id']}")]


async def test_h07_a_broadcast_is_written_down_shown_and_then_started(api: Api, owner: str) -> None:
    async with api.database.transaction() as session:
        await rows.person(session)
    given = {"text": "<b>We are back.</b>", "segment": {"locale": "en"}}
    answer = await api.ask("/api/admin/broadcasts", owner, method="POST", json=given)
    assert answer.status_code == 201
    draft = answer.json()
    assert (draft["recipients"], draft["broadcast"]["state"]) == (1, "draft")
    async with api.database.transaction() as session:
        assert (await session.scalars(select(Notice))).all() == []
    place = f"/api/admin/broadcasts/{draft['broadcast']['id']}"
    for status in (200, 409):
        answer = await api.ask(f"{place}/start", owner, method="POST")
        assert answer.status_code == status
    assert (await get(api, owner, place))["broadcast"]["state"] == "sending"
    assert [each["id"] for each in (await get(api, owner, "/api/admin/broadcasts"))["items"]] == [1]
    assert [entry[2] for entry in await done(api)] == ["send_broadcast", "send_broadcast"]


async def test_the_dashboard_and_the_stores_are_read(api: Api, support: str) -> None:
    await rows.watch(api.database)
    stats = await get(api, support, "/api/admin/dashboard/stats")
    assert (stats["counted"], [queue["name"] for queue in stats["queues"]]) == (
        None,
        ["alerts", "notices", "events", "checks"],
    )
    chart = await get(api, support, "/api/admin/dashboard/revenue-chart", by="month")
    assert {len(series["points"]) for series in chart} == {12}
    answer = await api.ask("/api/admin/dashboard/revenue-chart?since=2000-01-01", support)
    assert answer.status_code == 409
    [store] = (await get(api, support, "/api/admin/stores", q="shop"))["items"]
    assert (store["code"], store["listings"]) == ("shop.example", 1)
    assert (await get(api, support, "/api/admin/stores", after="shop.example"))["items"] == []


async def test_health_says_what_the_database_redis_and_the_machine_say(api: Api, support: str) -> None:
    health = await get(api, support, "/api/admin/system/health")
    assert health["database"] == api.database.engine.dialect.name
    assert health["redis_milliseconds"] is not None
    assert (health["is_well"], health["workers"], health["failed_alerts"]) == (False, [], 0)
    assert 0 < health["machine"]["disk_free"] <= health["machine"]["disk_total"]


async def test_the_audit_log_is_read_by_what_was_done_and_by_whom(api: Api, owner: str, support: str) -> None:
    page = await get(api, owner, "/api/admin/audit", by=SUPPORT)
    assert [(entry["by"], entry["action"]) for entry in page["items"]] == [(SUPPORT, "use_api")]
    first = await get(api, owner, "/api/admin/audit", limit=1)
    second = await get(api, owner, "/api/admin/audit", limit=1, before=first["next"])
    assert first["items"][0]["id"] > second["items"][0]["id"]
    assert (await get(api, owner, "/api/admin/audit", action="refund_payment"))["items"] == []
