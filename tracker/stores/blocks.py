"""Pages that a guard put in the shop's place: bot walls, captchas, waiting rooms; and what is no page at"
" all."""

import re

from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.page import Page


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


BLOCKED_STATUSES = frozenset({401, 403, 405, 407, 418, 429, 430, 444, 451, 498, 503, 520, 529, 999})

# In the source of a page that asks for proof of a human. Ordinary pages carry some of these too (a login form
# with a captcha, a bot detector that said nothing), so they count only on a page with few words.
_CAPTCHA = any_of(
    r"/errors/validateCaptcha",
    r"opfcaptcha",
    r"captcha-delivery\.com",
    r"(?:px|cf|g-re|geo\.|slider-?|fun|sg)-?captcha",
    r"hcaptcha\.com|google\.com/recaptcha|recaptcha/api",
    r"cf-turnstile|cf_chl_|/cdn-cgi/challenge",
    r"arkoselabs",
    r"awswaf[^\"']{0,40}captcha|captcha\.awswaf",
    r"_____tmd_____|x5secdata",  # Alibaba
    r"validate\.perfdrive\.com",  # Radware
)

# In the source of a guard's own page and hardly anywhere else, on a page with few words.
_GUARDS = any_of(
    r"_cf_chl_opt|cf-error-details|cf-browser-verification",  # Cloudflare
    r"errors\.edgesuite\.net|sec-(?:if-)?cpt-|/_sec/(?:cp_challenge|verify)",  # Akamai
    r"_Incapsula_Resource",  # Imperva
    r"\bKPSDK\b|/149e9513-01fa-4fb0-aad4-566afd725d1b/",  # Kasada
    r"sucuri_cloudproxy|distilIdentificationBlock|/_____tmd_____/",
    r"queue-it\.net|queueit",
    r"AwsWafIntegration|gokuProps",
    r"window\._pxBlockScript|_pxBlockedUrl|px-block",
    r"rbzns|ddos-guard|anubis_challenge|/\.within\.website/",
)
_CAPTCHA_WORDS = any_of(
    r"(?:type|enter) the characters (?:that )?you see",
    r"are you (?:really )?(?:an? )?(?:human|robot)\b|robot or human",
    r"(?:not|aren['’]t) a (?:ro)?bot\b|robot check|human verification",
    r"(?:verify|confirm|prove)(?:ing)? (?:that )?you(?:['’]re| are) (?:a )?human",
    r"(?:solve|complete) (?:the|this|a) (?:captcha|puzzle|challenge)|flipkart recaptcha",
    r"press (?:&|and) hold|slide (?:right )?to (?:verify|complete)|drag the slider",
    r"security (?:check|verification) to continue|click the button below to continue shopping",
    r"geben sie die zeichen ein|saisissez les caractères|introduce los caracteres|inserisci i caratteri"
    r"|画像に表示されている文字を入力|안전한 쇼핑을 위해|安全验证|滑动验证|вы не робот|я не робот",
    r"\b(?:pas|keine?|no (?:eres|es|soy) un|non (?:sei|essere|sono) un|geen|não (?:é|sou) um|nie jest\w+"
    r"|inte en|ikke en|nejs\w+|nu e[sș]ti|ei ole) (?:un )?(?:robot\w{0,3}|robô)(?!\w)|robot olmad"
    r"|ロボットでは(?:ない|ありません)|로봇이 아닙니다|不是(?:机|機)器人|रोबोट नहीं|拖动滑块|拖動滑塊",
    r"(?:cliquez sur le bouton ci-dessous pour continuer|klicke\w* .{0,40}schaltfläche.{0,30} einkauf"
    r"|haz clic en el botón (?:de abajo|siguiente) para (?:continuar|seguir)|fai clic sul pulsante"
    r" .{0,30}acquist|ショッピングを続けるには、下のボタン|clique no botão abaixo para continuar)",
)
_WALL_WORDS = any_of(
    r"access denied|access to this (?:page|site|website|resource) (?:has been|is|was) (?:denied|blocked"
    r"|limited|restricted)",
    r"access (?:is )?(?:forbidden|blocked|restricted)|403 forbidden|your access to this (?:site"
    r"|service) has been",
    r"you(?:['’]ve| have)? (?:have )?been (?:temporarily )?blocked|your (?:ip|ip address|request"
    r"|browser) (?:has been|was|is) blocked",
    r"request (?:is |was )?(?:blocked|unsuccessful|rejected)|requested url was rejected"
    r"|temporarily blocked",
    r"unusual (?:traffic|activity)|suspicious (?:traffic|activity)|bot(?:s)? detected|automated (?:access"
    r"|traffic|requests)",
    r"discuss automated access|dogs of amazon",
    r"pardon (?:our|the) interruption|attention required|security checkpoint|client challenge"
    r"|antibot challenge",
    r"(?:just a|one) moment|checking (?:if the site connection is secure|your browser)"
    r"|verifying your (?:connection|browser)",
    r"enable (?:javascript|js)[\w\s]{0,20} and (?:cookies|disable any ad ?blocker)",
    r"please wait while (?:your request is being verified|we (?:verify|check))"
    r"|your connection needs to be verified",
    r"error (?:10(?:0[5-9]|1[0-9]|20)|15)\b.{0,80}(?:cloudflare|incapsula|denied|blocked)"
    r"|sucuri website firewall",
    r"too many requests|rate limit(?:ed)?|slow down and try",
    r"incapsula incident|reference #\s?\d|(?:incident|support|reference) id(?: is)?:? ?[\w-]{6,}"
    r"|ray id: ?\w{10,}",
    r"you are (?:now )?in (?:line|the queue)|waiting room|your (?:estimated wait|turn) .{0,40}(?:queue"
    r"|line|minute)",
    r"(?:temporarily|service|currently) unavailable for maintenance|service (?:temporarily )?unavailable"
    r"|temporarily unavailable",
    r"(?:site|under|scheduled|down for) maintenance|be (?:right )?back (?:soon|shortly)",
    r"not available in your (?:country|region)|unavailable for legal reasons",
    r"zugriff verweigert|accès (?:refusé|interdit)|acceso denegado|accesso negato|доступ (?:ограничен"
    r"|запрещ[её]н)|访问被拒绝|访问(?:过于)?频繁|アクセスが(?:集中|拒否)|접근이 (?:차단|거부)"
    r"|we are having some issues\. please log in|проверяет ваш браузер|проверка браузера"
    r"|toegang geweigerd|dostęp zabroniony|odmowa dostępu|acesso negado|åtkomst nekad",
    r"(?:are you|must be|confirm (?:that )?you(?:['’]re| are)) (?:over|at least|of legal|older than)"
    r" ?(?:1[68]|2[01]|(?:drinking|smoking) age)|legal (?:drinking|smoking) age to enter|age verification",
    r"(?:bist du|sind sie) (?:schon )?(?:über|mindestens) ?1[68]|avez-vous (?:plus de )?18 ans",
    r"^\W*(?:\w+ ){0,3}?(?:before you continue|bevor sie fortfahren|avant de continuer|antes de continuar"
    r"|voordat je verdergaat|prima di continuare)\b",
)
_WALL_TITLES = any_of(
    r"access denied|access to this page has been denied|robot or human\?|robot check"
    r"|pardon our interruption(?:\.\.\.)?",
    r"just a moment(?:\.\.\.)?|one moment, please(?:\.\.\.)?|attention required! \| cloudflare"
    r"|403 forbidden|forbidden",
    r"too many requests|service unavailable|503 service (?:temporarily )?unavailable|site maintenance"
    r"|blocked|queue-it",
    r"human verification|verifying your connection(?:\.\.\.)?|vercel security checkpoint|security measure"
    r"|flipkart recaptcha",
    r"sorry! something went wrong!?|(?:\S+ )?waiting room|are you a human\?",
)
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


