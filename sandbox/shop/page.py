"""A product's page: header, breadcrumb, picture, price, delivery, related products, footer."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from markupsafe import Markup

from sandbox.shop import amounts, statements
from sandbox.shop.product import ShopProduct, Variant

_EMI_MONTHS = 12

FRAME = Markup(
    """<!doctype html>
<html lang="en-IN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
<link rel="stylesheet" href="/shop/static/shop.css">
<link rel="icon" href="/shop/static/shop.svg" type="image/svg+xml">
{script}
</head>
<body>
<header class="top">
<a class="logo" href="/shop/">Demo&nbsp;Bazaar</a>
<form class="search" action="/shop/" role="search">
<input type="search" name="q" aria-label="Search the shop" placeholder="Search for products" value="{query}">
<button>Search</button>
</form>
</header>
{body}
<footer class="bottom">
<p>Demo Bazaar is a pretend shop. Nothing here can be bought.</p>
<p>Returns within 7 days · Gift cards from ₹250 · Customer care 1800 000 000</p>
</footer>
</body>
</html>
"""
)

_BODY = Markup(
    """<nav class="crumbs" aria-label="Breadcrumb"><a href="/shop/">Home</a> ›
<a href="/shop/?q={category}">{category}</a> › <span>{title}</span></nav>
<main class="product"{scope}>
<div class="gallery"><img src="/shop/{slug}.png" width="600" height="600" alt="{title}"{image_property}></div>
<div class="about">
<p class="brand">{brand}</p>
<h1{name_property}>{title}</h1>
<p class="rating"><span aria-hidden="true">★★★★☆</span> 4.3 out of 5 · 1,284 ratings</p>
{variants}
{price}
<p class="stock {stock_class}">{stock}</p>
<button type="button" class="buy" data-cart{disabled}>{button}</button>
<p class="note" role="status" data-cart-note></p>
<p class="delivery">Free delivery above ₹499. Cash on delivery costs ₹40 more.</p>
<ul class="points">{points}</ul>
</div>
</main>
<section class="related" aria-label="Related products">
<h2>Customers also viewed</h2>
<ul class="carousel">{related}</ul>
</section>"""
)

_RELATED = Markup(
    '<li><a href="/shop/{slug}"><img src="/shop/{slug}.png" width="140" height="140" alt="" loading="lazy">'
    '<span class="related-title">{title}</span></a><span class="price-now">{price}</span></li>'
)


def product_page(
    product: ShopProduct, variant: Variant | None, related: Sequence[ShopProduct], home: str
) -> str:
    """The page's HTML. `home` is the shop's absolute address, with a closing slash.

    A page of style `script`, or one in the mode `needs_script`, is a shell that fetches the product's JSON.
    """
    address = home + product.slug + (f"?variant={variant.key}" if variant else "")
    picture = f"{home}{product.slug}.png"
    if product.style == "script" or product.mode == "needs_script":
        return shell(product)
    marked_up = product.style == "microdata"
    available = product.is_available(variant)
    # As shops do whose template takes the wrong field: machines are told the instalment.
    is_mislabelled = product.mode == "mislabelled"
    stated = replace(product, price=_instalment(product.price)) if is_mislabelled else product
    body = _BODY.format(
        slug=product.slug,
        title=product.title,
        brand=product.brand,
        category=product.category,
        scope=Markup(' itemscope itemtype="https://schema.org/Product"') if marked_up else "",
        image_property=Markup(' itemprop="image"') if marked_up else "",
        name_property=Markup(' itemprop="name"') if marked_up else "",
        variants=_choices(product, variant),
        price=_price_block(product, variant),
        stock_class="in" if available else "out",
        stock="In stock" if available else "Currently out of stock",
        button="Add to cart" if available else "Sold out",
        disabled="" if available else Markup(" disabled"),
        points=Markup("").join(Markup("<li>{}</li>").format(point) for point in product.points),
        related=Markup("").join(
            _RELATED.format(slug=each.slug, title=each.title, price=amounts.shown(each.price, each.currency))
            for each in related
        ),
    )
    return FRAME.format(
        title=f"{product.title} | Demo Bazaar",
        head=_social(product, picture, home) + statements.head(stated, variant, address, picture),
        script=Markup('<script src="/shop/static/page.js" defer></script>'),
        query="",
        body=body,
    )


def shell(product: ShopProduct) -> str:
    """A page without a word about the product until its script has run."""
    return FRAME.format(
        title="Demo Bazaar",
        head="",
        script=Markup('<script src="/shop/static/shell.js" defer></script>'),
        query="",
        body=Markup('<main class="product" id="app" data-source="/shop/{}.json"></main>').format(
            product.slug
        ),
    )


def _social(product: ShopProduct, picture: str, home: str) -> Markup:
    return Markup(
        '<link rel="canonical" href="{address}">\n'
        '<meta name="description" content="{description}">\n'
        '<meta property="og:site_name" content="Demo Bazaar">\n'
        '<meta property="og:type" content="{kind}">\n'
        '<meta property="og:title" content="{title}">\n'
        '<meta property="og:url" content="{address}">\n'
        '<meta property="og:image" content="{picture}">\n'
    ).format(
        address=home + product.slug,
        description=product.description,
        kind="product" if product.style == "meta" else "website",
        title=product.title,
        picture=picture,
    )


def _choices(product: ShopProduct, chosen: Variant | None) -> Markup:
    if not product.variants:
        return Markup("")
    links = Markup("").join(
        Markup('<a href="/shop/{}?variant={}"{}{}>{}</a>').format(
            product.slug,
            each.key,
            Markup(' aria-current="true"') if each == chosen else "",
            "" if each.in_stock else Markup(' class="gone"'),
            each.name,
        )
        for each in product.variants
    )
    return Markup('<nav class="variants" aria-label="Variants">{}</nav>').format(links)


def _price_block(product: ShopProduct, variant: Variant | None) -> Markup:
    price = product.price_of(variant)
    shown = amounts.shown(price, product.currency)
    if product.style == "microdata":
        now = Markup(
            '<span itemprop="offers" itemscope itemtype="https://schema.org/Offer" class="price-now">'
            '<meta itemprop="priceCurrency" content="{}"><meta itemprop="price" content="{}">'
            '<link itemprop="availability" href="{}">{}</span>'
        ).format(
            product.currency,
            amounts.plain(price, product.currency),
            statements.availability_url(product, variant),
            shown,
        )
    elif product.style == "split":
        now = Markup(
            '<span class="price-now"><sup class="symbol">{}</sup><span class="whole">{}'
            '<span class="point">{}</span></span><sup class="fraction">{}</sup></span>'
        ).format(*amounts.in_parts(price, product.currency))
    else:
        now = Markup('<span class="price-now">{}</span>').format(shown)
    return Markup('<div class="price-block">{}{}{}</div>').format(
        now, _list_price(product, variant), _temptations(product, variant)
    )


def _list_price(product: ShopProduct, variant: Variant | None) -> Markup:
    before = product.reduced_from
    price = product.price_of(variant)
    if before is None or before <= price:
        return Markup("")
    return Markup(' <span class="mrp">M.R.P. <s>{}</s></span> <span class="saved">{}% off</span>').format(
        amounts.shown(before, product.currency), int(100 - price * 100 / before)
    )


def _instalment(price: Decimal) -> Decimal:
    return (price / _EMI_MONTHS).quantize(price)


def _temptations(product: ShopProduct, variant: Variant | None) -> Markup:
    """Amounts that are no price: what a monthly instalment, a card offer and an exchange would come to."""
    price = product.price_of(variant)
    instalment = Markup('<p class="emi">EMI from {}/month for {} months, no cost</p>').format(
        amounts.shown(_instalment(price), product.currency), _EMI_MONTHS
    )
    if product.mode == "mislabelled":
        return instalment
    if product.style != "traps":
        return Markup("")
    return instalment + Markup(
        '<ul class="offers"><li><b>Bank offer</b> 10% off up to {} with Demo Bank cards, so you pay {}</li>'
        "<li><b>Exchange</b> up to {} off</li></ul>"
    ).format(
        amounts.shown((price / 10).quantize(price), product.currency),
        amounts.shown((price * 9 / 10).quantize(price), product.currency),
        amounts.shown((price / 5).quantize(price), product.currency),
    )
