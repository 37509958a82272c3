"""Learners who come for the first time, and come again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.timing import Contender, race


@dataclass(frozen=True, slots=True)
class Step:
    """What a visit needs for its learner, which is not timed, and what it does with that."""

    prepare: Callable[[User], Any]
    operate: Callable[[Any], object]

    def visit(self, learner: User) -> object:
        return self.operate(self.prepare(learner))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to settle what a learner is shown."""

    name: str
    first: Step
    repeat: Step

    def in_transactions(self) -> Way:
        """The same, as a host with ATOMIC_REQUESTS does it."""
        first, repeat = (
            Step(step.prepare, databases.in_transaction(step.operate))
            for step in (self.first, self.repeat)
        )
        return Way(self.name, first, repeat)

    def count_queries(self, only: str = "") -> tuple[int, int]:
        """Of a learner's first visit and of the next."""
        (learner,) = databases.new_learners(1)
        first, repeat = (
            databases.count_queries(step.operate, step.prepare(learner), only)
            for step in (self.first, self.repeat)
        )
        return first, repeat


def one_way(name: str, prepare: Callable[[User], Any], operate: Callable[[Any], object]) -> Way:
    """Whoever comes again does the same again."""
    step = Step(prepare, operate)
    return Way(name, step, step)


def the_learner(user: User) -> User:
    """All that some ways need."""
    return user


def race_visits(
    title: str, ways: Sequence[Way], visits: int, repetitions: int
) -> dict[str, dict[str, list[float]]]:
    """The seconds of the `first` and of the `repeat` visits, by way.

    Each way has learners of its own, others at each repetition, and all of them come again.
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
