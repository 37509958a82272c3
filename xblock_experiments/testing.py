"""Helpers for tests of blocks that use the services, and of courses with experiments.

They need the extra `workbench`, Django settings, such as `xblock_experiments.settings.workbench`,
and a test database. `xblock_experiments.fakes` needs none of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from xblock_experiments.course_user_segmentation.checks import check_group_id, check_id
from xblock_experiments.course_user_segmentation.data import Group, NoSuchSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.errors import MissingExtra
from xblock_experiments.keys.ids import is_id
from xblock_experiments.olx import export as olx
from xblock_experiments.services import UserSegmentationService

try:
    from xblock_experiments.workbench.courses.registry import registry
    from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime as Runtime
    from xblock_experiments.workbench.storage.serving import load, open_course
except ImportError as error:
    raise MissingExtra(__name__, "workbench", error) from error

__all__ = ["LoadedCourse", "find_block", "load_course", "override_group", "render", "runtime_for"]


@dataclass(frozen=True, slots=True)
class LoadedCourse:
    """A loaded course. `problems` has a line with file and reason for each unusable part."""

    course_id: str
    usage_id: Any
    problems: tuple[str, ...]


def load_course(source: str | Path, course_id: str | None = None) -> LoadedCourse:
    """Load a course into this process: an OLX folder, a .tar.gz, or the text of one XML element.

    Publishes its segmentations to the database. Replaces a loaded course with the same id.

    Raises xblock_experiments.olx.OlxError, or InvalidId.
    """
    if course_id is not None:
        check_id(course_id, "course")
    is_text = olx.is_text(source)
    course = load(source, course_id) if is_text else open_course(Path(source), course_id)
    return LoadedCourse(course.course_id, course.usage_id, tuple(course.problems))


def runtime_for(user_id: str | None, *, staff: bool = False) -> Runtime:
    """Return a runtime for the user, or for an anonymous user, with all loaded courses' blocks.

    Raises InvalidId if the id is not text. An id that cannot be stored is accepted, as in addresses
    of the workbench.
    """
    if user_id is not None and not isinstance(user_id, str):
        check_id(user_id, "user")
    return Runtime(user_id, staff=staff)


def find_block(
    course: LoadedCourse, user_id: str | None, url_name: str, *, staff: bool = False
) -> Any:
    """Return the block with this url_name, bound to the user. Raises LookupError."""
    blocks = registry.course_of(course.usage_id)
    if blocks is None:
        msg = f"Course {course.course_id} is not loaded."
        raise LookupError(msg)
    usage_id = blocks.find(url_name)
    if usage_id is None:
        msg = f"Course {course.course_id} has no block {url_name!r}."
        raise LookupError(msg)
    return runtime_for(user_id, staff=staff).get_block(usage_id)


def render(
    course: LoadedCourse,
    user_id: str | None,
    url_name: str | None = None,
    *,
    view: str = "student_view",
    staff: bool = False,
) -> str:
    """Return the HTML of a block or the whole course for the user: head, body and foot."""
    if url_name is None:
        block = runtime_for(user_id, staff=staff).get_block(course.usage_id)
    else:
        block = find_block(course, user_id, url_name, staff=staff)
    fragment = block.render(view, {})
    return "\n".join((fragment.head_html(), fragment.body_html(), fragment.foot_html()))


@contextmanager
def override_group(id: int, group_id: int, type: str = EXPERIMENT) -> Iterator[None]:
    """Put every user in one group of a segmentation, as a decorator or context manager.

    Assigns nobody and stores nothing. Other segmentations are unaffected. A service call raises
    NoSuchSegmentation or NoSuchGroup if the segmentation or group does not exist. A value that
    cannot be an id raises the same error immediately.
    """
    if not is_id(id):
        msg = f"{id!r} is not a segmentation's id: an id is an integer, 0 or more."
        raise NoSuchSegmentation(msg)
    check_group_id(group_id)
    wanted_id, wanted_type = id, type
    real = UserSegmentationService
    real_groups, real_assign = real.groups, real.assign
    real_assign_all, real_record_exposure = real.assign_all, real.record_exposure

    def is_wanted(id: int, type: str) -> bool:
        return (id, type) == (wanted_id, wanted_type)

    def group(service: UserSegmentationService) -> Group:
        return service.segmentation(wanted_id, wanted_type).group(group_id)

    def groups(self: UserSegmentationService, id: int, type: str) -> tuple[Group, ...]:
        return (group(self),) if is_wanted(id, type) else real_groups(self, id, type)

    def assign(self: UserSegmentationService, id: int) -> Group:
        return group(self) if is_wanted(id, EXPERIMENT) else real_assign(self, id)

    def assign_all(self: UserSegmentationService, ids: Iterable[int]) -> dict[int, Group]:
        ids = set(ids)
        meant = {id for id in ids if is_wanted(id, EXPERIMENT)}
        return {**real_assign_all(self, ids - meant), **{id: group(self) for id in meant}}

    def record_exposure(self: UserSegmentationService, id: int) -> None:
        if not is_wanted(id, EXPERIMENT):
            real_record_exposure(self, id)

    with mock.patch.multiple(
        real, groups=groups, assign=assign, assign_all=assign_all, record_exposure=record_exposure
    ):
        yield
