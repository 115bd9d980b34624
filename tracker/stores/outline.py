"""The page's body as one text and one list of elements, made in a single pass: what stands where.

The text is what a person would see, without scripts, in the order of the page. Pieces of it are parted by a
line break where a block begins or ends, by TIGHT where one inline element touches the next, and by LOOSE
where white space stands between; all three count as white space. Digits, separators and minus signs are
`price_text.plain`, and raised cents (12<sup>99</sup>) are written as raised digits (12⁹⁹).
"""

import re
from bisect import bisect_right

from selectolax.lexbor import LexborNode

from tracker.stores.price_text import plain

TIGHT, LOOSE = "\x1f", "\x1e"

_SKIPPED = frozenset(
    "script style noscript template option optgroup datalist svg iframe object video audio canvas".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body button br center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section select "
    "summary table tbody td textarea tfoot th thead tr ul".split()
)
_NAMING = (
    "class", "id", "itemprop", "data-test", "data-testid", "data-test-id", "data-qa", "data-automation",
    "data-automation-id", "data-hook", "data-selenium", "data-cy", "data-auto", "data-locator", "data-at",
    "data-id", "data-component", "data-ui", "data-role",
)  # fmt: skip
_TEXT = 2  # lexbor's LXB_TAG__TEXT
_PLACE_OF_NAME = {name: place for place, name in enumerate(_NAMING)}
_NAMES = frozenset(_NAMING)
_PLAIN = frozenset("span sup small b strong font em i".split())
_ICONS = frozenset({"i", "span", "em", "b"})
_SPEAKING = _ICONS | {"input", "img"}
_BUTTONS = frozenset({"submit", "button", "image"})
_INLINE, _SPACE, _BLOCK = 1, 2, 4
_PARTING = {0: "", 1: TIGHT, 2: " ", 3: LOOSE}
_PARTINGS = {**dict.fromkeys(_BLOCKS, _BLOCK), **dict.fromkeys(_SKIPPED, 0)}
_SILENT = -1  # the end of an element that has said nothing yet
_MOST_ELEMENTS = 60_000
_LONGEST_CLIMB = 60
_LONGEST_TAIL = 24

