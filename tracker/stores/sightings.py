"""Every amount that stands on the page beside a currency mark or in an element that calls itself a price:
what it is for, where it stands, and how much speaks for it.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tracker.stores.candidates import Role
from tracker.stores.currencies import currency_of
from tracker.stores.landmarks import SOON, Landmarks
from tracker.stores.outline import LOOSE, TIGHT
from tracker.stores.page import Page
from tracker.stores.price_text import read_machine_price, read_price, spot_prices
from tracker.stores.words import (
    LIST_NAME,
    OTHER_NAMES,
    PRICE_NAME,
    SOFT_LIST_NAME,
    SURE_NAME,
    role_in_words,
)

_MOST_AFTER, _MOST_BEFORE, _MOST_NAMED = 60, 24, 300
_LONGEST_PRICE = 48
_LONGEST_PRICE_BOX = 120
_BESIDE = 800
_WINDOW_BEFORE, _WINDOW_AFTER = 6_000, 40_000
_BIG = frozenset({"h1", "h2", "h3", "h4", "strong", "b", "big"})
_STRUCK = frozenset({"del", "s", "strike"})
_BIG_NAME = re.compile(
    r"\b(?:big|large|larger|xl|xxl|huge|lead|h[1-4]|display-\d|fs-[1-4]|text-(?:xl|\dxl)|bold)\b|font-?size",
    re.IGNORECASE,
)
_BIG_STYLE = re.compile(
    r"font-size\s*:\s*(?:(?:1[8-9]|[2-9]\d)(?:\.\d+)?(?:px|pt)|(?:1\.[3-9]|[2-9](?:\.\d+)?)r?em|(?:x-|xx-)?large)",
    re.IGNORECASE,
)
_RANGE = re.compile(r"[\s\x1e\x1f]{0,3}(?:[-–—~]|to|bis|à|–|up to)[\s\x1e\x1f]{0,3}", re.IGNORECASE)
_PERCENT = re.compile(r"(?<![\d.,])([1-9]\d?)(?:[.,]\d+)?\s?%")
_OTHER_CURRENCY = re.compile(
    r"[\s\x1e\x1f]{0,2}[/|(≈~=·-]?[\s\x1e\x1f]{0,2}(?:approx\.?|ca\.?|about)?[\s\x1e\x1f]{0,2}", re.IGNORECASE
)
_DELIVERY = re.compile(r"deliver|shipping|postage|versand|lieferung|livraison|envío|spedizione|verzend", re.IGNORECASE)
_FREE = re.compile(r"free|gratis|kostenlos|gratuit", re.IGNORECASE)
_CONDITION = re.compile(
    r"^(?:apply|with|after|using) .{0,30}(?:offers?|coupons?|codes?|exchange|cards?)\b|^lowest price for you|^best price with",
    re.IGNORECASE,
)
_LONE_CENTS = re.compile(r"[\x1e\x1f\n][0-9]{2}(?=[\s\x1e\x1f]|$)")  # which may belong to the amount before
_NAMES_A_THING = re.compile(r"[^\W\d_]{3}")
_CARRIED = frozenset({Role.EXCHANGE, Role.SAVING, Role.THRESHOLD, Role.INSTALMENT, Role.SUBSCRIPTION})
_LETTER = re.compile(r"[^\W\d_]")
_WITHOUT_TAX = re.compile(
    r"\b(?:ex|excl?|excluding|without|plus|before|zzgl|net)\.? ?(?:of )?(?:vat|gst|tax|mwst|ust|btw|iva|moms|tva)\b|\bhors taxe|\bh\.?t\.?\b|\+ ?(?:vat|gst|tax)\b|excl\. btw|bez vat|netto",
    re.IGNORECASE,
)
_OTHER_PAGE = re.compile(r"(?:https?:)?//|/|[\w.-]+\.(?:html?|php|aspx?)|[\w-]+/", re.IGNORECASE)
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
_NAMED_CSS = (
    "[class*=price i], [id*=price i], [itemprop=price], [class*=prix i], [class*=rupee i], [class*=amount i]"
)
_ATTRIBUTE_CSS = ",".join(
    ["[data-price]", "[data-product-price]", "[data-price-amount]", "[data-sale-price]", "[data-current-price]",
     "[itemprop=price][content]", "[class*=price i][content]", "[class*=price i][aria-label]", "input[id*=price i][value]", "[class*=price i][data-value]"]
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
    called_price: bool = False  # by the words before it
    forgiven: bool = False  # its part of the page is named after other things
    soft: bool = False  # named "regular" or "list", as some themes name every price
    where: str = ""


class Sightings:
    """All amounts of a page, weighed; the heaviest of those that are asked for is what a person would take
    for the price.
    """

    def __init__(self, page: Page, landmarks: Landmarks) -> None:
        self._page = page
        self._marks = landmarks
        self._outline = landmarks.outline
        self._currency = page.currency
        heading = landmarks.heading
        self._middle = self._outline.ends[heading] if heading is not None else 0
        self._top = self._outline.starts[heading] if heading is not None else 0
        self._buys = [sign.place for sign in landmarks.signs if sign.kind in ("buy", "form")]
        self.all = sorted(self._see(), key=lambda seen: seen.place)
        self.cut: int | None = None
        self.in_rows = 0  # amounts that stand in rows of like things
        self._ranges()
        self._judge()

    def is_beside_buying(self, seen: Sighting) -> bool:
        """Whether something to press for buying stands near a price."""
        return any(abs(place - seen.place) < _BESIDE for place in self._buys)

    def _see(self) -> Iterator[Sighting]:
        text = self._outline.text
        spotted = list(spot_prices(text, currency_hint=self._currency, country_hint=self._page.country))
        after = [one for one in spotted if one.start >= self._top][:_MOST_AFTER]
        before = [one for one in spotted if one.start < self._top][-_MOST_BEFORE:]
        taken: set[int] = set()
        marked: list[int] = []
        for one in before + after:
            at = self._outline.around(one.start, one.end)
            marked.append(at)
            taken.update(self._outline.ancestors(at)[:8])
            yield Sighting(at, one.start, one.end, one.amount, one.currency, self._shown(one.start, one.end))
        if not any(self._is_named(at) and not self._marks.is_elsewhere(at) for at in marked):
            yield from self._unmarked(taken)

    def _is_named(self, at: int) -> bool:
        """Whether an element or one just around it calls itself a price."""
        outline = self._outline
        return any(
            PRICE_NAME.search(outline.names(up))
            for up in outline.ancestors(at)[:6]
            if not self._marks.holds_heading(up)
            and outline.ends[up] - outline.starts[up] <= _LONGEST_PRICE_BOX
        )

    def _unmarked(self, taken: set[int]) -> Iterator[Sighting]:
        """Amounts without a mark, in the text or an attribute of an element that calls itself a price."""
        outline = self._outline
        low = bisect_left(outline.starts, self._top - _WINDOW_BEFORE)
        high = bisect_left(outline.starts, self._middle + _WINDOW_AFTER)
        positions = {outline.nodes[at].mem_id: at for at in range(low, high)}
        found = False
        for node in self._page.tree.css(_NAMED_CSS)[:_MOST_NAMED]:
            at = positions.get(node.mem_id)
            if at is None or at in taken or outline.ends[at] - outline.starts[at] > _LONGEST_PRICE:
                continue
            for inner in (at, *self._leaves(at)):
                said = outline.said(inner)
                price = read_price(said, currency_hint=self._hint(inner), country_hint=self._page.country)
                if price is None or len(said) < 2 or (price[1] is None and len(said) > 14):
                    continue
                found = True
                taken.update(outline.ancestors(inner)[:8])
                yield Sighting(inner, outline.starts[inner], outline.ends[inner], *price, said, marked=False)
                if inner == at:
                    break
        for node in () if found else self._page.tree.css(_ATTRIBUTE_CSS)[:_MOST_NAMED]:
            at = positions.get(node.mem_id)
            if at is None or at in taken:
                continue
            attributes = node.attributes
            value = next((attributes[name] for name in _ATTRIBUTES if attributes.get(name)), None) or ""
            price = read_machine_price(
                value[:40], currency_hint=self._hint(at), country_hint=self._page.country
            )
            if price is not None:
                yield Sighting(at, outline.starts[at], outline.ends[at], *price, value[:40], marked=False)

    def _leaves(self, at: int) -> Iterator[int]:
        """The elements inside one that hold text of their own and no further elements."""
        tags, parents = self._outline.tags, self._outline.parents
        inner = at + 1
        while inner < len(tags) and inner < at + 30 and parents[inner] >= at:
            if inner + 1 >= len(tags) or parents[inner + 1] != inner:
                yield inner
            inner += 1

    def _hint(self, at: int) -> str | None:
        """The currency that an element, or one just around it, says in an attribute or its class."""
        for up in self._outline.ancestors(at)[:4]:
            attributes = self._outline.nodes[up].attributes
            for name in ("data-currency", "data-currency-code", "data-price-currency"):
                found = currency_of((attributes.get(name) or "").strip().upper()[:10] or "-")
                if found:
                    return found
            if "rupee" in (attributes.get("class") or "").lower():
                return "INR"
        return self._currency

    def _shown(self, start: int, end: int) -> str:
        return " ".join(self._outline.text[start:end].split())

    def _ranges(self) -> None:
        """ "$12 - $15" is one price from 12 on, and "£59 / $85" one price in two currencies."""
        for one, other in zip(self.all, self.all[1:], strict=False):
            between = self._outline.text[one.end : other.place]
            if one.currency != other.currency:
                if _OTHER_CURRENCY.fullmatch(between) and one.currency and other.currency:
                    converted = one if other.currency == self._currency else other
                    converted.role = Role.VARIANT
            elif _RANGE.fullmatch(between) and one.amount < other.amount and one.role is Role.SELLING:
                one.role, one.highest = Role.LOWEST, other.amount
                other.role = Role.VARIANT
                one.labelled = other.labelled = True

    def _judge(self) -> None:
        for number, seen in enumerate(self.all):
            previous = self.all[number - 1].end if number else 0
            following = self.all[number + 1].place if number + 1 < len(self.all) else len(self._outline.text)
            self._give_role(number, seen, previous, following)
        self._forgive()
        self._cut()
        self._soften()
        self._reduced()
        self._repeated()
        self._listed = [seen for seen in self.all if seen.role is Role.LIST]
        first: Sighting | None = None
        for seen in self.all:
            weight = self._weight(seen)
            if seen.role is Role.SELLING and seen.place >= self._top:
                # A person reads from the top: what comes later weighs a little less.
                weight -= 0.3 if first is not None and first.amount != seen.amount else 0
                first = first or seen
            seen.weight = round(weight, 2)

    def _give_role(self, number: int, seen: Sighting, previous: int, following: int) -> None:
        outline = self._outline
        ancestors = outline.ancestors(seen.at)
        seen.where = " < ".join(
            outline.tags[up] + ("." + ".".join(outline.names(up).split()[:2]) if outline.names(up) else "")
            for up in ancestors[:3]
        )
        if self._marks.is_elsewhere(seen.at):
            seen.role = Role.ELSEWHERE
            return
        before, after = self._label(seen, previous, following)
        named = [outline.names(up) for up in ancestors[:4] if not self._marks.holds_heading(up)]
        seen.named = self._is_named(seen.at)
        if seen.role is Role.VARIANT:
            return
        if self._is_struck(ancestors[:4]):
            seen.role, seen.labelled, seen.struck = Role.LIST, True, True
            return
        role = None
        if _LETTER.search(before) or after.strip() or "(" in before:
            role = role_in_words(before, after, last="\n" in self._outline.text[seen.end : following])
        seen.called_price = bool(PRICE_NAME.search(before))
        role = role or self._carried(seen, number)
        if role in (None, Role.SELLING) and not seen.named:
            role = self._by_neighbours(seen, previous, following) or role
        if (
            role is None
            and before.rstrip(" \x1e\x1f").endswith("(")
            and 0 < seen.place - previous < 30
            and number
        ):
            role = Role.UNIT
        for names in named[:3] if role in (None, Role.SELLING) else ():
            other = next((other for other, pattern in OTHER_NAMES if names and pattern.search(names)), None)
            if other is not None and not (role is Role.SELLING and other in (Role.VARIANT, Role.SHIPPING)):
                role = other
                break
        called_list = [names for names in named[:2] if names and LIST_NAME.search(names)]
        if called_list and role in (None, Role.SELLING, Role.LOWEST):
            soft = all(not LIST_NAME.search(SOFT_LIST_NAME.sub(" ", names)) for names in called_list)
            seen.soft = soft and role is not Role.LOWEST
            if not soft and role is not Role.SELLING:
                role = Role.LIST
        if role is not None and (seen.role is not Role.LOWEST or role is Role.LIST):
            seen.role, seen.labelled = role, True

    def _carried(self, seen: Sighting, number: int) -> Role | None:
        """In "10% off up to ₹1,500, so you pay ₹13,490" the second amount is no price to pay either."""
        if not number:
            return None
        former = self.all[number - 1]
        between = self._outline.text[former.end : seen.place]
        carries = former.role in _CARRIED and "\n" not in between and _LETTER.search(between)
        return Role.EXCHANGE if carries else None

    def _by_neighbours(self, seen: Sighting, previous: int, following: int) -> Role | None:
        """What the whole lines above and below make of an amount that nothing calls a price."""
        text = self._outline.text
        start = text.rfind("\n", 0, seen.place)
        above = text[max(text.rfind("\n", 0, max(start, 0)) + 1, previous) : max(start, 0)]
        if len(above) <= 40 and _DELIVERY.search(above) and not _FREE.search(above):
            return Role.SHIPPING
        end = text.find("\n", seen.end)
        below = text[end + 1 : min(text.find("\n", end + 1) % (len(text) + 1), following)] if end >= 0 else ""
        return Role.EXCHANGE if len(below) <= 60 and _CONDITION.search(below) else None

    def _label(self, seen: Sighting, previous: int, following: int) -> tuple[str, str]:
        """The words on both sides of an amount: on its line, else on a line that is a label of its own."""
        text = self._outline.text
        line_start = text.rfind("\n", 0, seen.place) + 1
        line_end = text.find("\n", seen.end)
        line_end = line_end if line_end >= 0 else len(text)
        before = text[max(line_start, min(previous, seen.place), seen.place - 80) : seen.place]
        after = text[seen.end : max(seen.end, min(line_end, following, seen.end + 40))]
        if not before.strip(" \x1e\x1f:-–") and line_start > 1 and previous < line_start:
            start = text.rfind("\n", 0, line_start - 1) + 1
            above = text[max(start, previous) : line_start - 1]
            row = any(
                self._outline.tags[up] in ("td", "dd", "tr", "dl")
                for up in self._outline.ancestors(seen.at)[:3]
            )
            if 1 < len(above) <= 40 and (
                above.rstrip().endswith(":")
                or row
                or (len(above) <= 26 and _SHORT_LABEL.fullmatch(above.strip()))
            ):
                before = above
        if not after.strip() and following > line_end + 1:
            end = text.find("\n", line_end + 1)
            below = text[line_end + 1 : min(end if end >= 0 else len(text), following)]
            if len(below) <= 24 and _UNIT_BELOW.match(below):
                after = below
        return before, after

    def _is_struck(self, ancestors: list[int]) -> bool:
        outline = self._outline
        for up in ancestors:
            if self._marks.holds_heading(up):
                return False
            if outline.tags[up] in _STRUCK:
                return True
            style = outline.nodes[up].attributes.get("style")
            if style and "line-through" in style:
                return True
        return False

    def _forgive(self) -> None:
        """When nothing else asks for money, a price in a "sidebar" or a "sticky" part may be the subject's after
        all, if it stands soon after the heading.
        """
        if any(seen.role in (Role.SELLING, Role.LOWEST) for seen in self.all):
            return
        for seen in self.all:
            near = 0 <= seen.place - self._middle < SOON
            if seen.role is Role.ELSEWHERE and near and not self._marks.is_surely_elsewhere(seen.at):
                seen.role, seen.forgiven = Role.SELLING, True

    def _cut(self) -> None:
        """What follows a line such as "You may also like" is not the subject's, once its own price was said."""
        asked = [
            seen.place
            for seen in self.all
            if seen.place >= self._middle and seen.named and seen.role in (Role.SELLING, Role.LOWEST)
        ]
        bought = [place for place in self._buys if place >= self._middle]
        first = min(asked + bought, default=None)
        self.cut = next(
            (place for place in self._marks.other_things if first is not None and place > first), None
        )
        for seen in self.all:
            if self.cut is not None and seen.place > self.cut:
                seen.role = Role.ELSEWHERE

    def _soften(self) -> None:
        """A "regular" price is a list price only beside a lower one; and what is crossed out once is never
        the price.
        """
        if not any(seen.role in (Role.SELLING, Role.LOWEST) for seen in self.all):
            for seen in self.all:
                if seen.role is Role.LIST and not seen.struck:
                    # Many themes say "regular price" of the only price that there is.
                    seen.role, seen.soft = Role.SELLING, True
        struck = {seen.amount for seen in self.all if seen.role is Role.LIST}
        selling = [seen for seen in self.all if seen.role is Role.SELLING and seen.named and not seen.soft]
        for seen in self.all:
            if seen.role is not Role.SELLING:
                continue
            near = [
                other
                for other in selling
                if abs(other.place - seen.place) < 400 and other.amount < seen.amount
            ]
            if seen.soft and near:
                seen.role, seen.labelled = Role.LIST, True
            elif seen.amount in struck and not seen.labelled and near:
                seen.role = Role.LIST

    def _reduced(self) -> None:
        """Of two neighbours the dearer is a list price when the page says by how much it was reduced."""
        text = self._outline.text
        unlabelled = [seen for seen in self.all if seen.role is Role.SELLING and not seen.labelled]
        savings = [seen for seen in self.all if seen.role is Role.SAVING]
        for one, other in zip(unlabelled, unlabelled[1:], strict=False):
            low, high = sorted((one, other), key=lambda seen: seen.amount)
            if not low.amount < high.amount or other.place - one.end > 80:
                continue
            around = text[max(one.place - 40, 0) : other.end + 60]
            percents = {int(found) for found in _PERCENT.findall(around)}
            reduction = (high.amount - low.amount) * 100 / high.amount
            saved = any(
                saving.amount == high.amount - low.amount and -40 <= saving.place - one.place <= 160
                for saving in savings
            )
            if saved or any(abs(percent - reduction) <= 1 for percent in percents):
                high.role, high.labelled = Role.LIST, True
                low.labelled = True

    def _repeated(self) -> None:
        """Amounts in a row of like elements: cards of other things when they hold links, else choices."""
        outline = self._outline
        groups: dict[tuple[int, str, str], dict[int, list[Sighting]]] = defaultdict(dict)
        for seen in self.all:
            if seen.role not in (Role.SELLING, Role.LOWEST):
                continue
            for up in outline.ancestors(seen.at)[:9]:
                if self._marks.holds_heading(up):
                    break
                names = re.sub(r"\d+", "", outline.names(up)).split(" ", 1)[0]
                groups[outline.parents[up], outline.tags[up], names].setdefault(up, []).append(seen)
        for (_, tag, names), members in groups.items():
            single = tag in ("li", "article")
            cards = {up: members[up] for up in members if (single or len(members) > 1) and self._is_card(up)}
            if len(cards) >= 2 or (cards and single):
                role, members = Role.ELSEWHERE, cards
            elif len(members) >= 3 and (names or tag in ("li", "tr", "label", "option")):
                amounts = {seen.amount for each in members.values() for seen in each}
                role = Role.VARIANT if len(amounts) > 1 else Role.SELLING
            else:
                continue
            self.in_rows += len(members)
            for each in members.values():
                for seen in each:
                    seen.role = role if role is Role.ELSEWHERE or seen.role is Role.SELLING else seen.role

    def _is_card(self, at: int) -> bool:
        """Whether an element links to another page and shows a picture or says more than a price."""
        outline = self._outline
        links = pictures = titled = 0
        up = at
        while up < len(outline.tags) and outline.starts[up] <= outline.ends[at] and up < at + 80:
            if up != at and outline.parents[up] < at:
                break
            if outline.tags[up] == "a":
                href = outline.nodes[up].attributes.get("href") or ""
                if _OTHER_PAGE.match(href):
                    links += 1
                    titled += bool(_NAMES_A_THING.search(outline.said(up)))
            pictures += outline.tags[up] == "img"
            up += 1
        return links > 0 and (pictures > 0 or titled > 0 or outline.ends[at] - outline.starts[at] > 40)

    def _weight(self, seen: Sighting) -> float:
        """What speaks for an amount as the price of the page's subject."""
        outline = self._outline
        ancestors = outline.ancestors(seen.at)
        names = [outline.names(up) for up in ancestors[:3] if not self._marks.holds_heading(up)]
        weight = 1.0 if seen.marked else 0.0
        weight += 2.0 * seen.named + 1.0 * any(SURE_NAME.search(name) for name in names)
        labelled = seen.labelled and seen.role is Role.SELLING
        weight += (1.8 if seen.called_price and not seen.named else 0.8) * labelled
        weight += 0.8 * self._is_big(ancestors[:3])
        distance = seen.place - self._middle
        if self._marks.heading is not None:
            weight += 3.0 / (1 + distance / 700) if distance >= 0 else 1.5 / (1 - distance / 300)
        if self._buys:
            nearest = min(abs(place - seen.place) for place in self._buys)
            weight += 2.0 / (1 + nearest / 400)
        line = self._line_length(seen)
        if line > 60:
            weight -= min(3.0, line / 40)
        if any(
            outline.tags[up] == "a" and _OTHER_PAGE.match(outline.nodes[up].attributes.get("href") or "")
            for up in ancestors[:4]
        ):
            weight -= 2.0
        if any(
            other.role is Role.LIST and other.amount > seen.amount and abs(other.place - seen.place) < 90
            for other in self._listed
        ):
            weight += 0.7
        if self._marks.is_hidden(seen.at):
            weight -= 3.0
        if any(outline.tags[up] == "aside" for up in ancestors) and not any(
            self._marks.holds_heading(up) for up in ancestors if outline.tags[up] == "aside"
        ):
            weight -= 1.5
        if seen.soft:
            weight -= 0.5
        if seen.forgiven:
            weight -= 1.0
        if _LONE_CENTS.match(outline.text, seen.end) and seen.amount == int(seen.amount):
            weight -= 2.5
        if _WITHOUT_TAX.search(outline.text[max(seen.place - 30, 0) : seen.end + 25]):
            weight -= 0.7
        return weight

    def _is_big(self, ancestors: list[int]) -> bool:
        for up in ancestors:
            if self._marks.holds_heading(up):
                return False
            if self._outline.tags[up] in _BIG or _BIG_NAME.search(self._outline.names(up)):
                return True
            if _BIG_STYLE.search(self._outline.nodes[up].attributes.get("style") or ""):
                return True
        return False

    def _line_length(self, seen: Sighting) -> int:
        """Signs on the amount's line besides the amount: a sentence has many."""
        text = self._outline.text
        start = max(
            text.rfind("\n", 0, seen.place) + 1,
            text.rfind(TIGHT, 0, seen.place) + 1,
            text.rfind(LOOSE, 0, seen.place) + 1,
        )
        ends = [place for sign in ("\n", TIGHT, LOOSE) if (place := text.find(sign, seen.end)) >= 0]
        return (min(ends) if ends else len(text)) - start - (seen.end - seen.place)


_SHORT_LABEL = re.compile(
    r"(?:m\.?r\.?p\.?|r\.?r\.?p\.?|msrp|list price|regular price|retail price|was|now|price|our price|sale price|your price|sale|you save|save|emi"
    r"|from|starting at|as low as|old price|special price|uvp|statt|prix|precio|preis|prezzo|prijs|pris|cena)[\s:*]*",
    re.IGNORECASE,
)
_UNIT_BELOW = re.compile(r"\s*(?:/|per |a month|monthly|off\b|each 100)", re.IGNORECASE)
