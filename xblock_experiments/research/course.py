"""The course that is exported, and the rows about it: its configurations and its blocks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import UserSegmentation
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.data import NoStructure
from xblock_experiments.gradebook.structure import CourseStructure, ScoredBlock
from xblock_experiments.research import tables
from xblock_experiments.research.columns import Row, Table
from xblock_experiments.research.pseudonyms import Pseudonyms

type Rows = Iterator[Row]

_PARAMETERS = frozenset(
    {
        *("always", "assignment", "block_by", "cap", "default", "eligible"),
        *("layer", "life", "never", "salt", "traffic", "unit"),
    }
)
"""The parameters of segmentations that a bundle has: those by which rules assign."""


@dataclass(frozen=True, slots=True)
class Course:
    """A course that is exported."""

    id: str
    structure: CourseStructure | None
    """The structure, or None if it is not known. Then nobody has grades."""
    pseudonyms: Pseudonyms
    now: datetime
    """The time of the export, with which all tables compare start dates."""

    def actor(self, user_id: str) -> str | None:
        """Return the pseudonym of a member of staff, or None for nobody."""
        return self.pseudonyms.of(user_id) if user_id else None


def read_course(course_id: str, pseudonyms: Pseudonyms) -> Course:
    try:
        structure = gradebook.get_structure(course_id)
    except NoStructure:
        structure = None
    return Course(course_id, structure, pseudonyms, timezone.now())


def _configurations(course: Course) -> Rows:
    for each in segmentations.get_all_versions(course.id):
        segmentation = each.segmentation
        yield (
            segmentation.id,
            each.version,
            each.removed,
            each.when,
            course.actor(each.who),
            segmentation.type,
            segmentation.name,
            json.dumps(_definition(segmentation)),
        )


def _definition(segmentation: UserSegmentation) -> dict[str, Any]:
    """Return the segmentation's JSON without what others added: it can name learners."""
    groups = tuple(replace(group, extra={}) for group in segmentation.groups)
    parameters = {
        name: value for name, value in segmentation.parameters.items() if name in _PARAMETERS
    }
    return replace(segmentation, groups=groups, parameters=parameters, extra={}).to_json()


def _blocks(course: Course) -> Rows:
    sequences = course.structure.sequences if course.structure else ()
    placed = ((each, block) for each in sequences for block in each.blocks)
    for number, (sequence, block) in enumerate(placed, 1):
        yield (
            *(number, block.possible, block.weight, block.graded, block.due),
            *(block.usage_id, block.type, block.display_name, block.unit_id),
            *(sequence.usage_id, sequence.display_name, sequence.format, _arms(block)),
        )


def _arms(block: ScoredBlock) -> str:
    groups: dict[int, set[int]] = defaultdict(set)
    for arm in block.arms:
        groups[arm.segmentation_id] |= arm.group_ids
    return json.dumps({str(id): sorted(groups[id]) for id in sorted(groups)})


OF_COURSE: Mapping[Table, Callable[[Course], Rows]] = {
    # Written after the learners' tables, so that it has every version that those name.
    tables.CONFIGURATIONS: _configurations,
    tables.BLOCKS: _blocks,
}
