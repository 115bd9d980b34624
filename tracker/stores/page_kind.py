"""What kind of page this is, by what it says of itself: one product's own, or a list, cart, article,"
" search.

Shop platforms mark their templates (a class of the body, a page type told to the analytics), and pages that
are no product's say so in their names and addresses. A price on those belongs to something else.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from tracker.stores.page import Page


class Kind(StrEnum):
    PRODUCT = "product"
    LIST = "list"  # a category, a brand, a collection
    SEARCH = "search"
    CART = "cart"  # and checkout
    ARTICLE = "article"
    PERSONAL = "personal"  # a login, an account, a wish list; and pages about the shop itself
    HOME = "home"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for a kind. A `sure` one leaves no room for a price of the page's own."""

    kind: Kind
    sure: bool


def read_kind(page: Page, types: set[str]) -> Sign | None:
    """The kind of page, or None when nothing is said of it. `types` are those of its JSON-LD, in small
    letters.

    A page that its template or its tags call a product's is one, whatever its address looks like.
    """
    told = [*_template(page), *_tags(page)]
    if any(sign.kind is Kind.PRODUCT for sign in told):
        return Sign(Kind.PRODUCT, sure=True)
    page_type = _page_type(page)
    if page_type is Kind.PRODUCT and not told:
        return Sign(Kind.PRODUCT, sure=False)
    told += [*_names(page), *_question(page), *_address(page), *_graph(page, types)]
    if page_type is not None and page_type is not Kind.PRODUCT:
        told.append(Sign(page_type, sure=False))
    articles = [sign for sign in told if sign.kind is Kind.ARTICLE]
    if len(articles) > 1 and not _TO_CART.search(page.html):
        return Sign(Kind.ARTICLE, sure=True)
    return next((sign for sign in told if sign.sure), next(iter(told), None))


# Classes of the body, whole words: WooCommerce, Magento, Shopify, PrestaShop, OpenCart, Salesforce Commerce,
# nopCommerce, Hybris, BigCommerce, Squarespace.
_CLASSES: tuple[tuple[Sign, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(words, re.IGNORECASE))
    for sign, words in (
        (
            Sign(Kind.PRODUCT, sure=True),
            r"single-product|catalog-product-view|template-product\S*|page-product|page-product-\S+"
            r"|product-product(?:-\d+)?"
            r"|pt_product-details|page-productdetails\S*|html-product-details-page|page-type-product"
            r"|product-template-default",
        ),
        (
            Sign(Kind.MISSING, sure=True),
            r"error404|error-404|cms-noroute-index|cms-no-route|template-404|page-?pagenotfound"
            r"|pagenotfound|error-not_found"
            r"|page-notfound|html-not-found-page|pt_error|not-found-page|page-404|page-not-found",
        ),
        (
            Sign(Kind.CART, sure=True),
            r"woocommerce-(?:cart|checkout)|checkout-(?:cart|index|checkout|onepage)(?:-\S+)?"
            r"|template-cart|page-(?:cart|order|checkout)"
            r"|pt_(?:cart|checkout)|html-(?:shopping-cart|checkout)-page|page-(?:cart"
            r"|multistepcheckout)\S*page|cart-page|checkout-page",
        ),
        (
            Sign(Kind.SEARCH, sure=True),
            r"search-results|search-no-results|catalogsearch-\S+|template-search|page-search\S*"
            r"|product-search|html-search-page"
            r"|pt_product-search-noresult",
        ),
        (
            Sign(Kind.LIST, sure=True),
            r"tax-product_\S+|post-type-archive-product|woocommerce-shop|catalog-category-view"
            r"|template-(?:list-)?collections?"
            r"|page-(?:category|manufacturer|best-sales|new-products|prices-drop)"
            r"|product-category(?:-[\d_]+)?"
            r"|product-(?:manufacturer|special)|pt_(?:product-search-result|categorylanding)"
            r"|html-(?:category|manufacturer)-page"
            r"|page-product(?:grid|list)\S*|search-index-category|\S+-index-category",
        ),
        (
            Sign(Kind.PERSONAL, sure=True),
            r"woocommerce-account|customer-account-\S+|template-customers\S*|page-(?:authentication"
            r"|my-account|contact|stores)"
            r"|account-(?:login|register|account)|wishlist-index-\S+|contact-index-index|html-login-page"
            r"|pt_account|pt_wishlist",
        ),
        (
            Sign(Kind.ARTICLE, sure=False),
            r"single-post|template-(?:article|blog)|blog-post\S*|article-page|pt_article",
        ),
        (
            Sign(Kind.HOME, sure=False),
            r"home|cms-index-index|cms-home|template-index|page-index|common-home|pt_storefront"
            r"|page-homepage|html-home-page",
        ),
    )
)
_IDS = {"product": 0, "pagenotfound": 1, "cart": 2, "checkout": 2, "search": 3, "category": 4, "index": 7}


