"""The platform's tags of learners in courses, and what can become of each.

The platform keeps an experiment's group as a tag too: its key names the user partition, its value
is the group's id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from xblock_experiments.course_user_segmentation.data import NoSuchSegmentation
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.keys.ids import is_id
from xblock_experiments.keys.partitions import partition_id_of
from xblock_experiments.user_tags.data import InvalidTag, dump_value

_BATCH = 10_000

type Name = tuple[str, str, str]
"""A tag's user, course and key."""


class UnreadableSource(ExperimentsError, ValueError):
    """The platform's rows cannot be read from where they should be. What was imported stays."""


class NoSuchPartition(NoSuchSegmentation, ValueError):
    """The same to blocks that were written for the platform: they expect a ValueError."""


class Fate(StrEnum):
    """What became of a row."""

    ENTERED = "Learners added to a group"
    STORED = "Tags stored"
    THERE = "Rows already here"
    OTHER_GROUP = "the learner is in another group here and stays in it"
    OTHER_VALUE = "the tag has another value here and keeps it"
    NO_EXPERIMENT = "the experiment is not here: publish the course, then run this again"
    NO_GROUP = "the experiment does not have this group here"
    NO_NUMBER = "the id of the partition or the group is not a number"
    BAD_ID = "a user, course or key is empty, over 255 characters, not UTF-8, or contains NUL"
    TOO_LONG = "the value is larger than 64 KiB"
    NO_TEXT = "the value is not UTF-8"
    TOO_FEW_CELLS = "the row has too few cells"

    @property
    def is_done(self) -> bool:
        """Whether what the row says is so now."""
        return self in (Fate.ENTERED, Fate.STORED, Fate.THERE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the platform's `user_api_usercoursetag`."""

    id: int
    """In a CSV file, the line."""
    user_id: str
    course_id: str
    key: str
    value: str
    flaw: Fate | None = field(default=None, kw_only=True)
    """Why it cannot be used, where that shows when it is read."""

    @property
    def name(self) -> Name:
        return self.user_id, self.course_id, self.key


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in the order of their ids, each read when it is asked for: so late come its errors."""

    total: int | None
    """About how many rows there are, where that can be known."""
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Placement:
    """A row that says which group of an experiment a learner is in."""

    row: Row
    experiment_id: int
    group_id: int


type Judged = tuple[Row, Fate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of some rows."""

    last_id: int
    judged: list[Judged]


def placement_of(row: Row) -> Placement | None:
    """Of a row with a partition's key; None where it names no group.

    A value is a number where `int` takes it: the platform reads it so.
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
    """What keeps it from being a tag's value."""
    try:
        value.encode()
        dump_value(value)
    except UnicodeEncodeError:
        return Fate.NO_TEXT
    except InvalidTag:
        return Fate.TOO_LONG
    return None


def batches(rows: Iterable[Row], size: int = _BATCH) -> Iterator[list[Row]]:
    """The rows before one that cannot be read are given, then the error is raised."""
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
    """No tag is twice in one: the second is compared with what the first has become."""
    rounds: list[list[Row]] = []
    seen: Counter[Name] = Counter()
    for row in rows:
        if seen[row.name] == len(rounds):
            rounds.append([])
        rounds[seen[row.name]].append(row)
        seen[row.name] += 1
    return rounds