def is_walled_by_name(page: Page) -> bool:
    """Whether the window's title is that of a guard's page, word for word: a book may be called so too."""
    return bool(_WALL_TITLES.fullmatch((page.window_title or "").strip()))


def wall(page: Page) -> Reading | None:
    """Blocked, when the page holds few words and they, or its source, ask for proof of a human.

    Reads the page's words, which is the last that may be asked of a page.
    """
    title = page.window_title or ""
    words = page.words
    if len(words) > _FEW_WORDS and not is_walled_by_name(page):
        return None
    said = f"{title} {words[:_FEW_WORDS]}"
    source = page.html[:200_000]
    if _CAPTCHA_WORDS.search(said):
        return Reading(Outcome.BLOCKED, reason=Reason.CAPTCHA)
    if _WALL_WORDS.search(said) or is_walled_by_name(page):
        reason = Reason.CAPTCHA if _CAPTCHA.search(source) else Reason.BOT_WALL
        return Reading(Outcome.BLOCKED, reason=reason)
    if len(words) < _HARDLY_A_WORD:
        if _CAPTCHA.search(source):
            return Reading(Outcome.BLOCKED, reason=Reason.CAPTCHA)
        if _GUARDS.search(source):
            return Reading(Outcome.BLOCKED, reason=Reason.BOT_WALL)
    return None
