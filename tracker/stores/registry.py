"""The door to the readers: an address chooses the store, the store chooses how the page is read."""

import logging
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tracker.stores import blocks, generic
from tracker.stores.adapter import Adapter
from tracker.stores.offer import Outcome, Reading, Reason
from tracker.stores.page import Page, decoded

if TYPE_CHECKING:
    from tldextract import TLDExtract

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Store:
    """A shop. `code` is its registrable domain, `name` what people call it."""

    code: str
    name: str


# A module of `shops` each, which holds the ADAPTER of a shop or of a platform.
_SHOPS = (
    "ajio",
    "aliexpress",
    "amazon",
    "argos",
    "bestbuy",
    "bigcommerce",
    "croma",
    "ebay",
    "emag",
    "etsy",
    "flipkart",
    "ikea",
    "jiomart",
    "johnlewis",
    "magento",
    "meesho",
    "myntra",
    "nopcommerce",
    "nykaa",
    "onemg",
    "opencart",
    "otto",
    "prestashop",
    "reliancedigital",
    "salesforce",
    "shopify",
    "shopware",
    "snapdeal",
    "squarespace",
    "steam",
    "target",
    "tatacliq",
    "vijaysales",
    "walmart",
    "wix",
    "woocommerce",
    "zalando",
)
ADAPTERS: tuple[Adapter, ...] = tuple(
    import_module(f"tracker.stores.shops.{name}").ADAPTER for name in _SHOPS
)
_BY_DOMAIN = {domain: adapter for adapter in ADAPTERS for domain in adapter.domains}
_PLATFORMS = tuple(adapter for adapter in ADAPTERS if not adapter.domains)
_NAMES = {domain: name for adapter in ADAPTERS for domain, name in adapter.domains.items()}


def adapters_for(page: Page) -> tuple[Adapter, ...]:
    """What knows this page: the adapter of its shop, else that of the platform that it shows signs of."""
    labels = page.host.split(".")
    for start in range(len(labels)):
        found = _BY_DOMAIN.get(".".join(labels[start:]))
        if found is not None:
            return (found,)
    return tuple(islice((adapter for adapter in _PLATFORMS if adapter.recognises(page)), 1))


def store_of(url: str) -> Store:
    """The store of an address; for an IP address or a bare host name, the host itself. Raises nothing."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        host = ""
    code = _registrable_domain(host) or host or "unknown"
    return Store(code, name_of(code))


def name_of(code: str) -> str:
    """What people call the store of a code; the code itself when we have no name for it."""
    return _NAMES.get(code, code)


@cache
def _public_suffixes() -> "TLDExtract":
    from tldextract import TLDExtract  # 0.2 s to import, and the process that reads pages never asks

    # The list that the library carries: no network and no files. Its private part tells shops on one host
    # apart.
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _registrable_domain(host: str) -> str:
    return str(_public_suffixes()(host).top_domain_under_public_suffix)


def read(
    html: bytes | str, url: str, *, status: int = 200, charset: str | None = None, adapters: bool = True
) -> Reading:
    """What a page offers, as its final address, status and declared charset go with it.

    Without `adapters` the page is read as that of a shop which nobody knows. Never raises, whatever the
    bytes. It may take long on a hostile page: give those to `pool.ReaderPool`.
    """
    reading = blocks.by_status(status)
    if reading is not None:
        return reading
    if not blocks.is_html(html):
        return Reading(Outcome.NO_OFFER, reason=Reason.NOT_HTML)
    try:
        text, encoded = decoded(html, charset)
        page = Page(text, url, encoded)
        return generic.read(page, adapters_for(page) if adapters else ())
    except Exception:  # the door: a page must never take its reader along
        log.exception("stores.unreadable")
        return Reading(Outcome.NO_OFFER, reason=Reason.UNREADABLE)