def _template(page: Page) -> Iterator[Sign]:
    """What the body's class and id say, which platforms set by template."""
    body = page.tree.body
    if body is None:
        return
    attributes = body.attributes
    words = (attributes.get("class") or "")[:4000].split()[:120]
    for sign, pattern in _CLASSES:
        if any(pattern.fullmatch(word) for word in words):
            yield sign
    number = _IDS.get((attributes.get("id") or "").strip().lower())
    if number is not None and words:
        yield _CLASSES[number][0]


_OG_TYPE = re.compile(r"(?:^|[:.])(product|product\.item|item|deal|book)$", re.IGNORECASE)
_ARTICLE_TAGS = ("article:published_time", "article:author", "article:section", "article:tag")
_BODY_TYPES = {
    "itempage": Sign(Kind.PRODUCT, sure=True),
    "product": Sign(Kind.PRODUCT, sure=True),
    "searchresultspage": Sign(Kind.SEARCH, sure=False),
    "collectionpage": Sign(Kind.LIST, sure=False),
    "checkoutpage": Sign(Kind.CART, sure=True),
    "contactpage": Sign(Kind.PERSONAL, sure=True),
    "aboutpage": Sign(Kind.PERSONAL, sure=True),
    "blogposting": Sign(Kind.ARTICLE, sure=False),
}


def _tags(page: Page) -> Iterator[Sign]:
    """What the Open Graph and the body's own type say."""
    said = page.meta("og:type") or ""
    if _OG_TYPE.search(said):
        yield Sign(Kind.PRODUCT, sure=True)
    elif said.lower() == "product.group":
        yield Sign(Kind.LIST, sure=False)
    elif said.lower() == "article" and any(tag in page.metas for tag in _ARTICLE_TAGS):
        yield Sign(Kind.ARTICLE, sure=False)
    body = page.tree.body
    word = (body.attributes.get("itemtype") or "").rstrip("/").rpartition("/")[2].lower() if body else ""
    if word in _BODY_TYPES:
        yield _BODY_TYPES[word]


_ARTICLE_TYPES = frozenset(
    "article newsarticle blogposting reviewnewsarticle liveblogposting techarticle recipe"
    " discussionforumposting qapage"
    " howto analysisnewsarticle".split()
)


def _graph(page: Page, types: set[str]) -> Iterator[Sign]:
    if types & _ARTICLE_TYPES or ("review" in types and "product" not in types):
        yield Sign(Kind.ARTICLE, sure=False)
    if "searchresultspage" in types:
        yield Sign(Kind.SEARCH, sure=False)
    if "collectionpage" in types or ("itemlist" in types and "product" not in types):
        yield Sign(Kind.LIST, sure=False)
    if "checkoutpage" in types:
        yield Sign(Kind.CART, sure=True)


