"""`make new-store` in a copy of this repository: what it writes is read right, and only once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores.new_store import Refused, scaffold

ROOT = Path(__file__).parents[2]
URL = "https://www.lamps.co.in/product/7"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with a store called lamps."""
    copy = tmp_path_factory.mktemp("repository")
    for part in ("tracker", "tests"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy / "pyproject.toml")
    made = new_store(copy, "lamps", URL)
    assert (made.returncode, made.stderr) == (0, "")
    assert "tracker/stores/shops/lamps.py" in made.stdout.splitlines()
    return copy


def run(copy: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    ours = ("COV_", "COVERAGE", "PYTEST")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def new_store(copy: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run(copy, "-m", "tests.stores.new_store", *arguments)


def contents(copy: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(copy.rglob("*")) if path.is_file()}


def test_a_new_store_is_read_until_its_pages_say_something_else(copy: Path) -> None:
    page_tests = ("tests/stores/test_pages.py", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "lamps")
    passed = run(copy, "-m", "pytest", *page_tests)
    assert passed.returncode == 0, passed.stdout
    assert "2 passed" in passed.stdout

    page = copy / "tests/pages/lamps/in_stock.html"
    page.write_text(page.read_text().replace("USD 49.50", "USD 59.50"))
    failed = run(copy, "-m", "pytest", *page_tests)
    assert failed.returncode == 1
    assert "1 failed, 1 passed" in failed.stdout


def test_a_new_store_has_a_name_and_one_address(copy: Path) -> None:
    asked = (
        "from tracker.stores.registry import store_of; from tracker.fetching.canonical import canonical; "
        "print(store_of('http://lamps.co.in/x').name, canonical('http://m.lamps.co.in/x?utm_source=y'))"
    )
    assert run(copy, "-c", asked).stdout.split() == ["Lamps", "https://www.lamps.co.in/x"]


def test_what_is_written_needs_no_formatting(copy: Path) -> None:
    code = ("tracker/stores/shops/lamps.py", "tracker/stores/registry.py", "tracker/fetching/known_stores.py")
    checked = run(copy, "-m", "ruff", "format", "--diff", *code)
    assert checked.returncode == 0, checked.stdout
    linted = run(copy, "-m", "ruff", "check", *code)
    assert linted.returncode == 0, linted.stdout


def test_a_second_store_of_one_name_is_refused_with_one_sentence(copy: Path) -> None:
    refused = new_store(copy, "lamps", URL)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "There is a store called lamps already.\n"


@pytest.mark.parametrize(
    ("name", "url", "sentence"),
    [
        ("amazon", URL, "There is a store called amazon already."),
        ("json_ld", URL, "There is a store called json_ld already."),
        ("amazon_again", "https://www.amazon.in/dp/B0", "amazon.in has an adapter already."),
        ("Lamps-7", URL, "Lamps-7 is no name for a module: small letters, digits and _ make one."),
        ("class", URL, "class is no name for a module: small letters, digits and _ make one."),
        ("", URL, "NAME is no name for a module: small letters, digits and _ make one."),
        ("lamp", "lamps", "lamps is not the address of a product's page."),
        ("lamp", "", "URL is not the address of a product's page."),
    ],
)
def test_nothing_is_written_for_what_cannot_be_scaffolded(
    copy: Path, name: str, url: str, sentence: str
) -> None:
    before = contents(copy)
    with pytest.raises(Refused) as refused:
        scaffold(name, url, copy)
    assert str(refused.value) == sentence
    assert contents(copy) == before
