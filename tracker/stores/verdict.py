"""The decision about one page: which of the prices that its sources claim is the one to pay, if any."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import parse_qsl, urljoin, urlsplit

from tracker.money import Money
from tracker.stores.availability import reconciled
from tracker.stores.candidates import Claim, Quote, Role, Weight
from tracker.stores.currencies import largest_minor
from tracker.stores.offer import Availability, Candidate, Offer, Outcome, Reading, Reason
from tracker.stores.page import Page
from tracker.stores.visible import Visible

_NO_OBJECTORS = (Weight.VISIBLE, Weight.EMBEDDED, Weight.UNSEEN)
"""Sources that may support a price but not refute one that stronger markup states."""

_SURE, _VERY_SURE, _SURE_ENOUGH = 0.8, 0.9, 0.62
"""How sure what a person sees must be: to overrule one source of markup, or several, and to stand alone."""

_FROM, _FROM_SEEN = 0.6, 0.65
"""How sure a price can be that only says where prices begin."""

_ALONE = 0.85
"""What is left of that surety when no markup agrees."""

_ROWS = 3
_FAR_BEHIND = 3.0
_MOST_CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class _Settled:
    """The one price that a source settles on."""

    source: int
    weight: Weight
    quote: Quote
    confidence: float
    addressed: bool = False
    """The page's own address names this variant: what is said of the others does not count."""

    @property
    def amount(self) -> Decimal:
        return self.quote.amount or Decimal(0)


