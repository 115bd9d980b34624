"""What an amount is for, by the others around it: neighbours, rows, what follows "You may also like"."""

import re
from collections import defaultdict
from itertools import pairwise, takewhile

from tracker.stores.candidates import Role
from tracker.stores.landmarks import SOON
from tracker.stores.sightings import Scene, Sighting
from tracker.stores.wording import any_of
from tracker.stores.words import WITHHELD

_PERCENT = re.compile(r"(?<![\d.,])([1-9]\d?)(?:[.,]\d+)?\s?%")
_NAMES_A_THING = re.compile(r"[^\W\d_]{3}")
OTHER_PAGE = re.compile(r"(?:https?:)?//|/|[\w.-]+\.(?:html?|php|aspx?)|[\w-]+/", re.IGNORECASE)
_OF_NOW = any_of(
    r"\b(?:sale|special|clearance|promo\w*|deal|final)\b|\bnow\b|\byou(?:['’]ll)? pay\b|\bjetzt\b|\baktion",
    r"\bprix (?:promo|remisé|soldé)|\boferta\b|\bahora\b|\bofferta\b|\bnu\b|\bpromoc|\bakcija|\bindirim",
)
_COUNT = re.compile(
    r"(\d{1,6})(?: ?\+| ?(?:[-–]|to) ?\d{1,6}| (?:pcs?|pieces?|stk\.?|or more))?\s*[\n\x1e\x1f]"
)
_VARYING = re.compile(r"\d+|\b(?:is-)?(?:sel|selected|active|checked|current)\b", re.IGNORECASE)
_CHOSEN_NAME = re.compile(r"\b(?:selected|active|checked|current)(?:\s|$)", re.IGNORECASE)
_SAME_BOX = 120
_MOST_INSIDE = 80


def compare(scene: Scene) -> None:
    """Correct the roles that amounts have by themselves."""
    _forgive(scene)
    _cut(scene)
    _soften(scene)
    _reduced(scene)
    _outdone(scene)
    _repeated(scene)


def _forgive(scene: Scene) -> None:
    """When nothing else asks for money, a price in a "sidebar" or a "sticky" part may be the subject's after
    all, if it stands soon after the heading.
    """
    if any(seen.role in (Role.SELLING, Role.LOWEST) for seen in scene.all):
        return
    for seen in scene.all:
        near = 0 <= seen.place - scene.middle < SOON
        if seen.role is Role.ELSEWHERE and near and not scene.marks.is_surely_elsewhere(seen.at):
            seen.role, seen.forgiven = Role.SELLING, True


def _cut(scene: Scene) -> None:
    """What follows a line such as "You may also like" is not the subject's, once its own price was said."""
    asked = [
        seen.place
        for seen in scene.all
        if seen.place >= scene.middle and seen.named and seen.role in (Role.SELLING, Role.LOWEST)
    ]
    bought = [place for place in scene.buys if place >= scene.middle]
    first = min(asked + bought, default=None)
    scene.cut = next(
        (place for place in scene.marks.other_things if first is not None and place > first), None
    )
    for seen in scene.all:
        if scene.cut is not None and seen.place > scene.cut:
            seen.role = Role.ELSEWHERE


def _soften(scene: Scene) -> None:
    """A "regular" price is a list price only beside a lower one; and what is crossed out once is never
    the price.
    """
    asked = any(seen.role in (Role.SELLING, Role.LOWEST) and not seen.forgiven for seen in scene.all)
    text = scene.outline.text[scene.top : scene.middle + SOON]
    if not asked and WITHHELD.search(text) is None:
        for seen in scene.all:
            if (seen.role is Role.LIST and not seen.struck) or (seen.role is Role.UNIT and seen.by_name):
                # Many themes say "regular price", or "unit price", of the only price that there is.
                seen.role, seen.soft = Role.SELLING, True
    struck = {seen.amount for seen in scene.all if seen.role is Role.LIST}
    selling = [seen for seen in scene.all if seen.role is Role.SELLING and seen.named and not seen.soft]
    for seen in scene.all:
        if seen.role is not Role.SELLING:
            continue
        near = [
            other for other in selling if abs(other.place - seen.place) < 400 and other.amount < seen.amount
        ]
        if seen.soft and near:
            seen.role, seen.labelled = Role.LIST, True
        elif seen.amount in struck and not seen.labelled and near:
            seen.role = Role.LIST


def _reduced(scene: Scene) -> None:
    """Of two neighbours the dearer is a list price when the page says by how much it was reduced."""
    text = scene.outline.text
    unlabelled = [seen for seen in scene.all if seen.role is Role.SELLING and not seen.labelled]
    savings = [seen for seen in scene.all if seen.role is Role.SAVING]
    for one, other in pairwise(unlabelled):
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


