"""What is known about stores' links: the host they answer at, and which part of a link names a thing.

One entry a store. A store without an entry is read by the general rules of `canonical`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Parameter(NamedTuple):
    """One `name=value` of a query; `text` is the pair as it stands there."""

    name: str
    value: str
    text: str


Thing = tuple[str, list[Parameter]]
"""The path and the parameters that name a product, with nothing else left."""


@dataclass(frozen=True, slots=True)
class KnownStore:
    """A store that answers at `host`, over https.

    `thing` reads a product's page, and returns None for any other; `noise` names nothing on its other pages.
    """

    host: str
    thing: Callable[[str, Iterable[Parameter]], Thing | None] | None = None
    noise: frozenset[str] = frozenset()


def known_store(host: str) -> KnownStore | None:
    """The store at this host, which may have one of the usual names before it."""
    prefix, _, rest = host.partition(".")
    return _STORES.get(rest if prefix in {"www", "smile", "dl"} else host)


def is_short_link(host: str, path: str) -> bool:
    """Whether a link at this host only points to another one."""
    if host == "dl.flipkart.com":  # the app's links: some spell the item out, some hide it
        return not _FLIPKART_ITEM.fullmatch(path)
    return host.removeprefix("www.") in _SHORTENERS or host.endswith(_SHORTENER_ENDINGS)


_ASIN_IN_PATH = re.compile(
    r"/(?:dp|gp/product|gp/aw/d|gp/offer-listing|product-reviews|exec/obidos/asin|o/asin|d)/(?:product/)?"
    r"(b[0-9a-z]{9}|[0-9]{9}[0-9x])(?![^/;])",
    re.IGNORECASE,
)
_FLIPKART_ITEM = re.compile(r"(?:/dl)?(/(?:[^/]+/)?p/itm[0-9a-z]+)/?", re.IGNORECASE)
_MYNTRA_STYLE = re.compile(r"/(?:.+/(?=[0-9]+/buy))?([0-9]{3,12})(?:/buy)?/?")
_NYKAA_ITEM = re.compile(r"(/(?:[^/]+/)?p/([0-9]+))/?")
_AJIO_ITEM = re.compile(r"(/(?:[^/]+/)?p/[0-9a-z_-]+)/?", re.IGNORECASE)


def _amazon(path: str, parameters: Iterable[Parameter]) -> Thing | None:
    """The ASIN is the thing and its variant.

    Gone are `th` and `psc`, which preselect that variant, and `smid`, which prefers one seller: people watch
    the price that everyone is offered.
    """
    match = _ASIN_IN_PATH.search(path)
    return (f"/dp/{match[1].upper()}", []) if match else None


def _flipkart(path: str, parameters: Iterable[Parameter]) -> Thing | None:
    """`pid` stays: the colours of one phone can share an item number and differ in `pid` alone."""
    match = _FLIPKART_ITEM.fullmatch(path)
    return (match[1], [each for each in parameters if each.name == "pid" and each.value]) if match else None


def _myntra(path: str, parameters: Iterable[Parameter]) -> Thing | None:
    """The style number is the thing; what stands before it is decoration."""
    match = _MYNTRA_STYLE.fullmatch(path)
    return (f"/{match[1]}", []) if match else None


def _nykaa(path: str, parameters: Iterable[Parameter]) -> Thing | None:
    """`skuId` is the shade; `productId` only repeats the path, unless it names another product."""
    match = _NYKAA_ITEM.fullmatch(path)
    if match is None:
        return None
    return match[1], [
        each
        for each in parameters
        if each.name in {"productId", "skuId"} and each.value.isdecimal() and each.value != match[2]
    ]


def _ajio(path: str, parameters: Iterable[Parameter]) -> Thing | None:
    """The code after /p/ names the thing and its colour."""
    match = _AJIO_ITEM.fullmatch(path)
    return (match[1], []) if match else None


_AMAZON_NOISE = frozenset(
    "ref tag linkCode linkId ascsubtag camp creative creativeASIN content-id crid qid sr sprefix dib dib_tag "
    "_encoding social_share smid th psc".split()
)
_FLIPKART_NOISE = frozenset("lid srno otracker otracker1 fm iid ppt ppn ssid".split())
_AMAZON_ENDINGS = (
    "com ca com.mx com.br co.uk de fr it es nl se pl com.be com.tr ae sa eg in co.jp com.au sg ie co.za cn"
)
_PLAIN_STORES = (
    "meesho.com snapdeal.com croma.com reliancedigital.in tatacliq.com jiomart.com bigbasket.com "
    "pepperfry.com firstcry.com lenskart.com decathlon.in vijaysales.com bewakoof.com ikea.com apple.com "
    "ebay.com ebay.co.uk ebay.de etsy.com walmart.com target.com bestbuy.com newegg.com aliexpress.com "
    "zalando.co.uk zalando.de"
)
_STORES = {
    **{
        f"amazon.{ending}": KnownStore(f"www.amazon.{ending}", _amazon, _AMAZON_NOISE)
        for ending in _AMAZON_ENDINGS.split()
    },
    "flipkart.com": KnownStore("www.flipkart.com", _flipkart, _FLIPKART_NOISE),
    "shopsy.in": KnownStore("www.shopsy.in", _flipkart, _FLIPKART_NOISE),  # Flipkart's other shop
    "myntra.com": KnownStore("www.myntra.com", _myntra),
    "nykaa.com": KnownStore("www.nykaa.com", _nykaa),
    "nykaafashion.com": KnownStore("www.nykaafashion.com", _nykaa),
    "ajio.com": KnownStore("www.ajio.com", _ajio),
    **{name: KnownStore(f"www.{name}") for name in _PLAIN_STORES.split()},
}
_SHORTENERS = frozenset(
    (
        "amzn.in amzn.to amzn.eu amzn.asia amzn.com a.co fkrt.it fkrt.co fkrt.cc fkrt.to myntr.in myntr.it "
        "ajiio.in ajiio.co bitli.in bit.ly bitly.com tinyurl.com t.co goo.gl g.co is.gd v.gd ow.ly buff.ly "
        "cutt.ly rb.gy rebrand.ly t.ly s.id lnkd.in tidd.ly shorturl.at ebay.us ebay.to etsy.me "
        "a.aliexpress.com s.click.aliexpress.com ekaro.in linksredirect.com clnk.in extp.in"
    ).split()
)
_SHORTENER_ENDINGS = (".app.link", ".onelink.me", ".page.link", ".smart.link")