_CENTS = re.compile(r"[.,]?[0-9]{2}(?:\s?[^\W\d_]{1,3}|\s?[€$£₹]|\*)?|[€$£]\s?[0-9]{2}")
_ENDS_IN_WHOLE = re.compile(r"(?:^|[^0-9.,])[0-9]{1,3}(?:[., '’]?[0-9]{3}){0,3}$")
_ENDS_IN_MARKED_WHOLE = re.compile(r"[$€£₹][ \x1e\x1f]?[0-9]{1,3}(?:,[0-9]{3}){0,3}$")
_CENTS_NAMES = re.compile(
    r"cent|fraction|decimal|mantissa|penn(?:y|ies)|\bsup\b|superscript|pence|small-?price|price-?(?:small|sup)",
    re.IGNORECASE,
)
_ICON_MARKS = (
    (re.compile(r"rupee|\binr\b|[-_]inr\b|rupie", re.IGNORECASE), "₹"),
    (re.compile(r"[-_ ](?:eur|euro)\b", re.IGNORECASE), "€"),
    (re.compile(r"[-_ ](?:gbp|pound)\b", re.IGNORECASE), "£"),
    (re.compile(r"[-_ ](?:usd|dollar)\b", re.IGNORECASE), "$"),
)
_ICON_MARK = re.compile("|".join(pattern.pattern for pattern, _ in _ICON_MARKS), re.IGNORECASE)
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Outline:
    """`nodes`, `tags`, `parents`, `starts` and `ends` speak of one element each, by its number in the order
    of the page; starts and ends are places in `text`. The body is number 0.
    """

    def __init__(self, body: LexborNode | None) -> None:
        self.nodes: list[LexborNode] = []
        self.tags: list[str] = []
        self.parents: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.text = ""
        self._pieces: list[str] = []
        self._piece_starts: list[int] = []
        self._piece_owners: list[int] = []
        self._length = 0
        self._names: dict[int, str] = {}
        self._ancestors: dict[int, list[int]] = {}
        if body is not None:
            self._walk(body)
            self.text = "".join(self._pieces)
        self._pieces.clear()

    def _walk(self, body: LexborNode) -> None:
        """Every element and text once, in the order of the page. Ten thousand of them are usual: what happens
        for each is written here in one place, without calls.
        """
        nodes, tags, parents, starts, ends = self.nodes, self.tags, self.parents, self.starts, self.ends
        kinds: dict[int, tuple[str, int]] = {}
        kind_of, partings = kinds.get, list[int]()
        parting = length = count = 0
        node, at = body, -1
        while True:
            number = node.tag_id  # a number is had in half the time of a name
            if number == _TEXT:
                raw = node.text_content
                if raw and raw.isspace():
                    parting |= _SPACE
                elif raw:
                    parting = self._say(raw, at, parting)
                    length = self._length
            else:
                kind = kind_of(number)
                if kind is None:
                    kind = kinds[number] = _kind(node.tag or "-")
                tag, own = kind
                if own and count < _MOST_ELEMENTS:
                    nodes.append(node)
                    tags.append(tag)
                    parents.append(at)
                    starts.append(length)
                    ends.append(_SILENT)
                    partings.append(own)
                    count += 1
                    parting |= own
                    child = node.first_child
                    if child is not None:
                        at, node = count - 1, child
                        continue
                    if tag in _SPEAKING:
                        parting = self._empty(node, tag, count - 1, parting) | _INLINE
                        length = self._length
                    ends[-1] = length
            following = node.next if at >= 0 else None
            while following is None:
                if at < 0:
                    return
                if ends[at] == _SILENT:
                    starts[at] = length
                ends[at] = length
                parting |= partings[at]
                node, at = nodes[at], parents[at]
                following = node.next if at >= 0 else None
            node = following

    def _empty(self, node: LexborNode, tag: str, at: int, parting: int) -> int:
        """What a person sees of an element without children: a button's label, an icon that is a currency.

        Takes and gives what parts the next piece from the last one.
        """
        said, own = "", 0
        if tag == "input":
            attributes = node.attributes
            if (attributes.get("type") or "").lower() in _BUTTONS:
                said = attributes.get("value") or attributes.get("alt") or attributes.get("title") or ""
                own = _BLOCK
        elif tag == "img":
            if at and self.tags[self.parents[at]] in ("a", "button"):
                said = node.attrs.get("alt") or ""
                own = _BLOCK
        else:
            names = node.attributes.get("class")
            if names and _ICON_MARK.search(names):
                said = next((mark for pattern, mark in _ICON_MARKS if pattern.search(names)), "")
        parting |= own
        return self._say(said, at, parting) | own if said and len(said) < 200 else parting

    def _say(self, raw: str, owner: int, parting: int) -> int:
        """A piece of the text, after what parts it from the last one; gives what parts the next from it."""
        piece = " ".join((raw if raw.isascii() else plain(raw)).split())
        if not piece:
            return parting
        how = parting | (_SPACE if raw[0].isspace() else 0)
        between = "\n" if how & _BLOCK else _PARTING[how]
        pieces = self._pieces
        if len(piece) <= 8 and pieces and pieces[-1][-1] in "0123456789.,":
            between, piece = self._glued(between, piece, owner)
        begin = self._length
        if between and begin:
            pieces.append(between)
            begin += len(between)
        self._piece_starts.append(begin)
        self._piece_owners.append(owner)
        pieces.append(piece)
        self._length = begin + len(piece)
        # Elements that opened since the last piece begin with this one, not with what parts them.
        at, starts, ends, parents = owner, self.starts, self.ends, self.parents
        for _ in range(_LONGEST_CLIMB):
            if at < 0 or ends[at] != _SILENT:
                break
            starts[at] = ends[at] = begin
            at = parents[at]
        return _SPACE if raw[-1].isspace() else 0

    def _glued(self, parting: str, piece: str, owner: int) -> tuple[str, str]:
        """A price that is split over several elements, put together: 12 and .99, 12 and . and 99, 12 and 99
        raised.
        """
        tail = self._tail()
        touches = parting in ("", TIGHT)
        continues = (piece in (".", ",") and tail[-1].isdigit()) or (
            piece[0].isdigit() and tail[-1] in ".," and tail[-2:-1].isdigit()
        )
        if continues and touches:
            return "", piece
        if not _CENTS.fullmatch(piece) or not tail[-1].isdigit():
            return parting, piece
        if piece[0] in ".,":
            return ("", piece) if touches or self._is_cents(owner) else (parting, piece)
        if not _ENDS_IN_WHOLE.search(tail) or not (
            self._follows(piece, parting, owner) or self._is_cents(owner)
        ):
            return parting, piece
        digits = "".join(sign for sign in piece if sign.isdigit())
        return "", digits.translate(_RAISED) + piece.replace(digits, "")

    def _tail(self) -> str:
        """The last signs of the text so far: no price is longer."""
        return "".join(self._pieces[-_LONGEST_TAIL:])[-_LONGEST_TAIL:]

    def _follows(self, piece: str, parting: str, owner: int) -> bool:
        """Whether two digits belong to the marked amount before them, though nothing calls them cents."""
        if not piece.isdigit() or not _ENDS_IN_MARKED_WHOLE.search(self._tail()):
            return False
        if self._is_in_price(owner):
            return parting in (TIGHT, LOOSE, "\n")
        return parting == TIGHT and self.tags[owner] in _PLAIN and not self.names(owner)

    def _is_in_price(self, owner: int) -> bool:
        """Whether the element, or the one around it, calls itself a price and holds little else."""
        for at in (owner, self.parents[owner] if owner > 0 else -1):
            if at >= 0 and "price" in self.names(at).lower() and self._length - self.starts[at] < 16:
                return True
        return False

    def _is_cents(self, owner: int) -> bool:
        at = owner
        for _ in range(2):
            if at < 0:
                return False
            if self.tags[at] in ("sup", "small") or _CENTS_NAMES.search(self.names(at)):
                return True
            if self.tags[at] in _BLOCKS:
                return False
            at = self.parents[at]
        return False

    def names(self, at: int) -> str:
        """What an element is called by its class, id and the attributes that tests use, in one line."""
        found = self._names.get(at)
        if found is None:
            attributes = self.nodes[at].attributes
            present = list(_NAMES.intersection(attributes)) if attributes else []
            if len(present) > 1:
                present.sort(key=_PLACE_OF_NAME.__getitem__)
            found = " ".join([attributes[name] or "" for name in present])[:400]
            self._names[at] = found
        return found

    def tagged(self, tag: str, most: int) -> list[int]:
        """The first elements of a tag."""
        found: list[int] = []
        at = -1
        for _ in range(min(most, self.tags.count(tag))):
            at = self.tags.index(tag, at + 1)
            found.append(at)
        return found

    def owner(self, place: int) -> int:
        """The innermost element around a place in the text."""
        found = bisect_right(self._piece_starts, place) - 1
        return self._piece_owners[found] if found >= 0 else 0

    def around(self, place: int, end: int) -> int:
        """The innermost element that holds a stretch of the text."""
        at = self.owner(place)
        while at > 0 and self.ends[at] < end:
            at = self.parents[at]
        return max(at, 0)

    def ancestors(self, at: int) -> list[int]:
        """An element and those around it, the innermost first, without the body."""
        known = self._ancestors.get(at)
        if known is not None:
            return known
        found: list[int] = []
        up = at
        while up > 0 and len(found) < _LONGEST_CLIMB:
            found.append(up)
            up = self.parents[up]
        self._ancestors[at] = found
        return found

    def said(self, at: int) -> str:
        """The text of an element, in one line."""
        return " ".join(self.text[self.starts[at] : self.ends[at]].split())


def _kind(tag: str) -> tuple[str, int]:
    """A tag, and how its elements part what stands inside and outside of them; 0 when they are left out."""
    return tag, _PARTINGS.get(tag, 0 if tag[0] in "-!" else _INLINE)
