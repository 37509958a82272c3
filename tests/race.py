"""Learners whose first views arrive together, while the course is edited.

    python -m tests.race [VIEWS]

runs every kind of race on the database of DATABASE_URL, VIEWS first views in all, and prints a line
for each kind. `make race` does so on each database; test_races runs a few views of each kind.
"""

from __future__ import annotations

import itertools
import json
import logging
import multiprocessing
import os
import queue
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import django
from django.conf import settings
from django.db import connection, connections, transaction

type ReturnedGroup = tuple[str, int, int]
"""A learner, an experiment and the group that a view returned."""

IDS = (100, 101, 102)
"""The experiments of the course. Every other learner meets all of them on one page."""

VIEWS = 34_000
"""The number of first views on each of three databases: about 100,000 in all."""
MOST_CALLERS = 8
MARIADB_KEEPS_SNAPSHOT = "SET SESSION innodb_snapshot_isolation=ON"
"""The default of MariaDB 11.6 and later: locking a row newer than the snapshot is an error."""


@dataclass(frozen=True)
class Race:
    """One kind of race."""

    isolation: str
    in_transaction: bool
    """Selects views in a transaction that has already read, as with ATOMIC_REQUESTS.

    The transaction's snapshot is then older than the race.
    """
    callers: int
    edits: str
    """The part of the course that is edited during the race: "nothing", "weights" or "groups"."""
    kind: str
    """The kind of callers: "threads" or "processes"."""

    def __str__(self) -> str:
        outer = "in a transaction" if self.in_transaction else "alone"
        return f"{self.isolation}, {outer}, {self.callers} {self.kind}, {self.edits} edited"


@dataclass
class Outcome:
    """The outcome of a race."""

    returned: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    events: Counter[tuple[str, int]] = field(default_factory=Counter)
    edits: int = 0

    @property
    def returned_two(self) -> int:
        return sum(len(set(groups)) > 1 for groups in self.returned.values())

    def add(
        self,
        returned: Sequence[ReturnedGroup],
        errors: Sequence[str],
        events: Sequence[tuple[str, int]],
    ) -> None:
        for user_id, id, group_id in returned:
            self.returned[user_id, id].append(group_id)
        self.errors.extend(errors)
        self.events.update(events)


def isolations() -> list[str]:
    return {
        "postgresql": ["read committed", "repeatable read"],
        "mysql": ["read committed", "repeatable read", "repeatable read, strict"],
        "sqlite": ["serializable"],
    }[connection.vendor]


def kinds(*, callers: Sequence[int] = (2, 4, 8)) -> list[Race]:
    return [
        Race(*each)
        for each in itertools.product(
            isolations(),
            (False, True),
            callers,
            ("nothing", "weights", "groups"),
            ("threads", "processes"),
        )
    ]


def set_isolation(isolation: str) -> None:
    """Set the isolation level of the connections that this process opens from now on."""
    options = connections.settings["default"]["OPTIONS"]
    level, _, strict = isolation.partition(", ")
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        options["isolation_level"] = IsolationLevel[level.replace(" ", "_").upper()]
    elif connection.vendor == "mysql":
        options["isolation_level"] = level
        options["init_command"] = MARIADB_KEEPS_SNAPSHOT if strict else "DO 0"


def view(course_id: str, users: Sequence[str], race: Race, barrier: Any) -> Any:
    """Act as one caller and return the groups and the errors.

    Each learner is viewed twice: first when all callers are ready, and again when all have finished
    the first view.
    """
    returned: list[ReturnedGroup] = []
    errors: list[str] = []
    for number, user_id in enumerate(users):
        ids = IDS if number % 2 else IDS[:1]
        for _ in ("first", "second"):
            try:
                groups = _view_together(course_id, ids, user_id, race, barrier)
            except Exception as error:  # noqa: BLE001 - the race looks for any error
                errors.append(f"{user_id}: {error!r}")
            else:
                returned += [(user_id, id, group.id) for id, group in groups.items()]
    connections.close_all()
    return returned, errors