class Verdict:
    """Weighs what the sources say about the page's subject; `subjects` come strongest source first."""

    def __init__(self, page: Page, subjects: list[Claim], visible: Visible) -> None:
        self._page = page
        self._visible = visible
        self._subjects = subjects
        self._quotes = [[self._in_currency(quote) for quote in subject.quotes] for subject in subjects]

    def reading(self) -> Reading:
        """The offer, or the reason why no price is to be trusted."""
        outcomes = [self._settle(source) for source in range(len(self._subjects))]
        settled = [outcome for outcome in outcomes if isinstance(outcome, _Settled)]
        if settled:
            chosen = self._agreed(settled, outcomes)
        elif Reason.AMBIGUOUS in outcomes:
            chosen = Reason.AMBIGUOUS
        else:
            chosen = Reason.NO_CURRENCY if Reason.NO_CURRENCY in outcomes else Reason.NO_PRICE
        if isinstance(chosen, _Settled):
            return self._offer(chosen)
        is_product = self._subjects[0].weight is not Weight.VISIBLE or self._visible.is_called_sold_out
        if (
            chosen is Reason.NO_PRICE
            and is_product
            and self._said_availability() is Availability.OUT_OF_STOCK
        ):
            return self._offer(None)
        return Reading(Outcome.NO_OFFER, reason=chosen, candidates=self._visible.candidates())

    def _in_currency(self, quote: Quote) -> Quote:
        """With the currency that the page declares, or that of its country, if the quote names none."""
        unnamed = quote.amount is not None and not quote.currency
        return replace(quote, currency=self._page.currency) if unnamed else quote

    def _settle(self, source: int) -> _Settled | Reason:
        """The one price of a source that is meant, or why none is."""
        quotes = self._quotes[source]
        subject = self._subjects[source]
        stranger = subject.title and self._page.names and not self._page.likeness(subject.title)
        if subject.weight is Weight.VISIBLE:
            confidence = subject.sure
        else:
            confidence = subject.weight / 100 * (0.7 if stranger else 1) * subject.sure
        priced = [quote for quote in quotes if _money(quote.amount, quote.currency)]
        if not priced:
            unnamed = any(quote.amount and not quote.currency for quote in quotes)
            return Reason.NO_CURRENCY if unnamed else Reason.NO_PRICE
        exact = [quote for quote in priced if quote.role is Role.SELLING]
        addressed = _one_price(self._addressed(exact))
        if addressed is not None:
            return _Settled(source, subject.weight, addressed, confidence, addressed=True)
        new = [quote for quote in exact if not quote.used] or exact
        for meant in (new, [quote for quote in new if quote.availability is Availability.IN_STOCK]):
            one = _one_price(meant)
            if one is not None:
                return _Settled(source, subject.weight, one, confidence)
        lowest = _one_price([quote for quote in priced if quote.role is Role.LOWEST])
        most = _FROM_SEEN if subject.weight is Weight.VISIBLE else _FROM
        return _Settled(source, subject.weight, lowest, min(most, confidence)) if lowest else Reason.AMBIGUOUS

    def _addressed(self, quotes: list[Quote]) -> list[Quote]:
        """The quotes that the page's own address names: by an article number, a variant in the query, or a
        path.
        """
        if len(quotes) < 2:
            return []
        asked = {value.lower() for _, value in parse_qsl(self._page.query)[:30]}
        asked |= {part.lower() for part in re.split(r"[/.]", self._page.path)[-4:]}
        by_number = [quote for quote in quotes if quote.sku and quote.sku.lower() in asked]
        if by_number:
            return by_number
        ours = set(parse_qsl(self._page.query)[:30])
        by_query = [
            quote for quote in quotes if quote.url and (theirs := _query(quote.url)) and theirs <= ours
        ]
        if by_query:
            return by_query
        by_path = [quote for quote in quotes if quote.url and address(quote.url) == address(self._page.url)]
        return by_path if len(by_path) < len(quotes) else []

    def _agreed(self, settled: list[_Settled], outcomes: list[_Settled | Reason]) -> _Settled | Reason:
        """The strongest source's price, unless a source of markup or what a person sees contradicts it."""
        first = settled[0]
        unsure = outcomes.index(Reason.AMBIGUOUS) if Reason.AMBIGUOUS in outcomes else len(outcomes)
        if unsure < first.source:
            # The stronger source shows several prices; a weaker one may say which of them is meant.
            amounts = {quote.amount for quote in self._quotes[unsure]}
            seen = self._is_seen(first) and first.confidence >= _SURE_ENOUGH
            return replace(first, confidence=0.65) if first.amount in amounts and seen else Reason.AMBIGUOUS
        if first.weight is Weight.VISIBLE:
            sure = first.confidence >= _SURE_ENOUGH
            return replace(first, confidence=first.confidence * _ALONE) if sure else Reason.NOT_SURE
        marked_up = [one for one in settled if one.weight not in _NO_OBJECTORS]
        if first.addressed:
            marked_up = [one for one in marked_up if one.addressed]
        if all(one.amount == first.amount for one in marked_up):
            return self._against_the_eye(first, settled)
        return Reason.AMBIGUOUS if first.quote.role is Role.LOWEST else self._seen(marked_up)

    def _is_seen(self, one: _Settled) -> bool:
        return one.weight is not Weight.VISIBLE or self._visible.sure >= _SURE_ENOUGH

    def _against_the_eye(self, first: _Settled, settled: list[_Settled]) -> _Settled | Reason:
        """What markup states, unless a person sees another price in its place: the eye is right then."""
        seen = next((one for one in settled if one.weight is Weight.VISIBLE), None)
        agreeing = sum(one.amount == first.amount for one in settled)
        confidence = first.confidence + 0.02 * (agreeing - 1) - (0 if agreeing == len(settled) else 0.1)
        stated = (
            first if first.quote.role is Role.LOWEST else replace(first, confidence=min(0.99, confidence))
        )
        if first.quote.role is Role.LOWEST and self._is_of_a_list(first.amount):
            return Reason.NOT_A_PRODUCT
        known = first.weight is Weight.STORE or first.addressed
        if seen is None or known or not self._contradicts(seen, first):
            return stated
        if first.quote.role is Role.LOWEST:
            highest = first.quote.highest
            inside = seen.quote.role is Role.SELLING and highest and first.amount < seen.amount <= highest
            return replace(seen, confidence=0.7) if inside and self._visible.sure >= _SURE else stated
        if self._visible.is_list_price(first.amount) and seen.amount < first.amount:
            return replace(seen, confidence=0.8) if self._visible.sure >= _SURE_ENOUGH else stated
        near = first.amount < seen.amount * 5 and seen.amount < first.amount * 5
        needed = _SURE if agreeing == 1 else _VERY_SURE
        if near and self._visible.sure >= needed:
            return replace(seen, confidence=0.7)
        return replace(stated, confidence=min(stated.confidence, 0.7))

    def _is_of_a_list(self, amount: Decimal) -> bool:
        """Whether an amount is asked for nowhere but in rows of things, each with a button of its own: some
        shops describe a category as one product, from the cheapest on.
        """
        buttons = sum(sign.kind == "buy" for sign in self._visible.landmarks.signs)
        in_rows = self._visible.in_rows >= _ROWS and buttons >= _ROWS
        return in_rows and self._visible.best is None and self._visible.weight_of(amount) is None

    def _contradicts(self, seen: _Settled, stated: _Settled) -> bool:
        """Whether the page shows another price in the place of the one that markup states, and not both."""
        if seen.amount in (stated.amount, int(stated.amount)):
            return False  # the second of those lost its cents to the eye
        shown = self._visible.weight_of(stated.amount)
        if seen.quote.currency != stated.quote.currency:
            return shown is None and self._visible.sure >= _VERY_SURE
        best = self._visible.best
        return shown is None or best is None or best.weight - shown >= _FAR_BEHIND

    def _seen(self, settled: list[_Settled]) -> _Settled | Reason:
        """Sources contradict each other: what a person sees decides, else the strongest within reason."""
        first = settled[0]
        best = self._visible.best
        told = [one for one in settled if best and one.amount == best.amount]
        if told and self._visible.sure >= _SURE_ENOUGH:
            return replace(told[0], confidence=0.8)
        seen = [one for one in settled if _shows(self._page.words, one.amount)]
        if len({one.amount for one in seen}) == 1:
            return replace(seen[0], confidence=0.75)
        for other in settled:
            near = first.amount < other.amount * 3 and other.amount < first.amount * 3
            if other.quote.currency != first.quote.currency or not near:
                return Reason.AMBIGUOUS
        return replace(first, confidence=0.6)

    def _offer(self, settled: _Settled | None) -> Reading:
        quote = settled.quote if settled else None
        source = settled.source if settled else 0
        subjects = [self._subjects[source], *self._subjects]
        title = next((subject.title for subject in subjects if subject.title), None) or next(
            iter(self._page.names), ""
        )
        if not title:
            return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
        agreeing = [q for quotes in self._quotes for q in quotes if quote and q.amount == quote.amount]
        evidence = {q.evidence.source: q.evidence for q in reversed(agreeing or self._quotes[source])}
        # Facts of one variant hold for the offer only when it is that variant that the price belongs to.
        alone = (
            quote if quote and ((settled and settled.addressed) or len(self._quotes[source]) == 1) else None
        )
        return Reading(
            Outcome.OFFER,
            Offer(
                title=title,
                price=_money(quote.amount, quote.currency) if quote else None,
                list_price=_list_price(quote, agreeing) if quote else None,
                availability=self._availability(settled),
                image=next((whole for whole in (self._image(s.image) for s in subjects) if whole), None),
                variant=alone.variant if alone else None,
                seller=quote.seller if quote else None,
                sku=(alone.sku if alone else None) or next((s.sku for s in subjects if s.sku), None),
                gtin=(alone.gtin if alone else None) or next((s.gtin for s in subjects if s.gtin), None),
                brand=next((s.brand for s in subjects if s.brand), None),
                confidence=round(settled.confidence if settled else 0.8, 2),
                evidence=tuple(reversed(evidence.values())),
                candidates=self._losers(quote.amount if quote else None),
                is_used=bool(quote and quote.used),
                source=quote.evidence.source if quote else "",
                places=self._places(),
            ),
        )

    def _losers(self, amount: Decimal | None) -> tuple[Candidate, ...]:
        """What else was claimed or seen: the prices of other sources, then the amounts on the page."""
        claimed = [one for one in self._claimed() if one.amount != amount]
        seen = [one for one in self._visible.candidates() if one.amount != amount]
        return tuple((claimed + seen)[:_MOST_CANDIDATES])

    def _places(self) -> tuple[Candidate, ...]:
        return (*self._claimed()[:_MOST_CANDIDATES], *self._visible.places())

    def _claimed(self) -> list[Candidate]:
        """The prices that markup states."""
        return [
            Candidate(
                q.amount,
                q.currency,
                q.role.value,
                q.evidence.source,
                q.evidence.text,
                "markup",
                subject.weight / 10,
            )
            for subject, quotes in zip(self._subjects, self._quotes, strict=True)
            if subject.weight is not Weight.VISIBLE
            for q in quotes
            if q.amount
        ]

    def _availability(self, settled: _Settled | None) -> Availability:
        """In stock, when any of the source's offers at this price is: sizes of one price come and go."""
        if self._visible.is_plainly_sold_out:
            return Availability.OUT_OF_STOCK
        if settled is None:
            return self._said_availability()
        if settled.addressed:
            said = {settled.quote.availability}
        else:
            said = {q.availability for q in self._quotes[settled.source] if q.amount == settled.amount}
        stated = _best(said) or self._said_availability()
        return stated if settled.weight is Weight.STORE else reconciled(stated, self._visible.availability)

    def _said_availability(self) -> Availability:
        """What the strongest source that says anything of it says."""
        for quotes in self._quotes:
            best = _best({quote.availability for quote in quotes})
            if best:
                return best
        return Availability.UNKNOWN

    def _image(self, source: str | None) -> str | None:
        """The whole address of an image, or None for anything but http."""
        try:
            whole = urljoin(self._page.url, source or "")
        except ValueError:
            return None
        return whole if source and whole.startswith(("http://", "https://")) else None


