"""Why a page has no offer, or must not have one: dead ends, lists, carts, articles, empty shells, front"
" doors."""

import re

from tracker.stores.blocks import any_of, is_walled_by_name, wall
from tracker.stores.offer import Offer, Outcome, Reading, Reason
from tracker.stores.page import Page
from tracker.stores.page_kind import Kind, Sign, is_front_door, sorts_by_price
from tracker.stores.visible import Visible

_THING = r"(?:page|product|item|listing|article|ad|offer|deal|content|link|url|address)"
_NOT_FOUND = any_of(
    r"^\W*(?:error |http )?(?:404|410)\W*(?:$|[|–—:»-])|\b404 (?:error|page|not found)\b|\berror:? 404\b"
    r"|^\W*(?:not found|oops)\W*$",
    rf"\b{_THING}s? (?:was |were |is |are |has been )?(?:not|no longer|never) (?:be )?(?:found|exists?"
    rf"|available|listed|active|sold)\b",
    rf"\b{_THING} (?:can['’]t|can ?not|couldn['’]t|could not) be (?:found|located|displayed)\b",
    rf"\b{_THING} (?:has (?:been )?(?:removed|deleted|expired|moved|ended)|have been removed"
    rf"|does(?:n['’]t| not) exist)\b",
    rf"\b{_THING} (?:is(?:n['’]t| not)|is no longer|(?:is )?currently not) (?:available|here)\b"
    rf"|\bpage (?:is )?unavailable\b",
    rf"\b(?:we|i) (?:can['’]t|cannot|could(?:n['’]t| not)|were unable to|are unable to) (?:find"
    rf"|locate) (?:that|this|the|your|a) (?:requested )?{_THING}",
    rf"\b(?:that|this|the) {_THING} (?:you(?:['’](?:re|ve)| are| were| have)? )?(?:requested|looking for"
    rf"|trying to (?:reach|view|access))"
    r" .{0,40}(?:not|n['’]t|no longer|removed|moved|gone|unavailable)",
    r"\blooking for something\?$|\bnothing (?:was )?found here|\bbroken link\b|\bdead link\b"
    r"|\bno such (?:page|product)\b",
    r"\bpage (?:non |pas |est )?(?:trouvée|introuvable)|\bproduit (?:introuvable|non trouvé)"
    r"|\bcette page n['’]existe"
    r"|(?:produit|article) n['’](?:est plus|existe)",
    r"\bseite (?:wurde )?(?:leider )?nicht gefunden|\bdiese seite (?:existiert|gibt es"
    r"|ist) (?:leider )?nicht|\bfehler 404"
    r"|\b(?:artikel|produkt|angebot|seite) (?:(?:ist|wurde|konnte|existiert) )?(?:leider )?"
    r"(?:nicht (?:mehr )?(?:gefunden|verfügbar|vorhanden)|nicht mehr\W*$)"
    r"|\bseite (?:konnte )?(?:leider )?nicht (?:gefunden|vorhanden)"
    r"|\b(?:couldn['’]t|could not|can['’]t) find what you(?:['’]re| are| were) looking for"
    r"|\b(?:item|listing|product) and shop (?:are|is) (?:currently )?unavailable",
    r"\bpágina (?:no|não) (?:encontrada|existe|disponible)|\bno (?:se )?(?:encontr"
    r"|pudimos encontrar)\w* (?:la página|el producto)"
    r"|\bproduto não encontrado|\bproducto no (?:encontrado|disponible)",
    r"\bpagina (?:non|niet|nu (?:a fost )?|ikke) ?(?:trovata|gevonden|găsită|gasita|fundet|disponibile)"
    r"|\bprodotto non (?:trovato|più disponibile)",
    r"\bstron\w* (?:nie (?:została )?znalezion|nie istnieje)|\bnie znaleziono (?:strony|produktu)",
    r"\bsida(?:n)? (?:kunde inte |hittades inte|finns inte)|\bsiden (?:ble |blev )?(?:ikke|kunne ikke)"
    r"|\bsivua ei (?:löy|ole)",
    r"\bstránk\w (?:nebyla |sa )?(?:nenalezena|nenašla|neexist)|\baz oldal nem található"
    r"|\bsayfa bulunamadı|\bürün bulunamadı"
    r"|\bkhông tìm thấy (?:trang|sản phẩm)|\bhalaman tidak ditemukan|\blapa nav atrasta"
    r"|\bpuslapis nerastas|\bstranica nije pronađena",
    r"страниц\w* не (?:найден|существует)|сторінк\w* не знайден|товар не найден|η σελίδα δεν βρέθηκε"
    r"|страницата не е намерена",
    r"الصفحة (?:غير موجودة|التي)|הדף (?:לא נמצא|שחיפשת)"
    r"|ページ(?:が|は)(?:見つかり|存在し)ません|お探しのページ"
    r"|找不到(?:页面|網頁|頁面"
    r"|网页)|页面(?:不存在|未找到)"
    r"|頁面不存在|商品不存在|宝贝不存在|(?:商品|宝贝)(?:已下架|已经下架)|お取り扱い(?:して(?:おり|い)ません|を終了)"
    r"|販売(?:を|は)?終了|판매(?:가)? 종료|존재하지 않는 (?:상품|페이지)|페이지를 찾을 수|ไม่พบหน้า|पेज नहीं मिला"
    r"|(?:उत्पाद|पेज|प्रोडक्ट) (?:अब )?(?:उपलब्ध नहीं|मौजूद नहीं)"
    r"|sản phẩm (?:không tồn tại|đã ngừng)|\bpagina bestaat (?:helaas )?niet|produk (?:tidak ditemukan"
    r"|sudah tidak)|ürün (?:artık )?satışta (?:değil|yok)|पृष्ठ नहीं मिला|पेज उपलब्ध नहीं",
)
_DISCONTINUED = any_of(
    r"\b(?:product|item|model|style|range) (?:has been|is|was) (?:now )?discontinued"
    r"|\bdiscontinued (?:product|item|by (?:the )?manufacturer)"
    r"|\b(?:product|item|book|model) is no longer (?:available|sold|stocked|made|produced)"
    r"|\bno longer (?:sell|stock|carry) this",
    r"\b(?:produit|article) n['’]est plus (?:disponible|commercialisé)|\bnicht mehr (?:lieferbar"
    r"|erhältlich|im sortiment)"
    r"|\bya no (?:está disponible|se vende)|\bnon è più (?:disponibile|in vendita)|\bniet meer leverbaar"
    r"|\bproduk(?:t|cja) wycofan",
)
_SCRIPTS = re.compile("[jJ][aA][vV][aA]")
_NEEDS_SCRIPTS = any_of(
    r"(?:enable|turn on|activate|requires?|without|needs?|use) java\s?script",
    r"java\s?script (?:is |must be |to be )?(?:disabled|required|enabled|turned off)",
    r"java\s?script (?:aktivieren|activé|habilitado|abilitato)|activer java\s?script|javascriptを有効",
)
_RUNS_SCRIPTS = re.compile(r"<script(?![^>]{0,200}json)", re.IGNORECASE)
_AROUND_SCRIPTS = 40
"""Signs on each side of "java" that the pattern reaches."""

