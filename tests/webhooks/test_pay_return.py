"""The page that a payer's browser comes back to: it says what is proved, and changes nothing."""

import hashlib
import hmac

import pytest
from sqlalchemy import func, select

from tests.webhooks.conftest import Door, inbox_of
from tracker.billing.models import Payment
from tracker.database import Database

SECRET = "the key's secret"
PAID = {
    "razorpay_payment_id": "pay_00000000000001",
    "razorpay_payment_link_id": "plink_0000000000001",
    "razorpay_payment_link_reference_id": "pt-1",
    "razorpay_payment_link_status": "paid",
}


def signed(facts: dict[str, str], secret: str = SECRET) -> dict[str, str]:
    names = ("payment_link_id", "payment_link_reference_id", "payment_link_status", "payment_id")
    message = "|".join(facts[f"razorpay_{name}"] for name in names)
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return facts | {"razorpay_signature": signature}


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        pytest.param(signed(PAID), 200, "Payment received", id="paid"),
        pytest.param(
            signed(PAID | {"razorpay_payment_link_status": "expired"}), 200, "Not paid", id="expired"
        ),
        pytest.param(PAID, 400, "We cannot tell", id="no-signature"),
        pytest.param(signed(PAID, "another"), 400, "We cannot tell", id="another-secret"),
        pytest.param(
            signed(PAID) | {"razorpay_payment_id": "pay_x"}, 400, "We cannot tell", id="another-payment"
        ),
        pytest.param(signed(PAID) | {"razorpay_signature": "é" * 64}, 400, "We cannot tell", id="no-ascii"),
        pytest.param({}, 400, "We cannot tell", id="nothing"),
    ],
)
async def test_it_says_what_the_signature_proves(
    door: Door, sqlite_database: Database, query: dict[str, str], status: int, words: str
) -> None:
    async with door.open(sqlite_database, razorpay_key_secret=SECRET) as client:
        answer = await client.get("/pay/return", params=query)
    assert answer.status_code == status
    assert words in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert await inbox_of(sqlite_database) == []
    async with sqlite_database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Payment)) == 0


async def test_without_a_key_nothing_is_proved(door: Door, sqlite_database: Database) -> None:
    async with door.open(sqlite_database) as client:
        answer = await client.get("/pay/return", params=signed(PAID, ""))
    assert answer.status_code == 400
    assert "<script" not in answer.text


async def test_what_is_too_long_is_refused_without_repeating_it(
    door: Door, sqlite_database: Database
) -> None:
    async with door.open(sqlite_database, razorpay_key_secret=SECRET) as client:
        answer = await client.get("/pay/return", params={"razorpay_payment_id": "secret" * 100})
    assert answer.status_code == 422
    assert "secretsecret" not in answer.text
