"""Product pictures, drawn when they are first asked for and kept: 600 × 600 PNG, about 10 KB each.

Telegram takes photos as JPEG or PNG, so an SVG would not do.
"""

import colorsys
from collections.abc import Callable
from functools import lru_cache

from sandbox.shop.canvas import Canvas, Colour, arc

SIDE = 600

_WHITE = (255, 255, 255)
_INK = (38, 50, 66)
_STEEL = (176, 188, 200)
_PALE = (226, 232, 238)
_GOLD = (222, 170, 62)
_GLOW = (255, 218, 104)
_BROWN = (122, 78, 48)
_WOOD = (222, 184, 128)


@lru_cache(maxsize=64)
def picture(slug: str) -> bytes:
    """The PNG of a product; one without a drawing of its own gets a parcel. Same slug, same bytes."""
    draw, hue = _DRAWINGS.get(slug, (_parcel, sum(slug.encode()) % 360))
    canvas = Canvas(SIDE, _shade(hue, 0.96, 0.55), _shade(hue, 0.87, 0.5))
    canvas.ellipse(50, 86, 34, 4, _shade(hue, 0.78, 0.4))
    draw(canvas, _shade(hue, 0.5, 0.55))
    return canvas.png()


def _shade(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue / 360, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _kettle(c: Canvas, accent: Colour) -> None:
    c.line([(72, 36), (84, 40), (84, 62), (72, 70)], 6, _INK)
    c.polygon([(30, 36), (14, 30), (12, 35), (28, 52)], _STEEL)
    c.polygon([(32, 28), (68, 28), (75, 80), (25, 80)], _STEEL)
    c.polygon([(38, 28), (46, 28), (42, 80), (34, 80)], _PALE)
    c.box(32, 23, 68, 30, _INK, round=3)
    c.ellipse(50, 21, 5, 4, accent)
    c.box(22, 79, 78, 86, accent, round=3)


def _phone(c: Canvas, accent: Colour) -> None:
    c.box(30, 12, 66, 86, _INK, round=6)
    c.box(32, 14, 64, 84, accent, round=5)
    c.polygon([(32, 60), (64, 38), (64, 79), (60, 84), (36, 84), (32, 80)], _shade(215, 0.3, 0.5))
    c.ellipse(48, 18, 2, 2, _INK)
    c.box(41, 80, 55, 81.4, _WHITE, round=0.7)
    c.box(60, 20, 74, 46, _PALE, round=4)
    for y in (27, 38):
        c.ellipse(67, y, 4.6, 4.6, _INK)
        c.ellipse(67, y, 2.2, 2.2, _STEEL)


def _sneakers(c: Canvas, accent: Colour) -> None:
    c.polygon([(16, 40), (34, 44), (42, 38), (64, 58), (84, 64), (88, 76), (14, 76)], accent)
    c.polygon([(16, 40), (26, 42.2), (24, 76), (14, 76)], _INK)
    c.polygon([(66, 59), (84, 64), (88, 76), (62, 76)], _PALE)
    for x, y in ((44, 45), (50, 50.5), (56, 56)):
        c.line([(x, y), (x - 6, y + 5)], 2.2, _WHITE)
    c.box(12, 75, 90, 84, _WHITE, round=4)
    c.box(12, 81, 90, 84, _STEEL, round=1.5)


def _headphones(c: Canvas, accent: Colour) -> None:
    c.polygon([*arc(50, 52, 34, 36, (180, 270)), *arc(50, 52, 27, 28, (270, 180))], _INK)
    c.polygon([*arc(50, 52, 34, 36, (270, 360)), *arc(50, 52, 27, 28, (360, 270))], _INK)
    for left in (14, 70):
        c.box(left, 48, left + 16, 80, accent, round=7)
    c.box(27, 52, 33, 76, _INK, round=3)
    c.box(67, 52, 73, 76, _INK, round=3)


def _saree(c: Canvas, accent: Colour) -> None:
    c.polygon([(26, 16), (74, 16), (80, 84), (20, 84)], accent)
    for x in (34, 46, 58):
        c.polygon([(x, 16), (x + 4, 16), (x + 5, 76), (x, 76)], _shade(335, 0.42, 0.55))
    c.polygon([(26.2, 16), (73.8, 16), (74.6, 24), (25.4, 24)], _GOLD)
    c.polygon([(20.8, 74), (79.2, 74), (80, 84), (20, 84)], _GOLD)
    for x in range(26, 76, 8):
        c.polygon([(x, 75.5), (x + 3, 79), (x, 82.5), (x - 3, 79)], accent)
    for left, top in ((31, 36), (42.5, 44), (54.5, 36), (68, 44), (31, 58), (42.5, 66), (54.5, 58), (68, 66)):
        c.ellipse(left, top, 1.8, 1.8, _GOLD)


def _cooker(c: Canvas, accent: Colour) -> None:
    c.line([(70, 46), (94, 44)], 6, _INK)
    c.line([(22, 56), (12, 56)], 6, _INK)
    c.box(20, 46, 72, 84, _STEEL, round=7)
    c.box(26, 50, 32, 80, _PALE, round=3)
    c.polygon([(18, 48), (22, 40), (70, 40), (74, 48)], accent)
    c.box(42, 26, 50, 41, _INK, round=3)
    c.ellipse(46, 25, 7, 4, _INK)


def _ssd(c: Canvas, accent: Colour) -> None:
    c.box(12, 38, 84, 66, _shade(150, 0.25, 0.4), round=2)
    c.box(84, 42, 90, 62, _GOLD)
    c.box(83, 50, 91, 53, _shade(150, 0.9, 0.4))
    for left in (18, 40):
        c.box(left, 43, left + 18, 61, _INK, round=1)
    c.box(62, 45, 76, 59, _STEEL, round=1)
    c.box(40, 43, 58, 50, accent, round=1)
    c.ellipse(12, 52, 3, 3, _shade(150, 0.9, 0.4))


def _sunscreen(c: Canvas, accent: Colour) -> None:
    c.polygon([(32, 14), (68, 14), (63, 74), (37, 74)], _WHITE)
    c.polygon([(32, 14), (68, 14), (67.5, 20), (32.5, 20)], _PALE)
    c.ellipse(50, 42, 9, 9, accent)
    for x, y in ((50, 28), (50, 56), (36.5, 42), (63.5, 42), (40, 32), (60, 32), (40, 52), (60, 52)):
        c.ellipse(x, y, 1.6, 1.6, accent)
    c.box(37, 73, 63, 86, accent, round=3)


def _book(c: Canvas, accent: Colour) -> None:
    c.box(28, 14, 76, 84, _shade(200, 0.25, 0.5), round=2)
    c.box(30, 17, 74, 86, _WHITE, round=1)
    c.box(25, 14, 71, 82, accent, round=2)
    c.box(25, 14, 31, 82, _shade(200, 0.35, 0.55), round=2)
    c.polygon([(36, 70), (46, 52), (54, 62), (60, 54), (67, 70)], _shade(200, 0.78, 0.5))
    c.ellipse(59, 42, 4, 4, _GOLD)
    c.box(37, 22, 65, 26, _WHITE, round=1)
    c.box(37, 29, 56, 31.5, _WHITE, round=1)


def _bulbs(c: Canvas, accent: Colour) -> None:
    for x in (34, 66):
        c.ellipse(x, 40, 17, 18, _WHITE)
        c.ellipse(x, 40, 13, 14, _GLOW)
        c.polygon([(x - 10, 54), (x + 10, 54), (x + 7, 68), (x - 7, 68)], _PALE)
        c.box(x - 7, 67, x + 7, 82, accent, round=2)
        for y in (71, 76):
            c.box(x - 8, y, x + 8, y + 2, _INK, round=1)
        c.ellipse(x, 83, 3, 2, _INK)


def _backpack(c: Canvas, accent: Colour) -> None:
    c.line([(42, 22), (42, 13), (58, 13), (58, 22)], 4, _INK)
    c.box(16, 48, 26, 76, _INK, round=5)
    c.box(74, 48, 84, 76, _INK, round=5)
    c.box(22, 18, 78, 86, accent, round=18)
    c.box(30, 54, 70, 80, _shade(265, 0.38, 0.5), round=6)
    c.box(30, 60, 70, 62, _PALE)
    c.line([(32, 40), (68, 40)], 2, _PALE)
    c.box(62, 39, 65, 46, _GOLD, round=1.5)


def _air_fryer(c: Canvas, accent: Colour) -> None:
    c.box(24, 14, 76, 86, _INK, round=14)
    c.box(34, 20, 66, 36, accent, round=4)
    for x in (42, 50, 58):
        c.ellipse(x, 28, 2.4, 2.4, _WHITE)
    c.box(28, 44, 72, 80, _shade(215, 0.25, 0.2), round=6)
    c.box(42, 54, 58, 60, _STEEL, round=3)
    c.box(47, 58, 53, 76, _STEEL, round=3)


def _laptop(c: Canvas, accent: Colour) -> None:
    c.box(22, 24, 78, 68, _INK, round=4)
    c.box(25, 27, 75, 65, accent, round=2)
    c.polygon([(25, 65), (25, 52), (45, 40), (58, 50), (75, 34), (75, 65)], _shade(215, 0.35, 0.55))
    c.polygon([(12, 82), (18, 68), (82, 68), (88, 82)], _STEEL)
    c.box(10, 81, 90, 85, _PALE, round=2)
    c.polygon([(42, 80), (43, 76), (57, 76), (58, 80)], _PALE)


def _mixer(c: Canvas, accent: Colour) -> None:
    c.polygon([(36, 22), (66, 22), (61, 56), (41, 56)], _PALE)
    c.polygon([(38.4, 38), (63.6, 38), (61, 56), (41, 56)], _shade(130, 0.6, 0.4))
    c.line([(65, 28), (76, 28), (74, 46), (63, 46)], 4, _INK)
    c.box(34, 16, 68, 23, _INK, round=3)
    c.polygon([(38, 56), (64, 56), (74, 84), (28, 84)], accent)
    c.ellipse(51, 71, 6.5, 6.5, _WHITE)
    c.line([(51, 71), (54, 67)], 2, _INK)
    c.box(26, 82, 76, 87, _INK, round=2)


def _watch(c: Canvas, accent: Colour) -> None:
    c.polygon([(38, 12), (62, 12), (65, 36), (35, 36)], accent)
    c.polygon([(35, 62), (65, 62), (62, 87), (38, 87)], accent)
    c.box(28, 28, 72, 71, _INK, round=11)
    c.box(32, 32, 68, 67, _shade(215, 0.14, 0.4), round=8)
    c.box(72, 44, 75, 53, _STEEL, round=1.5)
    c.line([(37, 54), (44, 54), (48, 42), (53, 60), (56, 54), (63, 54)], 2, (255, 106, 106))
    c.box(40, 37, 60, 39.4, _WHITE, round=1)


def _rice(c: Canvas, accent: Colour) -> None:
    c.polygon([(30, 18), (70, 18), (78, 84), (22, 84)], (240, 226, 196))
    c.polygon([(28, 14), (72, 14), (70, 22), (30, 22)], accent)
    c.ellipse(50, 52, 17, 17, accent)
    for x, y in ((44, 46), (54, 44), (50, 52), (43, 57), (57, 55), (51, 61)):
        c.ellipse(x, y, 1.5, 3.6, _WHITE)
    c.line([(28, 78), (72, 78)], 1.5, accent)


def _bat(c: Canvas, accent: Colour) -> None:
    c.line([(70, 14), (60, 30)], 6, _INK)
    c.line([(69, 16), (62, 27)], 6.5, accent)
    c.polygon([(55, 26), (66, 33), (42, 82), (32, 84), (26, 78), (28, 70)], _WOOD)
    c.polygon([(60.5, 29.5), (63, 31), (36, 83), (32, 84)], (198, 156, 100))
    c.ellipse(72, 76, 9, 9, (186, 42, 48))
    c.line([(66.5, 71), (77.5, 81)], 1.3, _WHITE)


def _washing_machine(c: Canvas, accent: Colour) -> None:
    c.box(22, 14, 78, 86, _WHITE, round=4)
    c.box(22, 14, 78, 28, _PALE, round=4)
    c.box(27, 18, 44, 24, accent, round=1.5)
    for x in (60, 69):
        c.ellipse(x, 21, 3, 3, _STEEL)
    c.ellipse(50, 56, 22, 22, _STEEL)
    c.ellipse(50, 56, 18, 18, _INK)
    c.polygon([*arc(50, 56, 16, 16, (10, 170))], accent)
    c.ellipse(43, 48, 3, 3, _PALE)


def _tea_set(c: Canvas, accent: Colour) -> None:
    c.line([(56, 44), (68, 46), (64, 62), (54, 64)], 4, _WHITE)
    c.polygon([(22, 50), (8, 40), (6, 44), (20, 62)], _WHITE)
    c.ellipse(38, 56, 22, 20, _WHITE)
    c.box(24, 34, 52, 40, _WHITE, round=3)
    c.ellipse(38, 32, 4, 3.4, accent)
    for x, y in ((30, 54), (38, 60), (46, 54)):
        c.ellipse(x, y, 3.4, 3.4, accent)
        c.ellipse(x, y, 1.3, 1.3, _WHITE)
    c.polygon([(62, 66), (92, 66), (86, 84), (68, 84)], _WHITE)
    c.polygon([(63.2, 70), (90.8, 70), (89.8, 73), (64.2, 73)], accent)
    c.ellipse(77, 66, 15, 3, _shade(95, 0.55, 0.45))


def _perfume(c: Canvas, accent: Colour) -> None:
    c.box(42, 12, 58, 26, _GOLD, round=3)
    c.box(45, 25, 55, 33, _STEEL)
    c.polygon([(34, 33), (66, 33), (78, 50), (70, 84), (30, 84), (22, 50)], _PALE)
    c.polygon([(25, 54), (75, 54), (68, 81), (32, 81)], accent)
    c.polygon([(34, 33), (42, 33), (34, 84), (30, 84), (22, 50)], (240, 244, 248))
    c.box(40, 60, 60, 72, _WHITE, round=1.5)
    c.box(43, 64, 57, 65.6, _GOLD)
    c.box(45, 67.6, 55, 69, _GOLD)


def _espresso(c: Canvas, accent: Colour) -> None:
    c.box(20, 16, 80, 40, accent, round=5)
    c.box(56, 36, 80, 84, accent, round=3)
    c.box(24, 40, 56, 72, _INK)
    c.box(16, 76, 84, 86, _INK, round=3)
    c.box(20, 74, 58, 77, _STEEL, round=1)
    c.box(32, 38, 50, 45, _STEEL, round=2)
    c.line([(34, 43), (14, 43)], 4, _BROWN)
    c.line([(41, 46), (41, 60)], 1.6, _BROWN)
    c.line([(50, 63), (54, 63), (53, 68), (49, 68)], 1.8, _WHITE)
    c.polygon([(32, 60), (50, 60), (47, 74), (35, 74)], _WHITE)
    c.ellipse(32, 27, 5.5, 5.5, _WHITE)
    c.line([(32, 27), (34.5, 24)], 1.2, _INK)
    for x in (50, 58, 66):
        c.ellipse(x, 27, 2.4, 2.4, _WHITE)


def _parcel(c: Canvas, accent: Colour) -> None:
    c.polygon([(50, 30), (84, 40), (84, 74), (50, 86)], (196, 150, 98))
    c.polygon([(16, 40), (50, 30), (50, 86), (16, 74)], _WOOD)
    c.polygon([(16, 40), (50, 30), (84, 40), (50, 51)], (236, 204, 154))
    c.polygon([(31, 35.6), (36, 34), (70, 44.6), (65, 46)], accent)
    c.polygon([(65, 46), (70, 44.6), (70, 58), (65, 60)], accent)


_DRAWINGS: dict[str, tuple[Callable[[Canvas, Colour], None], int]] = {
    "kettle": (_kettle, 18),
    "phone": (_phone, 220),
    "sneakers": (_sneakers, 32),
    "headphones": (_headphones, 255),
    "saree": (_saree, 335),
    "pressure-cooker": (_cooker, 350),
    "ssd": (_ssd, 150),
    "sunscreen": (_sunscreen, 40),
    "book": (_book, 200),
    "led-bulbs": (_bulbs, 48),
    "backpack": (_backpack, 265),
    "air-fryer": (_air_fryer, 8),
    "laptop": (_laptop, 205),
    "mixer-grinder": (_mixer, 130),
    "smartwatch": (_watch, 175),
    "basmati-rice": (_rice, 95),
    "cricket-bat": (_bat, 28),
    "washing-machine": (_washing_machine, 195),
    "tea-set": (_tea_set, 222),
    "oud": (_perfume, 285),
    "espresso": (_espresso, 2),
}
