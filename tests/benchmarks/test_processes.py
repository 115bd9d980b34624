"""What a benchmark says of a process is true."""

from pathlib import Path

import pytest

from benchmarks.processes import Process

WORK = "import time\nwhile time.process_time() < 0.3: pass\n"

PARENT = f"""
import subprocess, sys, time
for _ in range(2):
    subprocess.run([sys.executable, "-c", {WORK!r}], check=True)
print("ended", flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Process:
    (tmp_path / "parent_of_two.py").write_text(PARENT)
    monkeypatch.setattr("benchmarks.processes.ROOT", tmp_path)
    return Process("parent_of_two", folder=tmp_path, settings={})


def test_the_time_of_children_that_have_ended_is_counted(parent: Process) -> None:
    try:
        while "ended" not in parent.log.read_text():
            parent.check()
        own, of_children = parent.processor_seconds()
    finally:
        parent.kill()
    assert own < 0.5 < of_children
