"""The exposure report: the arms that each learner was shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched

from xblock_experiments.course_user_segmentation.api import get_segmentations
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.experiments.api import get_exposures_of
from xblock_experiments.gradebook.cells import STUDENT, group_names, moment
from xblock_experiments.gradebook.tables import Cell, Column, Table


def exposure_report(course_id: str, learners: Iterable[str]) -> Table:
    """Return a row for each learner, block and group, with the first time it was shown."""
    return Table(
        (
            STUDENT,
            Column("Experiment ID", "The id of the segmentation in its course."),
            Column("Experiment", "The present name of the segmentation."),
            Column("Group ID", "The id of the learner's group at that time."),
            Column("Group", "The present name of that group, or empty if it was removed."),
            Column("Block", "The usage id of the block that showed the arm."),
            Column("When", "The time at which it was shown first, in UTC."),
        ),
        _rows(course_id, learners),
    )


def _rows(course_id: str, learners: Iterable[str]) -> Iterator[tuple[Cell, ...]]:
    experiments = {each.id: each for each in get_segmentations(course_id, type=EXPERIMENT)}
    names = {id: group_names(each) for id, each in experiments.items()}
    for user_ids in batched(learners, AT_ONCE):
        exposures = get_exposures_of(course_id, user_ids)
        for user_id in user_ids:
            for id, each in exposures.get(user_id, ()):
                if id in experiments:
                    yield (
                        user_id,
                        id,
                        experiments[id].name,
                        each.group_id,
                        "" if each.group_id is None else names[id].get(each.group_id, ""),
                        each.usage_id,
                        moment(each.when),
                    )
