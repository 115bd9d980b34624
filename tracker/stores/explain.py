"""Why a page reads as it does: a table of all that was claimed and seen, and the decision."""

from tracker.stores import generic
from tracker.stores.candidates import Weight
from tracker.stores.offer import Outcome, Reading
from tracker.stores.page import Page, decode
from tracker.stores.registry import adapters_for, read

_WIDTHS = (9, 12, 5, 14, 7, 34)


def explained(html: bytes | str, url: str) -> str:
    """For people: a line for each price that a source claims or the page shows, the heaviest first, then the
    outcome with its evidence.
    """
    page = Page(decode(html), url)
    sources = generic.Sources(page, adapters_for(page))
    marks = sources.visible.landmarks
    lines = [
        f"page       {page.window_title or 'no title'}",
        f"heading    {marks.title or 'none'}",
        f"currency   {page.currency or 'unknown'}",
        f"signs      {', '.join(f'{sign.kind}: {sign.text}' for sign in marks.signs[:8]) or 'none'}",
        "",
        _row("role", "amount", "money", "source", "weight", "text", "where"),
    ]
    for claim in sources.claims:
        if claim.weight is Weight.VISIBLE:
            continue
        for quote in claim.quotes[:20]:
            amount = "none" if quote.amount is None else f"{quote.amount.normalize():f}"
            where = ("beside the subject: " if claim.listed else "") + (claim.title or "")
            weight = f"{claim.weight / 100:.2f}"
            lines.append(
                _row(
                    quote.role,
                    amount,
                    quote.currency or "?",
                    claim.source,
                    weight,
                    quote.evidence.text,
                    where,
                )
            )
    for one in sources.visible.candidates():
        amount = f"{one.amount.normalize():f}"
        lines.append(
            _row(one.role, amount, one.currency or "?", one.source, f"{one.weight:.2f}", one.text, one.where)
        )
    return "\n".join([*lines, "", *_decision(read(html, url))])


def _row(*cells: str) -> str:
    *narrow, last = cells
    return (
        " ".join(f"{cell[:width]:<{width}}" for cell, width in zip(narrow, _WIDTHS, strict=True))
        + f" {last[:90]}"
    )


def _decision(reading: Reading) -> list[str]:
    offer = reading.offer
    if reading.outcome is not Outcome.OFFER or offer is None:
        return [f"decision   {reading.outcome}, {reading.reason}"]
    price = f"{offer.price.amount:f} {offer.price.currency}" if offer.price else "no price"
    listed = f", list price {offer.list_price.amount:f}" if offer.list_price else ""
    return [
        f"decision   {price}{listed}, {offer.availability}, confidence {offer.confidence:.2f}",
        *(f"because    {seen.source} says {seen.text!r}" for seen in offer.evidence),
    ]
