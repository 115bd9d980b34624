"""Damage as it comes to pages: cut short, doubled, spliced, flipped, buried. Deterministic by its"
" `Random`."""

from collections.abc import Callable
from random import Random

Damage = Callable[[bytes, bytes, Random], bytes]


def cut(page: bytes, other: bytes, chance: Random) -> bytes:
    return page[: chance.randrange(len(page) + 1)]


def beheaded(page: bytes, other: bytes, chance: Random) -> bytes:
    return page[chance.randrange(len(page) + 1) :]


def doubled(page: bytes, other: bytes, chance: Random) -> bytes:
    return page + page


def stammering(page: bytes, other: bytes, chance: Random) -> bytes:
    """A piece of the page over and over."""
    start = chance.randrange(len(page) + 1)
    piece = page[start : start + chance.randrange(1, 400)]
    return page[:start] + piece * chance.randrange(2, 30) + page[start:]


def spliced(page: bytes, other: bytes, chance: Random) -> bytes:
    return page[: chance.randrange(len(page) + 1)] + other[chance.randrange(len(other) + 1) :]


def without_a_piece(page: bytes, other: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(page) + 1)
    return page[:start] + page[start + chance.randrange(1, 2_000) :]


def flipped(page: bytes, other: bytes, chance: Random) -> bytes:
    damaged = bytearray(page)
    for _ in range(chance.randrange(1, 40) if damaged else 0):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def with_odd_signs(page: bytes, other: bytes, chance: Random) -> bytes:
    """Signs that mean something to a parser, at places where they do harm."""
    for _ in range(chance.randrange(1, 20)):
        place = chance.randrange(len(page) + 1)
        sign = chance.choice(
            [b"<", b">", b'"', b"'", b"&", b"{", b"}", b"]", b"\\", b"\x00", b"<!--", b"</script>"]
        )
        page = page[:place] + sign + page[place:]
    return page


def with_odd_numbers(page: bytes, other: bytes, chance: Random) -> bytes:
    """Every run of a chosen digit becomes an amount that no shop asks."""
    odd = chance.choice(
        [
            b"-1",
            b"0",
            b"1e400",
            b"NaN",
            b"Infinity",
            b"9" * 400,
            b"1,2,3.4.5",
            b"0.00",
            b"1E+9999999",
            b"\xd9\xa1",
            b"\xc2\xb2",
        ]
    )
    return page.replace(chance.choice(b"0123456789").to_bytes(1, "big"), odd)


def buried(page: bytes, other: bytes, chance: Random) -> bytes:
    tag = chance.choice(
        [b"<div>", b"<b>", b"<table><tr><td>", b"<svg>", b"<select>", b"<template>", b"<noscript>", b"<h1>"]
    )
    return tag * chance.randrange(1, 300) + page


def in_another_charset(page: bytes, other: bytes, chance: Random) -> bytes:
    return page.decode("utf-8", "replace").encode(
        chance.choice(["utf-16", "utf-16-be", "cp1252", "shift_jis", "utf-7"]), "replace"
    )


DAMAGES: list[Damage] = [
    cut, beheaded, doubled, stammering, spliced, without_a_piece, flipped, with_odd_signs, with_odd_numbers,
    buried, in_another_charset,
]  # fmt: skip


def damaged(page: bytes, other: bytes, chance: Random) -> bytes:
    """The page with one to three damages."""
    for _ in range(chance.randrange(1, 4)):
        page = chance.choice(DAMAGES)(page, other, chance)
    return page
