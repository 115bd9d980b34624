"""Telegram's rates: bursts, refills, and how long a sender must wait."""

import pytest

from sandbox.telegram.errors import ApiError
from sandbox.telegram.limits import Limits, RateLimiter

CHAT, GROUP = 1001, -100200


def waits(limiter: RateLimiter, limits: Limits, chat: int, *moments: float) -> list[int]:
    """The retry_after of each message sent at these seconds; 0 for those that went through."""
    answers = []
    for moment in moments:
        try:
            limiter.admit(chat, limits, moment)
            answers.append(0)
        except ApiError as refused:
            answers.append(refused.parameters["retry_after"])
    return answers


@pytest.mark.parametrize(
    ("limits", "moments", "expected"),
    [
        (Limits(), (0, 0, 0, 0, 0), [0, 0, 0, 0, 1]),
        (Limits(), (0, 0, 0, 0, 1, 1), [0, 0, 0, 0, 0, 1]),
        (Limits(chat_burst=1), (0, 0.5, 1, 2), [0, 1, 0, 0]),
        (Limits(chat_burst=1, chat_per_second=0.1), (0, 1), [0, 9]),
        (Limits.off(), (0, 0, 0, 0, 0, 0), [0] * 6),
        (Limits().scaled(0.25), (0, 0, 4), [0, 4, 0]),
    ],
    ids=["burst", "refill", "one-a-second", "rounded-up", "off", "scaled"],
)
def test_a_chat_takes_a_short_burst_and_then_a_steady_rate(
    limits: Limits, moments: tuple[float, ...], expected: list[int]
) -> None:
    assert waits(RateLimiter(), limits, CHAT, *moments) == expected


def test_all_chats_together_take_thirty_a_second() -> None:
    limiter = RateLimiter()
    for chat in range(1, 31):
        assert waits(limiter, Limits(), chat, 0) == [0]
    assert waits(limiter, Limits(), 31, 0) == [1]
    assert waits(limiter, Limits(), 31, 1) == [0]


def test_a_group_takes_twenty_a_minute() -> None:
    limiter = RateLimiter()
    assert waits(limiter, Limits(), GROUP, *range(20)) == [0] * 20
    assert waits(limiter, Limits(), GROUP, 20, 59.5) == [40, 1]
    assert waits(limiter, Limits(), GROUP, 60) == [0]


def test_the_refusal_is_a_429_that_says_how_long_to_wait() -> None:
    with pytest.raises(ApiError, match=r"^429 Too Many Requests: retry after 4$"):
        RateLimiter().admit(CHAT, Limits(overall_per_second=0.2), 0)


def test_a_refused_message_does_not_count() -> None:
    limiter = RateLimiter()
    assert waits(limiter, Limits(chat_burst=1), CHAT, 0, 0.2, 0.4, 0.6, 1) == [0, 1, 1, 1, 0]
