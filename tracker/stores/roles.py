"""What each amount on the page is for, by the words and names around it."""

import re
from itertools import pairwise

from tracker.stores.candidates import Role
from tracker.stores.names import LIST_NAME, OTHER_NAMES, PRICE_NAME, SOFT_LIST_NAME
from tracker.stores.sightings import Scene, Sighting
from tracker.stores.words import role_in_words

_STRUCK = frozenset({"del", "s", "strike"})
_RANGE = re.compile(r"[\s\x1e\x1f]{0,3}(?:[-–—~]|to|bis|à|–|up to)[\s\x1e\x1f]{0,3}", re.IGNORECASE)
_OTHER_CURRENCY = re.compile(
    r"[\s\x1e\x1f]{0,2}[/|(≈~=·-]?[\s\x1e\x1f]{0,2}(?:approx\.?|ca\.?|about)?[\s\x1e\x1f]{0,2}", re.IGNORECASE
)
_DELIVERY = re.compile(
    r"deliver|shipping|postage|versand|lieferung|livraison|envío|spedizione|verzend", re.IGNORECASE
)
_FREE = re.compile(r"free|gratis|kostenlos|gratuit", re.IGNORECASE)
_CONDITION = re.compile(
    r"^(?:apply|with|after|using) .{0,30}(?:offers?|coupons?|codes?|exchange|cards?)\b"
    r"|^lowest price for you|^best price with",
    re.IGNORECASE,
)
_CARRIED = frozenset({Role.EXCHANGE, Role.SAVING, Role.THRESHOLD, Role.INSTALMENT, Role.SUBSCRIPTION})
_LETTER = re.compile(r"[^\W\d_]")
_SHORT_LABEL = re.compile(
    r"(?:m\.?r\.?p\.?|r\.?r\.?p\.?|msrp|list price|regular price|retail price|was|now|price|our price"
    r"|sale price|your price|sale|you save|save|emi"
    r"|from|starting at|as low as|old price|special price|uvp|statt|prix|precio|preis|prezzo|prijs|pris"
    r"|cena)[\s:*]*",
    re.IGNORECASE,
)
_PRICE_OF_BOTH = re.compile(r"\W*price\W*[\x1e\x1f]\W*", re.IGNORECASE)
"""A label before the element of an amount, which two amounts may share: "Price: <s>$12</s> $9"."""

_UNIT_BELOW = re.compile(r"\s*(?:/|per |a month|monthly|off\b|each 100)", re.IGNORECASE)


def give_roles(scene: Scene) -> None:
    """Each amount its role, one after the other."""
    _ranges(scene)
    for number, seen in enumerate(scene.all):
        previous = scene.all[number - 1].end if number else 0
        following = scene.all[number + 1].place if number + 1 < len(scene.all) else len(scene.outline.text)
        _give_role(scene, number, seen, previous, following)


def _ranges(scene: Scene) -> None:
    """ "$12 - $15" is one price from 12 on, and "£59 / $85" one price in two currencies."""
    for one, other in pairwise(scene.all):
        between = scene.outline.text[one.end : other.place]
        if one.currency != other.currency:
            if _OTHER_CURRENCY.fullmatch(between) and one.currency and other.currency:
                converted = one if other.currency == scene.currency else other
                converted.role = Role.VARIANT
        elif _RANGE.fullmatch(between) and one.amount < other.amount and one.role is Role.SELLING:
            one.role, one.highest = Role.LOWEST, other.amount
            other.role = Role.VARIANT
            one.labelled = other.labelled = True


