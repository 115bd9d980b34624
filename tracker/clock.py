"""What time it is. All times in code and tables are aware UTC."""

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """The current time, aware UTC, moved by whatever `advance` added in this process."""
    return datetime.now(UTC) + _offset


def advance(by: timedelta) -> None:
    """Move this process's clock forward. The sandbox does this so that a week can pass in a demo.

    Raises ValueError for a negative step: leases and due times rely on a clock that never goes back.
    """
    global _offset  # noqa: PLW0603 - one clock a process, as the operating system has
    if by < timedelta(0):
        raise ValueError("the clock only moves forward")
    _offset += by
