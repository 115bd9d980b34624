"""What can go wrong at Razorpay.

RazorpayProblem
├── RazorpayAway             too slow, throttled, broken, unreachable: try later; it may have worked
└── RazorpayRefused          the request is at fault; carries status, code, description, field and reason
    ├── RazorpayUnknown      there is nothing under this id
    └── RazorpayKeysWrong    the API keys are not accepted

An answer that Razorpay does not document is `tracker.billing.entities.Malformed`. No key is in any text.
"""

from tracker.billing.providers.provider import ProviderAway, ProviderRefused


class RazorpayProblem(Exception):
    """What went wrong at Razorpay."""


class RazorpayAway(RazorpayProblem, ProviderAway):
    """Try later. Whether the request was carried out is not known."""


class RazorpayRefused(RazorpayProblem, ProviderRefused):
    """Razorpay's own words. `field` and `reason` are None when it names none."""

    def __init__(
        self, status: int, code: str, description: str, field: str | None, reason: str | None
    ) -> None:
        super().__init__(status, code, description, field, reason)
        self.status = status
        self.code = code
        self.description = description
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.status} {self.code}: {self.description}{where}"


class RazorpayUnknown(RazorpayRefused):
    """Nothing exists under this id, or not for these keys."""


class RazorpayKeysWrong(RazorpayRefused):
    """An operator must look: no call will work."""
