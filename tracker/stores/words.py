"""The words by which shops say what an amount is, in the languages that we have seen them in."""

from tracker.stores.candidates import Role
from tracker.stores.wording import Wording, any_of

# What stands before an amount, on its line or on the line above. The nearest word to the amount decides.
_BEFORE: tuple[tuple[Role, Wording], ...] = (
    (
        Role.LIST,
        any_of(
            r"\bm\.?\s?r\.?\s?p\b\.?",
            r"\b(?:m\.?s\.?)?r\.?r\.?p\b|\bmsrp\b|\bs\.?r\.?p\b|\bp\.?v\.?p\.?r?\b",
            r"\b(?:list|retail|regular|reg\.?|original|old|previous|former|full|market|typical|normal"
            r"|standard|usual"
            r"|store|street|catalog(?:ue)?|base|cover|publisher['’]?s?|suggested|rec(?:ommended)?\.?) "
            r"(?:retail )?(?:price|cost|value)?",
            r"\b(?:was|were|before|originally|normally|usually|formerly|regularly|retails?(?: for| at)?"
            r"|reg|orig)\b",
            # The lowest price of the last 30 days, which shops in the EU must print beside a reduced one.
            r"lowest (?:price )?(?:in|of|over|from|within) (?:the )?(?:last|past|previous)"
            r"|niedrigste[rn]? preis|prix le plus bas|precio (?:más|mínimo) (?:bajo|de los)"
            r"|prezzo più basso|laagste prijs|lägsta pris|laveste pris|nejnižší cena|najnižšia cena"
            r"|cel mai mic pre[tț]|alin hinta|legalacsonyabb ár",
            r"\bcompare(?:d)?(?: at| to| price)?\b|\bstrike\b|\bvalued? at\b|\bvalue\b|\bin store\b"
            r"|\binstead of\b",
            r"\b(?:price )?(?:reduced|discounted|marked down|dropped|down) from\b",
            r"\buvp\b|\bstatt\b|unverbindliche|\b(?:früher|vorher|bisher)\b",
            r"\b(?:listen|(?:alt|ehemalig|bisherig|früher|vorherig|ursprünglich|regulär|normal)e[rn]?)"
            r" ?(?:verkaufs)?preis",
            r"\b(?:list|retail|regular|original|suggested)\W*$",
            r"\bancien(?:ne)?\b|\b(?:rég|ord)\.(?! ?pris)",
            r"prix (?:conseillé|barré|public|de base|normal|initial|d['’]origine"
            r"|habituel)|au lieu de|\bavant\b",
            r"\bantes\b|precio (?:anterior|original|normal|habitual|regular|de lista|recomendado)|\bpvp\b",
            r"prezzo (?:di listino|consigliato|originale|precedente|pieno)|anziché|invece di|\bprima\b",
            r"\badviesprijs|\bnormale? prijs|\boude prijs|\bvan voor\b|\bwas\b",
            r"preço (?:original|anterior|normal|de tabela)|\bde:?\s*(?=R\$|$)",
            r"cena (?:regularna|katalogowa|przed|poprzednia|sugerowana)|najniższa cena",
            r"\bnorm\.|\bovh\b",
            r"ord(?:inarie|\.)? ?pris|før(?:pris)?\b|tidligere|vejl\.?|veil\.?|tidigare|normaalihinta"
            r"|rek\. ?pris",
            r"pre[tț](?:ul)? (?:vechi|recomandat|inițial)|\bprp\b|původní|běžná cena|eredeti ár|bežná cena",
            r"старая цена|розничная|eski fiyat|liste fiyat[ıi]|piyasa fiyat",
            r"原价|定价|市场价|吊牌价|定価|参考価格|通常価格|希望小売価格|एमआरपी|अधिकतम खुदरा",
        ),
    ),
    (
        Role.SELLING,
        any_of(
            r"\b(?:now|sale|our|your|deal|today['’]?s?|special|offer|final|net|current|selling|clearance"
            r"|online|web|buy)"
            r" ?(?:price|for|at|only)?\b",
            r"\bprice\b|\bonly\b|\bcost\b|\bbuy(?: it)? now\b|\byou(?:['’]ll)? pay\b",
            r"\bjetzt\b|\bnur\b|\bpreis\b|\bprix\b|\bprecio\b|\bahora\b|\bprezzo\b|\bora\b|\bprijs\b|\bnu\b"
            r"|\bpreço\b"
            r"|\bpor\b|\bcena\b|\bpris\b|\bpre[tț]\b|\bár\b|\bfiyat|\bhinta\b|цена|价格|促销价|售价|価格|販売|कीमत"
            r"|मूल्य",
        ),
    ),
    (
        Role.LOWEST,
        any_of(
            r"\b(?:from|starting(?: at| from)?|starts at|as low as|prices? from|low as)\b",
            r"\bab\b|à partir de|\bdès\b|\bdesde\b|\ba partire da\b|\bvanaf\b|\ba partir de\b|\bod\b"
            r"|\bfrån\b|\bfra\b|起$|から$",
        ),
    ),
    (
        Role.INSTALMENT,
        any_of(
            r"\bemi\b|instal?l?ment|\bfinanc|\bleas(?:e|ing)\b|\b(?:after|clear)pay\b|\bklarna\b|\baffirm\b"
            r"|\bsezzle\b"
            r"|\bzip(?:pay)?\b|\blay-?buy|\bsplitit\b|\bquadpay\b|\bpayments? of\b|\bpay in \d"
            r"|interest[- ]free|\bdeposit\b"
            r"|\bdown payment\b|\d\s?[x×]\s*(?:de|of|à)?\s*$|\bmonthly\b|\bper month\b|\bfortnight",
            r"\braten?\b|monatlich|\bmtl\.|mensualit|\bcuotas?\b|\bparcela|\bem até\b|\brate da\b|\braty?\b"
            r"|\btaksit|分期",
            r"\btermijn|\b\d+ (?:keer|fois|veces|volte|rater|delar)\b|delbetal|кредит|рассрочк",
        ),
    ),
    (
        Role.SHIPPING,
        any_of(
            r"\bshipping\b|\bship\b|\bships\b|\bdelivery\b|\bdelivered\b(?= for)|\bpostage\b|\bp ?& ?p\b"
            r"|\bfreight\b|\bhandling\b",
            r"\bfees?\b|\bduty\b|\bduties\b|\bassembly\b|\binstallation\b|\bgift[- ]?wrap"
            r"|\bprotect(?:ion)?\b|\b(?:year|care|service|coverage) plan\b|\bdonat\w+|\bwarranty\b"
            r"|\binsurance\b|\breturns?\b|\bcore (?:charge|deposit)\b|écofrais|éco-?part|\bpfand\b"
            r"|\bstatiegeld\b|\bconsigne\b|\bengraving\b|\bestimated tax\b|\badd-?on\b",
            r"versand|liefer|livraison|frais de port|\benvío|\bgastos\b|\bfrete\b|\bentrega\b|spedizione"
            r"|consegna|verzend"
            r"|bezorg|wysyłk|dostaw|\bfrakt\b|doprav|szállítás|livrare|transport|доставк|kargo|运费|送料|配送",
        ),
    ),
    (
        Role.SAVING,
        any_of(
            r"\b(?:you(?:['’]ll| will)? )?sav(?:e[sd]?|ings?)\b|\bdiscount|\bcoupon|\bvoucher|\bcash ?back"
            r"|\brebate|\boff\b"
            r"|\brewards?\b|\bpoints?\b|\bearn\b|\breduced by\b|\bgift card\b|\bcredit\b|\bprice drop of\b"
            r"|\bextra\b",
            r"\bspar(?:en|ersparnis|e)?\b|\bersparnis|rabatt|économi|remise|réduction|\bahorr|descuento"
            r"|risparmi|sconto|bespaar"
            r"|korting|economi[zs]|desconto|oszczęd|zniżk|kupon|indirim|\bbesparelse|скидк|эконом|выгод|छूट|बचत|优惠券|クーポン"
            r"|割引",
        ),
    ),
    (
        Role.THRESHOLD,
        any_of(
            r"\b(?:over|above|under|below|exceed\w*|less than|more than|at least|at most|up ?to|minimum"
            r"|min\.?|maximum|max\.?"
            r"|spend(?:ing)?|orders? of|orders?|worth|cap|limit|purchases? of|qualif\w+|value of|basket"
            r"|subtotal|total)\b",
            r"\büber\b|bestellwert|\bmindest|plus de|supérieur|más de|\boltre\b|\bboven\b|\bpowyżej\b|满",
        ),
    ),
    (
        Role.EXCHANGE,
        any_of(
            r"\bexchange\b|\btrade[- ]?in\b|\bbank offer|\b(?:credit|debit|bank) cards?\b|\bredcard\b"
            r"|\busing\b|\bupi\b"
            r"|\b(?:use|with|enter|apply) (?:the )?code\b|\bcode \w+ (?:for|at)\W*$"
            r"|\bwith (?:\w+ ){0,2}card\b|\beintausch",
        ),
    ),
    (
        Role.MEMBER,
        any_of(
            r"\bmembers?\b|\bmembership\b|\bprime\b|\bclub\b|\bclubcard\b|\bloyalty\b|\bvip\b"
            r"|\bsubscribers?\b|\bplus price\b"
            r"|\b(?:gold|insider|elite) price|\bmitglied|\badhérent|\bsocios?\b"
            r"|\bmedlem|\bklubb|\bclubprijs|\bjäsen|\bklubow|\btessera|\bkundenkarte",
        ),
    ),
    (
        Role.SUBSCRIPTION,
        any_of(r"\bsubscri(?:be|ption)|\bautoship\b|\bauto-?delivery\b|\brepeat deliver|\bsparabo\b|\babonn"),
    ),
    (
        Role.USED,
        any_of(
            r"\bused\b|\brefurb\w*|\bopen[- ]box\b|\bpre-?owned\b|\bpre-?loved\b|\bnew \(\d+\)|\bgebraucht"
            r"|\bd['’]occasion\b"
            r"|\bsegunda mano\b|\busato\b|\btweedehands|\bsellers?\b|\bother offers?\b|\brent(?:al)?\b"
            r"|\bkindle\b|\baudiobook\b",
        ),
    ),
    (
        Role.VARIANT,
        any_of(
            r"\bapprox(?:imately|\.)?|\bca\.\s*$|\broughly\b|\benviron\s*$|約\s*$",
            r"\bbuy \d+\+?(?: or more)?(?: for| at| @)?\W*$|\b\d+ or more\b(?: for| at| @)?\W*$"
            r"|^\W*(?:any )?(?:[2-9]|1\d) for\W*$|\b[1-9]\d{0,4} ?\+\W*$"
            r"|^\W*(?:[2-9]|1\d) (?:stuks|stück|pcs|pieces|szt\.?|st\.?)\W*$"
            r"|\b(?:set|pack|box|case) of \d+:\W*$",
        ),
    ),
    (
        Role.UNIT,
        any_of(r"\bunit price\b|\bprice per\b|\bper unit\b|\bgrundpreis|\bprix au\b|\bpro \d|\bje \d"),
    ),
)

