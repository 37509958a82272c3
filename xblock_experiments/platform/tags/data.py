"""The platform's tags of learners in courses, and the possible results of importing each.

The platform stores an experiment's group as a tag too: the key names the user partition, and the
value is the group's id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.keys.ids import is_id
from xblock_experiments.keys.partitions import partition_id_of
from xblock_experiments.user_tags.data import InvalidTag, dump_value

_BATCH = 10_000

type Name = tuple[str, str, str]
"""A tag's user id, course id and key."""


class UnreadableSource(ExperimentsError, ValueError):
    """Raised if the platform's rows cannot be read. Rows that were already imported stay."""


class Fate(StrEnum):
    """The result of importing a row."""

    ENTERED = "Learners added to a group"
    STORED = "Tags stored"
    THERE = "Rows already here"
    OTHER_GROUP = "the learner is in another group here and stays in it"
    OTHER_VALUE = "the tag has another value here and keeps it"
    NO_EXPERIMENT = "the experiment is not here: publish the course, then run this again"
    NO_GROUP = "the experiment does not have this group here"
    RETIRED = "the user is retired, and is not stored again"
    NO_NUMBER = "the id of the partition or the group is not a number"
    BAD_ID = "a user, course or key is empty, over 255 characters, not UTF-8, or contains NUL"
    TOO_LONG = "the value is larger than 64 KiB"
    NO_TEXT = "the value is not UTF-8"
    TOO_FEW_CELLS = "the row has too few cells"

    @property
    def is_done(self) -> bool:
        """Return whether the row's statement is true now."""
        return self in (Fate.ENTERED, Fate.STORED, Fate.THERE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the platform's table `user_api_usercoursetag`."""

    id: int
    """The row's id, or its line number in a CSV file."""
    user_id: str
    course_id: str
    key: str
    value: str
    flaw: Fate | None = field(default=None, kw_only=True)
    """The reason why the row cannot be used, if reading it showed one."""

    @property
    def name(self) -> Name:
        return self.user_id, self.course_id, self.key


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in order of their ids. They are read lazily, so errors are raised during iteration."""

    total: int | None
    """The approximate number of rows, or None if unknown."""
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Placement:
    """A row that states a learner's group in an experiment."""

    row: Row
    experiment_id: int
    group_id: int


type Judged = tuple[Row, Fate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The results of importing some rows."""

    last_id: int
    judged: list[Judged]


def placement_of(row: Row) -> Placement | None:
    """Return the placement from a row with a partition's key, or None if it names no group.

    Any value that `int` accepts is a number, as on the platform.
    """
    experiment_id = partition_id_of(row.key)
    try:
        group_id = int(row.value)
    except ValueError:
        return None
    if experiment_id is None or not is_id(group_id):
        return None
    return Placement(row, experiment_id, group_id)


def flaw_of_value(value: str) -> Fate | None:
    """Return the reason why the text cannot be a tag's value, or None."""
    try:
        value.encode()
        dump_value(value)
    except UnicodeEncodeError:
        return Fate.NO_TEXT
    except InvalidTag:
        return Fate.TOO_LONG
    return None


def batches(rows: Iterable[Row], size: int = _BATCH) -> Iterator[list[Row]]:
    """Yield batches of rows. Yields the rows before an unreadable one, then raises the error."""
    batch: list[Row] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
    except UnreadableSource:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def rounds(rows: Iterable[Row]) -> list[list[Row]]:
    """Split the rows so that no part has a tag twice, as later rows depend on earlier ones."""
    rounds: list[list[Row]] = []
    seen: Counter[Name] = Counter()
    for row in rows:
        if seen[row.name] == len(rounds):
            rounds.append([])
        rounds[seen[row.name]].append(row)
        seen[row.name] += 1
    return rounds
