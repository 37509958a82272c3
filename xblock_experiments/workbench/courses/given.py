"""The content that the experiments of a course give to each group, and how an edit changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xblock_experiments.course_user_segmentation.data import (
    EXPERIMENT,
    Group,
    UserSegmentation,
    read_user_partitions,
)
from xblock_experiments.experiments.data import ContentChangeKind
from xblock_experiments.keys.usage import url_name_of
from xblock_experiments.workbench.courses.course import AuthoredBlock, CourseBlocks

_SPLIT_TEST, _UNIT = "split_test", "vertical"


@dataclass(frozen=True, slots=True)
class Place:
    """One group of one experiment."""

    usage_id: Any
    """The experiment's block."""
    segmentation: UserSegmentation
    group: Group


@dataclass(frozen=True, slots=True)
class Content:
    """A child of an experiment, as its authors wrote it. Equal if learners get the same."""

    child_id: Any
    title: str
    blocks: Mapping[Any, Any]
    """The authored values of the child and of all blocks in it, by usage id.

    Has None for experiments, because each group of theirs may get other content.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An edit's effect on the learners of one group."""

    kind: ContentChangeKind
    place: Place
    title: str
    """The name of the experiment."""
    old: str | None
    new: str | None


def differences(before: CourseBlocks, after: CourseBlocks) -> Iterator[Difference]:
    """Yield how the experiments of `before` give groups other content in `after`.

    Leaves out groups that `after` does not list, because their learners get other groups anyway.
    An empty unit is no content.
    """
    segmentations = _experiments_listed_by(after)
    then, now = (_Given.by(course, segmentations) for course in (before, after))
    for place in {**then.contents, **now.contents}:
        old, new = then.contents.get(place), now.contents.get(place)
        if old != new and place.usage_id in then.experiments:
            yield Difference(
                kind=_kind(place, old, new, now),
                place=place,
                title=_title_of(before, place.usage_id),
                old=old.title if old else None,
                new=new.title if new else None,
            )


@dataclass(frozen=True, slots=True)
class _Given:
    """The experiments that learners can reach, and the content of their groups."""

    experiments: Mapping[Any, Any]
    """The id of each experiment's segmentation, by the experiment's usage id."""
    contents: Mapping[Place, Content]

    @classmethod
    def by(cls, course: CourseBlocks, segmentations: Mapping[Any, UserSegmentation]) -> _Given:
        experiments: dict[Any, Any] = {}
        contents: dict[Place, Content] = {}
        for usage_id, arms in _experiments_in(course, segmentations):
            experiments[usage_id] = id = course.blocks[usage_id].fields.get("user_partition_id")
            for group, child_id in arms.items():
                if not _is_empty(course.blocks[child_id]):
                    place = Place(usage_id, segmentations[id], group)
                    contents[place] = _content_of(course, child_id)
        return cls(experiments, contents)


def _experiments_in(
    course: CourseBlocks, segmentations: Mapping[Any, UserSegmentation]
) -> Iterator[tuple[Any, dict[Group, Any]]]:
    """Yield the experiments that learners can reach, each with the child of each group."""
    waiting, seen = [course.usage_id], set()
    while waiting:
        usage_id = waiting.pop()
        block = course.blocks.get(usage_id)
        if block is None or usage_id in seen:
            continue
        seen.add(usage_id)
        if block.type == _SPLIT_TEST:
            id = block.fields.get("user_partition_id")
            arms = _arms_of(course, block, segmentations.get(id))
            yield usage_id, arms
            waiting += reversed(arms.values())
        else:
            waiting += reversed(block.children)


def _experiments_listed_by(course: CourseBlocks) -> dict[Any, UserSegmentation]:
    listed = course.blocks[course.usage_id].fields.get("user_partitions") or []
    segmentations, _ = read_user_partitions(listed)
    return {each.id: each for each in segmentations if each.type == EXPERIMENT}


def _arms_of(
    course: CourseBlocks, block: AuthoredBlock, segmentation: UserSegmentation | None
) -> dict[Group, Any]:
    """Return the child of each group that has one."""
    children = {str(each): each for each in block.children if each in course.blocks}
    mapping = block.fields.get("group_id_to_child") or {}
    groups = segmentation.groups if segmentation else ()
    mapped = {group: children.get(str(mapping.get(str(group.id)))) for group in groups}
    return {group: child_id for group, child_id in mapped.items() if child_id is not None}


def _content_of(course: CourseBlocks, child_id: Any) -> Content:
    blocks: dict[Any, Any] = {}
    waiting = [child_id]
    while waiting:
        usage_id = waiting.pop()
        block = course.blocks.get(usage_id)
        if block is None or usage_id in blocks:
            continue
        is_experiment = block.type == _SPLIT_TEST
        fields = {name: value for name, value in block.fields.items() if name != "parent"}
        blocks[usage_id] = None if is_experiment else (block.type, fields)
        waiting += [] if is_experiment else block.children
    return Content(child_id, _title_of(course, child_id), blocks)


def _is_empty(block: AuthoredBlock) -> bool:
    return block.type == _UNIT and not block.children


def _title_of(course: CourseBlocks, usage_id: Any) -> str:
    title = course.blocks[usage_id].fields.get("display_name") or url_name_of(usage_id)
    return str(title or usage_id)


def _kind(place: Place, old: Content | None, new: Content | None, now: _Given) -> ContentChangeKind:
    if old is None:
        return "gained"
    if new is not None:
        return "edited" if old.child_id == new.child_id else "replaced"
    if place.usage_id not in now.experiments:
        return "removed"
    if now.experiments[place.usage_id] != place.segmentation.id:
        return "deselected"
    return "lost"
