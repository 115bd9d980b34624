"""The reader for any shop: asks every source, and decides. No price is better than a wrong price."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qsl, urljoin, urlsplit

from tracker.money import Money
from tracker.stores import blocks
from tracker.stores.candidates import Claim, Quote, Role
from tracker.stores.currencies import currency_of, currency_of_country, largest_minor
from tracker.stores.metatags import read_meta_tags
from tracker.stores.microdata import read_microdata
from tracker.stores.offer import Availability, Offer, Outcome, Reading, Reason
from tracker.stores.page import Page
from tracker.stores.structured import ARTICLES, Graph, read_json_ld

_WORD = re.compile(r"[^\W_]+")


def read(page: Page) -> Reading:
    """An offer that the page's structured data states beyond doubt, or the reason why there is none."""
    graph = Graph(page)
    claims = [*read_json_ld(page, graph), *read_microdata(page), *read_meta_tags(page)]
    if graph.types & ARTICLES and (page.meta("og:type") or "").lower() == "article":
        return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
    reading = decide(page, claims)
    if reading.outcome is Outcome.OFFER:
        return reading
    other = blocks.wall(page) or blocks.dead_end(page)
    if other is not None:
        return other
    if reading.reason in (Reason.AMBIGUOUS, Reason.NO_CURRENCY):
        return reading
    return blocks.nothing_here(page, is_product=reading.reason is Reason.NO_PRICE)


def decide(page: Page, claims: Iterable[Claim]) -> Reading:
    """Weigh what the sources claim. The strongest source that settles on one price speaks; the others may object."""
    subjects: list[Claim] = []
    several = False
    own = [claim for claim in claims if not claim.listed]
    for weight in sorted({claim.weight for claim in own}, reverse=True):
        subject = _subject(page, [claim for claim in own if claim.weight == weight])
        if subject is None:
            several = True
        else:
            subjects.append(subject)
    if several and not any(quote.amount for subject in subjects for quote in subject.quotes):
        return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
    if not subjects:
        return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
    return _Verdict(page, subjects).reading()


def _subject(page: Page, claims: list[Claim]) -> Claim | None:
    """The one product of a source that the page is about, or None when it shows several and names none of them."""
    distinct: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        amounts = frozenset(quote.amount for quote in claim.quotes)
        distinct.setdefault((_words(claim.title or ""), amounts), claim)
    left = list(distinct.values())
    priced = [claim for claim in left if any(quote.amount for quote in claim.quotes)]
    left = priced or [claim for claim in left if claim.quotes] or left
    if len(left) == 1:
        return left[0]
    scores = [_likeness(page, claim) for claim in left]
    best = max(scores)
    chosen = [claim for claim, score in zip(left, scores, strict=True) if score == best]
    return chosen[0] if best >= 0.6 and len(chosen) == 1 else None


def _likeness(page: Page, claim: Claim) -> float:
    """How much a product resembles what the page calls its subject: 0 to 1, and 2 more for its very address."""
    title = _words(claim.title or "")
    likeness = 0.0
    for name in page.names:
        words = _words(name)
        if title and words:
            shared = len(title & words)
            likeness = max(likeness, shared / len(title) * 0.5 + shared / len(words) * 0.5)
    here = _address(page.url)
    return likeness + (2 if claim.url and _address(claim.url) == here else 0)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


