"""How late the event loop runs what is due: the time for which some job let nobody else work."""

import asyncio
from collections import deque

import structlog

from tracker import metrics

log = structlog.get_logger()

EVERY = 0.05
"""Seconds between two looks."""

_KEPT = 1200
"""Looks that the log line at the end tells about: the last minute."""


async def watch_loop_lag() -> None:
    """Feed `event_loop_lag_seconds` until cancelled; then log the last minute's percentiles."""
    loop = asyncio.get_running_loop()
    lags: deque[float] = deque(maxlen=_KEPT)
    try:
        while True:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            lags.append(max(0.0, loop.time() - due))
            metrics.event_loop_lag_seconds.observe(lags[-1])
    finally:
        if lags:
            _tell(sorted(lags))


def _tell(lags: list[float]) -> None:
    at = {name: lags[int(len(lags) * share)] for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99))}
    at["worst_ms"] = lags[-1]
    log.info("worker.loop_lag", **{name: round(lag * 1000, 1) for name, lag in at.items()})
