"""The door to the readers: an address chooses the store, the store chooses how the page is read."""

import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tracker.stores import blocks, generic
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.page import Page, decode

if TYPE_CHECKING:
    from tldextract import TLDExtract

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Store:
    """A shop. `code` is its registrable domain, `name` what people call it."""

    code: str
    name: str


_NAMES = {
    "ajio.com": "AJIO",
    "amazon.co.uk": "Amazon.co.uk",
    "amazon.com": "Amazon.com",
    "amazon.de": "Amazon.de",
    "amazon.in": "Amazon.in",
    "croma.com": "Croma",
    "flipkart.com": "Flipkart",
    "jiomart.com": "JioMart",
    "meesho.com": "Meesho",
    "myntra.com": "Myntra",
    "nykaa.com": "Nykaa",
    "reliancedigital.in": "Reliance Digital",
    "snapdeal.com": "Snapdeal",
    "tatacliq.com": "Tata CLiQ",
    "vijaysales.com": "Vijay Sales",
}


def store_of(url: str) -> Store:
    """The store of an address; for an IP address or a bare host name, the host itself. Raises nothing."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        host = ""
    code = _registrable_domain(host) or host or "unknown"
    return Store(code, _NAMES.get(code, code))


@cache
def _public_suffixes() -> "TLDExtract":
    from tldextract import TLDExtract  # 0.2 s to import, and the process that reads pages never asks

    # The list that the library carries: no network and no files. Its private part tells shops on one host
    # apart.
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _registrable_domain(host: str) -> str:
    return str(_public_suffixes()(host).top_domain_under_public_suffix)


def read(html: bytes | str, url: str, *, status: int = 200, charset: str | None = None) -> Reading:
    """What a page offers, as its final address, status and declared charset go with it.

    Never raises, whatever the bytes. It may take long on a hostile page: give those to `pool.ReaderPool`.
    """
    reading = blocks.by_status(status)
    if reading is not None:
        return reading
    if not blocks.is_html(html):
        return Reading(Outcome.NO_OFFER, reason=Reason.NOT_HTML)
    try:
        return generic.read(Page(decode(html, charset), url))
    except Exception:  # the door: a page must never take its reader along
        log.exception("stores.unreadable")
        return Reading(Outcome.NO_OFFER, reason=Reason.UNREADABLE)
