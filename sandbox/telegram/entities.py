"""Text with entities: Telegram's HTML, lengths in UTF-16 units, and what Telegram finds by itself.

Offsets and lengths of entities are UTF-16 code units, as in the Bot API. The grammar and the error texts of
`parse_html` are those of tdlib/td, MessageEntity.cpp (`parse_html`).
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.errors import bad_request

Entity = dict[str, Any]
"""A MessageEntity as the Bot API writes it."""

_KINDS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
_SPACE = b" \t\r\n\0\x0b"
_REFERENCE = re.compile(rb"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|([A-Za-z]+));?")
_NAME_TOKEN = re.compile(rb"[A-Za-z0-9.-]*")


@dataclass(frozen=True, slots=True)
class FormattedText:
    """Plain text and its entities."""

    text: str
    entities: tuple[Entity, ...] = ()

    def __len__(self) -> int:
        return utf16_length(self.text)


def utf16_length(text: str) -> int:
    """How many UTF-16 code units: what Telegram's limits and offsets count."""
    return len(text) + sum(character > "\uffff" for character in text)


def trimmed(formatted: FormattedText) -> FormattedText:
    """Without white space at both ends, as Telegram stores it; entities move along or vanish."""
    text = formatted.text.strip()
    cut = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    size = utf16_length(text)
    entities = []
    for entity in formatted.entities:
        start = max(0, entity["offset"] - cut)
        end = min(size, entity["offset"] + entity["length"] - cut)
        if start < end:
            entities.append(entity | {"offset": start, "length": end - start})
    return FormattedText(text, tuple(entities))


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    start: int


