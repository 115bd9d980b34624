"""The one gateway to Razorpay: links, payments, subscriptions and refunds, through its own SDK.

The SDK (2.0.1) raises one error for 400, 401 and 429, loses status, field and reason, fails on an HTML
page, and has no time-outs: here its session judges each answer before the SDK sees it.
"""

import asyncio
import io
import json
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Literal

import razorpay  # type: ignore[import-untyped]  # the SDK has no types
import requests

from tracker.billing.entities import (
    Json,
    LinkEntity,
    Malformed,
    PaymentEntity,
    RefundEntity,
    SubscriptionEntity,
)
from tracker.billing.problems import (
    RazorpayAway,
    RazorpayKeysWrong,
    RazorpayRefused,
    RazorpayUnknown,
)
from tracker.config import Settings

_CONNECT, _READ = 3.0, 10.0  # seconds
_DEADLINE = 15.0  # seconds for a whole call, waiting for a free thread included
_THREADS = 4
_PAGE = 100  # the most that a listing gives at once
_LARGEST_BODY = 4_000_000  # bytes; a page of payments is about 100 kB
_ID = re.compile(r"[a-z]{2,10}_[A-Za-z0-9]{1,40}")
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{10,40}")
_TAKEN = "reference id already attempted"
_UNKNOWN = "the id provided does not exist"
_PROCESSED = "has already been processed"