def address(url: str) -> tuple[str, str]:
    """Host and path, for telling whether two addresses mean one page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


def _query(url: str) -> set[tuple[str, str]]:
    try:
        return set(parse_qsl(urlsplit(url).query)[:30])
    except ValueError:
        return set()


def _best(said: set[Availability]) -> Availability | None:
    if Availability.IN_STOCK in said:
        return Availability.IN_STOCK
    return Availability.OUT_OF_STOCK if Availability.OUT_OF_STOCK in said else None


def _list_price(quote: Quote, agreeing: list[Quote]) -> Money | None:
    """The first list price that a source with the same price names, if it is larger and not absurdly so."""
    price = _money(quote.amount, quote.currency)
    for other in agreeing:
        listed = _money(other.list_amount, quote.currency) if other.currency == quote.currency else None
        if listed and price and price.minor < listed.minor <= price.minor * 50:
            return listed
    return None


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    """As Money, or None for what nobody would ask: nothing, or more than a hundred million."""
    if amount is None or currency is None:
        return None
    money = Money.of(amount, currency)
    return money if 0 < money.minor <= largest_minor(currency) else None


def _one_price(quotes: list[Quote]) -> Quote | None:
    """The first of quotes that all say the same, one in stock before the others."""
    if len({(quote.amount, quote.currency) for quote in quotes}) != 1:
        return None
    return next((quote for quote in quotes if quote.availability is Availability.IN_STOCK), quotes[0])


def _shows(words: str, amount: Decimal) -> bool:
    """Whether the visible text holds the amount in one of the usual ways of writing it."""
    whole, _, decimals = f"{amount:.2f}".partition(".")
    grouped = f"{int(whole):,}"
    indian = grouped
    if len(whole) > 5:
        head, tail = whole[:-3], whole[-3:]
        pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
        indian = ",".join([*reversed(pairs), tail])
    wholes = {
        whole,
        grouped,
        indian,
        grouped.replace(",", "."),
        grouped.replace(",", " "),
        grouped.replace(",", "\u00a0"),
    }
    ending = r"(?:[.,\s]?00)?" if decimals == "00" else rf"[.,\s]?{decimals}"
    return any(re.search(rf"(?<![\d.,]){re.escape(w)}{ending}0?(?![\d]|[.,]\d)", words) for w in wholes)