def _view_together(
    course_id: str, ids: Sequence[int], user_id: str, race: Race, barrier: Any
) -> dict[int, Any]:
    from xblock_experiments.course_user_segmentation import api as segmentations
    from xblock_experiments.experiments.api import assign_group, assign_groups

    def settle() -> dict[int, Any]:
        if len(ids) == 1:
            return {ids[0]: assign_group(course_id, ids[0], user_id)}
        return assign_groups(course_id, ids, user_id)

    # SQLite allows only one writing transaction at a time, so the callers must wait before it
    # begins.
    if not race.in_transaction or connection.vendor == "sqlite":
        barrier.wait()
    if not race.in_transaction:
        return settle()
    with transaction.atomic():
        segmentations.get_segmentations(course_id)
        if connection.vendor != "sqlite":
            barrier.wait()
        return settle()


class _Events(logging.Handler):
    """Collects the user and the experiment of each assignment event of this process."""

    def __init__(self) -> None:
        super().__init__()
        self.about: list[tuple[str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        from xblock_experiments.events import ASSIGNED

        for event in map(json.loads, record.getMessage().splitlines()):
            if event["name"] == ASSIGNED:
                self.about.append((event["data"]["user_id"], event["data"]["partition_id"]))


@contextmanager
def _events() -> Iterator[list[tuple[str, int]]]:
    logger, handler = logging.getLogger("xblock_experiments.events"), _Events()
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler.about
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


class Processes:
    """Callers in separate processes, which wait for races."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._answers = spawn.Queue()
        self._barriers = {count: spawn.Barrier(count) for count in (2, 4, 8)}
        self._queues = [spawn.Queue() for _ in range(MOST_CALLERS)]
        database = {**connection.settings_dict, "OPTIONS": connection.settings_dict["OPTIONS"]}
        self._processes = [
            spawn.Process(
                target=_serve, args=(database, commands, self._answers, self._barriers), daemon=True
            )
            for commands in self._queues
        ]
        for process in self._processes:
            process.start()

    def run(self, outcome: Outcome, course_id: str, users: Sequence[str], race: Race) -> None:
        for commands in self._queues[: race.callers]:
            commands.put((course_id, users, race))
        for _ in range(race.callers):
            outcome.add(*self._answers.get(timeout=600))

    def stop(self) -> None:
        for commands in self._queues:
            commands.put(None)
        for process in self._processes:
            process.join(10)
            process.kill()


def _serve(database: dict[str, Any], commands: Any, answers: Any, barriers: Any) -> None:
    django.setup()
    logging.getLogger().setLevel(logging.CRITICAL)
    connections.settings["default"].update(database)
    while (command := commands.get()) is not None:
        course_id, users, race = command
        set_isolation(race.isolation)
        with _events() as events:
            returned, errors = view(course_id, users, race, barriers[race.callers])
        answers.put((returned, errors, events))


def _run_threads(outcome: Outcome, course_id: str, users: Sequence[str], race: Race) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    barrier = threading.Barrier(race.callers)

    def call() -> None:
        answers.put(view(course_id, users, race, barrier))

    with _events() as events:
        threads = [threading.Thread(target=call) for _ in range(race.callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for _ in threads:
        returned, errors = answers.get()
        outcome.add(returned, errors, ())
    outcome.events.update(events)


def _edited(edits: str) -> Iterator[list[Any]]:
    """Yield the lists to publish while learners arrive, each in a different order."""
    from tests.builders import experiment

    if edits == "weights":
        variants = [dict(zip((1, 2, 3), w, strict=True)) for w in ((1, 0, 0), (0, 1, 0), (1, 1, 9))]
    else:
        variants = [dict.fromkeys(i, 1) for i in ((1, 2), (1, 2, 3), (3,), (2, 3), (3, 1))]
    for groups, ids in zip(itertools.cycle(variants), itertools.cycle(itertools.permutations(IDS))):
        yield [experiment(id, *groups, weights=tuple(groups.values())) for id in ids]


@contextmanager
def _editing(outcome: Outcome, course_id: str, race: Race) -> Iterator[None]:
    """Publish the course again and again in a thread."""
    from xblock_experiments.course_user_segmentation import api as segmentations

    done = threading.Event()

    def edit() -> None:
        for variant in _edited(race.edits):
            try:
                segmentations.save_segmentations(course_id, variant)
            except Exception as error:  # noqa: BLE001 - as in view
                outcome.errors.append(f"editor: {error!r}")
            outcome.edits += 1
            if done.wait(0.002):
                break
        connections.close_all()

    thread = threading.Thread(target=edit)
    if race.edits != "nothing":
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.ident:
            thread.join()


def run(race: Race, course_id: str, learners: int, processes: Callable[[], Processes]) -> Outcome:
    from tests.builders import experiment
    from xblock_experiments.course_user_segmentation import api as segmentations

    segmentations.save_segmentations(course_id, [experiment(id, 1, 2, 3) for id in IDS])
    connections.close_all()
    set_isolation(race.isolation)
    users = [f"{course_id} learner {number}" for number in range(learners)]
    outcome = Outcome()
    with _editing(outcome, course_id, race):
        if race.kind == "threads":
            _run_threads(outcome, course_id, users, race)
        else:
            processes().run(outcome, course_id, users, race)
    return outcome


def flaws(race: Race, course_id: str, outcome: Outcome) -> list[str]:
    """Return a description of each invariant that the race violated."""
    from xblock_experiments.course_user_segmentation import api as segmentations
    from xblock_experiments.experiments.api import replay

    found = list(outcome.errors)
    versions = {id: segmentations.get_versions(course_id, id) for id in IDS}
    rows = Counter(
        (member.user_id, id)
        for id in IDS
        for member in segmentations.get_members(course_id, id, type="experiment")
    )
    for (user_id, id), returned in outcome.returned.items():
        history = segmentations.get_history(course_id, id, user_id, type="experiment")
        given = [change.to_group_id for change in history]
        if rows[user_id, id] != 1:
            found.append(f"{user_id} has {rows[user_id, id]} rows")
        if not set(returned) <= set(given):
            found.append(f"{user_id} was given {set(returned)}, but the history says {given}")
        if outcome.events[user_id, id] != len(history):
            found.append(f"{user_id}: {len(history)} changes, {outcome.events[user_id, id]} events")
        if race.edits != "groups" and len(given) != 1:
            found.append(f"{user_id} was moved although no group was removed")
        if list(replay(course_id, versions[id], history)) != given:
            found.append(f"{user_id} was assigned against the rules: {history}")
    if race.edits != "groups" and outcome.returned_two:
        found.append(f"{outcome.returned_two} learners were given two groups")
    return found


def main(views: int) -> int:
    """Run all kinds of race and return the number of kinds that had a flaw."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    processes = Processes()
    flawed = 0
    try:
        races = kinds()
        for number, race in enumerate(races):
            learners = max(1, round(views / len(races) / race.callers))
            start = time.monotonic()
            outcome = run(race, f"race-{number}", learners, lambda: processes)
            seconds = time.monotonic() - start
            found = flaws(race, f"race-{number}", outcome)
            flawed += bool(found)
            print(  # noqa: T201 - the program's output
                f"{connection.vendor}, {race}: {learners * race.callers} views, "
                f"{outcome.edits} edits, {outcome.returned_two} learners with two groups, errors "
                f"{len(outcome.errors)}, flaws {len(found)} {found[:2] or ''} ({seconds:.1f} s)",
                flush=True,
            )
    finally:
        processes.stop()
        connections.close_all()
        set_isolation(isolations()[0])
        connection.creation.destroy_test_db(name, verbosity=0)
    return flawed


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xblock_experiments.settings.workbench")
    django.setup()
    settings.XBLOCK_EXPERIMENTS["EVENT_LOG"] = None
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            # Django's default database would be in memory, where SQLite locks differently.
            connections.settings["default"]["TEST"]["NAME"] = f"{folder}/race.db"
        sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else VIEWS)))
