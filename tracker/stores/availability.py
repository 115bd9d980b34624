"""Whether a thing can be had, from what sources state: schema.org's terms in every spelling, and words."""

import re

from tracker.stores.offer import Availability

_ORDERABLE = frozenset(
    "instock onlineonly limitedavailability preorder presale madetoorder backorder available true 1 yes "
    "y onstock availablefororder availableforpurchase instoreonly lowstock limitedstock limited "
    "orderable purchasable forsale active onsale inventoryavailable instockonline".split()
)
_NOT_ORDERABLE = frozenset(
    "outofstock soldout discontinued reserved oos outofstockonline unavailable notavailable false 0 no "
    "n nostock notinstock notforsale inactive temporarilyunavailable currentlyunavailable "
    "temporarilyoutofstock permanentlyoutofstock ended pending".split()
)
_OUT = re.compile(
    r"out of stock|sold out|unavailable|not (?:currently )?(?:available|in stock)|no longer available"
    r"|notify me|coming soon|discontinued|(?<!\d)0 (?:left|in stock|available)"
    r"|nicht (?:mehr |auf )?(?:lager|verfügbar|vorrätig|lieferbar)|ausverkauft|vergriffen|indisponible"
    r"|rupture|épuisé|no disponible|sin existencias|agotado|non disponibile|esaurito"
    r"|niet (?:op voorraad|leverbaar|beschikbaar)|uitverkocht|niedostępny|brak w magazynie"
    r"|tillfälligt slut|slut i lager|slutsåld|udsolgt|utsolgt|ikke på lager|loppu|esgotado"
    r"|indisponível|stoc epuizat|indisponibil|vyprodáno|není skladem|elfogyott|nincs készleten"
    r"|нет в наличии|распродано|tükendi|stokta yok|在庫切れ|お取り扱いできません|品切れ|缺货|售罄|품절"
    r"|stok (?:habis|kosong)|hết hàng|สินค้าหมด"
    r"|उपलब्ध नहीं|स्टॉक में नहीं",
    re.IGNORECASE,
)
_IN = re.compile(
    r"in stock|available|ships? (?:in|within|from|today)|dispatched|pre-?order|back-?order"
    r"|left in stock|only \d+ left|add to (?:cart|bag|basket|trolley)|ready to ship|auf lager"
    r"|lieferbar|verfügbar|vorrätig|sofort|en stock|disponible|disponibil[ei]|disponível|op voorraad"
    r"|leverbaar|dostępny|w magazynie|i lager|på lager|varastossa|în stoc|em estoque|skladem|készleten"
    r"|raktáron|в наличии|stokta|在庫あり|残り\d+点|有货|有現貨|उपलब्ध|स्टॉक में",
    re.IGNORECASE,
)
_LONGEST_STATEMENT = 300


def availability_of(value: object) -> Availability:
    """From a term: "https://schema.org/InStock", "in stock", "in_stock", true; else from its words."""
    if isinstance(value, bool):
        return Availability.IN_STOCK if value else Availability.OUT_OF_STOCK
    if not isinstance(value, str):
        return Availability.UNKNOWN
    stated = value[:_LONGEST_STATEMENT].strip()
    term = stated.rstrip("/").rpartition("/")[2].rpartition("#")[2].lower()
    term = "".join(sign for sign in term if sign.isalnum())
    if term in _ORDERABLE:
        return Availability.IN_STOCK
    return Availability.OUT_OF_STOCK if term in _NOT_ORDERABLE else availability_in(stated)


def availability_in(words: str) -> Availability:
    """From the words of an element that speaks of availability and of nothing else."""
    words = words[:_LONGEST_STATEMENT]
    if _OUT.search(words):
        return Availability.OUT_OF_STOCK
    return Availability.IN_STOCK if _IN.search(words) else Availability.UNKNOWN


def reconciled(stated: Availability, seen: Availability) -> Availability:
    """What markup states with what a person sees: "sold out" beside the heading ends every claim of stock.

    The other way round the markup is believed: pages keep a button in the source that their script removes.
    """
    if stated is Availability.UNKNOWN or seen is Availability.OUT_OF_STOCK:
        return seen
    return stated
