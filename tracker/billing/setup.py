"""What every part of billing is told once: the plans, the seller, the tax, whom to tell of trouble."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tracker.billing import gst
from tracker.billing import plans as plans_of
from tracker.billing.documents import Seller
from tracker.billing.models import Provider
from tracker.billing.plans import Plans
from tracker.config import Settings
from tracker.errors import CannotStart

_SOMEWHERE = "29"
"""Of a seller who has no GSTIN and names no state: no tax is split by it."""


class BadSeller(CannotStart):
    """What is wrong with the seller's settings."""


@dataclass(frozen=True, slots=True)
class Billing:
    """`pay_within` is how long an offer to pay stands; `providers` are those that people can pay by."""

    plans: Plans
    seller: Seller
    gst_percent: int
    pay_within: timedelta
    admin_ids: tuple[int, ...]
    providers: Sequence[Provider]

    @classmethod
    def by(cls, settings: Settings) -> "Billing":
        """Raises BadPlans for a file of plans, and BadSeller for a seller, that cannot be used."""
        has_keys = bool(settings.razorpay_key_id and settings.razorpay_key_secret)
        gstin = settings.seller_gstin
        if gstin is not None and not gst.is_gstin(gstin):
            raise BadSeller("SELLER_GSTIN is no GSTIN: its check digit or its form is wrong.")
        state = gst.state_named(settings.seller_state) if settings.seller_state else None
        if settings.seller_state and state is None:
            raise BadSeller("SELLER_STATE is no state of India.")
        if gstin is not None and state not in (None, gstin.strip()[:2]):
            raise BadSeller("SELLER_GSTIN is of another state than SELLER_STATE.")
        state = gstin.strip()[:2] if gstin is not None else state
        seller = Seller(
            name=settings.seller_name,
            address=settings.seller_address,
            state=state or _SOMEWHERE,
            gstin=gst.gstin(gstin) if gstin is not None else None,
            email=None,
            sac=settings.seller_sac,
        )
        providers = tuple(
            provider
            for provider in map(Provider, settings.payment_providers)
            if provider != Provider.RAZORPAY or has_keys
        )
        plans = plans_of.load(settings.plans_file)
        return cls(
            plans=plans.in_stars() if set(providers) == {Provider.STARS} else plans,
            seller=seller,
            gst_percent=settings.gst_percent,
            pay_within=timedelta(minutes=settings.payment_minutes),
            admin_ids=tuple(sorted(settings.admin_ids)),
            providers=providers,
        )

    @property
    def main_provider(self) -> Provider:
        """By whose money plans are quoted: rupees, where they are taken."""
        return Provider.STARS if set(self.providers) == {Provider.STARS} else Provider.RAZORPAY
