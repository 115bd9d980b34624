"""What the chats heard, held against what they were owed."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.reliability.owed import Owed

_NUMBER = re.compile(r"Thing (\d+)\.")

_LATE_SECONDS = 0.25
"""So long after a kill may a message arrive that was sent before it."""

_IN_FLIGHT_SECONDS = 2
"""So long before a kill may a message have arrived that was not settled at it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that Telegram took: when (monotonic seconds), in which chat, and the alerts in it."""

    at: float
    chat: int
    numbers: tuple[int, ...]


def numbers_in(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(text))


@dataclass(frozen=True, slots=True)
class Account:
    """`repeats` holds for each kill how many messages were said again for it; the last counts those that no
    kill explains.
    """

    owed: int
    messages: int
    lost: int
    not_owed: int
    disordered: int
    repeats: tuple[int, ...]

    @property
    def repeated(self) -> int:
        return sum(self.repeats)

    @property
    def unexplained(self) -> int:
        return self.repeats[-1]

    @property
    def most_for_one_kill(self) -> int:
        return max(self.repeats[:-1], default=0)

    @property
    def is_kept(self) -> bool:
        """Whether the contract was kept."""
        broken = self.lost or self.not_owed or self.disordered or self.unexplained
        return not broken and self.most_for_one_kill <= 1


def account(owed: Owed, heard: Iterable[Heard], kills: Sequence[float]) -> Account:
    """Compare. `kills` are monotonic seconds, ascending.

    A message is said again for the first kill after it was heard first.
    """
    first: dict[int, float] = {}
    order: dict[int, list[int]] = defaultdict(list)
    repeats = [0] * (len(kills) + 1)
    messages = not_owed = 0
    for said in sorted(heard, key=lambda said: said.at):
        messages += 1
        mine = set(owed.by_chat.get(said.chat, ()))
        not_owed += sum(number not in mine for number in said.numbers) + (not said.numbers)
        again = [number for number in said.numbers if number in first]
        if again:
            repeats[_cause(first[again[0]], kills)] += 1
        for number in said.numbers:
            if number not in first:
                first[number] = said.at
                order[said.chat].append(number)
    wanted = Counter(number for numbers in owed.by_chat.values() for number in numbers)
    return Account(
        owed=owed.count,
        messages=messages,
        lost=sum((wanted - Counter(first.keys())).values()),
        not_owed=not_owed,
        disordered=sum(numbers != sorted(numbers) for numbers in order.values()),
        repeats=tuple(repeats),
    )


def _cause(heard_at: float, kills: Sequence[float]) -> int:
    for index, kill in enumerate(kills):
        if -_LATE_SECONDS <= kill - heard_at <= _IN_FLIGHT_SECONDS:
            return index
    return len(kills)
