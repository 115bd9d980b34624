"""The reader for any shop: asks every source, and decides. No price is better than a wrong price."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tracker.stores import absences
from tracker.stores.adapter import Adapter
from tracker.stores.attributes import read_attributes
from tracker.stores.candidates import Claim, Weight
from tracker.stores.embedded import read_embedded
from tracker.stores.identifiers import identified
from tracker.stores.metatags import read_meta_tags
from tracker.stores.microdata import read_microdata
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.page import Page, likeness
from tracker.stores.page_kind import Kind, is_front_door, read_kind
from tracker.stores.rdfa import read_rdfa
from tracker.stores.shown import ShownText, in_major_units
from tracker.stores.structured import Graph, read_json_ld
from tracker.stores.verdict import Verdict, address
from tracker.stores.visible import Visible

_SURE = 0.85
_SAME_THING = 0.6
"""A product whose title shares less than this with the page's own names is not shown to be its subject."""


def read(page: Page, adapters: Sequence[Adapter] = ()) -> Reading:
    """An offer that the page's structured data states beyond doubt, or the reason why there is none.

    `adapters` know the page's shop; without them the page is read as any other shop's.
    """
    sources = Sources(page, adapters)
    kind = read_kind(page, sources.graph.types)
    reading = decide(page, sources.claims, sources.visible)
    if reading.offer is None:
        if reading.reason is Reason.NOT_SURE and kind is not None and kind.kind is not Kind.PRODUCT:
            reading = Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
        return absences.explained(page, kind, reading)
    refused = absences.objection(page, kind, reading.offer, sources.visible)
    if refused is not None:
        return refused
    return replace(reading, offer=identified(page, sources.shown, sources.claims, reading.offer))


class Sources:
    """All that the sources claim of a page, the adapters of its shop first."""

    def __init__(self, page: Page, adapters: Sequence[Adapter] = ()) -> None:
        for adapter in adapters:
            adapter.tidy_up(page)
        self.graph = Graph(page)
        self.shown = ShownText(page)
        self.visible = Visible(page)
        claims = [claim for adapter in adapters for claim in adapter.claims(page)]
        if not (claims and any(adapter.alone for adapter in adapters)):
            claims += [
                *read_json_ld(page, self.graph),
                *read_microdata(page),
                *read_rdfa(page),
                *read_meta_tags(page),
                *read_embedded(page, self.shown),
                *read_attributes(page, self.shown),
                *self.visible.claims(),
            ]
        self.claims: Sequence[Claim] = list(in_major_units(claims, self.shown))


def decide(page: Page, claims: Iterable[Claim], visible: Visible) -> Reading:
    """Weigh what the sources claim. The strongest source that settles on one price speaks; the others may
    object.
    """
    subjects: list[Claim] = []
    several = False
    own = [claim for claim in claims if not claim.listed]
    for weight in sorted({claim.weight for claim in own}, reverse=True):
        subject = _subject(page, [claim for claim in own if claim.weight == weight])
        if subject is None:
            several = True
        elif not is_front_door(page) or _is_named(page, subject):
            subjects.append(subject)
    priced = [s for s in subjects if any(quote.amount for quote in s.quotes)]
    only_seen = all(s.weight is Weight.VISIBLE for s in priced)
    if not subjects or (several and only_seen and visible.sure < _SURE):
        return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
    return Verdict(page, subjects, visible).reading()


def _is_named(page: Page, claim: Claim) -> bool:
    """Whether a claim is about what the page calls itself; by the window title, if only seen."""
    if claim.weight is Weight.VISIBLE:
        return likeness(claim.title or "", page.window_title or "") >= _SAME_THING
    return page.likeness(claim.title) >= _SAME_THING


def _subject(page: Page, claims: list[Claim]) -> Claim | None:
    """The one product of a source that the page is about, or None when it shows several and names none of
    them.
    """
    distinct: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        amounts = frozenset(quote.amount for quote in claim.quotes)
        distinct.setdefault((claim.title, amounts), claim)
    left = list(distinct.values())
    priced = [claim for claim in left if any(quote.amount for quote in claim.quotes)]
    left = priced or [claim for claim in left if claim.quotes] or left
    if len(left) == 1:
        return left[0]
    scores = [_likeness(page, claim) for claim in left]
    best = max(scores)
    chosen = [claim for claim, score in zip(left, scores, strict=True) if score == best]
    return chosen[0] if best >= _SAME_THING and len(chosen) == 1 else None


def _likeness(page: Page, claim: Claim) -> float:
    """How much a product resembles the page's subject: 0 to 1 by its name, and 2 more for its address."""
    return page.likeness(claim.title) + (2 if claim.url and address(claim.url) == address(page.url) else 0)
