"""What a person sees beside the heading: the price, the crossed-out one, and whether it can be bought.

The one source that every page has. Of all amounts on the page (`sightings`) the heaviest is taken, and how
far it leads the next one says how sure that is.
"""

import re
from collections import defaultdict
from decimal import Decimal
from functools import cached_property

from tracker.stores.candidates import Claim, Quote, Role, Weight
from tracker.stores.landmarks import Landmarks, Sign
from tracker.stores.offer import Availability, Candidate, Evidence
from tracker.stores.page import Page
from tracker.stores.sightings import Scene, Sighting
from tracker.stores.weighing import weighed

SOURCE = "visible"
_ASKED_FOR = frozenset({Role.SELLING, Role.LOWEST})
_LIGHTEST = 3.0
"""An amount that weighs less is not shown to be the price of anything on this page."""

_NECK_AND_NECK = 0.5
_NEAR_PRICE = 500
_NEAR_BUYING = 4_000
_MOST_CANDIDATES = 12
_WORDS_BEFORE, _WORDS_AFTER = 24, 24
_BREAK = re.compile(r"[\s\x1e\x1f]+")


class Visible:
    """What can be seen of the subject's price. Works on the first question."""

    def __init__(self, page: Page) -> None:
        self._page = page

    @cached_property
    def landmarks(self) -> Landmarks:
        return Landmarks(self._page, self._page.outline)

    @cached_property
    def _scene(self) -> Scene:
        return weighed(self._page, self.landmarks)

    @property
    def sightings(self) -> list[Sighting]:
        return self._scene.all

    @property
    def in_rows(self) -> int:
        """How many amounts stand in rows of like things, as in a list, or in parts about other things."""
        elsewhere = sum(seen.role is Role.ELSEWHERE for seen in self.sightings)
        return max(self._scene.in_rows, elsewhere)

    @cached_property
    def ranked(self) -> list[tuple[float, list[Sighting]]]:
        """The sightings of each amount that is asked for, with their weight together, the heaviest first."""
        amounts: dict[tuple[Decimal, str | None], list[Sighting]] = defaultdict(list)
        for seen in self.sightings:
            if seen.role in _ASKED_FOR:
                amounts[seen.amount, seen.currency].append(seen)
        ranked = []
        for each in amounts.values():
            each.sort(key=lambda seen: -seen.weight)
            others = sum(seen.weight >= _LIGHTEST for seen in each[1:])
            ranked.append((each[0].weight + 0.4 * min(others, 2), each))
        return sorted(ranked, key=lambda one: -one[0])

    @cached_property
    def best(self) -> Sighting | None:
        if not self.ranked or self.ranked[0][0] < _LIGHTEST:
            return None
        return self.ranked[0][1][0]

    @cached_property
    def sure(self) -> float:
        """How sure the best amount is, from 0 to 1: by its weight and by its lead."""
        best = self.best
        if best is None:
            return 0.0
        weight = self.ranked[0][0]
        lead = weight - self.ranked[1][0] if len(self.ranked) > 1 else 3.0
        if not any(sign.kind in ("buy", "form", "sold_out") or sign.named for sign in self.landmarks.signs):
            weight -= 1.5
        surety = 0.3 + 0.45 * min(1.0, (weight - _LIGHTEST) / 4.5) + 0.2 * min(1.0, lead / 1.5)
        if best.role is Role.LOWEST:
            surety = min(surety, 0.65)
        if best.soft:
            surety = min(surety, 0.75)
        if lead < _NECK_AND_NECK:
            surety = min(surety, 0.6)
        return round(max(0.0, min(surety, 0.95)), 3)

    def weight_of(self, amount: Decimal) -> float | None:
        """The most that any place that asks for an amount weighs; None when the page asks for it nowhere."""
        weights = [
            seen.weight for seen in self.sightings if seen.amount == amount and seen.role in _ASKED_FOR
        ]
        return max(weights, default=None)

    def is_list_price(self, amount: Decimal) -> bool:
        """Whether the page shows an amount as the list price of the best one, and asks for it nowhere."""
        return (
            self.list_price is not None
            and any(seen.amount == amount and seen.role is Role.LIST for seen in self.sightings)
            and (self.weight_of(amount) or 0.0) < _LIGHTEST
        )

    @cached_property
    def list_price(self) -> Sighting | None:
        """The list price beside the best amount."""
        return self.list_price_of(self.best) if self.best else None

    def list_price_of(self, price: Sighting) -> Sighting | None:
        near = [
            seen
            for seen in self.sightings
            if seen.role is Role.LIST
            and seen.currency == price.currency
            and price.amount < seen.amount <= price.amount * 20
            and abs(seen.place - price.place) <= _NEAR_PRICE
            and self.landmarks.is_hidden(seen.at) <= self.landmarks.is_hidden(price.at)
        ]
        return min(near, key=lambda seen: abs(seen.place - price.place), default=None)

    @cached_property
    def availability(self) -> Availability:
        """From the words and buttons nearest to the price, or to the heading when there is no price."""
        marks = self.landmarks
        if marks.heading is None and self.best is None:
            return Availability.UNKNOWN
        top = marks.outline.starts[marks.heading] if marks.heading is not None else 0
        middle = self.best.place if self.best else top
        low, high = min(top, middle) - 600, max(top, middle) + _NEAR_BUYING
        if self._scene.cut is not None:
            high = min(high, self._scene.cut)
        return _judged([sign for sign in marks.signs if low <= sign.place <= high], top, middle)

    @cached_property
    def _speaks_of_stock(self) -> bool:
        """Whether the page is about one thing to buy, though it shows no price for it, nor for others."""
        return self.availability is not Availability.UNKNOWN and not self._scene.in_rows

    @property
    def is_called_sold_out(self) -> bool:
        """Whether an element that speaks of stock, and of nothing else, says that there is none."""
        return any(sign.kind == "sold_out" and sign.named for sign in self.landmarks.signs)

    @cached_property
    def is_plainly_sold_out(self) -> bool:
        """Whether the page says so where it speaks of stock or where its button would be, and offers nothing
        to press: then it is right, whatever its markup says.
        """
        return (
            self.availability is Availability.OUT_OF_STOCK
            and self.is_called_sold_out
            and not any(sign.kind in ("buy", "in_stock") for sign in self.landmarks.signs)
        )

    def claims(self) -> list[Claim]:
        """At most one claim, about the thing that the heading names."""
        best = self.best
        title = self.landmarks.title
        if title is None and best is not None and self._scene.is_beside_buying(best):
            title = self._page.meta("og:title", "twitter:title") or self._page.window_title
        if title is None or (best is None and not self._speaks_of_stock):
            return []
        if best is None:
            quote = Quote(evidence=Evidence(SOURCE, "no price"), availability=self.availability)
        else:
            listed = self.list_price
            quote = Quote(
                evidence=Evidence(SOURCE, best.text),
                amount=best.amount,
                currency=best.currency,
                role=best.role,
                highest=best.highest,
                list_amount=listed.amount if listed else None,
                availability=self.availability,
            )
        image = self._page.meta("og:image")
        return [Claim(SOURCE, Weight.VISIBLE, (quote,), title=title, image=image, sure=self.sure)]

    def candidates(self) -> tuple[Candidate, ...]:
        """Every amount, the heaviest first, once for each amount and role."""
        found: dict[tuple[Decimal, str | None, Role], Candidate] = {}
        for seen in sorted(self.sightings, key=lambda seen: -seen.weight):
            found.setdefault(
                (seen.amount, seen.currency, seen.role),
                Candidate(
                    seen.amount, seen.currency, seen.role.value, SOURCE, seen.text, seen.where, seen.weight
                ),
            )
        return tuple(found.values())[:_MOST_CANDIDATES]

    def places(self) -> tuple[Candidate, ...]:
        """Every place where an amount stands, in the order of the page, with the words around it."""
        return tuple(
            Candidate(
                seen.amount,
                seen.currency,
                seen.role.value,
                SOURCE,
                self._around(seen),
                seen.where,
                seen.weight,
            )
            for seen in self.sightings
        )

    def _around(self, seen: Sighting) -> str:
        """An amount with some words before and after it, in whole words."""
        text = self.landmarks.outline.text
        start, end = max(0, seen.place - _WORDS_BEFORE), seen.end + _WORDS_AFTER
        before, after = text[start : seen.place], text[seen.end : end]
        if start:
            before = _BREAK.split(before, maxsplit=1)[-1]
        if end < len(text):
            after = after[: after.rfind(" ")] if " " in after else ""
        return " ".join(_BREAK.sub(" ", f"{before}{text[seen.place : seen.end]}{after}").split())


def _judged(signs: list[Sign], top: int, middle: int) -> Availability:
    """What signs together say: the strongest kind, each weighed by what it is and how near it stands."""
    weights = {"buy": 0.0, "form": 0.0, "sold_out": 0.0, "in_stock": 0.0}
    if any(sign.kind == "buy" for sign in signs):
        # Said of several choices, "sold out" is not said of the thing.
        signs = [
            sign
            for sign in signs
            if sign.kind != "sold_out" or [one.text for one in signs].count(sign.text) < 2
        ]
    for sign in signs:
        weight = (0.5 if sign.kind == "form" else 2.0 if sign.named else 1.0) / (
            1 + abs(sign.place - middle) / 2_000
        )
        weights[sign.kind] = max(weights[sign.kind], weight if sign.place >= top else weight / 2)
    out, on_sale = weights["sold_out"], max(weights["buy"], weights["form"], weights["in_stock"])
    if not out and not on_sale:
        return Availability.UNKNOWN
    return Availability.OUT_OF_STOCK if out > on_sale else Availability.IN_STOCK
