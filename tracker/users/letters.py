"""Letters for people: the same lines as plain text and as HTML. The words are the catalogue's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

import tracker.texts
from tracker.texts import Language

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _templates() -> "Environment":
    # 1 MB that a process keeps from its first letter on: most never write one.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(Path(tracker.texts.__file__).parent / "letters"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def letter(language: Language, subject: str, lines: Sequence[Markup], footer: Markup) -> Letter:
    """Put into words already: `subject` is plain, each line is a paragraph."""
    told = {"locale": language.locale, "subject": subject, "lines": lines, "footer": footer}
    text, html = (_templates().get_template(name).render(told) for name in ("letter.txt", "letter.html"))
    return Letter(subject, text, html)