_FEW_WORDS = 1_500
_HARDLY_A_WORD = 250
_FEW_LINKS = 5
_NEAR_HEADING = 500
_LIKE_THE_PAGE, _UNLIKE_THE_PAGE = 0.6, 0.3
_ROWS = 3
_HIGHEST_CARD = 6
_CARD_HEADINGS = frozenset({"h2", "h3", "h4"})
_INTO_CART = re.compile(r"cart|bag|basket|trolley|korb|panier|carrito|buy", re.IGNORECASE)
_OF_A_BUY_BOX = re.compile(
    r"\b(?:price|buy|order|cart|select|choose|options?|delivery|shipping|offers?|deals?|stock|sizes?|colou?rs?"
    r"|quantity|qty|about|descriptions?|details?|product|pack|save|sale|your|this)\b",
    re.IGNORECASE,
)
"""Words of a heading over a price that names no thing."""

_SEEN_ALONE = frozenset({"visible"})
_MARKUP = frozenset({"json-ld", "microdata", "rdfa"})
_TOLD_WITHOUT_A_NAME = frozenset({"meta", "attribute"})
_TAKES_THE_PAGES_NAME = _TOLD_WITHOUT_A_NAME | {"visible"}
"""Sources that take the page's name for the product's, whatever the page is."""


