"""How much speaks for each amount as the price of the page's subject."""

import re

from tracker.stores.candidates import Role
from tracker.stores.company import OTHER_PAGE, compare
from tracker.stores.landmarks import Landmarks
from tracker.stores.names import SURE_NAME
from tracker.stores.outline import LOOSE, TIGHT
from tracker.stores.page import Page
from tracker.stores.roles import give_roles
from tracker.stores.sightings import Scene, Sighting
from tracker.stores.wording import any_of

_BIG = frozenset({"h1", "h2", "h3", "h4", "strong", "b", "big"})
_BIG_NAME = any_of(
    r"\b(?:big|large|larger|xl|xxl|huge|lead|h[1-4]|display-\d|fs-[1-4]|text-(?:xl|\dxl)|bold)\b|font-?size"
)
_BIG_STYLE = any_of(
    r"font-size\s*:\s*(?:(?:1[8-9]|[2-9]\d)(?:\.\d+)?(?:px|pt)|(?:1\.[3-9]|[2-9](?:\.\d+)?)r?em|(?:x-"
    r"|xx-)?large)"
)
_LONE_CENTS = re.compile(r"[\x1e\x1f\n][0-9]{2}(?=[\s\x1e\x1f]|$)")  # which may belong to the amount before
_WITHOUT_TAX = any_of(
    r"\b(?:ex|excl?|excluding|without|plus|before|zzgl|net)\.? ?(?:of )?(?:vat|gst|tax|mwst|ust|btw|iva"
    r"|moms|tva)\b|\bhors taxe|\bh\.?t\.?\b|\+ ?(?:vat|gst|tax)\b|excl\. btw|bez vat|netto"
)

_WITH_TAX = re.compile(r"\b(?:inc|incl|including|with|inkl)\b|\bttc\b|\bincl", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_BESIDE = 200


def weighed(page: Page, marks: Landmarks) -> Scene:
    """All amounts of a page with their roles and weights; the heaviest of those that are asked for is what a
    person would take for the price.
    """
    scene = Scene(page, marks)
    give_roles(scene)
    compare(scene)
    listed = [seen for seen in scene.all if seen.role is Role.LIST]
    first: Sighting | None = None
    for seen in scene.all:
        weight = _weight(scene, seen, listed)
        if seen.role is Role.SELLING and seen.place >= scene.top:
            # A person reads from the top: what comes later weighs a little less.
            weight -= 0.3 if first is not None and first.amount != seen.amount else 0
            first = first or seen
        elif seen.role is Role.LOWEST and first is not None and first.amount != seen.amount:
            weight -= 1.0  # "or from $20": the price itself was said before
        seen.weight = round(weight, 2)
    return scene


def _weight(scene: Scene, seen: Sighting, listed: list[Sighting]) -> float:
    """What speaks for an amount as the price of the page's subject."""
    outline = scene.outline
    ancestors = outline.ancestors(seen.at)
    names = [outline.names(up) for up in ancestors[:3] if not scene.marks.holds_heading(up)]
    weight = 1.0 if seen.marked else 0.0
    weight += 2.0 * seen.named + 1.0 * any(SURE_NAME.search(name) for name in names)
    labelled = seen.labelled and seen.role is Role.SELLING
    weight += (1.8 if seen.called_price and not seen.named else 0.8) * labelled
    weight += 0.8 * _is_big(scene, ancestors[:3])
    distance = seen.place - scene.middle
    if scene.marks.heading is not None:
        weight += 3.0 / (1 + distance / 700) if distance >= 0 else 1.5 / (1 - distance / 300)
    pressed = scene.buys or scene.sold_out
    if pressed:
        nearest = min(abs(place - seen.place) for place in pressed)
        weight += 2.0 / (1 + nearest / 400)
    line = _line_length(scene, seen)
    if line > 60:
        weight -= min(3.0, line / 40)
    if any(
        outline.tags[up] == "a" and OTHER_PAGE.match(outline.nodes[up].attributes.get("href") or "")
        for up in ancestors[:4]
    ):
        weight -= 2.0
    if any(
        other.role is Role.LIST and other.amount > seen.amount and abs(other.place - seen.place) < 90
        for other in listed
    ):
        weight += 0.7
    if scene.marks.is_hidden(seen.at):
        weight -= 3.0
    if any(outline.tags[up] == "aside" for up in ancestors) and not any(
        scene.marks.holds_heading(up) for up in ancestors if outline.tags[up] == "aside"
    ):
        weight -= 1.5
    if seen.soft:
        weight -= 0.5
    if seen.forgiven:
        weight -= 1.0
    if _LONE_CENTS.match(outline.text, seen.end) and seen.amount == int(seen.amount):
        weight -= 2.5
    if _is_without_tax(outline.text, seen):
        weight -= 2.0 if any(_is_with_its_tax(seen, other) for other in scene.all) else 1.0
    return weight


def _is_without_tax(text: str, seen: Sighting) -> bool:
    """Whether the words up to the next amounts on both sides say so; those that follow are surer."""
    after = _DIGIT.split(text[seen.end : seen.end + 25])[0]
    before = _DIGIT.split(text[max(seen.place - 30, 0) : seen.place])[-1]
    return bool(_WITHOUT_TAX.search(after) or (_WITHOUT_TAX.search(before) and not _WITH_TAX.search(after)))


def _is_with_its_tax(net: Sighting, other: Sighting) -> bool:
    """Whether an amount beside another may be the same one with the tax, of which none is above 40%."""
    near = abs(other.place - net.place) < _BESIDE
    return near and other.role is Role.SELLING and net.amount < other.amount <= net.amount * 7 / 5


def _is_big(scene: Scene, ancestors: list[int]) -> bool:
    for up in ancestors:
        if scene.marks.holds_heading(up):
            return False
        if scene.outline.tags[up] in _BIG or _BIG_NAME.search(scene.outline.names(up)):
            return True
        style = scene.outline.nodes[up].attributes.get("style")
        if style and _BIG_STYLE.search(style):
            return True
    return False


def _line_length(scene: Scene, seen: Sighting) -> int:
    """Signs on the amount's line besides the amount: a sentence has many."""
    text = scene.outline.text
    start = max(
        text.rfind("\n", 0, seen.place) + 1,
        text.rfind(TIGHT, 0, seen.place) + 1,
        text.rfind(LOOSE, 0, seen.place) + 1,
    )
    ends = [place for sign in ("\n", TIGHT, LOOSE) if (place := text.find(sign, seen.end)) >= 0]
    return (min(ends) if ends else len(text)) - start - (seen.end - seen.place)
