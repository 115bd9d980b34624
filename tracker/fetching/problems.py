"""Why a page could not be had, for operators and schedules; people read one sentence for nearly all."""

from enum import StrEnum

from tracker.errors import FetchFailed


class FetchProblem(StrEnum):
    """Stands in `FetchFailed.details["problem"]`."""

    REFUSED_ADDRESS = "refused_address"
    UNRESOLVABLE = "unresolvable"
    BAD_LINK = "bad_link"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    REDIRECT_LOOP = "redirect_loop"
    NOT_A_PAGE = "not_a_page"
    BAD_ENCODING = "bad_encoding"
    PROTOCOL = "protocol"
    BUSY = "busy"
    PROXY = "proxy"
    BROWSER = "browser"
    ROBOTS = "robots"
    ROBOTS_UNREACHABLE = "robots_unreachable"


# Refused, unresolvable, closed and slow share one sentence: telling them apart would let a stranger map
# the network that this service stands in.
_OWN_SENTENCES = {
    FetchProblem.TOO_LARGE: "error.page_too_large",
    FetchProblem.REDIRECT_LOOP: "error.redirect_loop",
    FetchProblem.NOT_A_PAGE: "error.not_a_page",
    FetchProblem.ROBOTS: "error.robots",
}


def failed(problem: FetchProblem, detail: str) -> FetchFailed:
    """The error to raise; `detail` is for operators and names no path or query of the link."""
    return FetchFailed(_OWN_SENTENCES.get(problem), problem=problem, detail=detail)