# What stands after an amount, before the next one.
_AFTER: tuple[tuple[Role, Wording], ...] = (
    (
        Role.INSTALMENT,
        any_of(
            r"^\W{0,3}(?:/|per|a|every|p\.?)\s?(?:mo\b|month|mth|week|wk|fortnight|m\b|mois|monat|mes\b"
            r"|mese|maand)",
            r"^\W{0,3}(?:monthly|weekly|fortnightly|mtl\.|par mois|pro monat|im monat|al mes\b|al mese"
            r"|por mês|sin inter|sem juros)",
            r"^\W{0,3}[x×]\s?\d|^\W{0,3}(?:emi|deposit|down|today and)\b|\binterest[- ]free\b|\b(?:after"
            r"|clear)pay\b|\bklarna\b",
        ),
    ),
    (
        Role.UNIT,
        any_of(
            r"^\W{0,3}(?:/|per|pro|je|por|par|al?)\s?\d{0,4}[.,]?\d{0,2}\s?(?:kg|kilo|g|gm|gr|gram|mg|ml|cl"
            r"|dl|l|lt|liter"
            r"|litre|oz|fl\.? ?oz|ounce|lb|pound|count|ct|sheet|tablet|capsule|pcs?|piece|wash|use|serving"
            r"|dose|m|metre|meter"
            r"|ft|foot|feet|yard|yd|sq|m²|m2|stück|st\.)\b",
            r"^\W{0,3}(?:/|per) ?100\b|^\s?(?:per unit|unit price(?!\W*(?:$|per\b)))\b",
        ),
    ),
    (
        Role.SAVING,
        any_of(
            r"^\W{0,3}(?:off|discount|saved|savings?|cash ?back|rebate|voucher|coupon|credit|reward"
            r"|gift card|günstiger|gespart"
            r"|de réduction|d['’]économie|de descuento|di sconto|korting|rabatt)\b",
        ),
    ),
    (
        Role.SHIPPING,
        any_of(
            r"^\W{0,3}(?:shipping|delivery|postage|p ?& ?p|freight|handling|versand|de livraison|de frais"
            r"|frete|spedizione)\b",
            r"^\W{0,3}(?:d['’])?éco-?part|^\W{0,3}(?:core|pfand|statiegeld|deposit fee|crv)\b",
        ),
    ),
    (
        Role.THRESHOLD,
        any_of(
            r"^\W{0,3}(?:or more|and (?:over|above|up)|& (?:up|above)|\+ ?orders?|minimum|and under|or less"
            r"|spend|order)\b",
            r"^\W{0,3}(?:(?:ve )?üzeri|से अधिक|以上|이상|ขึ้นไป|trở lên|ke atas|o más|ou plus|oder mehr)",
        ),
    ),
    (Role.LIST, any_of(r"^\W{0,3}(?:normal|list(?: price)?|rrp|msrp|mrp|retail|uvp|value|reg\.?|regular)\b")),
    (
        Role.EXCHANGE,
        any_of(
            r"^\W{0,3}(?:after\W*$|on exchange"
            r"|after (?:mail|coupon|code|rebate|promo|discount|\w+ cash ?back)"
            r"|(?:con|com) (?:tarjeta|transferencia|cartão)|avec la carte|mit \w*karte|(?:no|via) pix"
            r"|with (?:code|coupon|promo)|w/|with exchange|with trade|after trade|with your)"
        ),
    ),
    (
        Role.MEMBER,
        any_of(
            r"^\W{0,3}(?:with (?:an? |your |my )?\w*(?:card|club)\b)",
            r"^\W{0,3}(?:for (?:\w+ )?members|members?|with prime|with club)\b",
        ),
    ),
    (Role.USED, any_of(r"^\W{0,3}(?:used|refurbished|pre-?owned)\b")),
)

