"""The account of `make soak-shops` sees what it is there to see."""

from benchmarks.shop_soak.account import Missed, Promised, Promises, Request, overlapping, promises

URL = "https://shop-1.example/p/1"
BROKEN: Missed = (URL, "pro", 160.0)


def asked(began: float, kind: str = "page", *, took: float = 1.0, done: bool = True) -> Request:
    return Request(URL, began, began + took, kind, done)


def account(
    requests: list[Request], counted: tuple[Missed, ...] = (), kills: tuple[float, ...] = ()
) -> Promises:
    """Of one listing that somebody was promised each minute, from 100 to 200."""
    return promises({URL: Promised(100.0, {"pro": 60.0})}, requests, counted, kills, 200.0)


def test_a_promise_that_broke_uncounted_is_found() -> None:
    assert account([asked(150)]).uncounted == []
    assert account([]).uncounted == [BROKEN]
    assert account([asked(150, "forbidden")]).uncounted == [BROKEN]
    assert account([asked(150, "drip", done=False)]).uncounted == [BROKEN]
    assert account([], (BROKEN,)).uncounted == []


def test_a_row_about_a_promise_that_was_kept_is_found() -> None:
    assert account([asked(150)], (BROKEN,)).unfounded == [BROKEN]
    assert account([], (BROKEN,)).unfounded == []


def test_what_a_kill_took_may_count_either_way() -> None:
    assert account([asked(155)], kills=(156.5,)).uncounted == []
    taken = account([asked(155)], (BROKEN,), kills=(156.5,))
    assert (taken.uncounted, taken.unfounded) == ([], [])


def test_two_open_requests_of_one_page_are_found() -> None:
    assert overlapping([asked(150), asked(151)]) == 0
    assert overlapping([asked(150, took=5), asked(151)]) == 1
