"""What somebody who takes payments does for us, and what can go wrong with them."""

from typing import Protocol, TypeVar

from tracker.billing.models import Checkout

Bench_contra = TypeVar("Bench_contra", contravariant=True)
"""What the calls work with: a session is none of it, for no transaction is open meanwhile."""


class ProviderAway(Exception):
    """Try later. Whether the request was carried out is not known."""


class ProviderRefused(Exception):
    """The provider will not have it, now or later."""


class PaymentProvider(Protocol[Bench_contra]):
    """Load, call, record. Each may be repeated, and raises ProviderAway and ProviderRefused."""

    async def open_checkout(self, bench: Bench_contra, checkout_id: int) -> Checkout:
        """Make an offer payable; asking twice makes it once."""
        ...

    async def ask_about_checkout(self, bench: Bench_contra, checkout_id: int) -> Checkout:
        """Apply what became of an offer, and end there what was given up here."""
        ...

    async def ask_about_mandate(self, bench: Bench_contra, mandate_id: int) -> None:
        """Apply what became of a permission to charge, and end it there when that was decided here."""
        ...

    async def send_refund(self, bench: Bench_contra, refund_id: int) -> None:
        """Give money back, or ask what became of that."""
        ...
