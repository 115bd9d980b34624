"""The names that shops give to parts of a page: what a class or an id says of the amounts inside."""

from tracker.stores.candidates import Role
from tracker.stores.wording import Wording, any_of

PRICE_NAME = any_of(
    r"price|\bmoney\b|importe|tarif|prix|preis|precio|prezzo|prijs|preco|cena(?!rio)|pris(?![mo])|fiyat|amount|kaufpreis|\bcost\b"
    r"|rupee|\bmrp\b"
)
SURE_NAME = any_of(
    r"(?:sale|final|current|our|now|special|offer|selling|actual|discounted?|net|main|product|deal|buy|pay"
    r"|active|your|today)"
    r"[-_ ]{0,2}price",
    r"price[-_ ]{0,2}(?:sale|final|current|our|now|special|new|actual|main|value|block|to-?pay|selling"
    r"|offer|big|large|wrapper)",
    r"(?:^|\s)(?:now|current|sale|special|final|selling)(?:\s|$)|\bprice\b|\boffers?\b|priceToPay|ourprice"
    r"|pdp-?price|product-?price",
)
LIST_NAME = any_of(
    r"(?:^|[-_ ])(?:old|was|prc-?org|price-?org|strike|struck|strikethrough|crossed|line-?through"
    r"|mrp|rrp|msrp|uvp|compare"
    r"|before|previous"
    r"|original|retail|list|regular|reg|standard|full|base|basis|rr|highlight-off)[-_ ]{0,2}(?:price|amount"
    r"|value|at)?(?:$|[-_ ])",
    r"(?:old|was|strike(?:d|through)?|cross(?:ed)?|list|original|regular|rrp|mrp|msrp|compare(?:At)?"
    r"|previous|before|retail)[-_]{0,2}Price",
    r"price[-_]{0,2}(?:old|was|strike(?:d|through)?|cross(?:ed)?|list|original|regular|rrp|mrp|msrp|compare"
    r"|previous|before|retail|base)",
    r"\bstreich|durchgestrichen|doorgestreept|\btachado|przekre[śs]l|\bantes\b|\bvorher\b",
    r"basisPrice|priceBlockStrike|a-text-(?:strike|price)|text-decoration-line-through|line-through"
    r"|\bbarre\b|\bprix-?barre",
)
# A theme's "regular-price" is the selling price unless something crosses it out.
SOFT_LIST_NAME = any_of(
    r"(?:^|[-_ ])(?:regular|reg|base|standard|full|list|retail|original)[-_ ]{0,2}(?:price|amount"
    r"|value)?(?:$|[-_ ])",
    r"(?:regular|list|retail|original|base)Price|price[-_]{0,2}(?:regular|list|retail|original|base)",
)
OTHER_NAMES: tuple[tuple[Role, Wording], ...] = (
    (
        Role.INSTALMENT,
        any_of(
            r"\bemi\b|emi[-_]|instal?l?ment|monthly|financ|affirm|klarna|afterpay|sezzle|clearpay|leasing"
            r"|\bzip(?:pay)?\b|paypal|laybuy|per-?month"
        ),
    ),
    (Role.SHIPPING, any_of(r"shipping|delivery|freight|postage|versand|livraison|fulfil?ment")),
    (
        Role.SAVING,
        any_of(
            r"\bsav(?:e|ing)s?\b|[-_]sav(?:e|ing)s?|sav(?:e|ing)s?[-_]|yousave|discount[-_ ]?(?:amount"
            r"|value|badge|label)|coupon|voucher|cashback|reward|loyalty-?point|promo-?(?:code|message|text"
            r"|banner)"
        ),
    ),
    (
        Role.UNIT,
        any_of(
            r"unit[-_ ]?price|price[-_ ]?per|per[-_ ]?unit|priceper|pricePerUnit|base-?unit|\bppu\b"
            r"|grundpreis|unitprice|unit-?cost"
        ),
    ),
    (Role.EXCHANGE, any_of(r"exchange|trade-?in|bank-?offer")),
    (Role.SUBSCRIPTION, any_of(r"subscri(?:be|ption)|autoship|auto-?delivery|\bsns\b|snsprice")),
    (Role.MEMBER, any_of(r"member|loyalty|club-?price|prime-?price|plus-?price")),
    (
        Role.USED,
        any_of(r"\bused|refurb|pre-?owned|open-?box|olp[-_]|mbc-|marketplace|other-?sellers|more-?buying"),
    ),
    (
        Role.VARIANT,
        any_of(
            r"tier-?price|price-?tier|bulk|quantity-?break|qty-?(?:break|discount|price)|volume-?(?:price"
            r"|pricing|discount)|swatch|variation-?option|price-?break|staffel"
        ),
    ),
)
ELSEWHERE_NAME = any_of(
    r"relat(?:ed|ion)|recommend|\brecs?\b|[-_]recs?\b|\brec[-_]|similar|carousel|also[-_ ]?(?:like|view"
    r"|bought|buy)|upsell|up-sell|cross-?sell|bundle"
    r"|frequently|bought-?together|fbt\b|accessor(?:y|ies)|complete-?the|you-?may|might-?like|people-"
    r"|customers?-(?:also|who|view)",
    r"mini-?(?:cart|basket|bag)|cart[-_]?(?:items?|total|summary|drawer|preview|dropdown|subtotal|content"
    r"|count|popup|modal|sidebar|flyout|widget)"
    r"|(?:shopping|top|header|my|side|ajax|quick|block|nav|user|hd|small)[-_]?(?:cart|bag|basket)\b"
    r"|basket-?(?:total|summary|items?)",
    r"footer|breadcrumb|\bnav(?:bar|igation)?\b|\bmenu\b|mega-?menu|sponsor|recent(?:ly)?|last-?viewed"
    r"|history|compar(?:e|ison)|add-?ons?\b|warrant|protection-?plan"
    r"|newsletter|popup|pop-up|\bmodal\b|lightbox|quick-?view|tooltip|popover|banner|announcement"
    r"|promo-?bar|top-?bar|facet|refinement|filter"
    r"|reviews?\b|rating|comment|testimonial|best-?sell|top-?sell|trending|popular|featured-?(?:products?"
    r"|items?)|new-?arrivals|latest|products?-?(?:grid|list|slider|tile|card|item)\b"
    r"|item-?tile|wish-?list|gift-?card|search-?result|autocomplete|sticky|instagram|social|sidebar",
)
"""Names of the parts of a page that speak of other things than its subject."""
BUY_NAME = any_of(
    r"add[-_]?(?:item)?[-_]?to[-_]?(?:shopping)?[-_]?(?:cart|bag|basket|trolley|kart)|addtocart|addtobag"
    r"|add-?to-?basket|\badd-?cart|buy-?(?:now|button|box)|btn-?buy|buybtn|buybutton"
    r"|product-form__(?:submit|cart)|single_add|/cart/add|add_?cart|cart-?button|btn-?cart|purchase-?button"
    r"|addcart|quick_?buy|cart\.(?:php|asp|aspx)\?.{0,40}add|basket/add|warenkorb"
)
