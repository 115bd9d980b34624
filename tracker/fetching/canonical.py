"""One address for one thing, however it was shared.

A wrong merge shows people the price of another thing; a missed one costs a second fetch. So a part of a link
goes only when it is known to name nothing.
"""

import re
from dataclasses import replace

from tracker.errors import BadLink
from tracker.fetching.addresses import DEFAULT_PORTS, MAX_LENGTH, Address, parse
from tracker.fetching.known_stores import Parameter, is_short_link, known_store

# Numbers of campaigns, clicks and partners, by name and by how the name begins.
_TRACKING = frozenset(
    "gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid fbclid msclkid twclid ttclid yclid ysclid "
    "li_fat_id igsh igshid mc_cid mc_eid mkt_tok _ga _gl _gac _hsenc _hsmi __hstc __hssc __hsfp "
    "_branch_match_id _branch_referrer ref_ ref_src ref_url affid aff_id srsltid zanpid cjevent irclickid "
    "irgwc awc epik s_kwcid ranmid raneaid ransiteid vero_id oly_anon_id oly_enc_id rb_clickid wickedid "
    "pk_campaign pk_kwd mtm_campaign sscid _kx rdt_cid obclid tblci dicbo amp_js_v amp_gsa usqp".split()
)
_TRACKING_STARTS = ("utm_", "pf_rd_", "pd_rd_", "affextparam", "hsa_", "itm_")
# Some shops call an article's number `ref`; then it looks like one.
_ARTICLE_NUMBER = re.compile(r"[A-Za-z]{0,5}[-_.]?[0-9]{3,}[A-Za-z0-9-]*")
_SHOPIFY_PRODUCT = re.compile(r"/collections/[^/]+(/products/[^/]+)")
_SHOPIFY_NOISE = frozenset(
    "_pos _sid _ss _psq _fid _v pr_prod_strat pr_rec_id pr_ref_pid pr_rec_pid pr_seq".split()
)
_MOBILE_HOST = re.compile(r"(?:(?:m|mobile|amp)\.)+((?!(?:co|com|net|org|ac|gov)\.[a-z]{2}$).+\..+)")
# `/amp` is a page's other form only beside a page's name: `/guitars/amp` is a shelf of amplifiers.
_AMP_AFTER = re.compile(r"(/.+/[^/]*[-_0-9][^/]*)/amp/?")
_AMP_BEFORE = re.compile(r"/amp(/.+/[^/]*[-_0-9][^/]*)")
# Copies that others keep of a page's AMP form: Google's viewer and the AMP cache. Its own address is inside.
_AMP_KEEPER = re.compile(r"(?:www\.)?google\.[a-z.]{2,6}|(?:[a-z0-9-]+\.)?cdn\.ampproject\.org")
_AMP_COPY = re.compile(r"/(?:amp|c|v)/(s/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/.*)?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?![0-9]{1,5}(?:[/?#]|$))", re.IGNORECASE)


def canonical(url: str) -> str:
    """The one address of the thing that `url` shows; of an address that is canonical already, itself.

    A link without a scheme is read as https. Raises BadLink for another scheme (`error.link_not_http`), and
    for what is over 2,048 characters or holds control characters, a backslash or credentials
    (`error.bad_link`).
    """
    address = _read(url)
    parameters = _parameters(address.query)
    short = is_short_link(address.host, address.path)
    store = None if short or address.port != DEFAULT_PORTS[address.scheme] else known_store(address.host)
    noise: frozenset[str] = frozenset()
    if store is not None:
        address = replace(address, scheme="https", host=store.host, port=443)
        noise = store.noise
        if store.thing and (thing := store.thing(address.path, parameters)):
            path, parameters = thing
            return _written(replace(address, path=path, fragment=None), parameters)
    path = _plain_path(address.path)
    if "/products/" in path:
        noise |= _SHOPIFY_NOISE
    kept = [each for each in parameters if each.name not in noise and not _is_tracking(each)]
    fragment = address.fragment if address.fragment and address.fragment.startswith("!") else None
    return _written(replace(address, path=path, fragment=fragment), kept)


def needs_resolving(url: str) -> bool:
    """Whether `url` is a short link, whose thing is known only where its redirects end. Raises BadLink."""
    address = _read(url)
    return is_short_link(address.host, address.path)


def _read(url: str) -> Address:
    url = url.strip(" ")
    address = _unwrapped(parse(url if _SCHEME.match(url) else f"https://{url.removeprefix('//')}"))
    if address.port == DEFAULT_PORTS[address.scheme] and (mobile := _MOBILE_HOST.fullmatch(address.host)):
        return replace(address, host=mobile[1])
    return address


def _unwrapped(address: Address) -> Address:
    """The address of the page of which this is somebody's AMP copy; else itself."""
    while address.port == DEFAULT_PORTS[address.scheme] and _AMP_KEEPER.fullmatch(address.host):
        copy = _AMP_COPY.fullmatch(address.path)
        if copy is None:
            break
        query = "" if address.query is None else f"?{address.query}"
        address = parse(f"{'https' if copy[1] else 'http'}://{copy[2]}{copy[3] or '/'}{query}")
    return address


def _written(address: Address, parameters: list[Parameter]) -> str:
    query = "&".join(sorted(each.text for each in parameters)) or None
    url = str(replace(address, query=query))
    if len(url) > MAX_LENGTH:
        raise BadLink(reason="too long")
    return url


def _parameters(query: str | None) -> list[Parameter]:
    parameters = []
    for text in (query or "").split("&"):
        if text:
            name, _, value = text.partition("=")
            parameters.append(Parameter(name, value, text))
    return parameters


def _is_tracking(parameter: Parameter) -> bool:
    name, value = parameter.name.lower(), parameter.value
    if name in {"ref", "tag"}:
        return not _ARTICLE_NUMBER.fullmatch(value)
    if name == "amp":
        return value in {"", "1", "true"}
    if name == "outputtype":
        return value == "amp"
    return name in _TRACKING or name.startswith(_TRACKING_STARTS)


def _plain_path(path: str) -> str:
    """Without the collection through which a Shopify product was found, and without AMP."""
    for pattern in (_SHOPIFY_PRODUCT, _AMP_AFTER, _AMP_BEFORE):
        if match := pattern.fullmatch(path):
            return _plain_path(match[1])
    return path