def _outdone(scene: Scene) -> None:
    """ "Our price" is no longer asked for once a lower "sale price" or "you pay" follows."""
    text = scene.outline.text
    asked = [seen for seen in scene.all if seen.role is Role.SELLING and seen.labelled]
    for one, other in pairwise(asked):
        if (
            other.amount < one.amount < other.amount * 4
            and one.currency == other.currency
            and other.place - one.end <= _SAME_BOX
            and _OF_NOW.search(_words_before(text, other))
            and not _OF_NOW.search(_words_before(text, one))
        ):
            one.role = Role.LIST


def _words_before(text: str, seen: Sighting) -> str:
    """What stands on an amount's line, or on the line above if it begins its own."""
    before = text[max(seen.place - 40, 0) : seen.place].rstrip()
    return before.rpartition("\n")[2]


def _repeated(scene: Scene) -> None:
    """Amounts in a row of like elements: cards of other things when they hold links, else choices."""
    outline = scene.outline
    groups: dict[tuple[int, str, str], dict[int, list[Sighting]]] = defaultdict(dict)
    for seen in scene.all:
        if seen.role not in (Role.SELLING, Role.LOWEST):
            continue
        for up in outline.ancestors(seen.at)[:9]:
            if scene.marks.holds_heading(up):
                break
            names = _VARYING.sub("", outline.names(up)).strip().split(" ", 1)[0]
            groups[outline.parents[up], outline.tags[up], names].setdefault(up, []).append(seen)
    for (_, tag, names), members in groups.items():
        single = tag in ("li", "article")
        cards = [up for up in members if (single or len(members) > 1) and _is_card(scene, up)]
        if len(members) > 1 and all(_has_heading(scene, up) for up in members):
            cards = list(members)
        if len(cards) >= 2 or (cards and single):
            scene.in_rows += len(cards)
            for seen in (seen for up in cards for seen in members[up]):
                seen.role = Role.ELSEWHERE
            continue
        chosen = _chosen(scene, tag, members)
        if chosen is not None or (len(members) >= 3 and (names or tag in ("li", "tr", "label"))):
            scene.in_rows += len(members) if chosen is None else 0
            choices = [seen for each in members.values() for seen in each if seen.role is Role.SELLING]
            if len({seen.amount for seen in choices}) > 1:
                for seen in choices:
                    seen.role = Role.SELLING if seen is chosen else Role.VARIANT


def _chosen(scene: Scene, tag: str, members: dict[int, list[Sighting]]) -> Sighting | None:
    """The price, among those of choices, of the one that the page has chosen: a checked box, a selected
    item, or the row of one piece in a table of quantities.
    """
    if len(members) < 2 or tag not in ("li", "tr", "label"):
        return None
    found = [up for up in members if tag != "tr" and _is_checked(scene, up)]
    text, starts, ends = scene.outline.text, scene.outline.starts, scene.outline.ends
    if not found and tag == "tr":
        counts = [_COUNT.match(text[starts[up] : ends[up]].lstrip()) for up in members]
        numbers = [int(count.group(1)) for count in counts if count]
        if len(numbers) == len(members) and numbers[0] == 1 and numbers == sorted(set(numbers)):
            found = [next(iter(members))]
    if len(found) != 1:
        return None
    return next((seen for seen in members[found[0]] if seen.role is Role.SELLING), None)


def _is_checked(scene: Scene, at: int) -> bool:
    outline = scene.outline
    if _CHOSEN_NAME.search(outline.names(at)):
        return True
    for inner in range(at + 1, min(at + _MOST_INSIDE, len(outline.tags))):
        if outline.parents[inner] < at:
            return False
        if outline.tags[inner] == "input":
            return "checked" in outline.nodes[inner].attributes
    return False


def _has_heading(scene: Scene, at: int) -> bool:
    """Whether an element, which does not hold the subject's heading, has one of its own."""
    outline = scene.outline
    inside = range(at + 1, min(at + _MOST_INSIDE, len(outline.tags)))
    return any(
        outline.tags[inner] in ("h2", "h3", "h4", "h5") and outline.starts[inner] < outline.ends[at]
        for inner in takewhile(lambda inner: outline.parents[inner] >= at, inside)
    )


def _is_card(scene: Scene, at: int) -> bool:
    """Whether an element links to another page and shows a picture or says more than a price."""
    outline = scene.outline
    links = pictures = titled = 0
    up = at
    while up < len(outline.tags) and outline.starts[up] <= outline.ends[at] and up < at + _MOST_INSIDE:
        if up != at and outline.parents[up] < at:
            break
        if outline.tags[up] == "a":
            href = outline.nodes[up].attributes.get("href") or ""
            if OTHER_PAGE.match(href):
                links += 1
                titled += bool(_NAMES_A_THING.search(outline.text, outline.starts[up], outline.ends[up]))
        pictures += outline.tags[up] == "img"
        up += 1
    return links > 0 and (pictures > 0 or titled > 0 or outline.ends[at] - outline.starts[at] > 40)
