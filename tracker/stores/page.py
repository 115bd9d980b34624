"""One page: its text decoded, parsed once, with the few facts that every reader needs."""

import codecs
import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from tracker.stores.currencies import (
    country_of,
    country_of_letters,
    country_of_locale,
    currency_of,
    currency_of_country,
)
from tracker.stores.outline import Outline

LARGEST_PAGE = 8 * 2**20
"""Characters that are read of a page; the rest of a larger one is left out."""

_WORD = re.compile(r"[^\W_]+")
_CONTROL = re.compile(r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufeff\ufffe\uffff]")
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Only encodings of text that browsers know: Python also has "zip", "idna" and "unicode_escape".
_ENCODINGS = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|(?:iso-?8859|windows|cp)-?\d{1,5}|latin-?1|us-ascii|ascii|gb2312|gbk|gb18030|big5"
    r"|big5-hkscs|shift[_-]?jis|euc-(?:jp|kr)|iso-2022-jp|koi8-[ru]|tis-620|ks_c_5601-1987|mac-?roman",
    re.IGNORECASE,
)
_AS_BROWSERS_DO = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    "utf-16": "utf-16-le",
}

_CURRENCY_TAGS = ("product:price:currency", "og:price:currency", "product:sale_price:currency", "currency")
_DECLARED_CURRENCY = re.compile(
    r"""urrency(?:_?[cC]ode|\.active|Iso)?\\?["']?(?:\s*[:=]\s*|\s+content=)\{?\s*\\?["']([A-Za-z]{3})\\?["']"""
)
_MOST_DECLARED = 60


def tidy(text: str | None, limit: int = 500) -> str | None:
    """Whitespace folded, control characters dropped, cut to `limit`; None when nothing is left."""
    if not text:
        return None
    folded = " ".join(_CONTROL.sub("", text[: limit * 8]).split())
    return folded[:limit].rstrip() or None


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


def likeness(one: str, other: str) -> float:
    """How many words two names share: 0 for none, 1 for all."""
    mine, theirs = _words(one), _words(other)
    return _shared(mine, theirs)


def _shared(mine: frozenset[str], theirs: frozenset[str]) -> float:
    shared = len(mine & theirs)
    return shared / len(mine) / 2 + shared / len(theirs) / 2 if shared else 0.0


def decode(html: bytes | str, charset: str | None = None) -> str:
    """The page as text, whatever it claims to be: a byte order mark, then valid UTF-8, then what is declared.

    `charset` is what the HTTP header said. Bytes that fit nothing become U+FFFD; nothing is raised.
    """
    return decoded(html, charset)[0]


def decoded(html: bytes | str, charset: str | None = None) -> tuple[str, bytes | None]:
    """`decode`, and the bytes of that text when they are UTF-8 as they came."""
    if isinstance(html, str):
        return html[:LARGEST_PAGE], None
    html = html[:LARGEST_PAGE]
    for mark, encoding in _BYTE_ORDER_MARKS:
        if html.startswith(mark):
            return html[len(mark) :].decode(encoding, "replace"), None
    in_page = _DECLARED.search(html[:4096])
    declared = _known(charset) or _known(in_page.group(1).decode("ascii") if in_page else None)
    if (
        declared in ("utf-16-le", "utf-16-be", "iso-2022-jp")
        and declared != "iso-2022-jp"
        and b"\x00" not in html[:400]
    ):
        declared = None
    if declared not in ("iso-2022-jp", "utf-16-le", "utf-16-be"):
        zeros = html[:400].count(b"\x00")
        if zeros > len(html[:400]) // 3:
            declared = "utf-16-be" if html[:1] == b"\x00" else "utf-16-le"
        else:
            try:
                text, size = codecs.utf_8_decode(html, "strict", False)
                return text, html[:size]
            except UnicodeDecodeError:
                pass
    return html.decode(declared or _utf8_or_western(html), "replace"), None


def _known(name: str | None) -> str | None:
    name = (name or "").strip().lower()
    if not _ENCODINGS.fullmatch(name):
        return None
    name = _AS_BROWSERS_DO.get(name, name.replace("windows-", "cp"))
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _utf8_or_western(html: bytes) -> str:
    """UTF-8 with a few broken bytes stays UTF-8; text that is mostly broken as UTF-8 is Western European."""
    broken = html.decode("utf-8", "replace").count("\ufffd")
    beyond_ascii = sum(byte > 0x7F for byte in html[:200_000])
    return "utf-8" if broken * 10 < beyond_ascii else "cp1252"


