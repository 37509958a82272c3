"""Changes to what the learners of running experiments are given, with the number of learners."""

from __future__ import annotations

from collections import Counter

from xblock_experiments.course_user_segmentation.api import count_members
from xblock_experiments.course_user_segmentation.data import NoSuchSegmentation
from xblock_experiments.experiments.api import count_exposed
from xblock_experiments.experiments.data import ContentChange
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.given import Difference, differences

type _Counts = tuple[Counter[int], dict[str, Counter[int]]]
"""The numbers of learners by group, and of learners who saw content, by block and group."""


def content_changes(before: CourseBlocks, after: CourseBlocks) -> list[ContentChange]:
    """Return the changes that replace one version of the course by another makes for learners.

    Leaves out groups without learners.
    """
    found = list(differences(before, after))
    ids = {each.place.segmentation.id for each in found}
    counts = {id: _counts_of(after.course_id, id) for id in ids}
    changes = [_change(each, counts[each.place.segmentation.id]) for each in found]
    return [change for change in changes if change.assigned]


def _change(difference: Difference, counts: _Counts) -> ContentChange:
    place = difference.place
    usage_id, group_id = str(place.usage_id), place.group.id
    assigned, exposed = counts
    return ContentChange(
        kind=difference.kind,
        usage_id=usage_id,
        title=difference.title,
        segmentation_id=place.segmentation.id,
        segmentation_name=place.segmentation.name,
        group_id=group_id,
        group_name=place.group.name,
        old=difference.old,
        new=difference.new,
        assigned=assigned[group_id],
        exposed=exposed.get(usage_id, Counter())[group_id],
    )


def _counts_of(course_id: str, id: int) -> _Counts:
    try:
        return count_members(course_id, id), count_exposed(course_id, id)
    except NoSuchSegmentation:
        # Its list has never been published, so it has no learners.
        return Counter(), {}