class Razorpay:
    """Calls block in a few threads of their own, each with its own connection; `close` ends them.

    Every call raises RazorpayAway, RazorpayRefused or Malformed. `deadline` is in seconds, for one request;
    a listing of many pages makes several.
    """

    def __init__(
        self,
        key_id: str,
        key_secret: str,
        api_base: str,
        *,
        connect_timeout: float = _CONNECT,
        read_timeout: float = _READ,
        deadline: float = _DEADLINE,
    ) -> None:
        self._auth = (key_id, key_secret)
        self._api_base = api_base.rstrip("/")
        self._timeouts = (connect_timeout, read_timeout)
        self._deadline = deadline
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="razorpay")
        self._local = threading.local()
        self._sessions: list[_Session] = []
        self.note: Callable[[str | None], None] = lambda _error: None
        """Called after each request: with None when it was answered, and with why it was not."""

    @classmethod
    def by(cls, settings: Settings) -> "Razorpay":
        """By the operator's settings; without keys every call raises RazorpayKeysWrong and asks nobody."""
        secret = settings.razorpay_key_secret
        return cls(
            settings.razorpay_key_id or "",
            secret.get_secret_value() if secret else "",
            settings.razorpay_api_base,
        )

    def __repr__(self) -> str:
        return f"Razorpay({self._api_base!r})"

    async def close(self) -> None:
        """Drop what waits, let what is on its way end within its time-outs, and close the connections."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        for session in self._sessions:
            session.close()

    async def create_link(
        self,
        *,
        reference: str,
        amount_minor: int,
        currency: str,
        description: str,
        expires_at: datetime,
        notes: Mapping[str, str],
        callback_url: str | None = None,
    ) -> LinkEntity:
        """A link to pay the whole amount once. Nobody is written to; we say it ourselves.

        Idempotent by `reference` (at most 40 characters): a taken one returns the newest link that has it,
        whose amount and status the caller judges. It expires 15 minutes to six months from now.
        """
        data: dict[str, Any] = {
            "amount": amount_minor,
            "currency": currency,
            "accept_partial": False,
            "description": description,
            "reference_id": reference,
            "expire_by": _seconds(expires_at),
            "reminder_enable": False,
            "notify": {"sms": False, "email": False},
            "notes": dict(notes),
        }
        if callback_url is not None:
            data |= {"callback_url": callback_url, "callback_method": "get"}
        try:
            return LinkEntity.of(await self._call(lambda sdk: sdk.payment_link.create(data)))
        except RazorpayRefused as refused:
            if _TAKEN not in refused.description.lower():
                raise
        link = await self.link_by_reference(reference)
        if link is None:
            raise RazorpayAway("the reference is taken, and its link is not listed yet")
        return link

    async def link(self, link_id: str) -> LinkEntity:
        return LinkEntity.of(await self._call(lambda sdk: sdk.payment_link.fetch(_id(link_id), {})))

    async def link_by_reference(self, reference: str) -> LinkEntity | None:
        """The newest link with this reference."""
        body = await self._call(lambda sdk: sdk.payment_link.all({"reference_id": reference}))
        links = [each for each in _items(body, "payment_links") if each.get("reference_id") == reference]
        newest = max(links, key=_created_at, default=None)
        return None if newest is None else LinkEntity.of(newest)

    async def cancel_link(self, link_id: str) -> LinkEntity:
        """Refused for a link that is paid, expired or cancelled."""
        return LinkEntity.of(await self._call(lambda sdk: sdk.payment_link.cancel(_id(link_id))))

    async def payment(self, payment_id: str) -> PaymentEntity:
        return PaymentEntity.of(await self._call(lambda sdk: sdk.payment.fetch(_id(payment_id), {})))

    async def payments(self, since: datetime, until: datetime) -> list[PaymentEntity]:
        """Every payment created between two moments, both included, each once."""
        limits = {"from": math.floor(since.timestamp()), "to": math.ceil(until.timestamp())}
        found = await self._every(lambda sdk, page: sdk.payment.all(limits | page))
        return [PaymentEntity.of(each) for each in found]

    async def create_plan(
        self, *, period: Literal["monthly", "yearly"], amount_minor: int, currency: str, name: str
    ) -> str:
        """The id of a new plan. Plans never change: another price is another plan."""
        item = {"name": name, "amount": amount_minor, "currency": currency}
        data = {"period": period, "interval": 1, "item": item}
        body = await self._call(lambda sdk: sdk.plan.create(data))
        return _known_id(body)

    async def create_subscription(
        self,
        *,
        plan_id: str,
        total_count: int,
        reference: str,
        expires_at: datetime,
        starts_at: datetime | None = None,
        upfront: tuple[str, int, str] | None = None,
    ) -> SubscriptionEntity:
        """A subscription to be authorised on its page until `expires_at`; without `starts_at` it begins then.

        `upfront` is a name, minor units and a currency, charged with the authorisation.
        """
        data: dict[str, Any] = {
            "plan_id": plan_id,
            "total_count": total_count,
            "customer_notify": False,
            "expire_by": _seconds(expires_at),
            "notes": {"reference": reference},
        }
        if starts_at is not None:
            data["start_at"] = _seconds(starts_at)
        if upfront is not None:
            name, amount_minor, currency = upfront
            data["addons"] = [{"item": {"name": name, "amount": amount_minor, "currency": currency}}]
        return SubscriptionEntity.of(await self._call(lambda sdk: sdk.subscription.create(data)))

    async def subscription(self, subscription_id: str) -> SubscriptionEntity:
        body = await self._call(lambda sdk: sdk.subscription.fetch(_id(subscription_id), {}))
        return SubscriptionEntity.of(body)

    async def subscription_payments(self, subscription_id: str) -> list[PaymentEntity]:
        """The payments of its invoices, newest first."""
        query = {"subscription_id": _id(subscription_id)}
        invoices = await self._every(lambda sdk, page: sdk.invoice.all(query | page))
        return [await self.payment(str(each["payment_id"])) for each in invoices if each.get("payment_id")]

    async def cancel_subscription(self, subscription_id: str, *, at_cycle_end: bool) -> SubscriptionEntity:
        """Final, at once or when what is paid for ends. Refused for one that is over."""
        data = {"cancel_at_cycle_end": at_cycle_end}
        body = await self._call(lambda sdk: sdk.subscription.cancel(_id(subscription_id), data))
        return SubscriptionEntity.of(body)

    async def refund(
        self, payment_id: str, *, amount_minor: int, idempotency_key: str, reason: str
    ) -> RefundEntity:
        """Give money back, once for each key: 10 to 40 letters, digits, `_` and `-`. Ask again with the same.

        A key that was used for another request is refused with 409. Raises ValueError for no such key.
        """
        if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise ValueError("an idempotency key is 10 to 40 letters, digits, _ and -")
        data = {
            "amount": amount_minor,
            "speed": "normal",
            "receipt": idempotency_key,
            "notes": {"reason": reason},
        }

        def ask(sdk: Any) -> Any:
            headers = {"X-Refund-Idempotency": idempotency_key}
            return sdk.payment.refund(_id(payment_id), data, headers=headers)

        return RefundEntity.of(await self._call(ask))

    async def refunds(self, payment_id: str) -> list[RefundEntity]:
        found = await self._every(lambda sdk, page: sdk.payment.fetch_multiple_refund(_id(payment_id), page))
        return [RefundEntity.of(each) for each in found]

    async def _every(self, ask: Callable[[Any, dict[str, int]], Any]) -> list[Json]:
        """Every item of a collection, each id once: what is created meanwhile moves the pages."""
        found: dict[str, Json] = {}
        skip = 0
        while True:
            page = {"count": _PAGE, "skip": skip}
            body = await self._call(ask, page)
            items = _items(body, "items")
            fresh = {_known_id(each): each for each in items if _known_id(each) not in found}
            found |= fresh
            if len(items) < _PAGE or not fresh:
                return list(found.values())
            skip += len(items)

    async def _call(self, ask: Callable[..., Any], *arguments: Json) -> Json:
        if not all(self._auth):
            raise RazorpayKeysWrong(
                401, "", "RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET are not set", None, None
            )
        try:
            async with asyncio.timeout(self._deadline):
                body = await asyncio.get_running_loop().run_in_executor(
                    self._threads, self._ask, ask, *arguments
                )
        except TimeoutError:
            self.note("no answer in time")
            raise RazorpayAway("no answer in time") from None
        except RazorpayAway as error:
            self.note(str(error))
            raise
        except RazorpayRefused:
            self.note(None)
            raise
        self.note(None)
        if not isinstance(body, Mapping):
            raise Malformed("the answer is no object")
        return body

    def _ask(self, ask: Callable[..., Any], *arguments: Json) -> Any:
        """In one of the threads."""
        sdk = getattr(self._local, "sdk", None)
        if sdk is None:
            session = _Session(self._timeouts, self._deadline)
            self._sessions.append(session)
            sdk = razorpay.Client(auth=self._auth, base_url=self._api_base, session=session)
            self._local.sdk = sdk
        return ask(sdk, *arguments)


class _Session(requests.Session):
    """Gives every request its time-outs, and raises our errors for what is no good answer."""

    def __init__(self, timeouts: tuple[float, float], deadline: float) -> None:
        super().__init__()
        self._timeouts = timeouts
        self._deadline = deadline

    def request(  # type: ignore[override]  # the SDK names nothing but these
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        """Raises RazorpayProblem: the SDK would print the errors of requests, and lets ours pass."""
        ends = time.monotonic() + self._deadline
        options |= {"timeout": self._timeouts, "allow_redirects": False, "stream": True}
        try:
            with super().request(method, url, **options) as response:
                body = _read(response, ends)
        except requests.RequestException as error:
            # Without its cause: what requests raises holds the request, and that holds the keys.
            problem = RazorpayAway(f"no answer: {type(error).__name__}")
        else:
            _judge(response.status_code, body)
            answer = requests.Response()
            answer.status_code, answer.raw = response.status_code, io.BytesIO(body)
            return answer
        raise problem


def _read(response: requests.Response, ends: float) -> bytes:
    """The decoded body, in time and of a size; a drip of bytes would outlast every time-out of a read."""
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(65_536):
        size += len(chunk)
        if size > _LARGEST_BODY:
            raise requests.RequestException("too large")
        if time.monotonic() > ends:
            raise requests.Timeout("too slow")
        chunks.append(chunk)
    return b"".join(chunks)


def _judge(status: int, body: bytes) -> None:
    """Raises what a status and a body mean; returns for a good answer."""
    try:
        content = json.loads(body) if body else {}
    except ValueError:
        content = None
    if 200 <= status < 300 and content is not None:
        return
    error = content.get("error") if isinstance(content, Mapping) else None
    error = error if isinstance(error, Mapping) else {}
    description = _said(error, "description") or ""
    facts = (status, _said(error, "code") or "", description, _said(error, "field"), _said(error, "reason"))
    if status == 401:
        raise RazorpayKeysWrong(*facts)
    in_flight = status == 409 and _PROCESSED not in description.lower()
    if not error or status < 400 or status >= 500 or status in (408, 425, 429) or in_flight:
        raise RazorpayAway(f"HTTP {status}{' and no JSON' if content is None else ''}")
    if status == 404 or _UNKNOWN in description.lower():
        raise RazorpayUnknown(*facts)
    raise RazorpayRefused(*facts)


def _said(error: Json, name: str) -> str | None:
    value = error.get(name)
    return value if isinstance(value, str) and value not in ("", "NA") else None


def _seconds(moment: datetime) -> int:
    """Unix seconds, of an aware time."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return int(moment.timestamp())


def _id(given: str) -> str:
    """It becomes part of a path. Raises RazorpayUnknown, for nothing can exist under another kind of text."""
    if not _ID.fullmatch(given):
        raise RazorpayUnknown(404, "", "this is no id", None, None)
    return given


def _known_id(body: Json) -> str:
    value = body.get("id")
    if not isinstance(value, str) or not value:
        raise Malformed("id is no text")
    return value


def _created_at(body: Json) -> int:
    value = body.get("created_at")
    return value if type(value) is int else 0


def _items(body: Json, name: str) -> list[Json]:
    items = body.get(name)
    if not isinstance(items, list) or not all(isinstance(each, Mapping) for each in items):
        raise Malformed(f"{name} is no list of objects")
    return items
