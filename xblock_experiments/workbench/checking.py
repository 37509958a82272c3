"""What is wrong with the experiments of a course, for its author to mend before learners come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xblock_experiments.blocks.split_test import SplitTestBlock
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one experiment."""

    where: str
    """Titles from the course down."""
    is_error: bool
    """Whether learners are kept from seeing what they should."""
    text: str

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'warning'}: {self.where}: {self.text}"


def findings_in(course: CourseBlocks) -> Iterator[Finding]:
    """In the order of the course."""
    runtime = ExperimentsRuntime()
    for usage_id in course.below(course.usage_id):
        block = runtime.get_block(usage_id)
        if isinstance(block, SplitTestBlock):
            for message in block.validate_split_test():
                yield Finding(_path_to(block), message.is_error, message.text)


def _path_to(block: Any) -> str:
    titles = [block.display_name_with_default]
    while (block := block.get_parent()) is not None:
        titles.insert(0, block.display_name_with_default)
    return " / ".join(titles)
