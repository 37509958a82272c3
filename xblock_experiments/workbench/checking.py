"""Checks of a course's experiments, so that authors can fix problems before learners come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.base.structure import ancestors
from xblock_experiments.blocks.split_test import SplitTestBlock
from xblock_experiments.course_user_segmentation.data import UserSegmentation
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.courses.lookup import OneCourse
from xblock_experiments.workbench.hosting.runtime import CourseRuntime
from xblock_experiments.workbench.hosting.state import TransientState
from xblock_experiments.workbench.import_export.reading import ReadCourse


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one experiment."""

    where: str
    """The titles of the experiment and its ancestors, from the course down."""
    is_error: bool
    """Indicates whether the problem keeps content from learners. Otherwise it is a warning."""
    text: str

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'warning'}: {self.where}: {self.text}"


def findings_in(read: ReadCourse) -> Iterator[Finding]:
    """Yield the problems, in the order of the course."""
    course = read.course
    runtime = _CheckingRuntime(course, read.segmentations or ())
    for usage_id in course.below(course.usage_id):
        block = runtime.get_block(usage_id)
        if isinstance(block, SplitTestBlock):
            for message in block.validate_split_test():
                yield Finding(_path_to(block), message.is_error, message.text)


class _CheckingRuntime(CourseRuntime):
    """A runtime whose course has the given segmentations and no learners."""

    def __init__(self, course: CourseBlocks, segmentations: Sequence[UserSegmentation]) -> None:
        super().__init__(None, OneCourse(course), TransientState(None))
        self._services["user_segmentation"] = _ListedSegmentations(segmentations)


class _ListedSegmentations:
    """The part of the service `user_segmentation` that lists segmentations."""

    def __init__(self, segmentations: Sequence[UserSegmentation]) -> None:
        self._segmentations = tuple(segmentations)

    def segmentations(self, type: str | None = None) -> tuple[UserSegmentation, ...]:
        return tuple(each for each in self._segmentations if type in (None, each.type))


def _path_to(block: Any) -> str:
    titles = [each.display_name_with_default for each in (block, *ancestors(block))]
    return " / ".join(reversed(titles))
