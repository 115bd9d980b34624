"""A small picture of filled shapes, written as PNG with the standard library alone."""

import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

Colour = tuple[int, int, int]
Point = tuple[float, float]

_UNITS = 100
_SLICES = 3  # scan lines per row of pixels: enough for edges that look smooth when scaled down
_COMPRESSION = 6


class Canvas:
    """A square picture; shapes are given in units of a hundredth of its side, from the top left."""

    def __init__(self, side: int, top: Colour, bottom: Colour) -> None:
        """Filled with a gradient from `top` to `bottom`; `side` is in pixels."""
        self._side = side
        self._rows = [bytearray(bytes(_mix(top, bottom, row / (side - 1))) * side) for row in range(side)]

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon; where it crosses itself, the even-odd rule decides."""
        scale = self._side / _UNITS
        corners = [(x * scale, y * scale) for x, y in points]
        edges = [
            (a, b) if a[1] < b[1] else (b, a) for a, b in pairwise([*corners, corners[0]]) if a[1] != b[1]
        ]
        top = max(0, math.floor(min(y for _, y in corners)))
        bottom = min(self._side, math.ceil(max(y for _, y in corners)))
        for row in range(top, bottom):
            near = [edge for edge in edges if edge[0][1] < row + 1 and edge[1][1] > row]
            lines = [_crossings(near, row + (part + 0.5) / _SLICES) for part in range(_SLICES)]
            self._fill_row(row, lines, colour)

    def ellipse(self, x: float, y: float, across: float, down: float, colour: Colour) -> None:
        """`across` and `down` are half the width and half the height."""
        self.polygon(arc(x, y, across, down, (0, 360)), colour)

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, *, round: float = 0
    ) -> None:
        """A rectangle whose corners have the radius `round`."""
        r = min(round, (right - left) / 2, (bottom - top) / 2)
        self.polygon(
            [
                *arc(right - r, top + r, r, r, (270, 360)),
                *arc(right - r, bottom - r, r, r, (0, 90)),
                *arc(left + r, bottom - r, r, r, (90, 180)),
                *arc(left + r, top + r, r, r, (180, 270)),
            ],
            colour,
        )

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line through `points` with round ends and joints."""
        for (x1, y1), (x2, y2) in pairwise(points):
            length = math.hypot(x2 - x1, y2 - y1)
            across, down = (y2 - y1) / length * width / 2, (x2 - x1) / length * width / 2
            self.polygon(
                [
                    (x1 + across, y1 - down),
                    (x2 + across, y2 - down),
                    (x2 - across, y2 + down),
                    (x1 - across, y1 + down),
                ],
                colour,
            )
        for x, y in points:
            self.ellipse(x, y, width / 2, width / 2, colour)

    def png(self) -> bytes:
        """Source: PNG specification (ISO/IEC 15948): signature, IHDR, IDAT, IEND; filter 0 on each row."""
        header = struct.pack(">IIBBBBB", self._side, self._side, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self._rows), _COMPRESSION)
        chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    def _fill_row(self, row: int, lines: list[list[float]], colour: Colour) -> None:
        counts = {len(line) for line in lines}
        if counts == {2}:
            # The common case: one run on every scan line. Its inside is copied whole, its ends are blended.
            inside_from = math.ceil(max(line[0] for line in lines))
            inside_to = math.floor(min(line[1] for line in lines))
            left, right = max(0, inside_from), min(self._side, inside_to)
            if left < right:
                self._rows[row][left * 3 : right * 3] = bytes(colour) * (right - left)
                self._blend(row, lines, colour, math.floor(min(line[0] for line in lines)), left)
                self._blend(row, lines, colour, right, math.ceil(max(line[1] for line in lines)))
                return
        ends = [place for line in lines for place in line]
        if ends:
            self._blend(row, lines, colour, math.floor(min(ends)), math.ceil(max(ends)))

    def _blend(self, row: int, lines: list[list[float]], colour: Colour, left: int, right: int) -> None:
        pixels = self._rows[row]
        for column in range(max(0, left), min(self._side, right)):
            covered = sum(
                max(0.0, min(end, column + 1) - max(start, column))
                for line in lines
                for start, end in zip(line[::2], line[1::2], strict=True)
            )
            at = column * 3
            behind = (pixels[at], pixels[at + 1], pixels[at + 2])
            pixels[at : at + 3] = bytes(_mix(behind, colour, covered / _SLICES))


def arc(x: float, y: float, across: float, down: float, turn: tuple[float, float]) -> list[Point]:
    """Points of an arc about (x, y), from one angle to another: degrees clockwise from three o'clock."""
    start, end = turn
    steps = max(2, round(abs(end - start) / 6))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


def _crossings(edges: Iterable[tuple[Point, Point]], y: float) -> list[float]:
    return sorted(x1 + (y - y1) * (x2 - x1) / (y2 - y1) for (x1, y1), (x2, y2) in edges if y1 <= y < y2)


def _mix(behind: Colour, front: Colour, share: float) -> Colour:
    # Three in, three out: a generator does not tell mypy how many.
    return tuple(round(b + (f - b) * share) for b, f in zip(behind, front, strict=True))  # type: ignore[return-value]
