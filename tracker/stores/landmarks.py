"""Where a page speaks of its subject: the main heading, and what can be pressed to buy the thing."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from tracker.stores.names import BUY_NAME, ELSEWHERE_NAME, PRICE_NAME
from tracker.stores.outline import LOOSE, TIGHT, Outline
from tracker.stores.page import Page, likeness, tidy
from tracker.stores.wording import any_of
from tracker.stores.words import BUY, IN_STOCK, OTHER_THINGS, SOLD_OUT

_LINES = re.compile(rf"[^\n{TIGHT}{LOOSE}]+")
_PARTS_OF_TITLE = re.compile(r"\s+[|–—\-:·»•]\s+|\s*[|»]\s*")
_HEADINGS = frozenset("h1 h2 h3 h4 b strong font big".split())
_HEADING_NAME = re.compile(r"title|name|heading|headline|\bfn\b", re.IGNORECASE)
_CRUMBS = re.compile(r"\s[>»›→/]\s|::|&gt;")  # a path through the shop, which ends in the thing's name
_LEAST_LIKENESS = 0.55
_CLEARLY = 0.12  # a later element must be more alike by this, or the first is the heading
_MOST_NAMES = 6
_NOT_THE_NAME = re.compile(r"logo|site-?title|site-?name|brand-?logo", re.IGNORECASE)
_OPTION = any_of(r"swatch|size|variant|variation|option|attribute|selector|colou?r|store-?(?:list|locator)")
_STOCK_NAME = any_of(r"stock|availab|inventory|sold-?out|dispo|verfueg|lager|delivery-?(?:time|status)")
_BADGE = re.compile(r"badge|sticker|ribbon", re.IGNORECASE)
_DISABLED = re.compile(r"\bdisabled\b|is-disabled|btn-disabled|--disabled|unavailable", re.IGNORECASE)
_HIDDEN_NAME = re.compile(
    r"(?:^|\s)(?:hidden|hide|d-none|is-hidden|u-hidden|ng-hide|invisible|no-display|js-hidden)(?:\s|$)"
)
_BESIDE_PRICES = re.compile(r"rating|review|compar|filter|promo|banner|sticky|item|sidebar", re.IGNORECASE)
_AMOUNT_AT_END = re.compile(r"[\s•·|(:–—-]*(?:[$€£₹]|Rs\.?)\s?[\d.,]+\)?\s*$")
_PERHAPS_HERE = re.compile(
    r"sidebar|sticky|banner|promo-?bar|popular|filter|modal|ratings?|reviews?|social|compar\w*|history"
    r"|tooltip"
    r"|popover|add-?ons?|products?-?(?:item|card|list|grid)|item-?tile|warrant|comment",
    re.IGNORECASE,
)
_CONTROLS = frozenset({"button", "input", "a", "form"})
SOON = 1_200
"""Signs of text after the heading within which the subject is still spoken of, whatever parts are called."""

_BEFORE_HEADING, _AFTER_HEADING = 1_500, 6_000
_LONGEST_LINE = 90
_LONGEST_NAME = 500
_LONGEST_SIZE = 8
_MOST_LINES = 900
_MOST_BREAKS = 20
_MOST_HEADINGS = 20


@dataclass(frozen=True, slots=True)
class Sign:
    """Words or a control that say whether the thing can be had: `kind` is "buy", "form", "sold_out" or
    "in_stock"."""

    kind: str
    place: int
    at: int
    text: str
    named: bool  # its element calls itself stock or availability, or is a button made for buying


class Landmarks:
    """The subject's heading (an element's number, or None) and the signs around it, on the first question."""

    def __init__(self, page: Page, outline: Outline) -> None:
        self._page = page
        self.outline = outline
        self._elsewhere: dict[int, bool] = {}
        self._named_elsewhere: dict[str, bool] = {}  # many elements share their names
        self._named_surely_elsewhere: dict[str, bool] = {}
        self._hidden: dict[int, bool] = {}
        self._path: frozenset[int] = frozenset()
        self.heading = self._find_heading()
        """The h1 that is most like what the page calls itself, else another element that says its name."""
        self._elsewhere.clear()  # what was judged without knowing where the subject is
        if self.heading is not None:
            self._path = frozenset(outline.ancestors(self.heading))

    def _find_heading(self) -> int | None:
        outline = self.outline
        wanted = self._wanted
        best: tuple[float, int] | None = None
        for at in outline.tagged("h1", _MOST_HEADINGS):
            text = outline.said(at) if outline.ends[at] - outline.starts[at] <= _LONGEST_NAME else ""
            if not text:
                continue
            score = max((likeness(text, name) for name in wanted), default=0.0)
            if self.is_hidden(at):
                score -= 0.5
            if _NOT_THE_NAME.search(outline.names(at)):
                score -= 0.3
            if best is None or score > best[0] + 0.05:
                best = (score, at)
        if best is not None and (best[0] >= 0.5 or not wanted):
            return best[1]
        if (
            best is not None
            and best[0] >= 0.3
            and (
                self._named_heading is None
                or outline.tags[self._named_heading] not in ("h2", "h3", "h4", "b", "strong")
            )
        ):
            return best[1]
        return self._named_heading if self._named_heading is not None else (best[1] if best else None)

    @cached_property
    def _wanted(self) -> list[str]:
        page = self._page
        names = [page.meta("og:title"), page.meta("twitter:title"), page.window_title]
        return list(dict.fromkeys(name for name in names if name))

    @cached_property
    def _named_heading(self) -> int | None:
        """The element whose whole text is most like a name of the page, or like a part of one."""
        outline = self.outline
        names = {part for name in self._wanted for part in (name, *_PARTS_OF_TITLE.split(name))}
        likely = [name for name in names if 9 < len(name) <= 300 or (len(name) > 5 and " " in name)]
        likely = sorted(likely, key=len, reverse=True)[:_MOST_NAMES]
        known = {word for name in likely for word in name.lower().split()}
        best, found = _LEAST_LIKENESS - _CLEARLY, None
        for match in islice(_LINES.finditer(outline.text), _MOST_LINES * 2):
            line = match.group()
            if not 6 <= len(line) <= 300 or known.isdisjoint(line.lower().split()):
                continue
            score = max(likeness(line, name) for name in likely)
            score -= 0.2 * bool(_CRUMBS.search(line))
            if score <= best:
                continue
            at = outline.around(match.start(), match.end())
            score += self._stands_out(at)
            if score > best + _CLEARLY and not self.is_surely_elsewhere(at) and outline.tags[at] != "title":
                best, found = score, at
        return found

    def _stands_out(self, at: int) -> float:
        """A little for an element that is made or named for a heading, less than nothing for a link."""
        around = self.outline.ancestors(at)[:3]
        if any(self.outline.tags[up] in ("a", "nav", "li") for up in around):
            return -0.2
        stands_out = any(
            self.outline.tags[up] in _HEADINGS or _HEADING_NAME.search(self.outline.names(up))
            for up in around
        )
        return 0.1 if stands_out else 0.0

    @cached_property
    def title(self) -> str | None:
        return tidy(self.outline.said(self.heading)) if self.heading is not None else None

    def holds_heading(self, at: int) -> bool:
        return at in self._path or at == 0

    def is_elsewhere(self, at: int) -> bool:
        """Whether an element stands in a part of the page that speaks of other things."""
        path: list[int] = []
        found = False
        for up in self.outline.ancestors(at):
            if up in self._path:
                break
            known = self._elsewhere.get(up)
            if known is not None:
                found = known
                break
            path.append(up)
        for up in reversed(path):
            found = found or self._points_elsewhere(up)
            self._elsewhere[up] = found
        return found

    def _points_elsewhere(self, at: int) -> bool:
        if self.outline.tags[at] in ("nav", "footer", "header"):
            return True
        names = self.outline.names(at)
        known = self._named_elsewhere.get(names)
        if known is None:
            found = ELSEWHERE_NAME.search(names)
            # "product-price-rating" and "price-comparison" hold the price beside the stars.
            known = found is not None and not (
                PRICE_NAME.search(names) and _BESIDE_PRICES.search(found.group())
            )
            self._named_elsewhere[names] = known
        return known

    def is_surely_elsewhere(self, at: int) -> bool:
        """`is_elsewhere`, by a name that no shop gives to the place of its own price."""
        for up in self.outline.ancestors(at):
            if up in self._path:
                return False
            if self.outline.tags[up] in ("nav", "footer"):
                return True
            names = self.outline.names(up)
            known = self._named_surely_elsewhere.get(names)
            if known is None:
                known = any(
                    not _PERHAPS_HERE.fullmatch(found.group()) for found in ELSEWHERE_NAME.finditer(names)
                )
                self._named_surely_elsewhere[names] = known
            if known:
                return True
        return False

    def is_hidden(self, at: int) -> bool:
        path: list[int] = []
        found = False
        for up in self.outline.ancestors(at):
            known = self._hidden.get(up)
            if known is not None:
                found = known
                break
            path.append(up)
        for up in reversed(path):
            found = found or self._hides(up)
            self._hidden[up] = found
        return found

    def _hides(self, at: int) -> bool:
        attributes = self.outline.nodes[at].attributes
        if "hidden" in attributes:
            return True
        style = attributes.get("style")
        if style and "none" in style and "display:none" in style.replace(" ", "").lower():
            return True
        names = attributes.get("class")
        return bool(names and _HIDDEN_NAME.search(names))

    @cached_property
    def other_things(self) -> list[int]:
        """Where, after the heading, lines such as "You may also like" begin to speak of other things."""
        if self.heading is None:
            return []
        start = self.outline.ends[self.heading]
        found = OTHER_THINGS.finditer(self.outline.text, start, start + _AFTER_HEADING)
        return [line.start() for line in islice(found, _MOST_BREAKS)]

    @cached_property
    def signs(self) -> list[Sign]:
        """What says around the heading whether the thing can be bought, in the order of the page."""
        outline = self.outline
        middle = outline.starts[self.heading] if self.heading is not None else 0
        low, high = middle - _BEFORE_HEADING, middle + _AFTER_HEADING
        return sorted(
            [*self._worded(max(low, 0), high), *self._controls(low, high)], key=lambda sign: sign.place
        )

    def _worded(self, low: int, high: int) -> Iterator[Sign]:
        kinds: dict[str, str | None] = {}  # a list says "Add to cart" in each of its rows
        for count, match in enumerate(_LINES.finditer(self.outline.text, low, high)):
            if count > _MOST_LINES:
                break
            line = match.group()
            if line[-1] in ".,)" or line[-1].isdigit() or line[-1].isspace():
                line = _AMOUNT_AT_END.sub("", line)
            line = line.strip(" \t*!.,:;•·✓✔✗✘x×-–—>»›|+()[]😊🛒")
            if not 2 < len(line) < _LONGEST_LINE:
                continue
            if line not in kinds:
                kinds[line] = _kind_of(line)
            kind = kinds[line]
            if kind is None:
                continue
            at = self.outline.owner(match.start())
            if self._counts(at, kind):
                around = self.outline.ancestors(at)[:3]
                # Themes print a "Sold out" badge on every page, and their style sheet hides it.
                named = (
                    kind != "buy"
                    and not (around and _BADGE.search(self.outline.names(around[0])))
                    and (
                        any(_STOCK_NAME.search(self.outline.names(up)) for up in around)
                        or (
                            kind == "sold_out"
                            and any(self.outline.tags[up] in ("button", "input") for up in around)
                        )
                    )
                )
                yield Sign(kind, match.start(), at, line, named)

    def _controls(self, low: int, high: int) -> Iterator[Sign]:
        """Buttons, links and forms that name themselves after the cart, whatever they say."""
        outline = self.outline
        first, last = bisect_left(outline.starts, low), bisect_right(outline.starts, high)
        for at in range(first, last):
            tag = outline.tags[at]
            if tag not in _CONTROLS:
                continue
            attributes = outline.nodes[at].attributes
            said = " ".join([value for key, value in attributes.items() if value and key in _SAYING])[:300]
            lowered = said.lower()
            if not any(word in lowered for word in _OF_BUYING):
                continue  # which settles most links, far quicker than the pattern
            if (
                BUY_NAME.search(said)
                and self._counts(at, "buy")
                and not _SOLD_WORD.search(outline.said(at)[:200])
            ):
                kind = "form" if tag == "form" else "buy"
                yield Sign(
                    kind, outline.starts[at], at, outline.said(at)[:60] or tag, not self._is_disabled(at)
                )

    def _is_disabled(self, at: int) -> bool:
        """As buttons are where there is nothing to buy, but also until a size is chosen."""
        return "disabled" in self.outline.nodes[at].attributes or bool(
            _DISABLED.search(self.outline.names(at))
        )

    def _counts(self, at: int, kind: str) -> bool:
        if self.is_hidden(at):
            return False
        if self.is_elsewhere(at):
            start = self.outline.ends[self.heading] if self.heading is not None else 0
            if not 0 <= self.outline.starts[at] - start < SOON or self.is_surely_elsewhere(at):
                return False
        if kind == "buy":
            return True
        for up in self.outline.ancestors(at)[:5]:
            tag = self.outline.tags[up]
            if self.holds_heading(up):
                break
            names = self.outline.names(up)
            if (
                tag in ("label", "option")
                or (tag == "li" and self._is_size(up, at))
                or (
                    tag not in ("form", "button", "section")
                    and _OPTION.search(names)
                    and not _STOCK_NAME.search(names)
                )
            ):
                return False
        return True

    def _is_size(self, item: int, at: int) -> bool:
        """Whether a list's item says a word or two, as sizes are, beside what an element in it says."""
        beside = self.outline.ends[item] - self.outline.starts[item]
        beside -= self.outline.ends[at] - self.outline.starts[at]
        return 0 < beside <= _LONGEST_SIZE


_OF_BUYING = (
    "cart",
    "buy",
    "bag",
    "basket",
    "trolley",
    "purchase",
    "product-form",
    "single_add",
    "warenkorb",
)
_KINDS = (("buy", BUY), ("sold_out", SOLD_OUT), ("in_stock", IN_STOCK))
_ANY_KIND = any_of(*(pattern.pattern for _, pattern in _KINDS))


def _kind_of(line: str) -> str | None:
    """What a whole line says of buying, as a Sign's kind."""
    if not _ANY_KIND.fullmatch(line):
        return None
    return next(kind for kind, pattern in _KINDS if pattern.fullmatch(line))


_SAYING = frozenset(
    {
        "id",
        "class",
        "name",
        "value",
        "action",
        "href",
        "title",
        "alt",
        "aria-label",
        "data-action",
        "src",
        "onclick",
        "data-testid",
        "data-test",
    }
)
_SOLD_WORD = re.compile(
    r"sold ?out|out of stock|unavailable|notify|ausverkauft|épuisé|agotado|esaurito", re.IGNORECASE
)
