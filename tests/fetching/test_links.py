"""Links are found wherever they stand in a message."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BadLink
from tracker.fetching.canonical import canonical
from tracker.fetching.links import links_in

SHORT = "https://amzn.in/d/0abCdEf"

MESSAGES = {
    "a link": (SHORT, [SHORT]),
    "share text": (
        f"Skybags Casual Backpack 29L\n\nCheck this out at Amazon {SHORT}\n\nSent from my phone",
        [SHORT],
    ),
    "flipkart share": (
        "Take a look at this realme Narzo on Flipkart\nhttps://dl.flipkart.com/s/AbCdEfNNNN",
        ["https://dl.flipkart.com/s/AbCdEfNNNN"],
    ),
    "hindi around": (f"यह देखो {SHORT} कितना सस्ता है", [SHORT]),
    "hindi without a space": (f"यह{SHORT}को देखो", [SHORT]),
    "danda": (f"यह देखो {SHORT}। अच्छा है", [SHORT]),
    "chinese without a space": (f"看{SHORT}，很便宜", [SHORT]),
    "full stop": (f"Look at {SHORT}.", [SHORT]),
    "question": (f"Is {SHORT}?! good", [SHORT]),
    "ellipsis": (f"{SHORT}… and {SHORT}...", [SHORT]),
    "round brackets": (f"(see {SHORT})", [SHORT]),
    "square brackets": (f"[{SHORT}]", [SHORT]),
    "angle brackets": (f"<{SHORT}>", [SHORT]),
    "quotes": (
        f"\"{SHORT}\" '{SHORT}1' “{SHORT}2” «{SHORT}3»",
        [SHORT, f"{SHORT}1", f"{SHORT}2", f"{SHORT}3"],
    ),
    "bold": (f"*{SHORT}* ~{SHORT}~ `{SHORT}`", [SHORT]),
    "markdown": (f"[bag]({SHORT}) and [{SHORT}]({SHORT})", [SHORT]),
    "brackets of its own": ("https://shop.example/kettle_(red)", ["https://shop.example/kettle_(red)"]),
    "brackets around brackets": ("(https://shop.example/a_(b))", ["https://shop.example/a_(b)"]),
    "array parameter": ("https://shop.example/?a[]=1", ["https://shop.example/?a[]=1"]),
    "no scheme, www": ("get www.amazon.in/dp/B0CYGXYXS6, now", ["https://www.amazon.in/dp/B0CYGXYXS6"]),
    "no scheme, no www": ("amazon.in/dp/B0CYGXYXS6?th=1!", ["https://amazon.in/dp/B0CYGXYXS6?th=1"]),
    "no scheme, short": ("a.co/d/abc amzn.eu/d/x", ["https://a.co/d/abc", "https://amzn.eu/d/x"]),
    "no scheme, unknown shop": ("mdcomputers.in/product/x", ["https://mdcomputers.in/product/x"]),
    "no scheme, with a port": ("www.shop.example:8080/x", ["https://www.shop.example:8080/x"]),
    "no scheme, in brackets": ("(amazon.in/dp/B0CYGXYXS6)", ["https://amazon.in/dp/B0CYGXYXS6"]),
    "no scheme, hindi without a space": ("amazon.in/dp/B0CYGXYXS6को", ["https://amazon.in/dp/B0CYGXYXS6"]),
    "no scheme, after a colon": ("Link:amazon.in/dp/B0CYGXYXS6", ["https://amazon.in/dp/B0CYGXYXS6"]),
    "just www": ("www.bewakoof.com", ["https://www.bewakoof.com"]),
    "capitals": ("HTTPS://WWW.AMAZON.IN/dp/B0CYGXYXS6", ["HTTPS://WWW.AMAZON.IN/dp/B0CYGXYXS6"]),
    "several": (
        f"{SHORT} http://a.example/1\nwww.b.example/2",
        [SHORT, "http://a.example/1", "https://www.b.example/2"],
    ),
    "repeats": (f"{SHORT} {SHORT} amzn.in/d/0abCdEf", [SHORT]),
    "glued to a word": (f"Buy now:{SHORT}", [SHORT]),
    "glued to a word without a colon": (f"here{SHORT}", [SHORT]),
    "glued to each other": (
        "https://a.example/1https://b.example/2",
        ["https://a.example/1", "https://b.example/2"],
    ),
    "comma between": (
        "https://a.example/1,https://b.example/2",
        ["https://a.example/1", "https://b.example/2"],
    ),
    "a link in a link": (
        "https://r.example/?to=https://b.example/2",
        ["https://r.example/?to=https://b.example/2"],
    ),
    "an archive": (
        "https://web.example/2020/https://b.example/2",
        ["https://web.example/2020/https://b.example/2"],
    ),
    "accents": ("https://shop.example/pokémon/p", ["https://shop.example/pokémon/p"]),
    "indian host": ("https://दुकान.भारत/चाय देखो", ["https://दुकान.भारत/चाय"]),
    "escaped ampersand": ("https://shop.example/?a=1&amp;b=2", ["https://shop.example/?a=1&b=2"]),
    "price beside it": (f"₹1,499.00/- only {SHORT}", [SHORT]),
    "query without a path": ("https://shop.example?id=1", ["https://shop.example?id=1"]),
    "zero width space": (f"{SHORT}\u200b next", [SHORT]),
    "nothing": ("", []),
    "words": ("Hello. How are you? 3.5/5 stars, e.g./i.e. and/or README.md/x 1.2.3/4", []),
    "address of a person": ("me@amazon.in and me@amazon.in/x mailto:me@shop.com/x", []),
    "a shop's name": ("amazon.in has sales, flipkart.com/ too", []),
    "other schemes": ("ftp://amazon.in/dp/X file:///etc/passwd C:\\amazon.in/x", []),
    "no host": ("https:// http://", []),
}


@pytest.mark.parametrize(("text", "links"), MESSAGES.values(), ids=MESSAGES.keys())
def test_these_links_are_found(text: str, links: list[str]) -> None:
    assert links_in(text) == links


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1\\@shop.example/", "https://user:secret@shop.example/x", "http://2130706433/x"]
)
def test_a_trick_is_handed_on_whole_to_be_refused(text: str) -> None:
    assert links_in(text) == [text]
    with pytest.raises(BadLink):
        canonical(text)


@given(st.text(max_size=300))
def test_any_text_gives_links_that_stand_in_it(text: str) -> None:
    for link in links_in(text):
        plain = text.replace("&amp;", "&")
        assert link in plain or link.removeprefix("https://") in plain
        assert link.lower().startswith(("http://", "https://"))


@given(
    st.lists(
        st.sampled_from(["https://a.example/1", "www.b.example/2", "amazon.in/dp/B0CYGXYXS6"]), unique=True
    )
)
def test_links_are_found_in_order(links: list[str]) -> None:
    expected = [link if "://" in link else f"https://{link}" for link in links]
    assert links_in(" यह ".join(links)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://a" * 2000,
        "https://" + "(" * 10_000,
        "https://a.example/" + ")" * 10_000,
        "a." * 10_000,
        "www." + "a-" * 10_000,
        "http" * 5_000,
        "https://a.example/1 " * 1000,
        "[" * 10_000 + "https://a.example/" + "]" * 10_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_message_made_to_be_slow_is_read_at_once(text: str) -> None:
    started = time.process_time()
    links_in(text)
    assert time.process_time() - started < 1
