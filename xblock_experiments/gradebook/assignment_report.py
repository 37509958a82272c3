"""The assignment report: each move of each learner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched

from xblock_experiments.course_user_segmentation.api import get_histories_of
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.gradebook.cells import STUDENT, Names, moment
from xblock_experiments.gradebook.tables import Cell, Column, Table


def assignment_report(course_id: str, learners: Iterable[str]) -> Table:
    """Return a row for each move of each learner, in the order in which a learner was moved."""
    return Table(
        (
            STUDENT,
            Column("Experiment ID", "The id of the segmentation in its course."),
            Column("Experiment", "The present name of the segmentation."),
            Column("When", "The time of the move, in UTC."),
            Column("From Group ID", "The id of the group before, or empty."),
            Column("To Group ID", "The id of the group afterwards, or empty."),
            Column("To Group", "The present name of that group, or empty if it was removed."),
            Column("Why", "The reason: assigned, group removed, imported, put or removed."),
            Column("Version", "The version of the segmentation under which the move was made."),
        ),
        _rows(course_id, learners),
    )


def _rows(course_id: str, learners: Iterable[str]) -> Iterator[tuple[Cell, ...]]:
    names = Names(course_id)
    for user_ids in batched(learners, AT_ONCE):
        histories = get_histories_of(course_id, user_ids)
        for user_id in user_ids:
            for id, change in histories.get(user_id, ()):
                yield (
                    user_id,
                    id,
                    names.name(id),
                    moment(change.when),
                    change.from_group_id,
                    change.to_group_id,
                    names.group(id, change.to_group_id),
                    change.why,
                    change.version,
                )