_FOUND = re.compile(
    r"\bsearch results?\b|\bresults? for\b|^\W*(?:search|you searched for)\s*:"
    r"|^\W*[\d.,]+\+? (?:results?|products?|items?) (?:for|found|matching)\b"
    r"|\b(?:suchergebnisse?|résultats? (?:de (?:la )?recherche|pour)|resultados (?:de (?:la )?búsqueda"
    r"|para)|risultati (?:della ricerca|per)"
    r"|zoekresultaten|wyniki wyszukiwania|sökresultat|søgeresultater|søkeresultater|rezultatele căutării"
    r"|resultados da (?:busca|pesquisa)"
    r"|arama sonuçları|výsledky (?:hledání|vyhledávání)|результаты поиска|検索結果|搜索结果|खोज परिणाम)",
    re.IGNORECASE,
)
_CART_NAME = re.compile(
    r"(?:your |my |view |the )?(?:shopping |grocery )?(?:cart|basket|bag"
    r"|trolley)(?: \(?\d+(?: items?)?\)?)?(?: is(?: currently)? empty)?"
    r"|(?:secure |guest )?checkout|order (?:confirmation|summary|form|details)|review your order"
    r"|thank you for your order"
    r"|(?:mein |ihr )?(?:waren|einkaufs)(?:korb|wagen)|zur kasse|kasse|(?:mon "
    r"|votre )?panier(?: d['’]achat)?"
    r"|(?:tu |mi |su )?(?:carrito|cesta)(?: de (?:la )?compras?)?|(?:il tuo |il mio )?carrello|(?:je "
    r"|mijn )?winkel(?:wagen|mandje)(?:tje)?"
    r"|(?:twój )?koszyk|(?:din )?varukorg(?:en)?|(?:din )?(?:handlekurv|indkøbskurv)|ostoskori"
    r"|sepet(?:im)?|(?:nákupní )?košík|kosár"
    r"|coșul (?:tău|meu)|coș de cumpărături|(?:seu |meu )?carrinho(?: de compras)?|корзина|кошик"
    r"|καλάθι(?: αγορών)?"
    r"|(?:ショッピング)?カート|购物车|購物車|장바구니|ตะกร้าสินค้า|giỏ hàng|मेरी कार्ट|سلة التسوق",
    re.IGNORECASE,
)
_PERSONAL_NAME = re.compile(
    r"(?:sign|log)[ -]?in(?: (?:or|/) (?:sign[ -]?up|register|create (?:an )?account))?"
    r"|log ?in to your account|sign ?up|create (?:an |your )?account"
    r"|register|forgot(?:ten)? (?:your )?password\??|my account|your account|(?:my |your )?wish ?lists?"
    r"|my favou?rites|(?:my |your )?saved items"
    r"|(?:track|my|your) orders?|order (?:history|tracking|status)|(?:find (?:a|your) "
    r"|our )?stores?(?: locator| finder| near (?:me|you))?|stores?"
    r"|find (?:a|your) (?:nearest )?(?:store|dealer|stockist)|contact(?: us)?|about us"
    r"|customer (?:service|care|support)|help(?: cent(?:re|er))?|faqs?"
    r"|frequently asked questions|(?:shipping|delivery)(?: (?:and|&) (?:delivery|returns?"
    r"|shipping))?(?: (?:policy|information))?"
    r"|(?:product )?returns?(?: (?:and|&) (?:exchanges?|refunds?))?(?: policy)?|privacy policy"
    r"|cookie policy"
    r"|terms (?:and|&) conditions|terms of (?:use|service|sale)|site ?map|compare products?"
    r"|anmelden|einloggen|mein konto|merkzettel|wunschliste|impressum|connexion|mon compte"
    r"|ma liste d['’]envies|iniciar sesión|mi cuenta"
    r"|lista de deseos|accedi|il mio account|lista dei desideri|inloggen|verlanglijst|logga in"
    r"|zaloguj się|entrar|minha conta|ログイン|登录",
    re.IGNORECASE,
)
_BEST_OF = re.compile(
    r"^(?:the |our )?(?:top )?\d{1,2} (?:best|top|greatest)\b|\bbest\b.{3,60}\b(?:of|for|in) 20\d\d\b",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s+[|–—:•·»-]+\s+|\s*\|\s*|: ")


def _names(page: Page) -> Iterator[Sign]:
    """What the heading says, and each part of the window's title: a shop puts its own name beside the"
    " page's."""
    title = page.window_title or ""
    if len(title) > 200:
        title = ""
    for name in (page.heading or "", title):
        if 0 < len(name) <= 200 and _FOUND.search(name):
            yield Sign(Kind.SEARCH, sure=True)
    if _BEST_OF.search(page.heading or ""):
        yield Sign(Kind.ARTICLE, sure=False)
    for part in (page.heading or "", *_PARTS.split(title)):
        words = part.strip(" \t.!:…").strip()
        if not words or len(words) > 60:
            continue
        if _CART_NAME.fullmatch(words):
            yield Sign(Kind.CART, sure=True)
        elif _PERSONAL_NAME.fullmatch(words) and (part == page.heading or not _is_named_in(page, title)):
            # A shop's name may be "The Store": only the heading is certain to be the page's own name.
            yield Sign(Kind.PERSONAL, sure=part == page.heading)


def _is_named_in(page: Page, title: str) -> bool:
    """Whether the window's title says the heading's words: its other parts are then the shop's."""
    heading = " ".join((page.heading or "").casefold().split())
    return len(heading) > _SHORT_NAME and heading in " ".join(title.casefold().split())


_SHORT_NAME = 9
_ASKED = frozenset(
    "q s k query search keyword keywords text term searchterm search_query searchtext st w kw ntt".split()
)
_QUOTED = re.compile(r"[\"“”„«»‘’'](.{2,80})[\"“”„«»‘’']")


def _question(page: Page) -> Iterator[Sign]:
    """A heading that repeats what the address asks for, as search pages do; a product may be called so."""
    heading = " ".join((page.heading or "").casefold().split())
    for name, value in parse_qsl(page.query)[:20] if heading else ():
        asked = " ".join(value.casefold().split())
        if name.lower() in _ASKED and len(asked) > 1:
            if any(said.strip() == asked for said in _QUOTED.findall(heading)):
                yield Sign(Kind.SEARCH, sure=True)
            elif heading == asked:
                yield Sign(Kind.SEARCH, sure=False)


_CART_PATH = re.compile(
    r"(?:view|shopping|my)?-?(?:cart|basket|checkout)(?:\.\w{2,5})?|shoppingbag|warenkorb|einkaufswagen"
    r"|panier|carrito|carrello|winkelwagen"
    r"|varukorg|koszyk|carrinho|kasse|one-?page-?checkout",
    re.IGNORECASE,
)
_ORDERS_PATH = re.compile(r"(?:my-?)?orders|order-?(?:details?|history|summary)", re.IGNORECASE)
_SEARCH_PATH = re.compile(
    r"(?:advanced|catalog|site)?-?search(?:-?results?|page)?(?:\.\w{2,5})?|s|suche|recherche|buscar"
    r"|busqueda|cerca|zoeken|haku|szukaj|pesquisa"
    r"|busca|catalogsearch",
    re.IGNORECASE,
)
_PERSONAL_PATH = re.compile(
    r"log-?in|sign-?in|sign-?up|register|wish-?lists?|account|my-?account|store-?locator|find-a-store"
    r"|contact(?:-?us)?|about(?:-?us)?|faqs?"
    r"|order-?tracking|compare|pricing|plans|questions|customer-?reviews|thank-?you|order-?confirmation"
    r"|confirmation",
    re.IGNORECASE,
)
_ARTICLE_PATH = re.compile(
    r"blogs?|news|articles?|magazine|journal|stor(?:y|ies)|guides?|buying-guides?|reviews|wiki|forums?"
    r"|threads?|questions|podcasts?|press|help(?:-?cent(?:er|re))?|policies|customer-?service",
    re.IGNORECASE,
)
_LIST_PATH = re.compile(r"collections|product-(?:category|tag)|categor(?:y|ies)|tags?|brands?", re.IGNORECASE)
_PRODUCT_PATH = re.compile(
    r"products?|p|dp|item|itm|product_info\.php|prod|pd|produkt|produit|producto", re.IGNORECASE
)
_FRONT_DOOR = re.compile(
    r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|home|default)(?:\.\w{2,5})?/?)?", re.IGNORECASE
)


