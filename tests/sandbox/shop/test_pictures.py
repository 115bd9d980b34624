"""Product pictures: real PNG files, the same every time."""

import struct
import zlib

import httpx
import pytest

from sandbox.shop import DemoShop
from sandbox.shop.canvas import Canvas
from sandbox.shop.catalogue import products
from sandbox.shop.pictures import SIDE, picture

_RED = (255, 0, 0)
_BLACK = (0, 0, 0)


def _pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """The rows of a picture, read without the code that wrote it; every checksum is verified."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    place = 8
    while place < len(png):
        length = struct.unpack_from(">I", png, place)[0]
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", png, place + 8 + length)[0] == zlib.crc32(kind + data)
        chunks[kind] = data
        place += length + 12
    width, height, depth, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (depth, colours) == (8, 2)
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == height * (width * 3 + 1)
    rows = [raw[row * (width * 3 + 1) :][: width * 3 + 1] for row in range(height)]
    assert {row[0] for row in rows} == {0}
    return [[tuple(row[1 + x * 3 : 4 + x * 3]) for x in range(width)] for row in rows]


@pytest.mark.parametrize("slug", [*products(), "a-parcel"])
def test_a_picture_is_a_png_that_telegram_would_take(slug: str) -> None:
    png = picture(slug)
    pixels = _pixels(png)

    assert len(png) < 40_000
    assert len(pixels) == len(pixels[0]) == SIDE
    assert len({colour for row in pixels[::20] for colour in row}) > 20


def test_every_product_has_a_picture_of_its_own() -> None:
    parcel = picture("no-such-drawing")

    drawn = {picture(slug) for slug in products()}

    assert len(drawn) == len(products())
    assert parcel not in drawn


def test_a_picture_is_the_same_whenever_it_is_drawn() -> None:
    before = picture("kettle")
    picture.cache_clear()

    assert picture("kettle") == before


async def test_a_picture_is_served_as_png(shop: DemoShop, http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop/kettle.png")

    assert answer.headers["content-type"] == "image/png"
    assert answer.content == picture("kettle")


def test_a_shape_covers_what_it_should_and_half_covered_pixels_are_mixed() -> None:
    canvas = Canvas(10, _BLACK, _BLACK)
    canvas.polygon([(25, 20), (75, 20), (75, 60), (25, 60)], _RED)

    pixels = _pixels(canvas.png())

    assert [pixel[0] for pixel in pixels[3]] == [0, 0, 128, 255, 255, 255, 255, 128, 0, 0]
    assert [row[5][0] for row in pixels] == [0, 0, 255, 255, 255, 255, 0, 0, 0, 0]


def test_a_shape_with_a_notch_leaves_the_notch_empty() -> None:
    canvas = Canvas(10, _BLACK, _BLACK)
    canvas.polygon([(0, 0), (100, 0), (100, 100), (70, 100), (70, 50), (30, 50), (30, 100), (0, 100)], _RED)

    pixels = _pixels(canvas.png())

    assert [pixel[0] // 255 for pixel in pixels[8]] == [1, 1, 1, 0, 0, 0, 0, 1, 1, 1]
    assert set(pixels[2]) == {_RED}


def test_what_lies_outside_the_picture_is_cut_off() -> None:
    canvas = Canvas(10, _BLACK, _BLACK)
    canvas.polygon([(-50, -50), (150, -50), (150, 150), (-50, 150)], _RED)

    assert {pixel for row in _pixels(canvas.png()) for pixel in row} == {_RED}


def test_the_ground_runs_from_one_colour_to_the_other() -> None:
    pixels = _pixels(Canvas(5, _BLACK, (100, 100, 100)).png())

    assert [row[0][0] for row in pixels] == [0, 25, 50, 75, 100]
