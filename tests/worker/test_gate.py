"""The gate lets in as many messages as the pace needs, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from worker.gate import LONGEST_SECONDS, Gate


@dataclass
class Road:
    """Messages that go through a gate, on a clock that the test turns."""

    gate: Gate
    now: float = 0
    inside: list[str] = field(default_factory=list)
    _answers: dict[str, Callable[[], None]] = field(default_factory=dict)
    _ends: dict[str, asyncio.Event] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def comes(self, name: str) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._passes(name))
        await self.settle()

    async def _passes(self, name: str) -> None:
        async with self.gate.place() as answered:
            self.inside.append(name)
            self._answers[name] = answered
            await self._ends[name].wait()
        self.inside.remove(name)

    async def goes(self, name: str, *, after: float = 0) -> None:
        self.now += after
        self._ends[name].set()
        await self.settle()

    def is_answered(self, name: str) -> None:
        self._answers[name]()

    async def gives_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def end(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@asynccontextmanager
async def road(monkeypatch: pytest.MonkeyPatch, per_second: float) -> AsyncIterator[Road]:
    here = Road(Gate(per_second))
    with monkeypatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "time", lambda: here.now)
        yield here
        await here.end()


async def test_one_is_inside_at_a_time_in_the_order_of_their_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    async with road(monkeypatch, 25) as here:
        for name in ("first", "second", "third"):
            await here.comes(name)
        assert here.inside == ["first"]
        await here.goes("first", after=0.003)
        assert here.inside == ["second"]
        await here.goes("second", after=0.003)
        assert here.inside == ["third"]


@pytest.mark.parametrize(
    ("per_second", "seconds", "width"),
    [(25, [0.003] * 5, 1), (25, [0.2] * 4, 1), (25, [0.19] * 5, 5), (250, [0.006] * 5, 2)],
    ids=["near", "not known yet", "far", "near, at ten times the pace"],
)
async def test_it_is_as_wide_as_the_pace_needs(
    monkeypatch: pytest.MonkeyPatch, per_second: float, seconds: list[float], width: int
) -> None:
    async with road(monkeypatch, per_second) as here:
        for number, taken in enumerate(seconds):
            await here.comes(f"message {number}")
            await here.goes(f"message {number}", after=taken)
        for number in range(20):
            await here.comes(f"later {number}")
        assert len(here.inside) == width


async def test_a_busy_machine_does_not_widen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with road(monkeypatch, 25) as here:
        for number, taken in enumerate([0.1] * 10 + [0.006] + [0.1] * 10):
            await here.comes(f"message {number}")
            await here.goes(f"message {number}", after=taken)
        assert here.gate.width == 1


async def test_what_hangs_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with road(monkeypatch, 25) as here:
        await here.comes("hangs")
        await here.comes("next")
        here.now += LONGEST_SECONDS
        await here.settle()
        assert here.inside == ["hangs", "next"]
        await here.comes("third")
        await here.goes("hangs", after=0.1)
        assert here.inside == ["next"]
        await here.goes("next")
        assert here.inside == ["third"]


async def test_what_is_answered_keeps_its_place_until_it_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with road(monkeypatch, 25) as here:
        await here.comes("first")
        await here.comes("next")
        here.is_answered("first")
        here.now += 10 * LONGEST_SECONDS
        await here.settle()
        assert here.inside == ["first"]
        await here.goes("first")
        assert here.inside == ["next"]


async def test_who_gives_up_leaves_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    async with road(monkeypatch, 25) as here:
        for name in ("first", "second", "third", "fourth"):
            await here.comes(name)
        await here.gives_up("second")
        await here.gives_up("first")
        assert here.inside[-1] == "third"
        await here.goes("third")
        assert here.inside[-1] == "fourth"
