"""What holds for the canonical spelling of every link, made-up and real."""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BadLink
from tracker.fetching.addresses import encoded, parse
from tracker.fetching.canonical import canonical

SAMPLES = Path(__file__).parents[3] / "shared" / "pages" / "manifest.jsonl"

NAMES = st.sampled_from(
    "id variant color pid skuId productId v q ref tag ref_ utm_source gclid th psc amp _pos é %41 %".split()
) | st.text(st.characters(codec="utf-8", exclude_characters="&=#"), max_size=4)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="&#"), max_size=6)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
HOSTS = st.sampled_from(
    "shop.example m.shop.example www.amazon.in m.m.amazon.co.uk flipkart.com dl.flipkart.com www.myntra.com "
    "nykaa.com ajio.com meesho.com ebay.com www.etsy.com fr.aliexpress.com www.google.com bit.ly "
    "amp.m.co.uk दुकान.भारत 8.8.8.8 localhost:8088 [::1]:8088".split()
)
SEGMENTS = st.sampled_from(
    "dp gp product aw d itm listing item 123456789.html amp/s/shop.example c B0CYGXYXS6 p "
    "itm6ac6485515ae4 11863356 buy collections products red-kettle amp dl "
    ". .. %2e%2e %2F %41 % s é".split()
) | st.text(st.characters(codec="utf-8", exclude_characters="?#/"), max_size=5)
PATHS = st.lists(SEGMENTS, max_size=6).map("/".join)
FRAGMENTS = st.sampled_from(["", "#", "#reviews", "#!/p/1", "#!é"])


def address(scheme: str, host: str, path: str, pairs: list[tuple[str, str]], fragment: str = "") -> str:
    query = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    return f"{scheme}://{host}/{path}?{query}{fragment}"


@given(st.sampled_from(["http", "https"]), HOSTS, PATHS, PAIRS, FRAGMENTS)
def test_what_is_canonical_stays_as_it_is(
    scheme: str, host: str, path: str, pairs: list[tuple[str, str]], fragment: str
) -> None:
    try:
        once = canonical(address(scheme, host, path, pairs, fragment))
    except BadLink:
        return
    assert canonical(once) == once
    assert once.isascii()
    assert parse(once).host == urlsplit(once).hostname


@given(HOSTS, PATHS, PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_parameters_does_not_matter(
    host: str, path: str, pairs: list[tuple[str, str]], random: st.DataObject
) -> None:
    shuffled = sorted(pairs, key=lambda _: random.random())  # type: ignore[attr-defined]
    try:
        expected = canonical(address("https", host, path, pairs))
    except BadLink:
        return
    assert canonical(address("https", host, path, shuffled)) == expected


IDS = st.integers(10**9, 10**12 - 1)
SLUGS = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda slug: f"a{slug}z")
NOISE = st.lists(
    st.sampled_from("utm_source=ig gclid=1 fbclid=2 ref_=nav affid=me pf_rd_p=3 srsltid=4".split()),
    max_size=4,
)
PRODUCT_LINKS = {
    "amazon": "https://{m}amazon.in/{slug}/dp/B{id:0>9.9}/ref=sr_1",
    "flipkart": "https://{m}flipkart.com/kettle/p/itm1?pid=MOB{id}",
    "myntra": "https://{m}myntra.com/{slug}/{slug}/{id}/buy",
    "nykaa": "https://{m}nykaa.com/kettle/p/{id}",
    "ajio": "https://{m}ajio.com/kettle/p/{id}_red",
    "ebay": "https://{m}ebay.de/itm/{slug}/{id}",
    "walmart": "https://{m}walmart.com/ip/{slug}/{id}",
    "target": "https://{m}target.com/p/{slug}/-/A-{id}",
    "etsy": "https://{m}etsy.com/listing/{id}/{slug}",
    "aliexpress": "https://{m}aliexpress.com/item/{slug}/{id}.html",
    "steam": "https://store.steampowered.com/app/{id:.8}/{slug}/",
    "argos": "https://{m}argos.co.uk/product/{id:.10}",
    "emag": "https://{m}emag.ro/kettle/pd/D{id:.9}/",
    "ikea": "https://{m}ikea.com/in/en/p/kettle-{id:.8}/",
    "shopify": "https://shop.example/collections/{slug}/products/kettle?variant={id}",
}


@given(
    st.sampled_from(list(PRODUCT_LINKS)),
    IDS,
    IDS,
    SLUGS,
    SLUGS,
    NOISE,
    NOISE,
    st.sampled_from(["www.", "m.", ""]),
)
def test_links_to_one_thing_agree_and_links_to_two_things_do_not(
    store: str,
    one: int,
    two: int,
    slug: str,
    other_slug: str,
    noise: list[str],
    other_noise: list[str],
    mobile: str,
) -> None:
    def link(number: int, slug: str, noise: list[str], host: str) -> str:
        url = PRODUCT_LINKS[store].format(id=str(number), slug=slug, m=host)
        return url + ("&" if "?" in url else "?") + "&".join(noise)

    first = canonical(link(one, slug, noise, "www."))
    assert canonical(link(one, other_slug, other_noise, mobile)) == first
    assert canonical(first) == first
    short = 9 if store in ("amazon", "emag") else 8
    if str(one)[:short] != str(two)[:short]:
        assert canonical(link(two, slug, noise, "www.")) != first


UNKNOWN = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8).map(lambda name: f"x{name}")


@given(st.lists(st.tuples(UNKNOWN, st.text(max_size=8)), max_size=6), PAIRS)
def test_a_parameter_that_is_not_known_is_never_dropped(
    unknown: list[tuple[str, str]], others: list[tuple[str, str]]
) -> None:
    named = [(name, encoded(value, frozenset("abc"))) for name, value in unknown]
    try:
        result = canonical(address("https", "shop.example", "p", named + others))
    except BadLink:
        return
    kept = parse_qsl(urlsplit(result).query, keep_blank_values=True)
    for name, value in unknown:
        assert (name, value) in kept


@given(st.text(max_size=40))
def test_whatever_is_sent_is_a_link_or_is_none(text: str) -> None:
    for url in (text, f"http://{text}", f"https://shop.example/{text}"):
        try:
            once = canonical(url)
        except BadLink:
            continue
        assert canonical(once) == once


def test_real_products_stay_apart_and_their_links_stay_as_they_are() -> None:
    if not SAMPLES.exists():
        pytest.skip(f"no sample of real pages at {SAMPLES}")
    urls = {json.loads(line)["url"] for line in SAMPLES.read_text().splitlines()}
    spelled = {canonical(url) for url in urls}
    assert {canonical(url) for url in spelled} == spelled
    assert len(spelled) == len({url.rstrip("/") for url in urls})
