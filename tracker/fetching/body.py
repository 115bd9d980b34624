"""A response body, decoded within a bound.

A count over an HTTP library's decoded stream does not stop a bomb: the library decodes a whole piece first
(300 bytes of nested gzip became 4 GiB). Here zlib itself is told how much it may still write.
"""

import re
import zlib

from tracker.fetching.problems import FetchProblem, failed

MAX_MEMBERS = 64
"""A gzip body may be several members in a row (RFC 1952, 2.2); thousands of empty ones are an attack."""

_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15
_PAGE_TYPE = re.compile(r"text/[\w.+-]+|application/(?:[\w.+-]+\+)?(?:json|xml)")
# Of the encodings that pages use (WHATWG Encoding Standard). Python knows others that are slow or that
# interpret escapes (punycode, unicode_escape); a page does not choose those.
_CHARSET = re.compile(
    r"utf-?8|utf-16(?:le|be)?|us-ascii|ascii|latin1|iso-?8859-(?:[1-9]|1[0134-6])|windows-125[0-8]|windows-874"
    r"|cp125[0-8]|koi8-[ru]|macintosh|gb2312|gbk|gb18030|big5(?:-hkscs)?|shift_jis|euc-(?:jp|kr)|iso-2022-jp|tis-620"
)
_CHARSET_PARAMETER = re.compile(r";\s*charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)


class BoundedBody:
    """Collects pieces off the wire into at most `limit` decoded bytes; raises FetchFailed."""

    def __init__(self, content_encoding: str, limit: int) -> None:
        codings = [coding.strip().lower() for coding in content_encoding.split(",")]
        codings = [coding for coding in codings if coding not in {"", "identity"}]
        if len(codings) > 1 or (codings and codings[0] not in {"gzip", "x-gzip", "deflate"}):
            raise failed(FetchProblem.BAD_ENCODING, "a coding that was not asked for")
        self._coding = codings[0] if codings else None
        self._limit = limit
        self._body = bytearray()
        self._held = b""
        self._decoder: zlib._Decompress | None = None
        self._members = 0

    def add(self, piece: bytes) -> None:
        if self._coding is None:
            self._append(piece)
            return
        try:
            self._decode(self._held + piece)
        except zlib.error as error:
            raise failed(FetchProblem.BAD_ENCODING, "not the coding that was announced") from error

    def finished(self) -> bytes:
        """The whole body; raises FetchFailed when it is cut short: half a page can hold a wrong price."""
        if self._held or (self._decoder is not None and not self._decoder.eof):
            raise failed(FetchProblem.BAD_ENCODING, "the body is cut short")
        return bytes(self._body)

    def _decode(self, piece: bytes) -> None:
        self._held = b""
        while piece:
            if self._decoder is None:
                if len(piece) < 2:
                    self._held = piece
                    return
                self._decoder = self._decoder_for(piece)
            elif self._decoder.eof:
                if self._coding == "deflate" or not piece.startswith(b"\x1f"):
                    return  # padding after the body, which browsers ignore too
                self._decoder = None
                continue
            self._append(self._decoder.decompress(piece, self._limit - len(self._body) + 1))
            piece = self._decoder.unused_data

    def _decoder_for(self, start: bytes) -> "zlib._Decompress":
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise failed(FetchProblem.BAD_ENCODING, "too many gzip members")
        if self._coding != "deflate":
            return zlib.decompressobj(_GZIP)
        # Many servers send deflate without zlib's frame, and every browser takes both (RFC 9110, 8.4.1.2).
        framed = start[0] & 0x0F == 8 and int.from_bytes(start[:2]) % 31 == 0
        return zlib.decompressobj(_ZLIB if framed else _RAW_DEFLATE)

    def _append(self, decoded: bytes) -> None:
        self._body += decoded
        if len(self._body) > self._limit:
            raise failed(FetchProblem.TOO_LARGE, "the page is too large")


def media_type(content_type: str) -> str:
    """`text/html` of `Text/HTML; charset=…`; empty when there is none."""
    return re.split("[;,]", content_type, maxsplit=1)[0].strip().lower()


def is_page(media: str) -> bool:
    """Whether a body of this type can be read for a price; an untyped one may."""
    return not media or _PAGE_TYPE.fullmatch(media) is not None


def charset(content_type: str) -> str | None:
    """The character set that the header names, lower case, if it is one that pages are written in."""
    match = _CHARSET_PARAMETER.search(content_type)
    name = match[1].lower() if match else ""
    return name if _CHARSET.fullmatch(name) else None
