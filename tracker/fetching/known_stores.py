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
    usual = prefix in {"www", "smile", "dl"} or (rest == "aliexpress.com" and prefix in _ALIEXPRESS_LANGUAGES)
    return _STORES.get(rest if usual else host)


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


def _named(pattern: str, path: str, *variants: str) -> Callable[[str, Iterable[Parameter]], Thing | None]:
    """A reader of paths like `pattern`: `path` takes its groups, and the parameters called `variants` stay.

    Slugs and trails, which stand outside the groups, name nothing.
    """
    wanted = re.compile(pattern, re.IGNORECASE)

    def thing(address: str, parameters: Iterable[Parameter]) -> Thing | None:
        match = wanted.fullmatch(address)
        if match is None:
            return None
        kept = [each for each in parameters if each.name in variants and each.value]
        return path.format(*(group or "" for group in match.groups())), kept

    return thing


_ebay = _named(r"/itm/(?:[^/]+/)?([0-9]{9,15})/?", "/itm/{}", "var")
_walmart = _named(
    r"/ip/(?:(?:seort/)?[^/]+/)?([0-9]{4,15})/?",
    "/ip/{}",
    "selectedSellerId",
    "selectedOfferId",
    "variantFieldId",
)
_target = _named(r"/p/(?:[^/]+/)?-/A-([0-9]{5,12})/?", "/p/-/A-{}", "preselect")
_etsy = _named(
    r"((?:/[a-z]{2}(?:-[a-z]{2})?)?)/listing/([0-9]{5,15})(?:/[^/]*)?/?",
    "{}/listing/{}",
    "variation0",
    "variation1",
)
_aliexpress = _named(
    r"/(?:item|i|store/product)/(?:[^/]+/)?(?:[0-9]+_)?([0-9]{6,20})\.html",
    "/item/{}.html",
    "sku_id",
    "skuId",
)
_steam = _named(r"/(app|sub|bundle)/([0-9]{1,10})(?:/[^/]*)?/?", "/{}/{}", "cc")  # cc chooses the currency
_argos = _named(r"/product/([0-9]{5,10})(?:;[^/]*)?/?", "/product/{}")
_emag = _named(r"(/[^/]+)?/pd/([0-9a-z]{5,12})/?", "{}/pd/{}/")
_ikea = _named(r"(/[a-z]{2}/[a-z]{2})/p/([^/]+-s?[0-9]{8})/?", "{}/p/{}/")


_AMAZON_NOISE = frozenset(
    "ref tag linkCode linkId ascsubtag camp creative creativeASIN content-id crid qid sr sprefix dib dib_tag "
    "_encoding social_share smid th psc".split()
)
_FLIPKART_NOISE = frozenset("lid srno otracker otracker1 fm iid ppt ppn ssid".split())
_AMAZON_ENDINGS = (
    "com ca com.mx com.br co.uk de fr it es nl se pl com.be com.tr ae sa eg in co.jp com.au sg ie co.za cn"
)
_EBAY_NOISE = frozenset("_trkparms _trksid mkevt mkcid mkrid campid toolid customid hash".split())
_EBAY_ENDINGS = "com co.uk de fr it es nl be at ch ie pl ca com.au com.hk com.my com.sg ph in"
_ZALANDO_ENDINGS = "de co.uk fr it es nl be at ch pl cz se no dk fi ie"
_ALIEXPRESS_LANGUAGES = frozenset("ar de es fr he id it ja ko nl pl pt ru th tr vi".split())
_PLAIN_STORES = (
    "meesho.com snapdeal.com croma.com reliancedigital.in tatacliq.com jiomart.com 1mg.com bigbasket.com "
    "pepperfry.com firstcry.com lenskart.com decathlon.in vijaysales.com bewakoof.com apple.com newegg.com "
    "bestbuy.com johnlewis.com otto.de"
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
    **{
        f"ebay.{ending}": KnownStore(f"www.ebay.{ending}", _ebay, _EBAY_NOISE)
        for ending in _EBAY_ENDINGS.split()
    },
    "walmart.com": KnownStore("www.walmart.com", _walmart),
    "target.com": KnownStore("www.target.com", _target),
    "etsy.com": KnownStore("www.etsy.com", _etsy),
    "aliexpress.com": KnownStore("www.aliexpress.com", _aliexpress, frozenset({"spm", "scm"})),
    "aliexpress.us": KnownStore("www.aliexpress.us", _aliexpress, frozenset({"spm", "scm"})),
    "store.steampowered.com": KnownStore("store.steampowered.com", _steam, frozenset({"snr"})),
    "argos.co.uk": KnownStore("www.argos.co.uk", _argos),
    **{f"emag.{ending}": KnownStore(f"www.emag.{ending}", _emag) for ending in "ro bg hu".split()},
    "ikea.com": KnownStore("www.ikea.com", _ikea),
    **{f"zalando.{ending}": KnownStore(f"www.zalando.{ending}") for ending in _ZALANDO_ENDINGS.split()},
    **{name: KnownStore(f"www.{name}") for name in _PLAIN_STORES.split()},
}
_SHORTENERS = frozenset(
    (
        "amzn.in amzn.to amzn.eu amzn.asia amzn.com a.co fkrt.it fkrt.co fkrt.cc fkrt.to myntr.in myntr.it "
        "ajiio.in ajiio.co bitli.in bit.ly bitly.com tinyurl.com t.co goo.gl g.co is.gd v.gd ow.ly buff.ly "
        "cutt.ly rb.gy rebrand.ly t.ly s.id lnkd.in tidd.ly shorturl.at ebay.us ebay.to etsy.me "
        "a.aliexpress.com s.click.aliexpress.com ekaro.in linksredirect.com clnk.in extp.in fktr.in "
        "rover.ebay.com walmrt.us goto.walmart.com goto.target.com shope.ee temu.to apple.co howl.me "
        "shop-links.co click.linksynergy.com awin1.com prf.hn dpbolvw.net anrdoezrs.net jdoqocy.com "
        "tkqlhce.com kqzyfj.com go.redirectingat.com go.skimresources.com"
    ).split()
)
_SHORTENER_ENDINGS = (".app.link", ".onelink.me", ".page.link", ".smart.link", ".sjv.io", ".pxf.io")
