"""Every amount that stands on the page beside a currency mark or in an element that calls itself a price."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from operator import attrgetter

from tracker.stores.candidates import Role
from tracker.stores.currencies import currency_of
from tracker.stores.landmarks import Landmarks
from tracker.stores.names import PRICE_NAME
from tracker.stores.page import Page
from tracker.stores.price_text import Spotted, read_machine_price, read_price, spot_prices

_MOST_AFTER, _MOST_BEFORE, _MOST_NAMED = 60, 24, 300
_MOST_SPOTTED = 1_000
_LONGEST_PRICE = 48
_LONGEST_PRICE_BOX = 120
_BESIDE = 800
_WINDOW_BEFORE, _WINDOW_AFTER = 4_000, 15_000
_ATTRIBUTES = (
    "data-price",
    "data-product-price",
    "data-price-amount",
    "data-sale-price",
    "data-current-price",
    "data-our-price",
    "content",
    "value",
    "aria-label",
    "data-value",
)
_LABELLED = re.compile(
    r"[\n\x1e\x1f](?:(?:our|sale|your|special|unit|selling|regular|list) )?(?:price|preis|prix|precio"
    r"|prezzo|prijs|cena|pris|m\.?r\.?p)"
    r"\.?\s{0,2}[:=]?[\s\x1e\x1f]{0,3}([0-9][0-9.,]{0,12})(?=[\s\x1e\x1f]|$)",
    re.IGNORECASE,
)
_IDENTITY = attrgetter("mem_id")
_NAMED_CSS = (
    "[class*=price i], [id*=price i], [itemprop=price], [class*=prix i], [class*=rupee i], [class*=amount i]"
)
_ATTRIBUTE_CSS = ",".join(
    ["[data-price]", "[data-product-price]", "[data-price-amount]", "[data-sale-price]",
     "[data-current-price]",
     # The rarer attribute first: an element without it is done with.
     "[content][itemprop=price]", "[content][class*=price i]", "[aria-label][class*=price i]",
     "input[value][id*=price i]", "[data-value][class*=price i]"]
)  # fmt: skip


@dataclass(slots=True)
class Sighting:
    """One amount in major units; `at` is its element's number, `place` and `end` are places in the text."""

    at: int
    place: int
    end: int
    amount: Decimal
    currency: str | None
    text: str
    role: Role = Role.SELLING
    weight: float = 0.0
    highest: Decimal | None = None
    named: bool = False
    marked: bool = True
    labelled: bool = False
    struck: bool = False
    by_name: bool = False  # its role is said by the name of its element alone
    called_price: bool = False  # by the words before it
    forgiven: bool = False  # its part of the page is named after other things
    soft: bool = False  # named "regular" or "list", as some themes name every price
    where: str = ""


class Scene:
    """A page's amounts in the order of the page, and what they are judged by: where its subject's heading
    stands (`top` to `middle`), and where something can be pressed for buying.
    """

    def __init__(self, page: Page, marks: Landmarks) -> None:
        self.page = page
        self.marks = marks
        self.outline = marks.outline
        self.currency = page.currency
        heading = marks.heading
        self.top = self.outline.starts[heading] if heading is not None else 0
        self.middle = self.outline.ends[heading] if heading is not None else 0
        self.buys = [sign.place for sign in marks.signs if sign.kind in ("buy", "form")]
        self.sold_out = [sign.place for sign in marks.signs if sign.kind == "sold_out"]
        """Where it is said, in the place of a button, that there is nothing to buy."""
        self.cut: int | None = None
        """Where the page begins to speak of other things."""
        self.in_rows = 0
        """Amounts that stand in rows of like things."""
        self.all = sorted(_see(self), key=lambda seen: seen.place)

    def is_named(self, at: int) -> bool:
        """Whether an element or one just around it calls itself a price."""
        outline = self.outline
        return any(
            PRICE_NAME.search(outline.names(up))
            for up in outline.ancestors(at)[:6]
            if not self.marks.holds_heading(up)
            and outline.ends[up] - outline.starts[up] <= _LONGEST_PRICE_BOX
        )

    def is_beside_buying(self, seen: Sighting) -> bool:
        """Whether something to press for buying stands near a price."""
        return any(abs(place - seen.place) < _BESIDE for place in self.buys)


