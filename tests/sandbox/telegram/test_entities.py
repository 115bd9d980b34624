"""Telegram's HTML, counted and refused as Telegram does it."""

from typing import Any

import pytest

from sandbox.telegram.entities import (
    FormattedText,
    checked_link,
    formatted,
    found_entities,
    parse_html,
    trimmed,
    utf16_length,
)
from sandbox.telegram.errors import ApiError


def entity(kind: str, offset: int, length: int, **more: str) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


PARSED = [
    pytest.param("plain", "plain", [], id="plain"),
    pytest.param("<b>x</b><strong>y</strong>", "xy", [entity("bold", 0, 1), entity("bold", 1, 1)], id="bold"),
    pytest.param("<i>x</i><em>y</em>", "xy", [entity("italic", 0, 1), entity("italic", 1, 1)], id="italic"),
    pytest.param("<B>x</b>", "x", [entity("bold", 0, 1)], id="tags-in-any-case"),
    pytest.param(
        "<s>x</s><del>y</del>", "xy", [entity("strikethrough", 0, 1), entity("strikethrough", 1, 1)], id="s"
    ),
    pytest.param("<u>x</u>", "x", [entity("underline", 0, 1)], id="underline"),
    pytest.param('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)], id="span"),
    pytest.param("<tg-spoiler>x</tg-spoiler>", "x", [entity("spoiler", 0, 1)], id="spoiler"),
    pytest.param("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)], id="nested"),
    pytest.param("😀<b>x</b>", "😀x", [entity("bold", 2, 1)], id="offsets-count-utf-16"),
    pytest.param("&lt;b&gt; &amp;&quot;&#8377;&#x20b9;", '<b> &"₹₹', [], id="references"),
    pytest.param("&copy; & &#0; &#xD800;", "&copy; & &#0; &#xD800;", [], id="unknown-references-stay"),
    pytest.param("<b></b>x", "x", [], id="an-empty-entity-vanishes"),
    pytest.param(
        "<a href='https://a.example/?x=1&amp;y=2'>x</a>",
        "x",
        [entity("text_link", 0, 1, url="https://a.example/?x=1&y=2")],
        id="link",
    ),
    pytest.param(
        "<a>a.example</a>", "a.example", [entity("text_link", 0, 9, url="http://a.example")], id="bare-link"
    ),
    pytest.param("<a href='javascript:alert(1)'>x</a>", "x", [], id="a-bad-link-leaves-its-text"),
    pytest.param("<a href=tg>x</a>", "x", [], id="a-name-token-without-a-dot-is-no-link"),
    pytest.param("<pre>x</pre>", "x", [entity("pre", 0, 1)], id="pre"),
    pytest.param(
        '<pre><code class="language-python">x</code></pre>',
        "x",
        [entity("pre", 0, 1, language="python")],
        id="pre-code",
    ),
    pytest.param('<code class="language-python">x</code>', "x", [entity("code", 0, 1)], id="code"),
    pytest.param("<blockquote>x</blockquote>", "x", [entity("blockquote", 0, 1)], id="quote"),
    pytest.param(
        "<blockquote expandable>x</blockquote>", "x", [entity("expandable_blockquote", 0, 1)], id="expandable"
    ),
    pytest.param(
        '<tg-emoji emoji-id="53">👍</tg-emoji>',
        "👍",
        [entity("custom_emoji", 0, 2, custom_emoji_id="53")],
        id="emoji",
    ),
    pytest.param("<b>x</>", "x", [entity("bold", 0, 1)], id="an-end-tag-without-a-name"),
    pytest.param("<b >x</b >", "x", [entity("bold", 0, 1)], id="spaces-in-tags"),
]


@pytest.mark.parametrize(("source", "text", "entities"), PARSED)
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    parsed = parse_html(source)
    assert (parsed.text, list(parsed.entities)) == (text, entities)


REFUSED = [
    pytest.param("a<x>b</x>", 'Unsupported start tag "x" at byte offset 1', id="unsupported"),
    pytest.param("₹<x>", 'Unsupported start tag "x" at byte offset 3', id="offsets-count-bytes"),
    pytest.param("<3 AT&T", 'Unsupported start tag "3" at byte offset 0', id="less-than"),
    pytest.param("a < b", 'Unsupported start tag "" at byte offset 2', id="less-than-and-a-space"),
    pytest.param("<b", "Unclosed start tag at byte offset 0", id="unclosed"),
    pytest.param("<b>x", 'Can\'t find end tag corresponding to start tag "b"', id="no-end"),
    pytest.param(
        "<b>x<i>y</b></i>", 'Unmatched end tag at byte offset 8, expected "</i>", found "</b>"', id="crossed"
    ),
    pytest.param("x</b>", "Unexpected end tag at byte offset 1", id="no-start"),
    pytest.param("<b>x</b", "Unclosed end tag at byte offset 4", id="unclosed-end"),
    pytest.param("<b>x</b y>", "Unclosed end tag at byte offset 4", id="end-tag-with-words"),
    pytest.param(
        "<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0', id="no-attribute-name"
    ),
    pytest.param("<a href", "Unclosed start tag at byte offset 0", id="unclosed-attribute"),
    pytest.param("<a href=", 'Unclosed start tag "a" at byte offset 0', id="unclosed-value"),
    pytest.param("<a href='x", "Unclosed start tag at byte offset 0", id="unclosed-string"),
    pytest.param("<a href=x/y>z</a>", "Unexpected end of name token at byte offset 8", id="bad-token"),
    pytest.param("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0', id="span"),
    pytest.param("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified", id="emoji"),
]


@pytest.mark.parametrize(("source", "reason"), REFUSED)
def test_broken_html_is_refused_in_telegrams_words(source: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    assert refused.value.code == 400
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("text", "length"),
    [("abc", 3), ("₹", 1), ("😀", 2), ("👩‍👩‍👧", 8)],
    ids=["letters", "one-unit", "surrogates", "joined"],
)
def test_a_length_counts_utf16_units(text: str, length: int) -> None:
    assert utf16_length(text) == length


def test_trimming_moves_entities_along_and_drops_the_empty_ones() -> None:
    text = FormattedText("  ab  ", (entity("bold", 0, 2), entity("italic", 1, 2), entity("code", 3, 3)))
    assert trimmed(text) == FormattedText("ab", (entity("italic", 0, 1), entity("code", 1, 1)))


FOUND = [
    pytest.param("see https://shop.example/k?x=1.", [("url", "https://shop.example/k?x=1")], id="address"),
    pytest.param("(https://a.example/b_(c))", [("url", "https://a.example/b_(c)")], id="brackets"),
    pytest.param("www.amazon.in/dp/B0, ok", [("url", "www.amazon.in/dp/B0")], id="address-without-scheme"),
    pytest.param(
        "http://127.0.0.1:8088/shop/kettle", [("url", "http://127.0.0.1:8088/shop/kettle")], id="loopback"
    ),
    pytest.param("file.txt and 3.5", [], id="no-address"),
    pytest.param("/start payload", [("bot_command", "/start")], id="command"),
    pytest.param("try /list@DemoBot now", [("bot_command", "/list@DemoBot")], id="command-to-a-bot"),
    pytest.param("either/or 24/7", [], id="no-command"),
    pytest.param(
        "ask @asha_k or a@b.example", [("mention", "@asha_k"), ("email", "a@b.example")], id="people"
    ),
    pytest.param("😀 #sale #1", [("hashtag", "#sale")], id="hashtag"),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_links_and_commands_are_found_in_plain_text(text: str, expected: list[tuple[str, str]]) -> None:
    units = text.encode("utf-16-le")
    found = [
        (item["type"], units[2 * item["offset"] : 2 * (item["offset"] + item["length"])].decode("utf-16-le"))
        for item in found_entities(text)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("https://shop.example", True),
        ("shop.example/x", True),
        ("tg://user?id=1", True),
        ("http://[::1]:80/", True),
        ("http://localhost/", False),
        ("javascript:alert(1)", False),
        ("http://[bad", False),
        ("ftp://shop.example", False),
    ],
)
def test_a_link_needs_a_known_scheme_and_a_host_with_a_dot(address: str, accepted: bool) -> None:
    assert (checked_link(address) is not None) is accepted


def test_links_are_not_found_twice_inside_of_code_or_a_link() -> None:
    text = formatted("<code>a.com</code> <a href='https://b.example'>b.com</a> <b>c.com</b>", "HTML", None)
    assert [item["type"] for item in text.entities] == ["code", "text_link", "bold", "url"]


def test_given_entities_are_used_when_there_is_no_parse_mode() -> None:
    assert formatted("abc", None, [entity("bold", 0, 3) | {"url": None}]).entities == (entity("bold", 0, 3),)


@pytest.mark.parametrize(
    ("mode", "entities", "reason"),
    [
        ("MarkdownV2", None, "can't parse entities: the sandbox reads parse_mode HTML only"),
        ("XML", None, "unsupported parse_mode"),
        (
            None,
            [{"offset": 0, "length": 1}],
            'can\'t parse MessageEntity: Field "type" must be of type String',
        ),
        (None, [{"type": "bold"}], 'can\'t parse MessageEntity: Field "offset" must be of type Number'),
        (None, [entity("bold", 1, 9)], "entity beginning at UTF-16 offset 1 ends after the end of the text"),
    ],
    ids=["markdown", "xml", "no-type", "no-offset", "too-long"],
)
def test_markup_that_cannot_be_used_is_refused(
    mode: str | None, entities: list[dict[str, Any]] | None, reason: str
) -> None:
    with pytest.raises(ApiError, match=r"^400 Bad Request") as refused:
        formatted("abc", mode, entities)
    assert refused.value.description == f"Bad Request: {reason}"
