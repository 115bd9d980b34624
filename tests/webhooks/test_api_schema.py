"""The whole OpenAPI document against the app: whatever it permits is answered as it says, and nothing else.

The app runs behind real HTTP in a thread of its own, so that schemathesis can ask it from this one.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from fakeredis import FakeRedis, FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from hypothesis import HealthCheck, Phase, settings
from redis.asyncio import ConnectionPool
from schemathesis import Case
from sqlalchemy import update

from tests import rows, services
from tests.serving import run_app
from tests.webhooks.api import OWNER, SECRET, Api
from tracker import jobs
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import owe
from tracker.billing import subscriptions
from tracker.billing.models import Payment, PaymentState, TermSource
from tracker.billing.plans import DEFAULT
from tracker.catalog.models import Listing
from tracker.clock import now
from tracker.config import Settings
from tracker.database import Database
from tracker.inbox import service as inbox
from tracker.inbox.models import EventState, WebhookEvent
from tracker.inbox.service import Received
from webhooks import admin, me
from webhooks.api import document
from webhooks.app import create_app

schema = schemathesis.openapi.from_dict(document([*admin.routers(), me.router()]))


@dataclass(frozen=True)
class Served:
    url: str
    redis: FakeServer
    staff: str
    own: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('api')}/api.sqlite3"
    services.build_schema(url)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_running(url)) as served:
        yield served


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_the_document_permits_is_answered_as_it_says(case: Case[Any], served: Served) -> None:
    FakeRedis(server=served.redis).flushall()  # the limits have tests of their own
    token = served.own if case.path.startswith("/api/me/") else served.staff
    headers = {} if case.path.startswith("/api/auth/") else {"Authorization": f"Bearer {token}"}
    case.call_and_validate(base_url=served.url, headers=headers)


@asynccontextmanager
async def _running(url: str) -> AsyncIterator[Served]:
    """With a first row of everything, so that the id 1 is somebody's."""
    database, server = Database.at(url), FakeServer()
    queue = jobs.JobQueue(
        jobs.on_pool(ConnectionPool(connection_class=FakeAsyncRedisConnection, server=server))
    )
    made = Settings(_env_file=None, database_url=url, api_secret=SECRET, admin_ids=frozenset({OWNER}))
    app = create_app(made, database, queue)
    async with run_app(app, server_header=False) as address, httpx.AsyncClient() as client:
        api = Api(app, client, database, queue, httpx.ASGITransport(app))
        await _fill(database)
        yield Served(address, server, (await api.sign_in()).access, await api.own_token())
    await queue.redis.aclose(close_connection_pool=True)
    await database.close()


async def _fill(database: Database) -> None:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        move = await rows.read(session, await session.get_one(Listing, watch.listing_id), "1499")
        assert move is not None
        await owe(session, move)
        await session.execute(update(Alert).values(state=AlertState.DEAD))
        await inbox.receive_all(session, [Received("razorpay", "evt_1", b"{}", None)])
        await session.execute(update(WebhookEvent).values(state=EventState.DEAD))
        user = await rows.person(session)
        await subscriptions.give(
            session, DEFAULT, user, plan="business", days=30, source=TermSource.GIFT, key="gift"
        )
        session.add(
            Payment(
                provider="razorpay",
                provider_id="pay_1",
                user_id=user.id,
                amount_minor=99900,
                currency="INR",
                state=PaymentState.CAPTURED,
                created_at=now() - timedelta(days=1),
                captured_at=now(),
            )
        )