_AND_UP = any_of(r"\W{0,2}(?:and up|\+(?!\w)|起|から|〜|～)")
_CLINGS = any_of(r"\W{0,3}(?:/|per\b|a month|monthly|[x×]\s?\d|off\b|discount\b|each\b|after\W*$)")
"""What is said of the amount before it even when another follows on the line."""

_FURTHEST_WORD = 34
"""Signs between a word and the amount that it speaks of."""


def role_in_words(before: str, after: str, *, last: bool = True) -> Role | None:
    """What the words on both sides make of an amount; None when they say nothing of it. When it is not the
    `last` on its line, "MRP" after it is the label of the next.
    """
    if last or _CLINGS.match(after):
        for role, pattern in _AFTER:
            if pattern.search(after):
                return role
    found = _role_before(before)
    return Role.LOWEST if found in (None, Role.SELLING) and _AND_UP.match(after) else found


def _role_before(before: str) -> Role | None:
    best: tuple[int, int, Role] | None = None
    near = before[-60:]
    for role, pattern in _BEFORE:
        for match in pattern.finditer(near):
            if len(near) - match.end() > _FURTHEST_WORD:
                continue
            # "Sale price was" is a list price: the last word wins, and of two that end together the longer.
            found = (match.end(), match.end() - match.start(), role)
            if best is None or found[:2] > best[:2]:
                best = found
    if best and best[2] in (Role.SELLING, Role.SAVING, Role.LOWEST):
        stronger = _STRONGER + _STRONGER_THAN_FROM * (best[2] is Role.LOWEST)
        other = next((role for role in stronger if _pattern(role).search(near[-_FURTHEST_WORD:])), None)
        return other or best[2]
    return best[2] if best else None


