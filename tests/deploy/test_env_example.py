""".env.example names every setting, explains it, and shows the default that the code has."""

import re
from pathlib import Path

import pytest

from tracker.config import Settings

_EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text("utf-8")
_LINE = re.compile(r"^(# )?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
_OF_COMPOSE = {"POSTGRES_PASSWORD", "SERVER_NAME", "HTTP_PORT"}


def names_in_the_example() -> set[str]:
    return {match[2] for match in _LINE.finditer(_EXAMPLE)}


def test_every_setting_is_in_the_example() -> None:
    assert {field.upper() for field in Settings.model_fields} - names_in_the_example() == set()


def test_everything_in_the_example_is_a_setting() -> None:
    assert names_in_the_example() - {field.upper() for field in Settings.model_fields} == _OF_COMPOSE


def test_nothing_is_named_twice() -> None:
    names = [match[2] for match in _LINE.finditer(_EXAMPLE)]

    assert sorted(names) == sorted(set(names))


def test_every_setting_is_explained_above_it() -> None:
    for paragraph in _EXAMPLE.split("\n\n"):
        if _LINE.search(paragraph):
            first = paragraph.strip().splitlines()[0]
            assert first.startswith("# "), paragraph
            assert not _LINE.match(first), paragraph


def test_only_what_an_operator_must_give_is_not_commented_out_and_it_is_empty() -> None:
    given = {match[2]: match[3] for match in _LINE.finditer(_EXAMPLE) if not match[1]}

    assert given == {"BOT_TOKEN": "", "POSTGRES_PASSWORD": ""}


def test_what_the_example_shows_as_default_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    everything = tmp_path / ".env"
    everything.write_text(_LINE.sub(r"\2=\3", _EXAMPLE), "utf-8")

    assert Settings(_env_file=everything) == Settings(_env_file=None)


def test_an_untouched_copy_of_the_example_is_read_without_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    copy = tmp_path / ".env"
    copy.write_text(_EXAMPLE, "utf-8")

    assert Settings(_env_file=copy).bot_token is None