def _see(scene: Scene) -> Iterator[Sighting]:
    before = _spotted(scene, max(0, scene.top - _WINDOW_BEFORE), scene.top, _MOST_SPOTTED)[-_MOST_BEFORE:]
    after = _spotted(scene, scene.top, scene.middle + _WINDOW_AFTER, _MOST_AFTER)
    taken: set[int] = set()
    marked: list[int] = []
    for one in before + after:
        at = scene.outline.around(one.start, one.end)
        marked.append(at)
        taken.update(scene.outline.ancestors(at)[:8])
        yield Sighting(at, one.start, one.end, one.amount, one.currency, _shown(scene, one.start, one.end))
    if not any(scene.is_named(at) and not scene.marks.is_elsewhere(at) for at in marked):
        yield from _unmarked(scene, taken)


def _spotted(scene: Scene, start: int, end: int, most: int) -> list[Spotted]:
    """The first marked amounts in a stretch of the text; the places are those of the whole."""
    stretch = scene.outline.text[start:end]
    found = spot_prices(stretch, currency_hint=scene.currency, country_hint=scene.page.country)
    return [replace(one, start=one.start + start, end=one.end + start) for one in islice(found, most)]


def _unmarked(scene: Scene, taken: set[int]) -> Iterator[Sighting]:
    """Amounts without a mark, in the text or an attribute of an element that calls itself a price."""
    outline = scene.outline
    low = bisect_left(outline.starts, scene.top - _WINDOW_BEFORE)
    high = bisect_left(outline.starts, scene.middle + _WINDOW_AFTER)
    positions = dict(zip(map(_IDENTITY, outline.nodes[low:high]), range(low, high), strict=True))
    found = False
    for node in scene.page.tree.css(_NAMED_CSS)[:_MOST_NAMED]:
        at = positions.get(node.mem_id)
        if at is None or at in taken or outline.ends[at] - outline.starts[at] > _LONGEST_PRICE:
            continue
        for inner in (at, *_leaves(scene, at)):
            said = outline.said(inner)
            price = read_price(said, currency_hint=_hint(scene, inner), country_hint=scene.page.country)
            if price is None or len(said) < 2 or (price[1] is None and len(said) > 14):
                continue
            found = True
            taken.update(outline.ancestors(inner)[:8])
            yield Sighting(inner, outline.starts[inner], outline.ends[inner], *price, said, marked=False)
            if inner == at:
                break
    for match in (
        ()
        if found
        else islice(_LABELLED.finditer(outline.text, outline.starts[low] if low < high else 0), 20)
    ):
        at = outline.owner(match.start(1))
        price = read_price(match.group(1), currency_hint=_hint(scene, at), country_hint=scene.page.country)
        if price is not None and price[1] is not None and at not in taken:
            found = True
            yield Sighting(at, match.start(1), match.end(1), *price, match.group(1), marked=False)
    for node in () if found else scene.page.tree.css(_ATTRIBUTE_CSS)[:_MOST_NAMED]:
        at = positions.get(node.mem_id)
        if at is None or at in taken:
            continue
        attributes = node.attributes
        value = next((attributes[name] for name in _ATTRIBUTES if attributes.get(name)), None) or ""
        price = read_machine_price(
            value[:40], currency_hint=_hint(scene, at), country_hint=scene.page.country
        )
        if price is not None:
            yield Sighting(at, outline.starts[at], outline.ends[at], *price, value[:40], marked=False)


def _leaves(scene: Scene, at: int) -> Iterator[int]:
    """The elements inside one that hold text of their own and no further elements."""
    tags, parents = scene.outline.tags, scene.outline.parents
    inner = at + 1
    while inner < len(tags) and inner < at + 30 and parents[inner] >= at:
        if inner + 1 >= len(tags) or parents[inner + 1] != inner:
            yield inner
        inner += 1


def _hint(scene: Scene, at: int) -> str | None:
    """The currency that an element, or one just around it, says in an attribute or its class."""
    for up in scene.outline.ancestors(at)[:4]:
        attributes = scene.outline.nodes[up].attributes
        for name in ("data-currency", "data-currency-code", "data-price-currency"):
            found = currency_of((attributes.get(name) or "").strip().upper()[:10] or "-")
            if found:
                return found
        if "rupee" in (attributes.get("class") or "").lower():
            return "INR"
    return scene.currency


def _shown(scene: Scene, start: int, end: int) -> str:
    return " ".join(scene.outline.text[start:end].split())
