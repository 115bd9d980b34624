"""Credit: what is left of plans that ended early, counted for what comes next in the same money."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import ledger, subscriptions
from tracker.billing.ledger import Account
from tracker.billing.models import Checkout, Term, TermState
from tracker.users.models import User


async def is_gone(session: AsyncSession, user: User, checkout: Checkout) -> bool:
    """Whether what a checkout counts as credit was used for something else meanwhile."""
    standing = await session.scalar(
        select(func.count())
        .select_from(Term)
        .where(Term.id.in_(checkout.credited), Term.state == TermState.STANDING)
    )
    if standing != len(checkout.credited):
        return True
    balance = checkout.quote["balance"]
    return balance > 0 and await ledger.credit_of(session, user.id, checkout.currency) < balance


async def keep_other_money(session: AsyncSession, user: User, *, key: str, currency: str) -> None:
    """What a change of plan ends that was paid in other money stays as credit for a payment in that."""
    terms, now = await subscriptions.terms_of(session, user), clock.now()
    for other in {term.currency for term in terms} - {currency}:
        left = sum(subscriptions.creditable(terms, now, other).parts)
        if left:
            sides = {Account.SALES: left, Account.CREDIT: -left}
            await ledger.post(session, f"left:{key}:{other}", sides, currency=other, user_id=user.id)


async def post(
    session: AsyncSession,
    user: User,
    checkout: Checkout,
    *,
    posting: str,
    sides: dict[Account, int],
    currency: str | None = None,
) -> None:
    """With what a change of plan leaves for later, or takes of what was left before."""
    more = checkout.quote["left"] - checkout.quote["balance"]
    both = sides | {Account.SALES: sides.get(Account.SALES, 0) + more, Account.CREDIT: -more}
    await ledger.post(session, posting, both, currency=currency or checkout.currency, user_id=user.id)