def _address(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


class _Verdict:
    """One decision about one page's subject, as several sources describe it, the strongest first."""

    def __init__(self, page: Page, subjects: list[Claim]) -> None:
        self.page = page
        self.subjects = subjects
        self.quotes = [[self._in_currency(quote) for quote in subject.quotes] for subject in subjects]

    def reading(self) -> Reading:
        settled: list[tuple[int, Quote, float]] = []
        ambiguous: list[int] = []
        for position, quotes in enumerate(self.quotes):
            outcome = self._settle(quotes)
            if isinstance(outcome, Quote):
                settled.append((position, outcome, self.subjects[position].weight / 100))
            elif outcome is Reason.AMBIGUOUS:
                ambiguous.append(position)
        chosen = self._agreed(settled, ambiguous)
        if isinstance(chosen, tuple):
            return self._offer(*chosen)
        if chosen is Reason.NO_PRICE and self._availability(None) is Availability.OUT_OF_STOCK:
            return self._offer(0, None, 0.8)
        return Reading(Outcome.NO_OFFER, reason=chosen)

    def _in_currency(self, quote: Quote) -> Quote:
        if quote.amount is None or quote.currency:
            return quote
        return replace(quote, currency=self._page_currency())

    def _page_currency(self) -> str | None:
        """What the page's other tags name, else the currency of the shop's country."""
        names = ("product:price:currency", "og:price:currency", "product:sale_price:currency", "currency")
        for name in names:
            found = {currency_of(text.strip()[:10]) for text in self.page.metas.get(name, [])} - {None}
            if len(found) == 1:
                return found.pop()
        return currency_of_country(self.page.country)

    def _settle(self, quotes: list[Quote]) -> Quote | Reason:
        """The one quote of a source that is meant, or why none is."""
        priced = [quote for quote in quotes if _believable(quote)]
        if not priced:
            no_currency = any(quote.amount and not quote.currency for quote in quotes)
            return Reason.NO_CURRENCY if no_currency else Reason.NO_PRICE
        exact = [quote for quote in priced if quote.role is Role.SELLING]
        lowest = [quote for quote in priced if quote.role is Role.LOWEST]
        for candidates in (self._addressed(exact), [q for q in exact if not q.used] or exact):
            one = _one_price(candidates)
            if one is not None:
                return one
        one = _one_price([q for q in exact if q.availability is Availability.IN_STOCK and not q.used])
        if one is not None:
            return one
        if lowest and _one_price(lowest) is not None:
            return lowest[0]
        return Reason.AMBIGUOUS

    def _addressed(self, quotes: list[Quote]) -> list[Quote]:
        """The quotes that the page's own address names: by a variant in the query, or by an article number."""
        if len({quote.amount for quote in quotes}) < 2:
            return []
        asked = {value.lower() for _, value in parse_qsl(self.page.query)[:30]}
        asked |= {part.lower() for part in re.split(r"[/.]", self.page.path)[-4:]}
        by_number = [q for q in quotes if q.sku and q.sku.lower() in asked]
        if by_number:
            return by_number
        ours = set(parse_qsl(self.page.query)[:30])
        by_query = []
        for quote in quotes:
            theirs = (
                set(parse_qsl(urlsplit(quote.url).query)[:30])
                if quote.url and _is_address(quote.url)
                else set()
            )
            if theirs and theirs <= ours:
                by_query.append(quote)
        if by_query:
            return by_query
        by_path = [q for q in quotes if q.url and _address(q.url)[1] == _address(self.page.url)[1]]
        return by_path if len(by_path) < len(quotes) else []

    def _agreed(
        self, settled: list[tuple[int, Quote, float]], ambiguous: list[int]
    ) -> tuple[int, Quote, float] | Reason:
        if not settled:
            if ambiguous:
                return Reason.AMBIGUOUS
            reasons = {self._settle(quotes) for quotes in self.quotes}
            return Reason.NO_CURRENCY if Reason.NO_CURRENCY in reasons else Reason.NO_PRICE
        position, quote, confidence = settled[0]
        if ambiguous and ambiguous[0] < position:
            # The stronger source shows several prices; a weaker one may say which of them is meant.
            amounts = {q.amount for q in self.quotes[ambiguous[0]]}
            return (position, quote, 0.75) if quote.amount in amounts else Reason.AMBIGUOUS
        others = [other for _, other, _ in settled[1:] if other.amount != quote.amount]
        if quote.role is Role.LOWEST:
            return Reason.AMBIGUOUS if others else (position, quote, 0.6)
        if not others:
            return position, quote, min(0.99, confidence + 0.02 * (len(settled) - 1))
        return self._seen(settled)

    def _seen(self, settled: list[tuple[int, Quote, float]]) -> tuple[int, Quote, float] | Reason:
        """Sources object to each other: what a person sees on the page decides, else the stronger within reason."""
        position, quote, confidence = settled[0]
        visible = [entry for entry in settled if entry[1].amount and _shows(self.page.words, entry[1].amount)]
        amounts = {entry[1].amount for entry in visible}
        if len(amounts) == 1:
            return visible[0][0], visible[0][1], 0.75
        for _, other, _ in settled[1:]:
            if other.currency != quote.currency or not _near(quote.amount, other.amount):
                return Reason.AMBIGUOUS
        return position, quote, min(confidence, 0.65)

    def _availability(self, quote: Quote | None) -> Availability:
        if quote is not None and quote.availability is not Availability.UNKNOWN:
            return quote.availability
        for quotes in self.quotes:
            said = {q.availability for q in quotes} - {Availability.UNKNOWN}
            if said:
                return Availability.IN_STOCK if Availability.IN_STOCK in said else Availability.OUT_OF_STOCK
        return Availability.UNKNOWN

    def _offer(self, position: int, quote: Quote | None, confidence: float) -> Reading:
        subjects = [self.subjects[position], *self.subjects]
        title = next((s.title for s in subjects if s.title), None) or next(iter(self.page.names), None)
        if title is None:
            return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
        price = _money(quote.amount, quote.currency) if quote else None
        agreeing = [q for quotes in self.quotes for q in quotes if quote and q.amount == quote.amount]
        list_price = None
        for other in agreeing:
            if quote and price and other.list_amount and other.currency == quote.currency:
                list_price = _money(other.list_amount, quote.currency)
                break
        if list_price and price and not (price.minor < list_price.minor <= price.minor * 50):
            list_price = None
        evidence = {q.evidence.source: q.evidence for q in reversed(agreeing or self.quotes[position])}
        several = len({q.variant for q in self.quotes[position]}) > 1 and quote is not None
        shared = quote is not None and sum(q.amount == quote.amount for q in self.quotes[position]) > 1
        return Reading(
            Outcome.OFFER,
            Offer(
                title=title,
                price=price,
                list_price=list_price,
                availability=self._availability_of_all(quote, position),
                image=next((s for s in (self._image(s.image) for s in subjects) if s), None),
                variant=quote.variant if quote and several and not shared else None,
                seller=quote.seller if quote else None,
                sku=(quote.sku if quote and not shared else None)
                or next((s.sku for s in subjects if s.sku), None),
                gtin=(quote.gtin if quote and not shared else None)
                or next((s.gtin for s in subjects if s.gtin), None),
                brand=next((s.brand for s in subjects if s.brand), None),
                confidence=round(confidence, 2),
                evidence=tuple(reversed(evidence.values())),
            ),
        )

    def _image(self, address: str | None) -> str | None:
        """The whole address of an image, or None for anything but http."""
        try:
            whole = urljoin(self.page.url, address or "")
        except ValueError:
            return None
        return whole if address and whole.startswith(("http://", "https://")) else None

    def _availability_of_all(self, quote: Quote | None, position: int) -> Availability:
        """In stock, when any of the source's offers at this price is: sizes that cost the same come and go."""
        if quote is not None:
            same = {q.availability for q in self.quotes[position] if q.amount == quote.amount}
            if Availability.IN_STOCK in same:
                return Availability.IN_STOCK
        return self._availability(quote)


def _believable(quote: Quote) -> bool:
    return (
        quote.amount is not None
        and quote.currency is not None
        and _money(quote.amount, quote.currency) is not None
    )


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


def _is_address(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _near(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and one * 3 > other and other * 3 > one


def _shows(words: str, amount: Decimal) -> bool:
    """Whether the visible text holds the amount in one of the usual ways of writing it."""
    whole, _, decimals = f"{amount:.2f}".partition(".")
    grouped = f"{int(whole):,}"
    indian = grouped
    if len(whole) > 5:
        head, tail = whole[:-3], whole[-3:]
        indian = ",".join([*(head[max(0, i - 2) : i] for i in range(len(head), 0, -2))][::-1] + [tail])
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
