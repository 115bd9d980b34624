"""Pages that are not the shop's answer: bot walls, captchas, dead ends, empty shells, no HTML at all."""

import re

from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.page import Page


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


BLOCKED_STATUSES = frozenset({401, 403, 407, 418, 429, 430, 444, 498, 503, 520, 529, 999})

# In the source of a page that asks for proof of a human. Ordinary pages carry some of these too (a login form
# with a captcha, a bot detector that said nothing), so they count only on a page with few words.
_CAPTCHA = _any_of(
    r"/errors/validateCaptcha",
    r"opfcaptcha",
    r"captcha-delivery\.com",
    r"(?:px|cf|g-re|geo\.|slider-?|fun)-?captcha",
    r"hcaptcha\.com",
    r"cf-turnstile|cf_chl_|/cdn-cgi/challenge",
    r"arkoselabs",
    r"awswaf[^\"']{0,40}captcha",
)
_CAPTCHA_WORDS = _any_of(
    r"(?:type|enter) the characters you see",
    r"are you (?:a )?(?:human|robot)",
    r"not a robot|robot check",
    r"(?:verify|confirm|prove) (?:that )?you(?:['’]re| are) (?:a )?human",
    r"solve the captcha",
    r"press (?:&|and) hold|slide to verify",
    r"security (?:check|verification) to continue",
)
_WALL_WORDS = _any_of(
    r"access denied|access to this page has been denied",
    r"you have been blocked|request blocked|temporarily blocked",
    r"unusual traffic|suspicious activity|bot detected|automated access",
    r"pardon our interruption|attention required",
    r"just a moment|checking your browser|verifying your connection",
    r"too many requests|rate limit",
    r"incapsula incident|reference #\d",
    r"(?:temporarily|service) unavailable|(?:site|under) maintenance",
)
_NOT_FOUND = _any_of(
    r"^\W*(?:error )?404\b|\b404 (?:error|page|not found|-)|\berror 404\b",
    r"\b(?:page|product|item|listing) (?:was |is )?(?:not|no longer) (?:found|exists?)\b",
    r"\b(?:page|product|item|listing) (?:can['’]t|couldn['’]t|could not|cannot) be found\b",
    r"\b(?:page|product|item|listing) (?:has been removed|does(?:n['’]t| not) exist)\b",
    r"\bpage (?:is |isn['’]t )?(?:no longer |not )?(?:available|unavailable)\b",
    r"\bwe (?:can['’]t|cannot|could(?:n['’]t| not)) find (?:that|this|the) (?:page|product|item)\b",
    r"\blooking for something\?$",
    r"\bpage (?:non |pas )?(?:trouvée|introuvable)|\bproduit introuvable",
    r"\bseite (?:wurde )?nicht gefunden|\bpágina no encontrada|\bpagina non trovata|पेज नहीं मिला",
)
_NEEDS_SCRIPTS = _any_of(
    r"(?:enable|turn on|activate|requires?|without) java\s?script",
    r"java\s?script (?:is )?(?:disabled|required)",
)
_RUNS_SCRIPTS = re.compile(r"<script(?![^>]{0,200}json)", re.IGNORECASE)
_FEW_WORDS = 1_500
_HARDLY_A_WORD = 250
_NOT_HTML = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"{", b"[")


def by_status(status: int) -> Reading | None:
    """What the status alone says, or None when the page is worth reading."""
    if status in (404, 410):
        return Reading(Outcome.GONE, reason=Reason.STATUS_404)
    if status in BLOCKED_STATUSES:
        return Reading(Outcome.BLOCKED, reason=Reason.BOT_WALL)
    return Reading(Outcome.NO_OFFER, reason=Reason.SERVER_ERROR) if status >= 500 else None


def is_html(html: bytes | str) -> bool:
    """Whether it looks like a document with tags; decided on the first bytes."""
    start = html[:2_000] if isinstance(html, bytes) else html[:2_000].encode("utf-8", "replace")
    bare = start.replace(b"\x00", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n")
    return bool(bare) and not bare.startswith(_NOT_HTML) and (b"<" in bare or len(html) > 2_000)


def wall(page: Page) -> Reading | None:
    """Blocked, when the page holds few words and they, or its source, ask for proof of a human."""
    title = page.window_title or ""
    if len(page.words) > _FEW_WORDS and not (_CAPTCHA_WORDS.search(title) or _WALL_WORDS.search(title)):
        return None
    said = f"{title} {page.words[:_FEW_WORDS]}"
    if _CAPTCHA_WORDS.search(said):
        return Reading(Outcome.BLOCKED, reason=Reason.CAPTCHA)
    if _WALL_WORDS.search(said):
        reason = Reason.CAPTCHA if _CAPTCHA.search(page.html[:200_000]) else Reason.BOT_WALL
        return Reading(Outcome.BLOCKED, reason=reason)
    if len(page.words) < _HARDLY_A_WORD and _CAPTCHA.search(page.html[:200_000]):
        return Reading(Outcome.BLOCKED, reason=Reason.CAPTCHA)
    return None


def dead_end(page: Page) -> Reading | None:
    """Gone, when the page's own names say that nothing is here."""
    names = (page.window_title, page.heading, page.meta("og:title"))
    if any(name and len(name) < 150 and _NOT_FOUND.search(name) for name in names):
        return Reading(Outcome.GONE, reason=Reason.SOFT_404)
    if len(page.words) < _FEW_WORDS and _NOT_FOUND.search(page.words):
        return Reading(Outcome.GONE, reason=Reason.SOFT_404)
    return None


def nothing_here(page: Page, *, is_product: bool) -> Reading:
    """Why a page without an offer has none: an empty shell, the front door, no product, or a product
    unpriced.
    """
    if len(page.words) < _HARDLY_A_WORD and (
        _RUNS_SCRIPTS.search(page.html) or _NEEDS_SCRIPTS.search(page.html[:100_000])
    ):
        return Reading(Outcome.NO_OFFER, reason=Reason.EMPTY_SHELL)
    if is_product:
        return Reading(Outcome.NO_OFFER, reason=Reason.NO_PRICE)
    if page.path in ("", "/") and not page.query:
        return Reading(Outcome.NO_OFFER, reason=Reason.HOME_PAGE)
    return Reading(Outcome.NO_OFFER, reason=Reason.NOT_A_PRODUCT)