def _give_role(scene: Scene, number: int, seen: Sighting, previous: int, following: int) -> None:
    outline = scene.outline
    ancestors = outline.ancestors(seen.at)
    seen.where = " < ".join(
        outline.tags[up] + ("." + ".".join(outline.names(up).split()[:2]) if outline.names(up) else "")
        for up in ancestors[:3]
    )
    if scene.marks.is_elsewhere(seen.at):
        seen.role = Role.ELSEWHERE
        return
    before, after = _label(scene, seen, previous, following)
    named = [outline.names(up) for up in ancestors[:4] if not scene.marks.holds_heading(up)]
    seen.named = scene.is_named(seen.at)
    if seen.role is Role.VARIANT:
        return
    if _is_struck(scene, ancestors[:4]):
        seen.role, seen.labelled, seen.struck = Role.LIST, True, True
        return
    role = None
    if _LETTER.search(before) or after.strip() or "(" in before:
        role = role_in_words(before, after, last="\n" in scene.outline.text[seen.end : following])
    seen.called_price = bool(PRICE_NAME.search(before))
    role = role or _carried(scene, seen, number)
    if role in (None, Role.SELLING) and not seen.named:
        role = _by_neighbours(scene, seen, previous, following) or role
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
            role, seen.by_name = other, True
            break
    called_list = [names for names in named[:2] if names and LIST_NAME.search(names)]
    if called_list and role in (None, Role.SELLING, Role.LOWEST):
        soft = all(not LIST_NAME.search(SOFT_LIST_NAME.sub(" ", names)) for names in called_list)
        seen.soft = soft and role is not Role.LOWEST
        shared = called_list[0] == named[0] and _PRICE_OF_BOTH.fullmatch(before)
        if not soft and (role is not Role.SELLING or shared):
            role = Role.LIST
    if role is not None and (seen.role is not Role.LOWEST or role is Role.LIST):
        seen.role, seen.labelled = role, True


def _carried(scene: Scene, seen: Sighting, number: int) -> Role | None:
    """In "10% off up to ₹1,500, so you pay ₹13,490" the second amount is no price to pay either."""
    if not number:
        return None
    former = scene.all[number - 1]
    between = scene.outline.text[former.end : seen.place]
    carries = former.role in _CARRIED and "\n" not in between and _LETTER.search(between)
    return Role.EXCHANGE if carries else None


def _by_neighbours(scene: Scene, seen: Sighting, previous: int, following: int) -> Role | None:
    """What the whole lines above and below make of an amount that nothing calls a price."""
    text = scene.outline.text
    start = text.rfind("\n", 0, seen.place)
    above = text[max(text.rfind("\n", 0, max(start, 0)) + 1, previous) : max(start, 0)]
    if len(above) <= 40 and _DELIVERY.search(above) and not _FREE.search(above):
        return Role.SHIPPING
    end = text.find("\n", seen.end)
    below = text[end + 1 : min(text.find("\n", end + 1) % (len(text) + 1), following)] if end >= 0 else ""
    return Role.EXCHANGE if len(below) <= 60 and _CONDITION.search(below) else None


def _label(scene: Scene, seen: Sighting, previous: int, following: int) -> tuple[str, str]:
    """The words on both sides of an amount: on its line, else on a line that is a label of its own."""
    text = scene.outline.text
    line_start = text.rfind("\n", 0, seen.place) + 1
    line_end = text.find("\n", seen.end)
    line_end = line_end if line_end >= 0 else len(text)
    before = text[max(line_start, min(previous, seen.place), seen.place - 80) : seen.place]
    after = text[seen.end : max(seen.end, min(line_end, following, seen.end + 40))]
    if not before.strip(" \x1e\x1f:-–") and line_start > 1 and previous < line_start:
        start = text.rfind("\n", 0, line_start - 1) + 1
        above = text[max(start, previous) : line_start - 1]
        row = any(
            scene.outline.tags[up] in ("td", "dd", "tr", "dl") for up in scene.outline.ancestors(seen.at)[:3]
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


def _is_struck(scene: Scene, ancestors: list[int]) -> bool:
    outline = scene.outline
    for up in ancestors:
        if scene.marks.holds_heading(up):
            return False
        if outline.tags[up] in _STRUCK:
            return True
        style = outline.nodes[up].attributes.get("style")
        if style and "line-through" in style:
            return True
    return False