# These change the meaning of "price" wherever they stand in the label: "EMI price", "Trade in from".
_STRONGER = (Role.INSTALMENT, Role.MEMBER, Role.SUBSCRIPTION, Role.EXCHANGE, Role.UNIT)
_STRONGER_THAN_FROM = (Role.USED, Role.SHIPPING)  # "Pre-owned from", "Free delivery from"


def _pattern(role: Role) -> Wording:
    return next(pattern for other, pattern in _BEFORE if other is role)


BUY = any_of(
    r"(?:add|ad) (?:\w+ ){0,2}?(?:to|in(?:to)?) (?:\w+ )?(?:shopping )?(?:cart|bag|basket|trolley|order|box"
    r"|tote|kart)",
    r"add to (?:my )?(?:shopping )?(?:cart|bag|basket|trolley|order|quote|kart)|add (?:item|now|this)"
    r"|add \d+ to cart",
    r"buy(?: it| this| item)?(?: now| today| online| new)?|buy (?:it )?with \w+|purchase(?: now)?"
    r"|order(?: now| online)?|shop now|get it now|pre-?order(?: now)?"
    r"|(?:buy|reserve) now|place (?:bid|order)|choose options|select (?:a )?(?:size|options?)|book now"
    r"|backorder|checkout now|add|get this deal|get started|ship it|deliver it|pick it up"
    r"|(?:free )?(?:store )?pick ?up(?: in store)?"
    r"|add for (?:shipping|delivery|pickup)|(?:buy|get|grab) (?:yours|one|it)(?: now)?|buy (?:now )?(?:on"
    r"|at|from) [\w. ]{2,20}|purchase online|add (?:to )?my (?:cart|bag)|quick ?buy|one[- ]click buy",
    r"in den (?:waren|einkaufs)korb|in (?:die )?(?:einkaufstasche|den korb)|jetzt kaufen|(?:in )?warenkorb"
    r"|zum warenkorb hinzufügen|kaufen|vorbestellen",
    r"ajouter (?:au|à mon) panier|acheter(?: maintenant| cet article)?|commander|précommander",
    r"(?:añadir|agregar) (?:al carrito|a (?:la|mi|tu) (?:cesta|bolsa)|a cesta)|comprar(?: ahora| ya)?"
    r"|aggiungi al carrello|acquista(?: ora)?|compra(?: ora)?",
    r"in winkel(?:wagen|mand)(?:je)?|bestel(?:len)?(?: nu)?|koop nu|adicionar ao (?:carrinho|cesto)"
    r"|comprar agora|dodaj do koszyka|kup teraz|do koszyka",
    r"lägg i (?:varukorg|kundvagn)(?:en)?|köp(?: nu)?|legg i handle(?:kurv|vogn)(?:en)?|læg i kurv(?:en)?"
    r"|køb(?: nu)?|kjøp|lisää ostoskoriin",
    r"(?:añadir|agregar) al carro|προσθήκη στο καλάθι|αγορά|добави в количката|(?:dodaj )?u košaricu"
    r"|(?:dodaj )?v košarico|(?:vložiť |pridať )?do košíka|lisa (?:ostu)?korvi"
    r"|(?:pievienot |ielikt )?groz(?:am|ā)"
    r"|(?:įdėti )?į krepšelį|(?:додати )?в кошик|thêm vào giỏ(?: hàng)?|mua ngay|(?:tambah )?ke keranjang"
    r"|beli sekarang|(?:tilføj til|læg i) (?:indkøbs)?kurv|lisää koriin|metti nel carrello",
    r"adaug[ăa] [îi]n co[șs]|do košíku|přidat do košíku|kosárba(?: teszem)?|в корзину|купить"
    r"|добавить в корзину|до кошика|sepete ekle|hemen al",
    r"कार्ट में (?:जोड़ें|डालें)|अभी खरीदें|加入购物车|立即购买|放入購物車"
    r"|(?:カート|(?:買い物)?かご)(?:に|へ)(?:入れる|追加)|今すぐ購入"
    r"|ご?購入手続きへ(?:進む)?|立即購買|加入購物車|เพิ่ม(?:ไปยัง|ลง)(?:รถเข็น|ตะกร้า)|หยิบใส่ตะกร้า|ซื้อ(?:สินค้า|เลย|ทันที)?"
    r"|mua ngay|thêm vào giỏ(?: hàng)?|beli(?: langsung| sekarang)?|\+? ?(?:tambah(?:kan)? ke |masukkan ke )?"
    r"(?:keranjang|troli)|장바구니 ?(?:에 )?담기|바로 ?구매|장바구니|구매하기|أضف إلى (?:السلة"
    r"|العربة)|اشتر الآن|הוסף לסל",
)
SOLD_OUT = any_of(
    r"(?:this |the )?(?:item|product|size|style|variant|article)?\s?(?:is |are |has )?(?:currently "
    r"|temporarily |now |been )?(?:sold ?out|out[- ]of[- ]stock|unavailable|not available"
    r"|no longer (?:available|in stock|sold)|discontinued|not in stock)(?: online| at this time| right now"
    r"| for now)?(?:\s?[.!:,;–-].{0,60})?",
    r"(?:e-?mail|notify|alert|tell) me(?: when)?(?: (?:it['’]?s |back )?(?:available|in[- ]stock|back))?"
    r"|back in stock (?:alert|notification)|join (?:the )?wait(?:ing)? ?list|coming soon"
    r"|in stock soon|temporarily out|0 in stock",
    r"availability:? ?(?:out of stock|sold out|unavailable)|(?:stock|status):? ?(?:out of stock|sold out"
    r"|unavailable)",
    r"(?:(?:zur ?zeit|derzeit|momentan|aktuell|leider|(?:dieser |der )?artikel|produkt|ist) ){1,4}"
    r"(?:ausverkauft|vergriffen|nicht (?:mehr )?(?:auf lager|verfügbar|vorrätig|lieferbar))",
    r"(?:(?:ce |cet |le )?(?:produit|article) )?(?:est )?(?:(?:actuellement|temporairement|momentanément) )?"
    r"(?:en rupture(?: de stock)?|indisponible|épuisé)|être alerté|me prévenir",
    r"(?:(?:este )?(?:producto|artículo|produto|prodotto|articolo) )?(?:está |è )?(?:(?:temporalmente"
    r"|actualmente|temporariamente|momentaneamente|attualmente|al momento) )?(?:agotado|no disponible"
    r"|indisponível|esgotado|esaurito|non disponibile)|avvisami|avísame|avise-me(?: quando chegar)?",
    r"(?:produkt|towar) (?:chwilowo |obecnie )?niedostępny|powiadom o dostępności"
    r"|(?:товара? )?(?:временно )?(?:нет в наличии|отсутствует)|сообщить о поступлении",
    r"ausverkauft|nicht (?:auf lager|verfügbar|vorrätig|lieferbar|mehr verfügbar)|vergriffen"
    r"|derzeit nicht (?:verfügbar|lieferbar)",
    r"rupture(?: de stock)?|épuisé|indisponible|(?:produit |article )?(?:actuellement )?(?:en rupture"
    r"|indisponible)|victime de son succès",
    r"agotado|(?:sin|fuera de|no hay) (?:stock|existencias)|no disponible|esaurito|non disponibile"
    r"|uitverkocht|niet (?:op voorraad|beschikbaar|leverbaar)|esgotado|indisponível|sem estoque",
    r"wyprzedan[ey]|niedostępn[yae]|brak w magazynie|slutsåld|slut i lager|ej i lager|udsolgt|utsolgt"
    r"|ikke på lager|loppu|stoc epuizat|indisponibil|vyprodáno|nincs (?:raktáron|készleten)|elfogyott",
    r"εξαντλήθηκε|μη διαθέσιμο|изчерпан[оа]?|rasprodano|razprodano|vypredané|läbi müüdud|немає в наявності",
    r"нет в наличии|распродано|tükendi|stokta yok|स्टॉक में नहीं|उपलब्ध नहीं(?: है)?"
    r"|stok (?:habis|kosong)|hết hàng|tạm hết|สินค้าหมด|หมดสต็อก|일시 ?품절"
    r"|缺货|售罄|已售完|在庫切れ|売り切れ"
    r"|品切れ|품절|نفدت الكمية|غير متوفر|אזל",
)
IN_STOCK = any_of(
    r"(?:select|choose|enter)? ?(?:quantity|qty|menge|anzahl|quantité|cantidad|quantità|aantal|quantidade"
    r"|ilość|antal|数量)\s?\.?:?(?: ?\d+)?",
    r"(?:select|choose|pick) (?:a |your )?(?:size|colou?r|options?|style)|(?:configure|customi[sz]e"
    r"|build yours?|personali[sz]e)(?: now| it| and buy)?"
    r"|(?:go to|visit|zum) (?:the )?(?:shop|store|deal|offer|angebot|händler)|(?:view|see) (?:deal|offers?)"
    r"|add to (?:registry|wedding registry)",
    r"(?:availability|status|stock)?\s?:?\s?(?:currently |usually |now |item |product |this item is "
    r"|available and )?(?:in[- ]stock|available)(?: now| online| to ship| for (?:delivery|shipping|order"
    r"|immediate \w+)"
    r"|,? ready to ship| and ready to ship| - ships .{0,30}| \(?\d+ .{0,20}\)?|[.!,:;-].{0,60})?",
    r"only \d+ (?:left|remaining|available)(?: .{0,40})?|\d+\+? (?:in stock|available|left(?: in stock)?"
    r"|units? (?:left|available))(?: .{0,30})?|low stock.{0,30}|last (?:one|few).{0,20}|hurry.{0,40}left"
    r"|(?:usually )?(?:ships|dispatched|ships out) (?:in|within|today|same day|the same day|by|from"
    r"|next).{0,60}|ready to ship|in store and online|limited (?:stock|availability|quantity)|almost gone",
    r"auf lager|lieferbar|(?:sofort )?(?:verfügbar|lieferbar)(?:,.{0,40})?|vorrätig|en stock|disponible"
    r"|disponibile(?: subito)?|op voorraad|leverbaar|em estoque|disponível|dostępny|w magazynie|i lager"
    r"|på lager|finns i lager|varastossa|[îi]n stoc|skladem|raktáron|в наличии|stokta(?: var)?"
    r"|(?:άμεσα )?διαθέσιμο|в наличност|na zalihi|na zalogi|na sklade|laos|є в наявності|còn hàng"
    r"|còn hàng|stok tersedia|มีสินค้า|พร้อมส่ง"
    r"|स्टॉक में(?: है)?|उपलब्ध|有货|有現貨|在庫あり|재고 있음|متوفر",
)