def is_front_door(page: Page) -> bool:
    """Whether the address is the shop's front page, where links to dead products often lead."""
    return bool(_FRONT_DOOR.fullmatch(page.path)) and not page.query


def _address(page: Page) -> Iterator[Sign]:
    parts = [part for part in page.path.split("/")[:12] if part]
    if not parts:
        return
    if _CART_PATH.fullmatch(parts[-1]) or any(
        part.lower() == "checkout" or _ORDERS_PATH.fullmatch(part) for part in parts
    ):
        yield Sign(Kind.CART, sure=True)
    if _PERSONAL_PATH.fullmatch(parts[-1]):
        yield Sign(Kind.PERSONAL, sure=True)
    if any(_PRODUCT_PATH.fullmatch(part) for part in parts[:-1]):
        return
    # Salesforce's addresses begin with /s/ and the name of the site.
    first = parts[0] if parts[0] != "s" else ""
    if _SEARCH_PATH.fullmatch(first) or _SEARCH_PATH.fullmatch(parts[-1]):
        yield Sign(Kind.SEARCH, sure=bool(page.query) or "search" in page.path.lower())
    if any(_ARTICLE_PATH.fullmatch(part) for part in parts[:-1]):
        yield Sign(Kind.ARTICLE, sure=False)
    if any(_LIST_PATH.fullmatch(part) for part in parts[-3:-1]):
        yield Sign(Kind.LIST, sure=False)


