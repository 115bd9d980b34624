"""`python -m tracker.stores`, which other programs read."""

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tracker.stores.__main__ import main

PAGES = Path(__file__).parent.parent / "pages"
PAGE = PAGES / "json_ld" / "one_offer.html"
URL = "https://shop.example.in/brass-oil-lamp"
FIELDS = (
    "file url outcome reason title price currency list_price availability sku gtin brand image variant "
    "seller confidence evidence milliseconds"
).split()


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    def run(*arguments: str, given: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["tracker.stores", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        try:
            code = main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "tracker.stores", str(PAGE), "--url", URL]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert json.loads(done.stdout)["title"] == "Brass Oil Lamp"


@pytest.mark.processes
def test_a_saved_page_is_printed_as_json_with_every_field(run: Callable[..., Done], tmp_path: Path) -> None:
    packed = tmp_path / "page.html.gz"
    packed.write_bytes(gzip.compress(PAGE.read_bytes()))
    done = run(str(packed), "--url", URL)
    printed = json.loads(done.stdout)
    assert list(printed) == FIELDS
    assert printed["price"] == "1499.00"
    assert printed["file"] == str(packed)
    assert printed["milliseconds"] > 0
    assert done.returncode == 0


@pytest.mark.processes
def test_a_batch_is_answered_line_by_line_whatever_is_wrong_with_a_line(
    run: Callable[..., Done], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.html.gz"
    broken.write_bytes(gzip.compress(PAGE.read_bytes())[:-40])
    quadratic = tmp_path / "quadratic.html"
    quadratic.write_bytes(b"<div>" * 100_000)
    lines = [
        json.dumps({"file": str(PAGE), "url": URL}),
        "not json",
        json.dumps({"file": str(tmp_path / "absent.html"), "url": URL}),
        json.dumps({"file": str(broken), "url": URL}),
        "[]",
        json.dumps({"url": URL}),
        "",
        json.dumps({"file": str(quadratic), "url": URL}),
        json.dumps({"file": str(PAGES / "gone" / "says_not_found.html"), "url": URL}),
        json.dumps({"file": str(PAGE), "url": URL}),
    ]
    done = run("--batch", given="\n".join(lines) + "\n")
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["outcome"] for line in printed] == ["offer", *["no_offer"] * 6, "gone", "offer"]
    assert ["error" in line for line in printed] == [False, *[True] * 5, False, False, False]
    assert printed[6]["reason"] == "too_slow"
    assert all(set(FIELDS) <= set(line) for line in printed)
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [(), (str(PAGE),), (str(PAGE), "--url", URL, "--batch")])
def test_a_wrong_command_says_how_it_is_used(run: Callable[..., Done], arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "--batch" in done.stderr


@pytest.mark.processes
def test_a_file_that_is_not_there_is_an_error_and_no_json(run: Callable[..., Done]) -> None:
    done = run("/nowhere/page.html", "--url", URL)
    assert (done.returncode, done.stdout) == (1, "")
    assert "/nowhere/page.html" in done.stderr