def objection(page: Page, kind: Sign | None, offer: Offer, visible: Visible) -> Reading | None:
    """Why a price that was read is not believed: the page says that it is another thing, a wall, a dead end.

    A doubt gives way to a product that the page describes for machines and names as it names itself.
    """
    sources = {seen.source.partition(" ")[0] for seen in offer.evidence}
    likeness = page.likeness(offer.title)
    stated = likeness >= _LIKE_THE_PAGE and not sources <= _TAKES_THE_PAGES_NAME
    if kind is not None and kind.kind is not Kind.PRODUCT:
        alone = kind.kind is Kind.LIST and "visible" in sources and _is_alone(visible)
        if kind.sure or not (stated or alone):
            return _nothing_of(kind)
    return None if stated else _doubt(page, kind, likeness, sources, visible)


def _doubt(
    page: Page, kind: Sign | None, likeness: float, sources: set[str], visible: Visible
) -> Reading | None:
    """Why a price of a thing that the page does not describe for machines is another thing's."""
    if is_walled_by_name(page):
        return wall(page) or Reading(Outcome.BLOCKED, reason=Reason.BOT_WALL)
    if _named_dead(page):
        return Reading(Outcome.GONE, reason=Reason.SOFT_404)
    only_seen = sources <= _SEEN_ALONE
    if only_seen and _is_replaced(visible):
        return Reading(Outcome.GONE, reason=Reason.DISCONTINUED)
    if kind is not None:
        return None
    # A page that names nothing (an empty body with linked data in its head) contradicts no name.
    named = bool(page.names) or visible.in_rows >= _ROWS
    of_another = (named and _is_of_a_row(sources, likeness, visible)) or sorts_by_price(page)
    if of_another or (only_seen and _is_of_a_card(page, visible)):
        return _nothing_of(Sign(Kind.LIST, sure=False))
    return None


def _is_of_a_card(page: Page, visible: Visible) -> bool:
    """Whether the price that is seen belongs to another thing than the page's heading names: on a page that
    sells many things, each with a button of its own, a heading of its own stands over the price.
    """
    best, top = visible.best, visible.landmarks.heading
    buttons = sum(sign.kind == "buy" for sign in visible.landmarks.signs)
    if best is None or top is None or visible.in_rows < _ROWS or buttons < _ROWS:
        return False
    outline = visible.landmarks.outline
    for up in outline.ancestors(best.at)[:_HIGHEST_CARD]:
        if visible.landmarks.holds_heading(up):
            return False
        inside = range(up + 1, best.at)
        over = (outline.said(at) for at in inside if outline.tags[at] in _CARD_HEADINGS)
        names = (words for words in over if " " in words and not _OF_A_BUY_BOX.search(words))
        if any(page.likeness(words) < _UNLIKE_THE_PAGE for words in names):
            return True
    return False


def _is_replaced(visible: Visible) -> bool:
    """Whether "discontinued" stands before the price that is seen, and nothing puts it in a cart: then the
    price is that of what came after it.
    """
    best, signs = visible.best, visible.landmarks.signs
    before = best is not None and any(
        sign.kind == "sold_out" and sign.place < best.place and "discontinued" in sign.text.lower()
        for sign in signs
    )
    return before and not any(sign.kind == "form" or _INTO_CART.search(sign.text) for sign in signs)


