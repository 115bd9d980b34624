"""The Dockerfile: what goes into the image, and as whom it runs. No Docker engine is needed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_STAGES = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", (_ROOT / "Dockerfile").read_text("utf-8"))).split(
    "\n\n\n"
)
_IGNORE = (_ROOT / ".dockerignore").read_text("utf-8").splitlines()


def _instructions(stage: str, name: str) -> list[str]:
    return [line.removeprefix(f"{name} ") for line in stage.splitlines() if line.startswith(f"{name} ")]


def _copied() -> list[str]:
    """What is copied from the checkout, in both stages."""
    return [
        source.rstrip("/")
        for stage in _STAGES
        for line in _instructions(stage, "COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    ]


def test_the_image_has_a_stage_for_packages_and_one_that_runs() -> None:
    packages, final = _STAGES

    assert _instructions(packages, "FROM") == ["python:3.12-slim AS packages"]
    assert _instructions(final, "FROM") == ["python:3.12-slim"]
    assert "COPY --from=packages /opt/venv /opt/venv" in final
    assert "pip install" not in final


@pytest.mark.parametrize("source", _copied())
def test_what_is_copied_exists_and_enters_the_build(source: str) -> None:
    assert (_ROOT / source).exists()
    assert f"!{source}" in _IGNORE


def test_nothing_enters_the_build_but_what_is_copied() -> None:
    rules = [line for line in _IGNORE if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert {line.removeprefix("!") for line in rules if line.startswith("!")} == set(_copied())


def test_every_package_is_installed_by_its_hash_and_none_for_development() -> None:
    installs = [
        command for command in _instructions(_STAGES[0], "RUN")[0].split("&&") if "pip install" in command
    ]

    assert len(installs) == 2
    for command in installs:
        assert "--require-hashes" in command
        assert "--only-binary :all:" in command
    assert "requirements-dev.lock" not in _copied()


def test_the_image_runs_as_nobody_in_particular() -> None:
    (user,) = _instructions(_STAGES[1], "USER")

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    after = _STAGES[1].partition("USER ")[2]
    assert not _instructions(after, "RUN")
    assert not _instructions(after, "COPY")


def test_the_image_says_whether_it_is_well_whatever_its_role() -> None:
    (check,) = _instructions(_STAGES[1], "HEALTHCHECK")

    assert check.endswith('CMD ["python", "-m", "deploy.healthcheck"]')


def test_every_role_starts_from_what_is_in_the_image(tmp_path: Path) -> None:
    for source in _copied():
        if source.endswith(".lock"):
            continue
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        if (_ROOT / source).is_dir():
            shutil.copytree(_ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(_ROOT / source, tmp_path / source)
    roles = "import bot.__main__, worker.__main__, webhooks.__main__, deploy.healthcheck, run"

    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", roles],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
