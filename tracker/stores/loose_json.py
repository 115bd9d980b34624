"""JSON as shops write it: comments, trailing commas, control characters, CDATA, entities, several values in a
row.
"""

import html
import json
import re
from typing import Any

import orjson

# A string, or one of the things outside strings that JSON forbids. One pass, no way back.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False, parse_float=str, parse_int=str, parse_constant=lambda _: None)
_MOST_VALUES = 50


def loads(text: str) -> list[Any]:
    """The values in a script's text: usually one. Empty when it cannot be understood; raises nothing.

    Numbers of text that only the tolerant way understands come as strings, so that 1e400 stays text.
    """
    try:
        return [orjson.loads(text)]
    except (orjson.JSONDecodeError, RecursionError):
        pass
    text = _unwrapped(text)
    for attempt in (text, _repaired(text), _repaired(html.unescape(text)) if "&quot;" in text else ""):
        values = _values(attempt)
        if values:
            return values
    return []


def _unwrapped(text: str) -> str:
    text = text.strip("\ufeff\x00 \t\r\n;")
    for opening in ("//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */", "<![CDATA[", "<!--"):
        if text.startswith(opening):
            text = text[len(opening) :]
            break
    for closing in ("/*]]>*/", "/* ]]> */", "//]]>", "// ]]>", "]]>", "//-->", "-->"):
        if text.endswith(closing):
            text = text[: -len(closing)]
            break
    return text.strip("\ufeff\x00 \t\r\n;")


def _repaired(text: str) -> str:
    return _TOKENS.sub(lambda token: _with_legal_escapes(token[0]) if token[0][0] == '"' else "", text)


def _with_legal_escapes(string: str) -> str:
    return _ESCAPE.sub(lambda escape: escape[0] if escape[1] in '"\\/bfnrtu' else escape[1], string)


def _values(text: str) -> list[Any]:
    values: list[Any] = []
    at = 0
    while at < len(text) and len(values) < _MOST_VALUES:
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return values if values and isinstance(values[0], dict | list) else []
        values.append(value)
        while at < len(text) and (text[at].isspace() or text[at] in ",;"):
            at += 1
    return values