class _HtmlParser:
    """One pass over the UTF-8 bytes, because Telegram's errors name byte offsets."""

    def __init__(self, source: str) -> None:
        self.source = source.encode()
        self.position = 0
        self.out: list[str] = []
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> FormattedText:
        while self.position < len(self.source):
            byte = self.source[self.position : self.position + 1]
            if byte == b"&" and (character := self._reference()):
                self._write(character)
            elif byte == b"<":
                if self.source[self.position + 1 : self.position + 2] == b"/":
                    self._end_tag()
                else:
                    self._start_tag()
            else:
                following = re.search(rb"[<&]", self.source[self.position + 1 :])
                stop = len(self.source) if following is None else self.position + 1 + following.start()
                self._write(self.source[self.position : stop].decode())
                self.position = stop
        if self.open:
            raise _cannot(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return FormattedText("".join(self.out), tuple(self.entities))

    def _write(self, text: str) -> None:
        self.out.append(text)
        self.offset += utf16_length(text)

    def _reference(self) -> str | None:
        match = _REFERENCE.match(self.source, self.position)
        if match is None:
            return None
        character = _character(match)
        if character:
            self.position = match.end()
        return character

    def _skip_space(self) -> None:
        while self.position < len(self.source) and self.source[self.position] in _SPACE:
            self.position += 1

    def _until(self, stops: bytes) -> bytes:
        start = self.position
        while self.position < len(self.source) and self.source[self.position] not in stops:
            self.position += 1
        return self.source[start : self.position]

    def _ended(self) -> bool:
        return self.position >= len(self.source)

    def _here(self) -> bytes:
        return self.source[self.position : self.position + 1]

    def _start_tag(self) -> None:
        begin = self.position
        self.position += 1
        tag = self._until(_SPACE + b">").decode().lower()
        if self._ended():
            raise _cannot(f"Unclosed start tag at byte offset {begin}")
        if tag not in _KINDS:
            raise _cannot(f'Unsupported start tag "{tag}" at byte offset {begin}')
        argument = ""
        while self._here() != b">":
            self._skip_space()
            if self._here() == b">":
                break
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value, argument)
        self.position += 1
        if tag == "span" and argument != "spoiler":
            raise _cannot(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.open.append(_Open(tag, argument, self.offset, len(self.out)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._until(_SPACE + b"=>").decode().lower()
        if not name and not self._ended():
            raise _cannot(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self._skip_space()
        if self._ended():
            raise _cannot(f"Unclosed start tag at byte offset {begin}")
        if self._here() != b"=":
            return name, ""
        self.position += 1
        self._skip_space()
        if self._ended():
            raise _cannot(f'Unclosed start tag "{tag}" at byte offset {begin}')
        value = self._string() if self._here() in (b"'", b'"') else self._token()
        if self._ended():
            raise _cannot(f"Unclosed start tag at byte offset {begin}")
        return name, value

    def _token(self) -> str:
        begin = self.position
        match = _NAME_TOKEN.match(self.source, begin)
        assert match is not None
        self.position = match.end()
        if not self._ended() and self._here() not in {b">", *(bytes([space]) for space in _SPACE)}:
            raise _cannot(f"Unexpected end of name token at byte offset {begin}")
        return match.group().decode().lower()

    def _string(self) -> str:
        quote = self._here()
        self.position += 1
        parts: list[str] = []
        while not self._ended() and self._here() != quote:
            if self._here() == b"&" and (character := self._reference()):
                parts.append(character)
                continue
            start = self.position
            self.position += 1
            self._until(b"&" + quote)
            parts.append(self.source[start : self.position].decode())
        self.position += 1
        return "".join(parts)

    def _end_tag(self) -> None:
        begin = self.position
        if not self.open:
            raise _cannot(f"Unexpected end tag at byte offset {begin}")
        self.position += 2
        tag = self._until(_SPACE + b">").decode().lower()
        self._skip_space()
        if self._here() != b">":
            raise _cannot(f"Unclosed end tag at byte offset {begin}")
        self.position += 1
        started = self.open.pop()
        if tag and tag != started.tag:
            raise _cannot(
                f'Unmatched end tag at byte offset {begin}, expected "</{started.tag}>", found "</{tag}>"'
            )
        if self.offset > started.offset:
            self._close(started)

    def _close(self, started: _Open) -> None:
        entity: Entity = {
            "type": _KINDS[started.tag],
            "offset": started.offset,
            "length": self.offset - started.offset,
        }
        if started.tag == "a":
            url = started.argument or "".join(self.out[started.start :])
            if (checked := checked_link(url)) is None:
                return  # Telegram drops a link that it does not accept and keeps the text
            entity["url"] = checked
        elif started.tag == "tg-emoji":
            if not started.argument.isdecimal() or int(started.argument) == 0:
                raise _cannot("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = started.argument
        elif started.tag == "blockquote" and started.argument:
            entity["type"] = "expandable_blockquote"
        elif started.tag == "pre" and self._same_as_last(entity, "code"):
            language = self.entities.pop().get("language")
            if language:
                entity["language"] = language
        elif started.tag == "code" and started.argument:
            entity["language"] = started.argument
        self.entities.append(entity)

    def _same_as_last(self, entity: Entity, kind: str) -> bool:
        last = self.entities[-1] if self.entities else {}
        return (last.get("type"), last.get("offset"), last.get("length")) == (
            kind,
            entity["offset"],
            entity["length"],
        )


def _argument(tag: str, name: str, value: str, current: str) -> str:
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case "code", "class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "blockquote", "expandable":
            return "1"
    return current


def _character(match: re.Match[bytes]) -> str | None:
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return _NAMED.get(name)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else None


def _cannot(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")


def parse_html(source: str) -> FormattedText:
    """Plain text and entities of Telegram's HTML. Raises ApiError 400 `can't parse entities: …`."""
    formatted = _HtmlParser(source).parse()
    for entity in formatted.entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return formatted


def formatted(text: str, parse_mode: str | None, entities: list[Entity] | None) -> FormattedText:
    """What Telegram would store for `text`, trimmed, with the links and commands that it finds itself."""
    mode = (parse_mode or "").lower()
    if mode == "html":
        parsed = parse_html(text)
    elif mode in ("markdown", "markdownv2"):
        raise _cannot("the sandbox reads parse_mode HTML only")
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        parsed = FormattedText(text, tuple(_checked_entities(text, entities or [])))
    parsed = trimmed(parsed)
    return FormattedText(parsed.text, tuple(_with_found(parsed)))


def _checked_entities(text: str, entities: list[Entity]) -> list[Entity]:
    size = utf16_length(text)
    checked = []
    for entity in entities:
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            raise bad_request('can\'t parse MessageEntity: Field "type" must be of type String')
        offset, length = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(length, int):
            raise bad_request('can\'t parse MessageEntity: Field "offset" must be of type Number')
        if offset < 0 or length <= 0 or offset + length > size:
            raise bad_request(f"entity beginning at UTF-16 offset {offset} ends after the end of the text")
        checked.append({key: value for key, value in entity.items() if value is not None})
    return checked


def checked_link(url: str) -> str | None:
    """The URL if Telegram would make it a link: http, https, tg or ton, with a dot in an http host."""
    url = url.strip()
    if "://" not in url and not url.startswith(("tg:", "mailto:")):
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme in ("tg", "ton", "mailto"):
        return url
    if parts.scheme not in ("http", "https") or re.search(r"\s", url):
        return None
    return url if "." in host.strip(".") or ":" in host else None


_FOUND = re.compile(
    r"""
    (?P<url> https?://[^\s<>"]+
        | (?<![\w@./-]) (?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+
          (?:com|org|net|info|in|co|io|app|dev|me|shop|store|jp|uk|de|fr|it|es|nl|eu|us|ca|au|cn|ru)\b
          (?:[:/?\#][^\s<>"]*)? (?!@) )
    | (?P<email> (?<![\w.+-]) [\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,} )
    | (?P<bot_command> (?<![\w/<>]) /[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]) )
    | (?P<mention> (?<![\w@/.]) @[A-Za-z0-9_]{3,32}\b )
    | (?P<hashtag> (?<![\w&/]) \#\w*[^\W\d]\w* )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def found_entities(text: str) -> list[Entity]:
    """Links, commands, mentions, e-mail addresses and hashtags that Telegram marks by itself."""
    entities = []
    for match in _FOUND.finditer(text):
        kind = match.lastgroup
        found = match.group()
        if kind == "url":
            found = _without_trailing_punctuation(found)
        entities.append(
            {
                "type": kind,
                "offset": utf16_length(text[: match.start()]),
                "length": utf16_length(found),
            }
        )
    return entities


def _without_trailing_punctuation(url: str) -> str:
    while url:
        if url[-1] in ".,:;!?'\"*…" or (
            url[-1] in ")]}" and url.count(url[-1]) > url.count(_OPENING[url[-1]])
        ):
            url = url[:-1]
        else:
            break
    return url


_OPENING = {")": "(", "]": "[", "}": "{"}
_HIDING = {"code", "pre", "text_link", "text_mention", "custom_emoji"}


def _with_found(formatted: FormattedText) -> list[Entity]:
    """The entities given, and those found where the given ones do not already say what the text is."""
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in formatted.entities
        if entity["type"] in _HIDING
    ]
    found = [
        entity
        for entity in found_entities(formatted.text)
        if not any(
            start < entity["offset"] + entity["length"] and entity["offset"] < end for start, end in taken
        )
        and entity not in formatted.entities
    ]
    return sorted([*formatted.entities, *found], key=lambda entity: (entity["offset"], -entity["length"]))
