"""The body of a page as one text: what is parted, what is put together, and what stands where."""

import pytest

from tracker.stores.outline import LOOSE, TIGHT
from tracker.stores.page import Page

URL = "https://shop.example.com/x"


def text_of(body: str) -> str:
    return Page(f"<body>{body}</body>", URL).outline.text


SEEN = {
    "<p>one</p><p>two</p>": "one\ntwo",
    "<b>one</b><i>two</i>": f"one{TIGHT}two",
    "<b>one</b> <i>two</i>": f"one{LOOSE}two",
    "one  two\n three": "one two three",
    "<p>a<script>b</script><style>c</style><!-- d --><select><option>e</option></select></p>": "a",
    "$12<sup>99</sup>": "$12⁹⁹",
    "<sup>$</sup>1,299<sup>00</sup>": f"${TIGHT}1,299⁰⁰",
    "2.999<sup>99</sup> <span>Lei</span>": f"2.999⁹⁹{LOOSE}Lei",
    "<span>12</span><span>.</span><span>99</span>": "12.99",
    "<span>$</span><span>12</span><span>99</span>": f"${TIGHT}12⁹⁹",
    "<span>$25</span><span class=count>12</span>": f"$25{TIGHT}12",
    "<del>$25</del><ins>20</ins>": f"$25{TIGHT}20",
    "<span>$12.99</span><sup>10</sup>": f"$12.99{TIGHT}10",
    "<span>12 reviews</span><sup>99</sup>": f"12 reviews{TIGHT}99",
    "<div class=price><div>$</div><div>34</div><div class=cents>97</div></div>": "$\n34⁹⁷",
    "24€<span class=cents>99</span>": f"24€{TIGHT}99",
    '<i class="fa fa-inr"></i> 499': f"₹{LOOSE}499",
    "<i class=icon></i> 499": "499",
    '<p>x</p><input type="submit" value="Add to cart"><input type="text" value="1">': "x\nAdd to cart",
    '<a href="/buy"><img src="b.gif" alt="Buy now"></a>': "Buy now",
    "१,४९९ और \u200b１２": "1,499 और 12",
}


@pytest.mark.parametrize(("body", "text"), SEEN.items(), ids=SEEN)
def test_a_body_reads_as_a_person_sees_it(body: str, text: str) -> None:
    assert text_of(body) == text


def test_every_element_knows_its_text_and_those_around_it() -> None:
    outline = Page("<body><div><h1>A <b>lamp</b></h1><p>₹499</p></div></body>", URL).outline
    said = {tag: outline.said(at) for at, tag in enumerate(outline.tags)}
    assert said == {"body": "A lamp ₹499", "div": "A lamp ₹499", "h1": "A lamp", "b": "lamp", "p": "₹499"}
    place = outline.text.index("lamp")
    assert [outline.tags[at] for at in outline.ancestors(outline.owner(place))] == ["b", "h1", "div"]
    assert outline.tags[outline.around(place, len(outline.text))] == "div"


def test_a_page_without_a_body_has_an_empty_outline() -> None:
    outline = Page("", URL).outline
    assert outline.text == ""


def test_nesting_thousands_deep_is_walked_without_recursion() -> None:
    outline = Page("<body>" + "<b>" * 3_000 + "$5" + "</b>" * 3_000, URL).outline
    assert outline.text == "$5"