WITHHELD = any_of(
    r"(?:see|view|add to|check) (?:the |our |final )?(?:price )?(?:in |to )?(?:your )?(?:cart|basket"
    r"|bag|checkout) (?:for|to see|to view)?(?: the| our)? ?(?:low(?:er|est)? )?pric"
    r"|see (?:our )?(?:low )?price in (?:your )?(?:cart|basket|bag)"
    r"|too low to (?:show|display|advertise|print|publish)|price (?:up)?on (?:request"
    r"|application)|(?:call|e-?mail|contact \w+|inquire|enquire|ask) for (?:a |our |best )?(?:pric\w+|quote)"
    r"|(?:log|sign) ?in (?:to|for) (?:see|view)? ?(?:your |the |our )?pric|preis auf anfrage|prix sur demande"
    r"|precio a consultar|prezzo su richiesta|prijs op aanvraag|cena na zapytanie|preço sob consulta"
)
"""What a page says of a price that it does not show."""

OTHER_THINGS = any_of(
    r"[\n\x1e\x1f][^\w\n\x1e\x1f]{0,4}(?:(?:you|customers?|others?|people|shoppers"
    r"|guests)(?: who \w+ this(?: item| product)?)? (?:may |might |could |will )?"
    r"(?:also|love|like)\b[^\n]{0,40}"
    r"|(?:related|similar|recommended|suggested|featured|recently viewed|complementary|matching|sponsored"
    r"|other|more|popular|frequently bought|often bought)"
    r" (?:products?|items?|styles?|accessories|together|searches|for you|purchases|like this|from this"
    r"|by this)[^\n]{0,30}"
    r"|(?:customers|people) (?:who|also)[^\n]{0,60}|frequently (?:bought|purchased)[^\n]{0,20}"
    r"|complete the (?:look|set)|buy together|bundles?|goes well with[^\n]{0,30}"
    r"|we (?:also )?recommend[^\n]{0,20}|recommend(?:ed|ations)(?: for you)?|you(?:['’]ll)? (?:may|might"
    r"|recently)[^\n]{0,40}|recently viewed(?: items| products)?"
    r"|compare (?:with )?similar[^\n]{0,20}|best ?sellers?|top sellers?|trending(?: now)?|shop the look"
    r"|pairs well with[^\n]{0,20}|accessories"
    r"|ähnliche (?:produkte|artikel)|kunden[^\n]{0,40}auch[^\n]{0,20}|das könnte (?:dir|ihnen)[^\n]{0,20}"
    r"|wird oft zusammen gekauft|zubehör"
    r"|produits (?:similaires|associés|complémentaires)|vous aimerez[^\n]{0,20}|(?:productos|produtos"
    r"|prodotti) (?:relacionad|similar|simil|correlat)\w*"
    r"|también te[^\n]{0,30}|potrebbe(?:ro)? interessart\w*[^\n]{0,20}|(?:gerelateerde|vergelijkbare"
    r"|aanbevolen) producten|anderen bekeken[^\n]{0,20}"
    r"|podobne produkty|liknande produkter|lignende produkter|relaterade produkter|похожие товары"
    r"|関連商品|相关商品"
    r"|猜你喜欢)\W{0,3}(?=[\n\x1e\x1f]|$)"
)
"""Lines that begin a part of the page about other things."""
