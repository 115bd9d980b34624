"""Tata 1mg: what a medicine costs, beside prices of substitutes and of the "care plan". No page was seen;
the classes, without their hashed ends, are what public scrapers have read since 2020.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="1mg",
    selling=("[class*=DrugPriceBox__best-price]", "[class*=PriceBoxPlanOption__offer-price___]"),
    listed=("[class*=DrugPriceBox__bestprice-slashed-price]",),
    currency="INR",
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(domains={"1mg.com": "Tata 1mg"}, sources=(_MARKUP,))