def _is_alone(visible: Visible) -> bool:
    """Whether one price and something to press for buying are seen, and no rows of others."""
    return visible.in_rows < _ROWS and any(sign.kind == "buy" for sign in visible.landmarks.signs)


def _is_of_a_row(sources: set[str], likeness: float, visible: Visible) -> bool:
    """Whether the price is that of a thing in a list: told for machines alone, on a page of another name, or
    of no name at all among rows of prices.
    """
    if "visible" in sources:
        return False
    if sources & _MARKUP:
        unlike = _UNLIKE_THE_PAGE if visible.in_rows < _ROWS else _LIKE_THE_PAGE
        return likeness < unlike
    return sources <= _TOLD_WITHOUT_A_NAME and visible.in_rows >= _ROWS


def explained(page: Page, kind: Sign | None, reading: Reading) -> Reading:
    """A reading without an offer, with the best reason that the page itself gives for it."""
    is_product = reading.reason is not Reason.NOT_A_PRODUCT
    other = wall(page) or dead_end(page, kind, is_product=is_product)
    if other is not None or reading.reason in (Reason.AMBIGUOUS, Reason.NO_CURRENCY, Reason.NOT_SURE):
        return other or reading
    if is_empty_shell(page):
        return Reading(Outcome.NO_OFFER, reason=Reason.EMPTY_SHELL)
    if kind is not None and kind.sure and kind.kind is not Kind.PRODUCT:
        return _nothing_of(kind)
    if is_product:
        return reading
    home = is_front_door(page) or (kind is not None and kind.kind is Kind.HOME)
    return Reading(Outcome.NO_OFFER, reason=Reason.HOME_PAGE if home else Reason.NOT_A_PRODUCT)


def dead_end(page: Page, kind: Sign | None = None, *, is_product: bool = False) -> Reading | None:
    """Gone, when the page's own names say that nothing is here, or that the thing is made no more."""
    gone = Reading(Outcome.GONE, reason=Reason.SOFT_404)
    if (kind is not None and kind.kind is Kind.MISSING) or _named_dead(page):
        return gone
    words = page.words
    if len(words) < _FEW_WORDS and _NOT_FOUND.search(words):
        return gone
    heading = page.heading or ""
    start = words.find(heading) if heading else -1
    beside = words[start : start + len(heading) + _NEAR_HEADING] if start >= 0 else ""
    if not is_product and _NOT_FOUND.search(beside):
        return gone
    return Reading(Outcome.GONE, reason=Reason.DISCONTINUED) if _DISCONTINUED.search(beside) else None


def is_empty_shell(page: Page) -> bool:
    """Whether there is nothing to read until a browser has run the page's scripts."""
    if len(page.words) >= _FEW_WORDS:
        return False
    if _asks_for_scripts(page.words) or _asks_for_scripts(page.html[:100_000]):
        return True
    hardly_anything = len(page.words) < _HARDLY_A_WORD and len(page.tree.css("a[href]")) < _FEW_LINKS
    return hardly_anything and bool(_RUNS_SCRIPTS.search(page.html))


def _asks_for_scripts(text: str) -> bool:
    """Whether it asks for JavaScript; only what stands around that word is searched."""
    return any(
        _NEEDS_SCRIPTS.search(text, max(0, named.start() - _AROUND_SCRIPTS), named.end() + _AROUND_SCRIPTS)
        for named in _SCRIPTS.finditer(text)
    )


def _named_dead(page: Page) -> bool:
    names = (page.window_title, page.heading, page.meta("og:title"))
    return any(name and len(name) < 150 and _NOT_FOUND.search(name) for name in names)


def _nothing_of(kind: Sign) -> Reading:
    if kind.kind is Kind.MISSING:
        return Reading(Outcome.GONE, reason=Reason.SOFT_404)
    reason = Reason.HOME_PAGE if kind.kind is Kind.HOME else Reason.NOT_A_PRODUCT
    return Reading(Outcome.NO_OFFER, reason=reason)
