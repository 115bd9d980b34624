"""What a process that reads pages may take. Runs in that process; the kernel enforces it, whatever a parser
does.
"""

import gc
import resource
import signal
import sys
from pathlib import Path

from tracker.stores import registry
from tracker.stores.offer import Reading

_YOUNG_OBJECTS = 50_000
"""New objects after which Python looks for rings of them: 700 unless told."""


def prepare(memory: int) -> None:
    """For a new process: die at once when told to, and take no more than `memory` bytes from here on."""
    # A handler in Python would wait for the parser that must be stopped.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # Each page makes many thousand objects that die with it, and nearly none in a ring: what was imported is
    # walked no more, and the young ones are looked through seldom.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    if sys.platform == "linux":
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, in_use + memory))


def read_within(seconds: float, html: bytes, url: str, status: int, charset: str | None) -> Reading:
    """`registry.read`, or the death of this process by SIGALRM: also when nobody is left to kill it."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return registry.read(html, url, status=status, charset=charset)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