_TYPE_SAID = re.compile(r"""s?\\?["']?\s*(?:[:=,]|content=)\s*\\?["']([\w /-]{2,40})\\?["']""")
_TYPE_NAME = re.compile("age(?:Type|_type|type|Category)")
_MOST_TOLD = 12
_TYPE_WORDS: dict[str, Kind] = {
    **dict.fromkeys(
        "product pdp productpage productdetail productdetails productdetailpage productdetailspage detail"
        " details item itempage"
        " showdetail productview catalogproductview goodsdetail pdpage productshow".split(),
        Kind.PRODUCT,
    ),
    **dict.fromkeys(
        "category categorypage plp list listing listingpage productlist productlisting productlistpage"
        " collection clp"
        " catalogcategoryview categorylanding brand department browse catalog subcategory".split(),
        Kind.LIST,
    ),
    **dict.fromkeys(
        "search searchpage searchresult searchresults searchresultspage catalogsearch"
        " catalogsearchresultindex srp searchlist"
        " catalogsearch".split(),
        Kind.SEARCH,
    ),
    **dict.fromkeys(
        "cart cartpage basket checkout bag shoppingcart shoppingbag conversionintent purchase".split(),
        Kind.CART,
    ),
    **dict.fromkeys("article blog blogpost blogarticle news story articlepage".split(), Kind.ARTICLE),
    **dict.fromkeys("home homepage frontpage storefront".split(), Kind.HOME),
    **dict.fromkeys("login account wishlist storelocator register".split(), Kind.PERSONAL),
    **dict.fromkeys("404 error404 notfound pagenotfound errorpage".split(), Kind.MISSING),
}


def _page_type(page: Page) -> Kind | None:
    """The page type that is told to analytics (`ecomm_pagetype`, `pageType`), if all that is told"
    " agrees."""
    found: set[Kind] = set()
    told: Counter[str] = Counter()
    for name in _TYPE_NAME.finditer(page.html):
        told[name[0]] += 1
        if told[name[0]] > _MOST_TOLD:
            continue
        said = _TYPE_SAID.match(page.html, name.end())
        word = "".join(sign for sign in said.group(1).lower() if sign.isalnum()) if said else ""
        if word in _TYPE_WORDS:
            found.add(_TYPE_WORDS[word])
    return found.pop() if len(found) == 1 else None


_TO_CART = re.compile(r"[aA]dd[-_ ]?[tT]o[-_ ]?(?:[cC]art|[bB]ag|[bB]asket|[tT]rolley)|addtocart", re.ASCII)
# Searched one by one: a search for one fixed string is far quicker than a pattern without a fixed beginning.
_ASCENDING = (
    "ow to high", "ow to High", "ow to HIGH", "ow - High", "ow-High", "owest first", "owest price first",
    "aufsteigend", "ufsteigender Preis", "iedrigster Preis", "rix croissant", "enor a mayor", "rezzo"
    " crescente",
    "rijs oplopend", "rosnąco", "od najniższej", "stigande", "crescente",
)  # fmt: skip
_PRICE = re.compile(r"pri[cs]|prei|prix|precio|prezzo|prij|preço|cen[ay]", re.IGNORECASE)


def sorts_by_price(page: Page) -> bool:
    """Whether a person can sort by price here, as in lists: reviews are sorted too, but not by that."""
    html = page.html
    for words in _ASCENDING:
        at = html.find(words)
        if at >= 0 and _PRICE.search(html, max(0, at - 25), at + len(words) + 15):
            before = html[max(0, at - 200_000) : at]
            if before.rfind("<script") <= before.rfind("</script"):
                return True
    return False
