"""Patterns of words that are found however they are written, large or small, and quickly."""

import re
import sys
from collections.abc import Iterator

# A word of a pattern, but for what only looks like one: \W, \D, (?P<name>.
_LETTERS = re.compile(r"\\.|\(\?P|[A-Z]", re.DOTALL)
# Beyond ASCII, these alone are the same letter as one of ASCII when case is ignored.
_SAME_LETTER = str.maketrans({"ı": "i", "İ": "i", "ſ": "s", "\u212a": "k"})

_LONGEST_KEPT, _MOST_KEPT = 400, 128


class Wording:
    """A pattern that ignores case, with the methods of `re.Pattern` that are needed.

    A pattern that ignores case is tried in full at every place. One that does not rules out most places and
    most alternatives by a letter, so ASCII text is searched in small letters, in a third of the time. The
    matches are then of that text: their places are right, their words are in small letters.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._found: dict[str, re.Match[str] | None] = {}
        self._anyhow = re.compile(pattern, re.IGNORECASE)
        small = _LETTERS.sub(lambda found: found[0].lower() if len(found[0]) == 1 else found[0], pattern)
        self._small = re.compile(small.translate(_SAME_LETTER))

    def search(self, text: str) -> re.Match[str] | None:
        # The names of elements are asked about again and again.
        if text in self._found:
            return self._found[text]
        found = self._small.search(text.lower()) if text.isascii() else self._anyhow.search(text)
        if len(text) <= _LONGEST_KEPT:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[text] = found
        return found

    def match(self, text: str) -> re.Match[str] | None:
        return self._small.match(text.lower()) if text.isascii() else self._anyhow.match(text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return self._small.fullmatch(text.lower()) if text.isascii() else self._anyhow.fullmatch(text)

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        if text.isascii():
            return self._small.finditer(text.lower(), start, end)
        return self._anyhow.finditer(text, start, end)

    def sub(self, replacement: str, text: str) -> str:
        """The text as it is written, with each match replaced."""
        return self._anyhow.sub(replacement, text)


def any_of(*patterns: str) -> Wording:
    return Wording("|".join(patterns))
