"""Readings put right by what people showed us: pure, a reading and rules in, a reading out.

A rule means the amount at one place of a page, told by its source, its role and its surroundings, or says
that what one source claims is not to be believed. What a rule does not find is never guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracker.money import Money
from tracker.stores.candidates import Role
from tracker.stores.offer import Candidate, Evidence, Offer, Outcome, Reading, Reason

MAX_PLACE = 255
"""As long as the column that keeps a place."""

MOST_CHOICES = 6

_PLAUSIBLE: tuple[str, ...] = (
    Role.SELLING,
    Role.LOWEST,
    Role.VARIANT,
    Role.MEMBER,
    Role.SUBSCRIPTION,
    Role.USED,
    Role.LIST,
    Role.EXCHANGE,
    Role.UNIT,
    Role.INSTALMENT,
)
"""What a person may mean by "the price", the likeliest first; whatever is not here comes last."""

_ORDER = {role: number for number, role in enumerate(_PLAUSIBLE)}


@dataclass(frozen=True, slots=True)
class Rule:
    """The price is the amount of `source` at `place`; without them, what `wrong_source` says is no price.

    One of a store is for pages on which `wrong_source` is taken for the price although the place is there.
    """

    source: str | None
    place: str | None
    wrong_source: str | None
    is_of_store: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An amount that a person may choose as the right one, and where it stands."""

    price: Money
    candidate: Candidate

    @property
    def place(self) -> str:
        return place_of(self.candidate)


def place_of(candidate: Candidate) -> str:
    """What a place is known by on the same page tomorrow: its role and its surroundings, not its amount."""
    return f"{candidate.role} {candidate.where}"[:MAX_PLACE]


def corrected(reading: Reading, rules: Sequence[Rule]) -> Reading:
    """The reading as the rules have it: the listing's newest one alone, or its store's first that fits.

    A listing's rule that finds no amount, or several, makes NOT_SURE. A reading without a price stays.
    """
    offer = reading.offer
    if offer is None or offer.price is None:
        return reading
    own = next((rule for rule in rules if not rule.is_of_store), None)
    if own is not None:
        return _by_own(reading, offer, own)
    for rule in rules:
        found = _found(offer, rule) if rule.wrong_source == offer.source else None
        if found is not None:
            return _with_price(reading, offer, found)
    return reading


def choices(reading: Reading, wrong: Money) -> list[Choice]:
    """What a person may choose instead of a wrong price: at most 6 amounts in its currency, likely first.

    Left out is what no rule could find again: an amount whose every place holds another amount too.
    """
    places = reading.offer.places if reading.offer else reading.candidates
    amounts: dict[tuple[str, str], set[Money]] = {}
    priced = [
        (price, one)
        for one in places
        if one.currency == wrong.currency and (price := _money(one)) is not None
    ]
    for price, one in priced:
        amounts.setdefault((one.source, place_of(one)), set()).add(price)
    found: dict[Money, Choice] = {}
    for price, one in sorted(priced, key=lambda each: _likelihood(each[1])):
        if price != wrong and len(amounts[one.source, place_of(one)]) == 1:
            found.setdefault(price, Choice(price, one))
    return list(found.values())[:MOST_CHOICES]


def words_around(reading: Reading, price: Money) -> str | None:
    """The words around an amount where it stands most prominently; None when it stands nowhere."""
    places = reading.offer.places if reading.offer else reading.candidates
    standing = [one for one in places if one.currency == price.currency and _money(one) == price]
    seen = [one for one in standing if one.where != "markup"] or standing
    return min(seen, key=_likelihood).text if seen else None


def _by_own(reading: Reading, offer: Offer, rule: Rule) -> Reading:
    if rule.place is None:
        return _not_sure(offer) if rule.wrong_source in (None, offer.source) else reading
    found = _found(offer, rule)
    return _not_sure(offer) if found is None else _with_price(reading, offer, found)


def _found(offer: Offer, rule: Rule) -> Choice | None:
    """The one amount at the rule's place, in the currency that the page's price was read in."""
    assert offer.price is not None
    found = {
        price: Choice(price, one)
        for one in offer.places
        if one.source == rule.source
        and place_of(one) == rule.place
        and one.currency == offer.price.currency
        and (price := _money(one)) is not None
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _with_price(reading: Reading, offer: Offer, choice: Choice) -> Reading:
    listed = offer.list_price
    source = choice.candidate.source
    if choice.price == offer.price:
        sources = {item.source for item in offer.evidence}
        said = () if source in sources else (Evidence(source, choice.candidate.text),)
        return replace(reading, offer=replace(offer, evidence=(*offer.evidence, *said)))
    right = replace(
        offer,
        price=choice.price,
        list_price=listed if listed is not None and choice.price < listed else None,
        source=source,
        evidence=(Evidence(source, choice.candidate.text),),
    )
    return replace(reading, offer=right)


def _not_sure(offer: Offer) -> Reading:
    return Reading(Outcome.NO_OFFER, reason=Reason.NOT_SURE, candidates=offer.places)


def _money(one: Candidate) -> Money | None:
    if one.currency is None or one.amount <= 0:
        return None
    return Money.of(one.amount, one.currency)


def _likelihood(one: Candidate) -> tuple[int, float]:
    return _ORDER.get(one.role, len(_ORDER)), -one.weight
