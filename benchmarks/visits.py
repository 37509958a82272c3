"""First and repeated visits of learners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.timing import Contender, race


@dataclass(frozen=True, slots=True)
class Step:
    """A visit: the preparation for a learner, which is not timed, and the timed operation."""

    prepare: Callable[[User], Any]
    operate: Callable[[Any], object]

    def visit(self, learner: User) -> object:
        return self.operate(self.prepare(learner))


@dataclass(frozen=True, slots=True)
class Way:
    """A way to settle the experiments that a learner is shown."""

    name: str
    first: Step
    repeat: Step

    def in_transactions(self) -> Way:
        """Return the way in transactions, as on a host with ATOMIC_REQUESTS."""
        first, repeat = (
            Step(step.prepare, databases.in_transaction(step.operate))
            for step in (self.first, self.repeat)
        )
        return Way(self.name, first, repeat)

    def count_queries(self, only: str = "") -> tuple[int, int]:
        """Return the number of queries of a learner's first visit and of the next."""
        (learner,) = databases.new_learners(1)
        first, repeat = (
            databases.count_queries(step.operate, step.prepare(learner), only)
            for step in (self.first, self.repeat)
        )
        return first, repeat


def one_way(name: str, prepare: Callable[[User], Any], operate: Callable[[Any], object]) -> Way:
    """Return a way that does the same at the first visit and at repeated ones."""
    step = Step(prepare, operate)
    return Way(name, step, step)


def the_learner(user: User) -> User:
    """Return the learner, for ways that need no other preparation."""
    return user


def race_visits(
    title: str, ways: Sequence[Way], visits: int, repetitions: int
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of the `first` and of the `repeat` visits of each way.

    Each way has its own learners, new ones at each repetition, and each learner visits twice.
    """
    learners: dict[tuple[str, int], list[User]] = {}

    def newcomers(way: Way) -> Callable[[int], list[Any]]:
        def prepare(repetition: int) -> list[Any]:
            new = databases.new_learners(visits)
            learners[way.name, repetition] = new
            return list(map(way.first.prepare, new))

        return prepare

    def returners(way: Way) -> Callable[[int], list[Any]]:
        return lambda repetition: list(map(way.repeat.prepare, learners[way.name, repetition]))

    firsts = [Contender(way.name, newcomers(way), way.first.operate) for way in ways]
    repeats = [Contender(way.name, returners(way), way.repeat.operate) for way in ways]
    return {
        "first": race(f"{title}, first", firsts, repetitions),
        "repeat": race(f"{title}, repeat", repeats, repetitions),
    }
