"""The account of a run finds what is lost, foreign, out of order and said twice."""

import pytest

from benchmarks.reliability.account import Account, Heard, account, numbers_in
from benchmarks.reliability.owed import Owed, title

ASHA, RAVI = 1, 2
OWED = {ASHA: [1, 3], RAVI: [2]}


def heard(*messages: tuple[float, int, tuple[int, ...]]) -> Account:
    return account(Owed(OWED), [Heard(*message) for message in messages], kills=[10.0, 20.0])


ALL = ((1.0, ASHA, (1,)), (2.0, RAVI, (2,)), (3.0, ASHA, (3,)))


def test_all_that_is_owed_and_nothing_else_is_kept() -> None:
    assert heard(*ALL) == Account(3, 3, 0, 0, 0, (0, 0, 0))
    assert heard(*ALL).is_kept
    assert heard((1.0, ASHA, (1, 3)), (2.0, RAVI, (2,))).is_kept


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (ALL[:2], Account(3, 2, 1, 0, 0, (0, 0, 0))),
        ((*ALL, (4.0, RAVI, (1,))), Account(3, 4, 0, 1, 0, (0, 0, 1))),
        ((*ALL, (4.0, RAVI, ())), Account(3, 4, 0, 1, 0, (0, 0, 0))),
        ((ALL[2], ALL[1], (4.0, ASHA, (1,))), Account(3, 3, 0, 0, 1, (0, 0, 0))),
        ((*ALL, (4.0, ASHA, (3,))), Account(3, 4, 0, 0, 0, (0, 0, 1))),
    ],
    ids=["lost", "in another's chat", "of nothing owed", "out of order", "twice without a kill"],
)
def test_what_breaks_the_contract_is_found(
    messages: tuple[tuple[float, int, tuple[int, ...]], ...], expected: Account
) -> None:
    found = heard(*messages)
    assert found == expected
    assert not found.is_kept


@pytest.mark.parametrize(
    ("first_heard", "is_kept"), [((9.99, 15.0), True), ((9.98, 9.99), False)], ids=["one", "two"]
)
def test_one_repeat_for_a_kill_is_allowed(first_heard: tuple[float, float], is_kept: bool) -> None:
    one, two = first_heard
    again = [(30.0, ASHA, (1,))] + ([(31.0, RAVI, (2,))] if two < 10 else [])
    found = heard((one, ASHA, (1,)), (two, RAVI, (2,)), (16.0, ASHA, (3,)), *again)
    assert found.most_for_one_kill == len(again)
    assert found.is_kept == is_kept


def test_a_message_tells_which_alerts_it_holds() -> None:
    assert numbers_in(f"2 things\n\n{title(17)} ₹1,499\n{title(170)} ₹1,499") == (17, 170)
