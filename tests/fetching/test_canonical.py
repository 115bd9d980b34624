"""One listing for one thing, and never one for two."""

import pytest

from tracker.errors import BadLink
from tracker.fetching.addresses import join, parse
from tracker.fetching.canonical import canonical, needs_resolving

SAME = {
    "amazon-dp": ("https://www.amazon.in/dp/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "amazon-slug": (
        "https://www.amazon.in/Skybags-Backpack/dp/B0CYGXYXS6/ref=sr_1_3?crid=2&keywords=bag&qid=1&sr=8-3",
        "https://www.amazon.in/dp/B0CYGXYXS6",
    ),
    "amazon-slug-in-hindi": (
        "https://www.amazon.in/-/hi/स्काईबैग/dp/B0CYGXYXS6?th=1&psc=1",
        "https://www.amazon.in/dp/B0CYGXYXS6",
    ),
    "amazon-gp": (
        "http://amazon.in/gp/product/b0cygxyxs6/?smid=A1&tag=x-21",
        "https://www.amazon.in/dp/B0CYGXYXS6",
    ),
    "amazon-mobile": ("https://m.amazon.in/gp/aw/d/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "amazon-reviews": (
        "https://www.amazon.in/product-reviews/B0CYGXYXS6?reviewerType=all",
        "https://www.amazon.in/dp/B0CYGXYXS6",
    ),
    "amazon-offers": (
        "https://www.amazon.in/gp/offer-listing/B0CYGXYXS6#x",
        "https://www.amazon.in/dp/B0CYGXYXS6",
    ),
    "amazon-d": ("https://www.amazon.in/d/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "amazon-isbn": (
        "https://smile.amazon.co.uk/dp/184975709x?ref_=x",
        "https://www.amazon.co.uk/dp/184975709X",
    ),
    "amazon-without-scheme": ("amazon.in/dp/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "amazon-port": ("https://www.AMAZON.in.:443/dp/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "amazon-search": (
        "https://www.amazon.in/s?k=iphone&ref=nb_sb_noss&crid=1",
        "https://www.amazon.in/s?k=iphone",
    ),
    "amazon-not-an-asin": (
        "https://www.amazon.in/stores/d/nothing-here/dp/short",
        "https://www.amazon.in/stores/d/nothing-here/dp/short",
    ),
    "flipkart": (
        "https://www.flipkart.com/apple-iphone-15-black-128-gb/p/itm6ac6485515ae4?lid=L1&marketplace=FLIPKART"
        "&pid=MOBGTAGPTB3VS24W&otracker=search&affid=me&affExtParam1=x",
        "https://www.flipkart.com/apple-iphone-15-black-128-gb/p/itm6ac6485515ae4?pid=MOBGTAGPTB3VS24W",
    ),
    "flipkart-app": (
        "http://dl.flipkart.com/dl/apple-iphone-15-black-128-gb/p/itm6ac6485515ae4?pid=MOBGTAGPTB3VS24W&cmpid=app",
        "https://www.flipkart.com/apple-iphone-15-black-128-gb/p/itm6ac6485515ae4?pid=MOBGTAGPTB3VS24W",
    ),
    "flipkart-mobile": (
        "https://m.flipkart.com/shirt/p/itm6ac6485515ae4/",
        "https://www.flipkart.com/shirt/p/itm6ac6485515ae4",
    ),
    "shopsy": (
        "https://www.shopsy.in/shirt/p/itm6ac6485515ae4?pid=TSHGACYZNWZD6SGB&lid=L1",
        "https://www.shopsy.in/shirt/p/itm6ac6485515ae4?pid=TSHGACYZNWZD6SGB",
    ),
    "flipkart-shelf": (
        "https://www.flipkart.com/mobiles?otracker=nav&sid=tyy,4io",
        "https://www.flipkart.com/mobiles?sid=tyy,4io",
    ),
    "flipkart-short": ("https://dl.flipkart.com/s/AbC?utm_source=x", "https://dl.flipkart.com/s/AbC"),
    "myntra": (
        "https://www.myntra.com/briefs/jockey/jockey-cotton-8037/11863356/buy?mini=true",
        "https://www.myntra.com/11863356",
    ),
    "myntra-short-path": ("http://myntra.com/11863356", "https://www.myntra.com/11863356"),
    "myntra-shelf": (
        "https://www.myntra.com/shoes?p=2&f=Brand:Nike",
        "https://www.myntra.com/shoes?f=Brand:Nike&p=2",
    ),
    "nykaa": (
        "https://www.nykaa.com/cetaphil-lotion/p/22032?productId=22032&pps=2&ptype=product",
        "https://www.nykaa.com/cetaphil-lotion/p/22032",
    ),
    "nykaa-shade": (
        "https://www.nykaa.com/lipstick/p/22032?skuId=22031&productId=undefined&pps=2",
        "https://www.nykaa.com/lipstick/p/22032?skuId=22031",
    ),
    "nykaa-shelf": (
        "https://www.nykaa.com/makeup/c/12?ptype=lst",
        "https://www.nykaa.com/makeup/c/12?ptype=lst",
    ),
    "ajio": (
        "http://www.ajio.com/puma-shirt/p/460453612_olive?user=new",
        "https://www.ajio.com/puma-shirt/p/460453612_olive",
    ),
    "ajio-shelf": ("https://www.ajio.com/men/c/830?x=1", "https://www.ajio.com/men/c/830?x=1"),
    "shopify-variant": (
        "https://shop.example/collections/sale/products/kettle?variant=42&_pos=1&_sid=a&_ss=r&utm_source=ig",
        "https://shop.example/products/kettle?variant=42",
    ),
    "shopify-amp": (
        "https://shop.example/collections/sale/products/red-kettle/amp",
        "https://shop.example/products/red-kettle",
    ),
    "tracking": (
        "https://shop.example/p?id=7&UTM_Source=x&gclid=1&fbclid=2&ref=home&ref_=nav&tag=me-21&pf_rd_r=1&_ga=2",
        "https://shop.example/p?id=7",
    ),
    "article-number-called-ref": (
        "https://shop.example/p.php?ref=AB-12345&tag=007",
        "https://shop.example/p.php?ref=AB-12345&tag=007",
    ),
    "mobile-host": ("http://m.shop.example/p/1", "http://shop.example/p/1"),
    "mobile-host-twice": ("https://m.m.amazon.in/dp/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "host-that-is-only-called-m": ("https://m.co.uk/p", "https://m.co.uk/p"),
    "mobile-host-at-a-port": ("http://m.shop.example:8080/p", "http://m.shop.example:8080/p"),
    "amp-host": ("https://amp.shop.example/p-1", "https://shop.example/p-1"),
    "amp-after": ("https://shop.example/p/kettle-7/amp/?amp=1&x=2", "https://shop.example/p/kettle-7?x=2"),
    "amp-before": ("https://shop.example/amp/p/kettle-7?outputType=amp", "https://shop.example/p/kettle-7"),
    "amplifiers": ("https://guitars.example/guitars/amp", "https://guitars.example/guitars/amp"),
    "an-amplifier": ("https://guitars.example/products/amp", "https://guitars.example/products/amp"),
    "amperes": ("https://shop.example/fuse?amp=16", "https://shop.example/fuse?amp=16"),
    "fragment": ("https://shop.example/p#reviews", "https://shop.example/p"),
    "hash-bang": ("https://shop.example/#!/p/7", "https://shop.example/#!/p/7"),
    "no-path": ("HTTPS://SHOP.example", "https://shop.example/"),
    "idna": ("https://दुकान.भारत/चाय", "https://xn--11b7ah1gn.xn--h2brj9c/%E0%A4%9A%E0%A4%BE%E0%A4%AF"),
    "lookalike-is-another-host": (
        "https://аmazon.in/dp/B0CYGXYXS6",
        "https://xn--mazon-3ve.in/dp/B0CYGXYXS6",
    ),
    "fullwidth-dot": ("https://amazon.in。evil.example/x", "https://amazon.in.evil.example/x"),
    "encoding": (
        "https://shop.example/%7euser/a%2fb/é?q=%e2%82%b9",
        "https://shop.example/~user/a%2Fb/%C3%A9?q=%E2%82%B9",
    ),
    "lone-percent": ("https://shop.example/100%?a=%zz", "https://shop.example/100%25?a=%25zz"),
    "dot-segments": ("https://shop.example/a/./b/../../c/%2e%2e/", "https://shop.example/"),
    "query-order": ("https://shop.example/p?b=2&a=2&a=1&&c", "https://shop.example/p?a=1&a=2&b=2&c"),
    "http-stays": ("http://shop.example:80/p", "http://shop.example/p"),
    "port-stays": ("http://localhost:8088/shop/kettle", "http://localhost:8088/shop/kettle"),
    "port-without-scheme": ("localhost:8088/shop/kettle", "https://localhost:8088/shop/kettle"),
    "store-at-a-port": ("http://www.amazon.in:8088/dp/B0CYGXYXS6", "http://www.amazon.in:8088/dp/B0CYGXYXS6"),
    "no-subdomain-of-a-store": (
        "http://music.amazon.in/dp/B0CYGXYXS6",
        "http://music.amazon.in/dp/B0CYGXYXS6",
    ),
    "plain-store": ("http://meesho.com/kettle/p/1abc?x=1", "https://www.meesho.com/kettle/p/1abc?x=1"),
    "protocol-relative": ("//www.amazon.in/dp/B0CYGXYXS6", "https://www.amazon.in/dp/B0CYGXYXS6"),
    "ipv6": ("http://[2606:4700:0::1111]:80/p", "http://[2606:4700::1111]/p"),
    "spaces-around": ("  https://shop.example/p ", "https://shop.example/p"),
    "ebay": (
        "https://www.ebay.co.uk/itm/Brass-Kettle-Old/123456789012?hash=item1cb&_trkparms=x&var=5431&mkcid=1",
        "https://www.ebay.co.uk/itm/123456789012?var=5431",
    ),
    "ebay-mobile": ("http://m.ebay.com/itm/123456789012", "https://www.ebay.com/itm/123456789012"),
    "walmart": (
        "https://www.walmart.com/ip/Copper-Kettle-1-5-L/100000001?athbdg=L1600&from=/search",
        "https://www.walmart.com/ip/100000001",
    ),
    "target": (
        "https://www.target.com/p/copper-kettle-tamra/-/A-80000001?preselect=80000002#lnk=sametab",
        "https://www.target.com/p/-/A-80000001?preselect=80000002",
    ),
    "etsy": (
        "https://www.etsy.com/uk/listing/900000001/brass-kettle?click_key=a&ref=shop_home_active_1",
        "https://www.etsy.com/uk/listing/900000001",
    ),
    "aliexpress": (
        "https://de.aliexpress.com/item/Travel-Kettle/1005000000001.html?spm=a2g0o.1&algo_pvid=7&sku_id=12000",
        "https://www.aliexpress.com/item/1005000000001.html?sku_id=12000",
    ),
    "aliexpress-mobile": (
        "https://m.aliexpress.com/i/1005000000001.html",
        "https://www.aliexpress.com/item/1005000000001.html",
    ),
    "steam": (
        "https://store.steampowered.com/app/900001/Kettle_Quest/?snr=1_4_4__118&cc=in",
        "https://store.steampowered.com/app/900001?cc=in",
    ),
    "argos": (
        "https://www.argos.co.uk/product/1234567?clickSR=slp:term:kettle:1:18:1",
        "https://www.argos.co.uk/product/1234567",
    ),
    "emag": (
        "https://m.emag.ro/fierbator-tamra/pd/DTEST1/?ref=hp_prod&X-Search-Id=1",
        "https://www.emag.ro/fierbator-tamra/pd/DTEST1/",
    ),
    "ikea": (
        "https://www.ikea.com/in/en/p/vattentat-kettle-white-00000001?cmpid=1#content",
        "https://www.ikea.com/in/en/p/vattentat-kettle-white-00000001/",
    ),
    "ebay-shelf": (
        "https://www.ebay.com/sch/i.html?_nkw=kettle&_trksid=p1",
        "https://www.ebay.com/sch/i.html?_nkw=kettle",
    ),
    "amp-viewer": (
        "https://www.google.com/amp/s/www.shop.example/p/kettle-7/amp?usqp=mq331",
        "https://www.shop.example/p/kettle-7",
    ),
    "amp-cache": (
        "https://www-shop-example.cdn.ampproject.org/c/s/www.amazon.in/dp/B0CYGXYXS6?amp_js_v=0.1",
        "https://www.amazon.in/dp/B0CYGXYXS6",
    ),
    "amp-cache-of-a-viewer": (
        "https://cdn.ampproject.org/v/www.google.co.in/amp/s/shop.example/p-1",
        "https://shop.example/p-1",
    ),
    "google-without-a-copy": ("https://www.google.com/amp/about", "https://www.google.com/amp/about"),
    "mobile-host-of-a-short-link": ("https://bit.ly/AbC?utm_x=1", "https://bit.ly/AbC"),
}


@pytest.mark.parametrize(("url", "expected"), SAME.values(), ids=SAME.keys())
def test_this_link_has_this_one_spelling(url: str, expected: str) -> None:
    assert canonical(url) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.amazon.in/dp/B0CYGXYXS6", "https://www.amazon.com/dp/B0CYGXYXS6"),
        ("https://www.flipkart.com/a/p/itm1?pid=A", "https://www.flipkart.com/a/p/itm1?pid=B"),
        ("https://shop.example/products/kettle?variant=1", "https://shop.example/products/kettle?variant=2"),
        ("https://www.macys.com/shop/product/x?ID=1", "https://www.macys.com/shop/product/x?ID=2"),
        ("https://bit.ly/abc", "https://bit.ly/ABC"),
        ("https://shop.example/p?color=red", "https://shop.example/p?color=blue"),
        ("https://www.nykaa.com/x/p/1?skuId=2", "https://www.nykaa.com/x/p/1?skuId=3"),
        ("https://www.ebay.com/itm/123456789012?var=1", "https://www.ebay.com/itm/123456789012?var=2"),
        ("https://store.steampowered.com/app/7/?cc=in", "https://store.steampowered.com/app/7/?cc=us"),
        ("https://store.steampowered.com/app/7", "https://store.steampowered.com/sub/7"),
        ("https://www.etsy.com/listing/900000001", "https://www.etsy.com/uk/listing/900000001"),
        ("https://www.ikea.com/in/en/p/kettle-00000001/", "https://www.ikea.com/us/en/p/kettle-00000001/"),
        ("https://www.aliexpress.com/item/1005001.html", "https://www.aliexpress.us/item/1005001.html"),
    ],
)
def test_two_things_stay_two_listings(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("ftp://shop.example/", "error.link_not_http"),
        ("file:///etc/passwd", "error.link_not_http"),
        ("javascript:alert(1)", "error.link_not_http"),
        ("tg://resolve?domain=x", "error.link_not_http"),
        ("mailto:me@shop.example", "error.link_not_http"),
        ("user:1@shop.example", "error.link_not_http"),
        ("", "error.bad_link"),
        ("https://", "error.bad_link"),
        ("hello world", "error.bad_link"),
        ("https://user:secret@shop.example/", "error.bad_link"),
        ("https://shop.example\\@evil.example/", "error.bad_link"),
        ("https://shop.example/a\nb", "error.bad_link"),
        ("https://shop.example/a\n", "error.bad_link"),
        ("https://shop.example/a\x00b", "error.bad_link"),
        ("https://shop.example/a\u202eb", "error.bad_link"),
        ("https://shop.example/a b", "error.bad_link"),
        ("https://shop..example/", "error.bad_link"),
        ("https://-shop.example/", "error.bad_link"),
        ("https://shop.example:port/", "error.bad_link"),
        ("https://2130706433/", "error.bad_link"),
        ("https://☃☃☃\u0301.example\u0000/", "error.bad_link"),
        ("https://a＠b.example/", "error.bad_link"),
        ("https://" + "é" * 80 + ".example/", "error.bad_link"),
        ("https://shop.example/" + "a" * 2028, "error.bad_link"),
        ("https://shop.example/" + "é" * 1000, "error.bad_link"),
    ],
)
def test_this_is_no_link_to_watch(url: str, key: str) -> None:
    with pytest.raises(BadLink) as caught:
        canonical(url)
    assert caught.value.text_key == key


