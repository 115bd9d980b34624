"""What a link says, read once and strictly: every other module works on this reading alone.

Two parsers that disagree about a link are a hole (`http://inside\\@outside/`), so whatever could be read in
two ways is refused here.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urljoin

import idna

from tracker.errors import BadLink

MAX_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}

# Whitespace, C0 and C1 controls, backslash, soft hyphen, zero-width and direction marks, line separators.
_FORBIDDEN = re.compile("[\\s\x00-\x20\x7f-\xa0\\\\\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[0-9]{1,5}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_QUERY_SAFE = _PATH_SAFE | frozenset("?")


@dataclass(frozen=True, slots=True)
class Address:
    """A link in parts: host lower case, in A-labels, without brackets or a final dot; the port always known.

    Path, query and fragment are percent-encoded in one way (RFC 3986, 6.2.2), the path without dot segments.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str | None = None
    fragment: str | None = None

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """What is asked of the host: path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def endpoint(self) -> str:
        return endpoint(self.host, self.port)

    def __str__(self) -> str:
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{self.netloc}{self.target}{fragment}"


def endpoint(host: str, port: int) -> str:
    """`host:port` as settings name it: `shop:8080`, `[::1]:8080`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse(url: str) -> Address:
    """Reads an absolute http or https link.

    Raises BadLink: `error.link_not_http` for another scheme, else `error.bad_link` with a `reason`.
    """
    if len(url) > MAX_LENGTH:
        raise BadLink(reason="too long")
    if _FORBIDDEN.search(url):
        raise BadLink(reason="forbidden characters")
    match = _SCHEME.match(url)
    if match is None:
        raise BadLink(reason="no scheme")
    scheme = match[1].lower()
    if scheme not in DEFAULT_PORTS:
        raise BadLink("error.link_not_http")
    rest = url[match.end() :]
    if not rest.startswith("//") or rest.startswith("///"):
        raise BadLink(reason="no host")
    authority, path, query, fragment = _split(rest[2:])
    host, port = _host_and_port(authority, scheme)
    return Address(
        scheme=scheme,
        host=host,
        port=port,
        path=_without_dot_segments(encoded(path, _PATH_SAFE)) or "/",
        query=None if query is None else encoded(query, _QUERY_SAFE),
        fragment=None if fragment is None else encoded(fragment, _QUERY_SAFE),
    )


def join(base: Address, reference: str) -> Address:
    """The address that a `Location` means; raises BadLink."""
    if _FORBIDDEN.search(reference):
        raise BadLink(reason="forbidden characters")
    try:
        return parse(urljoin(str(base), reference))
    except ValueError as error:
        raise BadLink(reason="not an address") from error


def encoded(text: str, safe: frozenset[str] = _QUERY_SAFE) -> str:
    """Percent-encoding in one spelling: what needs none has none, the rest is upper case, a lone % is %25."""
    pieces: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        escape = _ESCAPE.match(text, position) if character == "%" else None
        if escape:
            decoded = chr(int(escape[1], 16))
            pieces.append(decoded if decoded in _UNRESERVED else escape[0].upper())
            position += 3
            continue
        if character in safe:
            pieces.append(character)
        else:
            pieces.extend(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
        position += 1
    return "".join(pieces)


def host_name(text: str) -> str:
    """A host in its one spelling: A-labels, lower case, no final dot; IPv4 as four decimals, IPv6 compressed.

    Raises BadLink for what no browser would call a host and for the odd spellings of IPv4
    (`2130706433`, `0x7f000001`, `0177.0.0.1`, `127.1`).
    """
    if text.startswith("["):
        return _ipv6(text)
    host = text.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError) as error:
            raise BadLink(reason="not a host name") from error
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadLink(reason="not a host name")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise BadLink(reason="not an address") from error
    for label in labels:
        if label.startswith("xn--"):
            _refuse_unless_idna(label)
    return host


def _refuse_unless_idna(label: str) -> None:
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError) as error:
        raise BadLink(reason="not a host name") from error


def _ipv6(text: str) -> str:
    if not text.endswith("]") or "%" in text:
        raise BadLink(reason="not an address")
    try:
        return str(ipaddress.IPv6Address(text[1:-1]))
    except ValueError as error:
        raise BadLink(reason="not an address") from error


def _split(rest: str) -> tuple[str, str, str | None, str | None]:
    before, hash_mark, fragment = rest.partition("#")
    before, question_mark, query = before.partition("?")
    authority, slash, path = before.partition("/")
    return authority, slash + path, query if question_mark else None, fragment if hash_mark else None


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    if "@" in authority:
        raise BadLink(reason="credentials in a link")
    host, separator, port = authority, "", ""
    if not authority.endswith("]"):
        host, separator, port = authority.rpartition(":")
        if not separator:
            host, port = authority, ""
    if not port:
        return host_name(host), DEFAULT_PORTS[scheme]
    if not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise BadLink(reason="not a port")
    return host_name(host), int(port)


def _without_dot_segments(path: str) -> str:
    """RFC 3986, 5.2.4, for a path that is absolute or empty."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
