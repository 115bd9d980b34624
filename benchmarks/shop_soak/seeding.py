"""What stands in the database before: people of every plan, and listings that they watch."""

from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import seed
from benchmarks.shop_soak.shops import address_of
from tracker import clock
from tracker.billing import plans
from tracker.catalog.models import Listing
from tracker.users import service as users
from tracker.users.models import User
from tracker.watches import demand

SPEED = 30
"""So many times as fast as life: the least that makes every promise a whole number of minutes."""

SHOPS = 60
LISTINGS_EACH = 10
PEOPLE = 80

_SHARES = {"free": 40, "starter": 30, "pro": 20, "business": 10}
"""Of each hundred watches, those of people with this plan."""


def write_plans(folder: Path) -> Path:
    """A PLANS_FILE of the plans as they are, with promises that are `SPEED` times as short."""
    path = folder / "plans.toml"
    tables = [
        f"[{plan.code}]\ncheck_every_minutes = {plan.allowance.check_every // timedelta(minutes=SPEED)}\n"
        for plan in plans.DEFAULT
    ]
    path.write_text("\n".join(tables), "utf-8")
    return path


async def add_everything(
    session: AsyncSession, plans_file: Path, random: Random, *, within: timedelta
) -> None:
    """Each listing is watched by one to three people. It is first due within its promise and `within`."""
    in_force = plans.load(str(plans_file))
    await seed.add_people(session, PEOPLE)
    people: dict[str, list[int]] = {code: [] for code in _SHARES}
    for number, person in enumerate((await session.scalars(select(User).order_by(User.id))).all()):
        code = list(_SHARES)[number % len(_SHARES)]
        users.permit(person, code, in_force[code].allowance)
        people[code].append(person.id)
    addresses = [(address_of(shop, number), None) for number in range(LISTINGS_EACH) for shop in range(SHOPS)]
    await seed.add_listings(session, addresses, due_at=clock.now(), dearer_every=len(addresses) + 1)
    pairs = []
    for listing in range(1, len(addresses) + 1):
        codes = random.choices(list(_SHARES), list(_SHARES.values()), k=random.choice((1, 1, 2, 3)))
        pairs += [(person, listing) for person in sorted({random.choice(people[code]) for code in codes})]
    await seed.add_watches(session, pairs)
    await demand.check_what_is_wanted(session, list(range(1, len(addresses) + 1)))
    now = clock.now()
    for row in await session.scalars(select(Listing).order_by(Listing.id)):
        row.next_check_at = now + min(row.check_every * 0.8, within) * random.uniform(0, 1)
