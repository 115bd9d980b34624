"""`python -m benchmarks.reliability.nursery`: workers that are spared five seconds of imports.

It imports the worker once. For each line that it reads, the path of a log, it forks a process that runs the
worker's own `main`, and writes its process id. When its input ends, it kills those that are left.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    import worker.__main__ as worker  # readers import this module too, and need no worker

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who was killed leaves no zombie
    children = []
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(Path(line.strip()))
            asyncio.run(worker.main())
            return
        children.append(child)
        print(child, flush=True)
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _become(log: Path) -> None:
    """A process as a shell would start it: its signals, its output, no input."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with log.open("wb") as output, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)


if __name__ == "__main__":
    main()