class Page:
    """A page and its address. Parses on the first question; asks nothing of any network.

    `encoded` is the page in UTF-8, when it is at hand.
    """

    def __init__(self, html: str, url: str, encoded: bytes | None = None) -> None:
        self.html = html
        self._encoded = encoded
        self.url = url
        try:
            parts = urlsplit(url)
            self.host = (parts.hostname or "").lower()
            self.path, self.query = parts.path, parts.query
        except ValueError:  # an address that is none, such as "http://[": the page still has its say
            self.host, self.path, self.query = "", "", ""

    @cached_property
    def country(self) -> str | None:
        """The country of the host, else of "/en-gb/" in its path, else of the page's language if only one
        country fits. Templates that say "en-US" or "en-GB" everywhere name none.
        """
        host = country_of(self.host)
        if host:
            return host
        first = self.path.lstrip("/").partition("/")[0]
        if len(first) == 5 and (in_path := country_of_locale(first)):
            return in_path
        node = self.tree.css_first("html")
        language = (node.attributes.get("lang") if node else None) or ""
        if language[:5].lower().replace("_", "-") not in ("en-us", "en-gb") and (
            spoken := country_of_locale(language[:10])
        ):
            return spoken
        return country_of_letters(self.window_title or "")

    @cached_property
    def tree(self) -> LexborHTMLParser:
        encoded = self.html.encode("utf-8", "replace") if self._encoded is None else self._encoded
        return LexborHTMLParser(encoded)

    @cached_property
    def metas(self) -> dict[str, list[str]]:
        """What each named meta tag says, in the order of the page, names in small letters."""
        found: dict[str, list[str]] = {}
        for node in self.tree.css("meta[content]")[:1000]:
            attributes = node.attributes
            content = attributes.get("content")
            name = attributes.get("property") or attributes.get("name")
            if content and name:
                found.setdefault(name.strip().lower()[:100], []).append(content[:5000])
        return found

    def meta(self, *names: str) -> str | None:
        """What the first of these meta tags says."""
        return next((tidy(self.metas[name][0]) for name in names if name in self.metas), None)

    @cached_property
    def heading(self) -> str | None:
        """The first h1 that says something."""
        for node in self.tree.css("h1")[:20]:
            text = tidy(node.text())
            if text:
                return text
        return None

    @cached_property
    def window_title(self) -> str | None:
        node = self.tree.css_first("head > title") or self.tree.css_first("title")
        return tidy(node.text()) if node else None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the page calls its subject, the best name first."""
        names = (self.heading, self.meta("og:title"), self.meta("twitter:title"), self.window_title)
        return tuple(name for name in names if name)

    def likeness(self, title: str | None) -> float:
        """How much a title shares with the best of the page's own names: 0 for nothing, 1 for every word."""
        words = _words(title or "")
        return max((_shared(words, name) for name in self._words_of_names), default=0.0)

    @cached_property
    def _words_of_names(self) -> list[frozenset[str]]:
        return [_words(name) for name in self.names]

    @cached_property
    def outline(self) -> Outline:
        """What stands where in the body. Elements that an adapter takes off the page must be gone before."""
        return Outline(self.tree.body)

    @cached_property
    def words(self) -> str:
        """The text that a person would see, roughly: scripts and styles are left out."""
        return " ".join(self.outline.text.split())

    @cached_property
    def currency(self) -> str | None:
        """The currency that the page declares for its prices, if it declares one; else its country's."""
        for name in _CURRENCY_TAGS:
            found = {currency_of(text.strip().upper()[:10]) for text in self.metas.get(name, [])} - {None}
            if len(found) == 1:
                return found.pop()
        declared = set(self._declared_currencies()) - {None}
        return declared.pop() if len(declared) == 1 else currency_of_country(self.country)

    def _declared_currencies(self) -> Iterator[str | None]:
        """What scripts and attributes name: "priceCurrency": "EUR", currencyCode = 'EUR'."""
        start = -1
        for _ in range(_MOST_DECLARED):
            # A search for one fixed string is far quicker than a pattern that begins with many.
            start = self.html.find("urrency", start + 1)
            if start < 0:
                return
            found = _DECLARED_CURRENCY.match(self.html, start)
            if found:
                yield currency_of(found.group(1).upper())
