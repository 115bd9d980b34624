"""RDFa: typeof and property, in schema.org's words, in GoodRelations' and in data-vocabulary.org's."""

from dataclasses import replace

from selectolax.lexbor import LexborNode

from tracker.stores.candidates import Claim, Weight
from tracker.stores.microdata import PRODUCTS, Item, claim_of
from tracker.stores.offer import Evidence
from tracker.stores.page import Page

_SOURCE = "rdfa"
_NAMES = {
    "offerdetails": "offers",
    "hascurrencyvalue": "price",
    "hascurrency": "pricecurrency",
    "currency": "pricecurrency",
    "haspricespecification": "pricespecification",
    "hasean_ucc-13": "gtin13",
    "hasstockkeepingunit": "sku",
    "hasmpn": "mpn",
    "hasbrand": "brand",
    "hasmanufacturer": "brand",
    "photo": "image",
}
_TYPES = {"offering": "offer", "productorservice": "product", "individual": "product"}
_HEAD_FAMILIES = ("og:", "fb:", "twitter:", "article:", "al:", "product:", "book:", "dc:", "dcterms:")
_MOST_NODES = 6_000
_HIGHEST_CLIMB = 150


def read_rdfa(page: Page) -> list[Claim]:
    """A claim for each product that the page's RDFa speaks of."""
    # Scripts say "typeof" too: an element with it is what counts.
    if "typeof" not in page.html or page.tree.css_first("[typeof]") is None:
        return []
    claims = [claim_of(page, item) for item in _items(page) if item.types & PRODUCTS]
    return [
        replace(
            claim,
            source=_SOURCE,
            weight=Weight.MICRODATA,
            quotes=tuple(replace(q, evidence=Evidence(_SOURCE, q.evidence.text)) for q in claim.quotes),
        )
        for claim in claims
    ]


def _items(page: Page) -> list[Item]:
    items: dict[int, Item] = {}
    roles: dict[int, str] = {}
    """What an element's children are for it: `rel` on an element around a typed one."""
    for node in page.tree.css("[typeof], [property], [rel]")[:_MOST_NODES]:
        attributes = node.attributes
        said = attributes.get("property") or attributes.get("rel") or ""
        if node.tag in ("link", "meta") and said.lower().startswith(_HEAD_FAMILIES):
            continue
        names = [_plain(word, _NAMES) for word in said.split()[:5]]
        owner, role = _owner(node, items, roles)
        if attributes.get("typeof"):
            words = attributes["typeof"] or ""
            types = frozenset(_plain(word, _TYPES) for word in words.split()[:5])
            names = names or ([role] if role else [])
            item = Item(types, names[0] if names else "", owner)
            items[node.mem_id] = item
            value: LexborNode | Item = item
        elif attributes.get("property"):
            value = node
        else:
            if names:
                roles[node.mem_id] = names[0]
            continue
        if owner is not None:
            for name in names:
                owner.values.setdefault(name, []).append(value)
    return list(items.values())


def _plain(word: str, names: dict[str, str]) -> str:
    """A term without its vocabulary: "schema:Product", "http://schema.org/Product" and "v:Product"."""
    word = word.lower().rstrip("/").rpartition("/")[2].rpartition("#")[2].rpartition(":")[2]
    return names.get(word, word)


def _owner(node: LexborNode, items: dict[int, Item], roles: dict[int, str]) -> tuple[Item | None, str]:
    role = ""
    parent = node.parent
    for _ in range(_HIGHEST_CLIMB):
        if parent is None:
            break
        found = items.get(parent.mem_id)
        if found is not None:
            return found, role
        role = role or roles.get(parent.mem_id, "")
        parent = parent.parent
    return None, role