def test_a_link_with_credentials_is_refused_for_them() -> None:
    with pytest.raises(BadLink) as caught:
        canonical("https://user:secret@shop.example/")
    assert caught.value.details == {"reason": "credentials in a link"}


def test_a_link_of_2048_characters_is_a_link() -> None:
    url = "https://shop.example/".ljust(2048, "a")
    assert canonical(url) == url


@pytest.mark.parametrize(
    "url",
    """https://amzn.in/d/0abCdEf https://amzn.to/3x https://amzn.eu/d/x https://a.co/d/x https://fkrt.it/x
    http://dl.flipkart.com/s/x dl.flipkart.com/s/x https://myntr.in/x https://bit.ly/x https://www.bit.ly/x
    https://t.co/x https://croma.page.link/x https://meesho.onelink.me/x https://ajiio.in/x
    https://fktr.in/x https://rover.ebay.com/rover/1/711-0?mpre=x https://goto.target.com/c/1?u=x
    https://www.awin1.com/cread.php?ued=x https://click.linksynergy.com/deeplink?id=x&murl=y
    https://bestbuy.7tiu.sjv.io/x""".split(),
)
def test_this_link_is_short(url: str) -> None:
    assert needs_resolving(url)


@pytest.mark.parametrize(
    "url",
    """https://www.amazon.in/dp/B0CYGXYXS6 https://dl.flipkart.com/dl/x/p/itm1?pid=A https://notbit.ly/x
    https://www.myntra.com/11863356 https://bit.ly.shop.example/x https://m.shop.example/x""".split(),
)
def test_this_link_names_its_thing(url: str) -> None:
    assert not needs_resolving(url)


def test_only_a_link_can_be_short() -> None:
    with pytest.raises(BadLink):
        needs_resolving("javascript:alert(1)")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x?y=1", "https://shop.example/x?y=1"),
        ("x", "https://shop.example/a/x"),
        ("//other.example/x", "https://other.example/x"),
        ("?y=2", "https://shop.example/a/b?y=2"),
        ("HTTP://other.example", "http://other.example/"),
    ],
)
def test_a_location_is_read_from_where_it_was_said(location: str, expected: str) -> None:
    assert str(join(parse("https://shop.example/a/b?c=d"), location)) == expected


@pytest.mark.parametrize(
    "location", ["/x\r\nSet-Cookie: y", "file:///etc/passwd", "http://[::1", "http://u@x.example/"]
)
def test_a_location_that_is_no_link_is_refused(location: str) -> None:
    with pytest.raises(BadLink):
        join(parse("https://shop.example/a"), location)
