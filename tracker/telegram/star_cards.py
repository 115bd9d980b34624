"""What an invoice of Telegram Stars says, and what is said instead of it."""

from tracker.billing.models import Checkout
from tracker.billing.periods import Period
from tracker.billing.providers import stars
from tracker.billing.providers.stars import Bill
from tracker.billing.setup import Billing
from tracker.telegram.billing_lines import date_of, name_and_period
from tracker.texts import Language


def bill(language: Language, checkout: Checkout, billing: Billing) -> Bill:
    """The invoice of an offer, in plain words: Telegram takes no markup there."""
    plan = billing.plans[checkout.plan]
    title = name_and_period(language, plan, Period(checkout.period)).striptags()
    lines = [_beginning(language, checkout)]
    if checkout.quote["left"]:
        lines.append(language.plain("stars.left"))
    if checkout.is_auto:
        lines.append(language.plain("stars.renews"))
    return stars.bill(checkout, title=title, description=" ".join(lines))


def _beginning(language: Language, checkout: Checkout) -> str:
    if checkout.begins_at is not None:
        return language.plain("stars.begins_later", when=date_of(language, checkout.begins_at))
    return language.plain("stars.begins_instead" if checkout.is_change else "stars.begins_now")
