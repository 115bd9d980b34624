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
    found = literal(text, 0) if text[:1] in ("{", "[") else None
    return [found[0]] if found and not text[found[1] :].strip(" \n\t\r;") else []


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


def literal(text: str, at: int) -> tuple[Any, int] | None:
    """The JSON value, or plain value of JavaScript, that begins at a place in a script, and where it ends.

    Bare names as keys and strings in single quotes are understood; what would have to be computed is None.
    Numbers come as strings. None when it is no value, is not closed, or is longer than anyone's data.
    """
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return _Literal(text, at).read()


_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*+|/\*.*?(?:\*/|\Z))*+(?:"""
    r"""(?P<string>"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|`(?:[^`\\]++|\\.)*+`)"""
    r"""|(?P<number>-?(?:\d[\d.]*+(?:[eE][+-]?\d++)?|\.\d++))|(?P<word>[A-Za-z_$][\w$.]*+)|(?P<sign>[^\s\w]))""",
    re.DOTALL,
)
_LONGEST_LITERAL = 400_000
_MOST_TOKENS = 20_000
_DEEPEST = 60
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS: dict[str, Any] = {"true": True, "false": False}
_NOTHING = object()


class _Literal:
    """Reads one object or array of JavaScript, token by token, without recursion."""

    def __init__(self, text: str, at: int) -> None:
        self._text, self._at = text, at
        self._stack: list[tuple[dict[str, Any] | list[Any] | None, str | None]] = []
        """Open containers with the key that waits for a value; None for brackets inside an expression."""
        self._slot: Any = _NOTHING
        self._computed = False

    def read(self) -> tuple[Any, int] | None:
        end = self._at + _LONGEST_LITERAL
        for _ in range(_MOST_TOKENS):
            token = _TOKEN.match(self._text, self._at)
            if token is None or token.end() > end:
                return None
            self._at = token.end()
            sign = token["sign"]
            if sign is None:
                self._take(token)
            elif sign in "}])":
                done, value = self._close()
                if done:
                    return value, self._at
            elif not (self._open(sign) if sign in "{[(" else self._punctuate(sign)):
                return None
            if not self._stack:  # a string alone
                return (self._slot, self._at) if isinstance(self._slot, str) else None
        return None

    def _take(self, token: re.Match[str]) -> None:
        if self._slot is not _NOTHING or self._computed:
            self._computed = True
        elif token["string"]:
            self._slot = _unescaped(token["string"][1:-1])
        elif token["number"]:
            self._slot = token["number"]
        elif self._awaits_key():
            self._slot = token["word"]
        else:
            self._slot = _WORDS.get(token["word"])

    def _awaits_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1][0], dict) and self._stack[-1][1] is None

    def _open(self, sign: str) -> bool:
        inside_expression = bool(self._stack) and self._stack[-1][0] is None
        if inside_expression or sign == "(" or self._slot is not _NOTHING or self._computed:
            self._stack.append((None, None))
            self._computed = True
        else:
            self._stack.append(({} if sign == "{" else [], None))
        return len(self._stack) <= _DEEPEST

    def _close(self) -> tuple[bool, Any]:
        self._commit()
        container, _ = self._stack.pop()
        if container is None:
            self._slot, self._computed = None, True
        else:
            self._slot, self._computed = container, False
        return not self._stack, container

    def _punctuate(self, sign: str) -> bool:
        if not self._stack or sign in "\"'`\\":  # nothing to part, or a string that is not closed
            return False
        container, key = self._stack[-1]
        if container is None:
            return True
        if sign == ",":
            self._commit()
        elif sign == ":" and isinstance(container, dict) and key is None:
            if not isinstance(self._slot, str) or self._computed:
                return False
            self._stack[-1] = (container, self._slot)
            self._slot, self._computed = _NOTHING, False
        elif sign == ";":
            return False
        else:
            self._computed = True
        return True

    def _commit(self) -> None:
        """The value of the slot becomes a part of the innermost container."""
        container, key = self._stack[-1]
        value = None if self._computed else self._slot
        if isinstance(container, list) and (value is not _NOTHING or self._computed):
            container.append(value)
        elif isinstance(container, dict) and key is not None:
            container[key] = None if value is _NOTHING else value
            self._stack[-1] = (container, None)
        self._slot, self._computed = _NOTHING, False


def _unescaped(string: str) -> str:
    if "\\" not in string:
        return string
    return _ESCAPED.sub(
        lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else _ESCAPES.get(found[1], found[1]),
        string,
    )
