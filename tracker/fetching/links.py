"""Links in what people send: share texts, a line of Hindi that ends in a link, a link without its scheme."""

import re

from tracker.fetching.known_stores import is_short_link, known_store

_LINK = re.compile(
    r"""
    (?P<scheme> https?:// ) (?P<authority> [^\s/?#<>"“”«»।]{1,300} ) (?P<rest> [/?#][^\s<>"“”«»।]* )?
    | (?<![\w@./\\-])
      (?P<host> (?: [a-z0-9] (?: [a-z0-9-]{0,61} [a-z0-9] )? \. ){1,8} [a-z]{2,24} ) (?P<port> :\d{1,5} )?
      (?![\w@]) (?P<path> [/?][^\s<>"“”«»।]* )?
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Where a link in ASCII meets another script it has ended: "…/d/abcको देखो" is a link and two words. Latin
# letters with accents may belong to a path, since browsers show them decoded.
_OTHER_SCRIPT = re.compile(r"[^!-~\u00c0-\u024f]")
_NEXT_LINK = re.compile(r"(?<=[\w)\]}(\[{,;])https?://", re.IGNORECASE)
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_NEVER_LAST = frozenset(".,;:!?'*~`|([{")
# Endings of addresses that people type without www. Not every word with a dot in it ("e.g./i.e.") is a link.
_SHOP_ENDINGS = frozenset("com in net org shop store de fr es it uk jp ae ca au co eu io app".split())


def links_in(text: str) -> list[str]:
    """Every http(s) link in `text`, in order, without repeats; those without a scheme are given https.

    What is returned looks like a link; `canonical` decides whether it is one.
    """
    text = text.replace("&amp;", "&")
    links: dict[str, None] = {}
    position = 0
    while match := _LINK.search(text, position):
        start, position = match.span()
        host = match["host"] or match["authority"]
        if host.isascii() and (other := _OTHER_SCRIPT.search(text, start, position)):
            position = other.start()
        if match["scheme"] and (following := _NEXT_LINK.search(text, start + 1, position)):
            position = following.start()
        link = _trimmed(text[start:position])
        if match["scheme"]:
            links.setdefault(link)
        elif _looks_like_a_link(host.lower(), link[len(host) + len(match["port"] or "") :]):
            links.setdefault(f"https://{link}")
    return list(links)


def _looks_like_a_link(host: str, path: str) -> bool:
    """Whether words without a scheme are meant as one: `www.` says so, a page of a store or a shop does."""
    if host.startswith("www.") and host.count(".") > 1:
        return True
    if len(path) < 2:
        return False
    known = known_store(host) is not None or is_short_link(host, path)
    return known or host.rpartition(".")[2] in _SHOP_ENDINGS


def _trimmed(link: str) -> str:
    """Without the punctuation of the sentence around it; a bracket stays if the link itself opened it."""
    while link[-1] in _NEVER_LAST or link.count(link[-1]) > link.count(_CLOSERS.get(link[-1], link[-1])):
        link = link[:-1]
    return link
