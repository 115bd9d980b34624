"""Our gateway to Razorpay against the sandbox and against worse, over real HTTP, through the real SDK."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from sandbox.razorpay import RazorpaySandbox
from sandbox.razorpay.state import Link
from tests.serving import run_app
from tracker import clock
from tracker.billing.entities import LinkEntity, Malformed
from tracker.billing.problems import (
    RazorpayAway,
    RazorpayKeysWrong,
    RazorpayProblem,
    RazorpayRefused,
    RazorpayUnknown,
)
from tracker.billing.razorpay import Razorpay
from tracker.billing.signatures import callback_is_signed

SECRET = "the-secret-of-the-key"
VECTORS = Path(__file__).parents[3] / "shared" / "razorpay" / "vectors" / "signature_vectors.json"
NOBODY = "pay_00000000000000"
PAYMENT = b'{"id": "pay_1", "status": "captured", "amount": 100, "currency": "INR"}'

Call = Callable[[Razorpay], Awaitable[Any]]


@pytest.fixture
async def sandbox() -> AsyncIterator[RazorpaySandbox]:
    sandbox = RazorpaySandbox(key_secret=SECRET)
    async with run_app(Starlette(routes=sandbox.routes())) as sandbox.origin:
        yield sandbox
        await sandbox.close()


@asynccontextmanager
async def opened(sandbox: RazorpaySandbox, **facts: Any) -> AsyncIterator[Razorpay]:
    given = {"key_id": sandbox.key_id, "key_secret": SECRET, "api_base": sandbox.api_base} | facts
    gateway = Razorpay(**given)
    try:
        yield gateway
    finally:
        await gateway.close()


@pytest.fixture
async def gateway(sandbox: RazorpaySandbox) -> AsyncIterator[Razorpay]:
    async with opened(sandbox) as gateway:
        yield gateway


async def create(gateway: Razorpay, reference: str = "r-1", **facts: Any) -> LinkEntity:
    given: dict[str, Any] = {
        "amount_minor": 19_900,
        "currency": "INR",
        "description": "Pro, one month",
        "expires_at": clock.now() + timedelta(hours=1),
        "notes": {"plan": "pro"},
    }
    return await gateway.create_link(reference=reference, **(given | facts))


async def plan_of(gateway: Razorpay) -> str:
    return await gateway.create_plan(period="monthly", amount_minor=19_900, currency="INR", name="Pro")


async def subscribe(gateway: Razorpay, **facts: Any) -> Any:
    given: dict[str, Any] = {
        "total_count": 12,
        "reference": "s-1",
        "expires_at": clock.now() + timedelta(hours=1),
    }
    return await gateway.create_subscription(plan_id=await plan_of(gateway), **(given | facts))


async def test_a_link_is_made_for_the_whole_amount_and_tells_nobody(
    gateway: Razorpay, sandbox: RazorpaySandbox
) -> None:
    expires_at = clock.now().replace(microsecond=0) + timedelta(days=1)
    link = await create(gateway, expires_at=expires_at, callback_url="https://bot.example/pay/return")
    made = sandbox.link(link.id)
    assert link == LinkEntity(
        id=made.id,
        reference="r-1",
        status="created",
        amount_minor=19_900,
        paid_minor=0,
        currency="INR",
        url=f"{sandbox.origin}/razorpay/checkout/{made.id}",
        order_id=None,
        paid_by=(),
    )
    assert (made.accept_partial, made.reminder_enable, made.notify) == (
        False,
        False,
        {"sms": False, "email": False},
    )
    assert (made.expire_by, made.callback_url) == (expires_at.timestamp(), "https://bot.example/pay/return")
    assert (made.description, made.notes) == ("Pro, one month", {"plan": "pro"})


async def test_a_reference_makes_one_link_however_often_it_is_asked_for(
    gateway: Razorpay, sandbox: RazorpaySandbox
) -> None:
    first = await create(gateway)
    again = await asyncio.gather(*(create(gateway) for _ in range(5)))
    assert {link.id for link in again} == {first.id}
    assert len(sandbox.state.links) == 1
    assert (await create(gateway, "r-2")).id != first.id


async def test_a_link_whose_answer_was_lost_is_found_again(sandbox: RazorpaySandbox) -> None:
    sandbox.fault("timeout", after=True)
    async with opened(sandbox, read_timeout=0.2) as gateway:
        with pytest.raises(RazorpayAway):
            await create(gateway)
        link = await create(gateway)
    assert list(sandbox.state.links) == [link.id]


async def test_another_refusal_of_a_link_keeps_razorpays_words(gateway: Razorpay) -> None:
    with pytest.raises(RazorpayRefused) as refused:
        await create(gateway, amount_minor=99)
    problem = refused.value
    assert (problem.status, problem.code, problem.field) == (400, "BAD_REQUEST_ERROR", "amount")
    assert problem.description == "The amount must be at least INR 1.00"
    assert problem.reason == "input_validation_failed"
    assert not isinstance(problem, RazorpayUnknown)
    with pytest.raises(RazorpayRefused, match="atleast 15 minutes"):
        await create(gateway, expires_at=clock.now() + timedelta(minutes=14))


async def test_a_time_without_a_zone_is_a_mistake(gateway: Razorpay) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        await create(gateway, expires_at=datetime(2036, 1, 1))  # noqa: DTZ001 - the mistake itself


async def test_links_are_fetched_and_cancelled(gateway: Razorpay, sandbox: RazorpaySandbox) -> None:
    paid, open_one = await create(gateway, "r-1"), await create(gateway, "r-2")
    payment = await sandbox.pay(paid.id)
    fetched = await gateway.link(paid.id)
    assert (fetched.status, fetched.paid_minor, fetched.paid_by) == ("paid", 19_900, (payment.id,))
    assert await gateway.link_by_reference("r-1") == fetched
    assert await gateway.link_by_reference("r-3") is None
    assert (await gateway.cancel_link(open_one.id)).status == "cancelled"
    with pytest.raises(RazorpayRefused, match="already paid"):
        await gateway.cancel_link(paid.id)


async def test_the_newest_of_several_links_with_one_reference_counts(
    gateway: Razorpay, sandbox: RazorpaySandbox
) -> None:
    links = [link_by_hand(sandbox, "r-1") for _ in range(3)]
    for link, created_at in zip(links, (10, 30, 20), strict=True):
        link.created_at = created_at
    assert (await create(gateway)).id == links[1].id


async def test_payments_are_read_through_all_pages_each_once(
    gateway: Razorpay, sandbox: RazorpaySandbox
) -> None:
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    for index in range(203):
        payment = await sandbox.pay(link_by_hand(sandbox).id)
        payment.created_at = int(begin.timestamp()) + index
    assert len(await gateway.payments(begin, begin + timedelta(days=1))) == 203
    within = await gateway.payments(begin + timedelta(seconds=1), begin + timedelta(seconds=101.5))
    assert len(within) == 102
    assert len({payment.id for payment in within}) == 102
    assert within[0].created_at == begin + timedelta(seconds=102)
    assert await gateway.payments(begin - timedelta(days=2), begin - timedelta(days=1)) == []


async def test_payments_that_arrive_meanwhile_hide_none_and_double_none(sandbox: RazorpaySandbox) -> None:
    """They come first in the listing, and so move what was read to the next page."""
    begin = clock.now()
    known = [await sandbox.pay(link_by_hand(sandbox).id) for _ in range(150)]
    api = Starlette(routes=sandbox.routes())

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        await api(scope, receive, send)
        if scope["type"] == "http":
            for _ in range(3):
                await sandbox.pay(link_by_hand(sandbox).id)

    async with run_app(busy) as address, opened(sandbox, api_base=f"{address}/razorpay") as gateway:
        ids = [payment.id for payment in await gateway.payments(begin, begin + timedelta(hours=1))]
    assert len(ids) == len(set(ids))
    assert {payment.id for payment in known} <= set(ids)


def link_by_hand(sandbox: RazorpaySandbox, reference: str = "") -> Link:
    """A link without a call."""
    link = Link(19_900, "INR", "Pro", reference, {}, {}, {})
    sandbox.state.links[link.id] = link
    return link


async def test_a_payment_is_told_with_its_link(gateway: Razorpay, sandbox: RazorpaySandbox) -> None:
    link = await create(gateway)
    paid = await sandbox.pay(link.id, method="card")
    payment = await gateway.payment(paid.id)
    assert (payment.status, payment.amount_minor, payment.method) == ("captured", 19_900, "card")
    assert (payment.link_id, payment.order_id) == (link.id, paid.order_id)


async def test_a_subscription_is_made_paid_and_cancelled(gateway: Razorpay, sandbox: RazorpaySandbox) -> None:
    made = await subscribe(gateway)
    known = sandbox.subscription(made.id)
    assert (made.status, made.reference, known.customer_notify) == ("created", "s-1", False)
    assert (known.plan.period, known.plan.interval, known.plan.amount) == ("monthly", 1, 19_900)
    first = await sandbox.pay(made.id)
    second = await sandbox.charge(made.id)
    await sandbox.charge(made.id, "failure")
    fetched = await gateway.subscription(made.id)
    assert (fetched.status, fetched.paid_count) == ("pending", 2)
    payments = await gateway.subscription_payments(made.id)
    assert [payment.id for payment in payments] == [second.id, first.id]
    assert {payment.status for payment in payments} == {"captured"}
    assert (await gateway.cancel_subscription(made.id, at_cycle_end=True)).status == "pending"
    assert (await gateway.cancel_subscription(made.id, at_cycle_end=False)).status == "cancelled"
    with pytest.raises(RazorpayRefused) as refused:
        await gateway.cancel_subscription(made.id, at_cycle_end=False)
    assert refused.value.field == "status"


async def test_a_subscription_may_begin_later_with_something_upfront(
    gateway: Razorpay, sandbox: RazorpaySandbox
) -> None:
    starts_at = clock.now() + timedelta(days=3)
    made = await subscribe(gateway, starts_at=starts_at, upfront=("Difference", 5_000, "INR"))
    assert (await sandbox.pay(made.id)).amount == 5_000
    fetched = await gateway.subscription(made.id)
    assert (fetched.status, fetched.charge_at) == ("authenticated", starts_at.replace(microsecond=0))


async def test_a_refund_is_made_once_for_each_key(gateway: Razorpay, sandbox: RazorpaySandbox) -> None:
    payment = await sandbox.pay((await create(gateway)).id)
    facts: dict[str, Any] = {"amount_minor": 5_000, "idempotency_key": "refund-000001", "reason": "asked"}
    first = await gateway.refund(payment.id, **facts)
    again = await gateway.refund(payment.id, **facts)
    assert first == again
    assert (first.status, first.receipt, first.amount_minor) == ("processed", "refund-000001", 5_000)
    assert sandbox.state.refunds[first.id].notes == {"reason": "asked"}
    with pytest.raises(RazorpayRefused) as refused:
        await gateway.refund(payment.id, **facts | {"amount_minor": 6_000})
    assert refused.value.status == 409
    await gateway.refund(payment.id, **facts | {"idempotency_key": "refund-000002"})
    assert [refund.amount_minor for refund in await gateway.refunds(payment.id)] == [5_000, 5_000]
    assert (await gateway.payment(payment.id)).refunded_minor == 10_000


async def test_a_refund_whose_answer_was_lost_is_not_made_twice(sandbox: RazorpaySandbox) -> None:
    async with opened(sandbox, read_timeout=0.2) as gateway:
        payment = await sandbox.pay((await create(gateway)).id)
        sandbox.fault("timeout", after=True)
        facts: dict[str, Any] = {"amount_minor": 5_000, "idempotency_key": "refund-000001", "reason": "asked"}
        with pytest.raises(RazorpayAway):
            await gateway.refund(payment.id, **facts)
        await gateway.refund(payment.id, **facts)
    assert len(sandbox.state.refunds) == 1


@pytest.mark.parametrize("key", ["short", "k" * 41, "with space in it", ""])
async def test_a_key_that_razorpay_would_not_take_is_a_mistake(gateway: Razorpay, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        await gateway.refund(NOBODY, amount_minor=100, idempotency_key=key, reason="x")


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda gateway: gateway.payment(NOBODY), id="payment"),
        pytest.param(lambda gateway: gateway.link("plink_00000000000000"), id="link"),
        pytest.param(lambda gateway: gateway.subscription("sub_00000000000000"), id="subscription"),
        pytest.param(lambda gateway: gateway.refunds(NOBODY), id="refunds"),
    ],
)
async def test_an_id_of_nothing_is_unknown(gateway: Razorpay, call: Call) -> None:
    with pytest.raises(RazorpayUnknown, match="The id provided does not exist"):
        await call(gateway)


@pytest.mark.parametrize("given", ["", "pay", "../payments", "pay_a/refund", "pay_a?x=1", "pay_é", "pay_1\n"])
async def test_what_is_no_id_is_unknown_without_a_call(
    gateway: Razorpay, sandbox: RazorpaySandbox, given: str
) -> None:
    with pytest.raises(RazorpayUnknown):
        await gateway.payment(given)
    with pytest.raises(RazorpayUnknown):
        await gateway.subscription_payments(given)
    assert sandbox.api.calls == []


async def test_wrong_keys_are_told_apart_and_never_named(sandbox: RazorpaySandbox) -> None:
    async with opened(sandbox, key_secret="not-the-secret") as gateway:
        with pytest.raises(RazorpayKeysWrong) as wrong:
            await gateway.payment(NOBODY)
    assert (wrong.value.status, wrong.value.description) == (401, "Authentication failed")
    assert "not-the-secret" not in everything(wrong.value, gateway)


def everything(problem: BaseException, *things: object) -> str:
    """All that a log or a tracker of errors could show of it."""
    texts = [repr(problem), str(problem), repr(problem.args), *(repr(thing) for thing in things)]
    chain: BaseException | None = problem
    while chain is not None:
        texts += [repr(vars(chain)), *traceback.format_exception(chain)]
        request = getattr(chain, "request", None)
        texts.append(repr(getattr(request, "headers", None)))
        chain = chain.__cause__ or chain.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("kind", ["500", "502", "429", "timeout"])
async def test_an_outage_is_away_and_then_over(
    sandbox: RazorpaySandbox, kind: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(sandbox, read_timeout=0.2) as gateway:
        sandbox.fault(kind)
        with pytest.raises(RazorpayAway) as away:
            await create(gateway)
        assert (await create(gateway)).status == "created"
    assert len(sandbox.api.calls) == 2  # the SDK tried nothing again
    assert capsys.readouterr() == ("", "")
    shown = everything(away.value, gateway)
    assert SECRET not in shown
    assert "Basic " not in shown


async def test_nobody_at_the_address_is_away(
    sandbox: RazorpaySandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(sandbox, api_base="http://127.0.0.1:1/razorpay") as gateway:
        with pytest.raises(RazorpayAway) as away:
            await create(gateway)
    assert capsys.readouterr() == ("", "")
    assert SECRET not in everything(away.value, gateway)


async def test_a_hanging_call_does_not_hold_the_loop_up_and_ends_with_the_deadline(
    sandbox: RazorpaySandbox,
) -> None:
    sandbox.fault("timeout", 6)
    loop = asyncio.get_running_loop()
    async with opened(sandbox, read_timeout=30, deadline=0.3) as gateway:
        begun = loop.time()
        calls = [
            asyncio.create_task(gateway.payment(NOBODY)) for _ in range(6)
        ]  # more than there are threads
        await asyncio.sleep(0)
        assert loop.time() - begun < 0.2
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(each) for each in results] == [RazorpayAway] * 6
        assert loop.time() - begun < 2
        await sandbox.close()  # which ends what hangs


@asynccontextmanager
async def answering(*parts: bytes, status: int = 200, forever: bool = False) -> AsyncIterator[str]:
    """A server that says one thing to everybody; `forever` it adds a byte every now and then."""
    ends = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        while forever and not ends.is_set():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            try:
                await asyncio.wait_for(ends.wait(), 0.02)
            except TimeoutError:
                continue
        await send({"type": "http.response.body", "body": b""})

    async with run_app(app) as address:
        try:
            yield address
        finally:
            ends.set()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(200, b"<html>", RazorpayAway, id="no-json"),
        pytest.param(200, b"\xff\xfe\xfd", RazorpayAway, id="no-text"),
        pytest.param(200, b"[]", Malformed, id="a-list"),
        pytest.param(200, b"{}", Malformed, id="nothing-in-it"),
        pytest.param(200, b'{"id": 5}', Malformed, id="another-shape"),
        pytest.param(403, b"<html>", RazorpayAway, id="a-firewall"),
        pytest.param(404, b"<html>", RazorpayAway, id="a-proxy"),
        pytest.param(400, b"[]", RazorpayAway, id="no-envelope"),
        pytest.param(400, b'{"error": {"code": 5}}', RazorpayRefused, id="an-empty-envelope"),
        pytest.param(401, b"", RazorpayKeysWrong, id="keys-without-words"),
        pytest.param(404, b'{"error": {"description": "x"}}', RazorpayUnknown, id="not-found"),
        pytest.param(409, b'{"error": {"description": "in progress"}}', RazorpayAway, id="in-flight"),
        pytest.param(503, b'{"error": {"description": "x"}}', RazorpayAway, id="unavailable"),
        pytest.param(200, PAYMENT + b" " * 5_000_000, RazorpayAway, id="too-large"),
    ],
)
async def test_answers_that_nobody_documents(
    sandbox: RazorpaySandbox, status: int, body: bytes, expected: type[Exception]
) -> None:
    async with answering(body, status=status) as address, opened(sandbox, api_base=address) as gateway:
        with pytest.raises(expected) as problem:
            await gateway.payment(NOBODY)
    assert type(problem.value) is expected


async def test_a_listing_that_knows_no_pages_ends(sandbox: RazorpaySandbox) -> None:
    body = (
        b'{"items": ['
        + b", ".join(PAYMENT.replace(b"pay_1", b"pay_%d" % each) for each in range(100))
        + b"]}"
    )
    async with answering(body) as address, opened(sandbox, api_base=address) as gateway:
        assert len(await gateway.payments(clock.now(), clock.now())) == 100


async def test_a_redirect_is_not_followed(sandbox: RazorpaySandbox) -> None:
    elsewhere = RedirectResponse(f"{sandbox.api_base}/v1/payments/{NOBODY}", 307)
    async with run_app(elsewhere) as address, opened(sandbox, api_base=address) as gateway:
        with pytest.raises(RazorpayAway, match="HTTP 307"):
            await gateway.payment(NOBODY)
    assert sandbox.api.calls == []


async def test_an_answer_that_drips_is_away_and_frees_its_thread(sandbox: RazorpaySandbox) -> None:
    async with (
        answering(b'{"id": "', forever=True) as address,
        opened(sandbox, api_base=address, deadline=0.1) as gateway,
    ):
        for _ in range(6):  # more than there are threads
            with pytest.raises(RazorpayAway):
                await gateway.payment(NOBODY)


def test_every_problem_is_of_one_tree() -> None:
    for kind in (RazorpayAway, RazorpayRefused, RazorpayUnknown, RazorpayKeysWrong):
        assert issubclass(kind, RazorpayProblem)
    refused = RazorpayRefused(400, "BAD_REQUEST_ERROR", "The amount is invalid", "amount", None)
    assert str(refused) == "400 BAD_REQUEST_ERROR: The amount is invalid (amount)"


@pytest.mark.skipif(not VECTORS.is_file(), reason="the official vectors are not on this machine")
def test_the_official_signature_of_a_callback_is_accepted() -> None:
    vector = json.loads(VECTORS.read_text())["payment_link_callback"]
    assert callback_is_signed(
        vector["secret"],
        vector["payment_link_id"],
        vector["payment_link_reference_id"],
        vector["payment_link_status"],
        vector["razorpay_payment_id"],
        vector["razorpay_signature"],
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"signature": ""}, id="empty"),
        pytest.param({"signature": None}, id="missing"),
        pytest.param({"signature": "é" * 64}, id="not-ascii"),
        pytest.param({"signature": "\ud800"}, id="half-a-letter"),
        pytest.param({"signature": "0" * 64}, id="wrong"),
        pytest.param({"status": "created"}, id="other-status"),
        pytest.param({"payment_id": "pay_other"}, id="other-payment"),
        pytest.param({"reference": "r-2"}, id="other-reference"),
        pytest.param({"reference": "\ud800"}, id="half-a-letter-in-the-reference"),
        pytest.param({"reference": None}, id="no-reference"),
        pytest.param({"link_id": None}, id="no-link"),
        pytest.param({"payment_id": ""}, id="no-payment"),
        pytest.param({"key_secret": "other"}, id="other-secret"),
    ],
)
async def test_a_callback_is_accepted_as_razorpay_signed_it_and_not_otherwise(
    gateway: Razorpay, sandbox: RazorpaySandbox, change: dict[str, Any]
) -> None:
    link = await create(gateway, callback_url="https://bot.example/pay/return")
    await sandbox.pay(link.id)
    given = dict(parse_qsl(urlsplit(sandbox.callback(link.id)).query))
    facts: dict[str, Any] = {
        "key_secret": SECRET,
        "link_id": given["razorpay_payment_link_id"],
        "reference": given["razorpay_payment_link_reference_id"],
        "status": given["razorpay_payment_link_status"],
        "payment_id": given["razorpay_payment_id"],
        "signature": given["razorpay_signature"],
    }
    assert callback_is_signed(**facts) is True
    assert callback_is_signed(**facts | change) is False
