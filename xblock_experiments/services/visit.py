"""The segmentations and groups of one request's user, shared by all blocks (ADR 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from threading import Lock, RLock
from typing import Any

from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    Group,
    NotAssignable,
    Standing,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.errors import RetiredUser
from xblock_experiments.experiments import api as experiments
from xblock_experiments.experiments.data import PastContentChange
from xblock_experiments.keys.ids import is_id
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.once import once
from xblock_experiments.services.page import Arm, new_page, page_of
from xblock_experiments.services.preview import AsGroup, AsLearner, Preview, preview_of

_MAKING = Lock()
"""Prevents two threads from creating two visits for one runtime."""


class Visit:
    """The groups of one user, or of an anonymous visitor, in one course. Lives as long as the
    runtime, which is one request. A retired user becomes an anonymous visitor.

    The course's segmentations and the user's standings are read when a block first requests one.
    Afterwards only this visit's own assignments change them. Threads can share a visit.
    """

    def __init__(self, course_id: str, user_id: str | None) -> None:
        self._course_id = course_id
        self._user_id = user_id
        self._of = course_id, user_id
        self._unseen: set[int] = set()
        """The ids of experiments that this visit has settled and not shown yet.

        No block has shown these groups before, so which blocks have is not read.
        """
        self.lock = RLock()

    def is_of(self, bound: Binding) -> bool:
        return self._of == (bound.course_id, bound.user_id)

    @once
    def segmentations(self) -> tuple[UserSegmentation, ...]:
        if self._user_id is None:
            return segmentations.get_segmentations(self._course_id)
        return tuple(standing.segmentation for standing in self._standings.values())

    @once
    def content_changes(self) -> tuple[PastContentChange, ...]:
        """Return the changes of content in all of the course's experiments, for staff."""
        return experiments.get_content_changes(self._course_id)

    def segmentation(self, id: int, type: str) -> UserSegmentation:
        """Return the course's segmentation. Raises NoSuchSegmentation."""
        # As keys of a dictionary, True and 1.0 are equal to 1.
        is_sound = is_id(id) and isinstance(type, str)
        found = self._by_key.get((type, id)) if is_sound else None
        if found is None:
            raise segmentations.no_such(self._course_id, id, type)
        return found

    def groups(self, id: int, type: str) -> tuple[Group, ...]:
        """Return the user's groups. Raises NoSuchSegmentation."""
        self.segmentation(id, type)
        return () if self._user_id is None else self._standings[type, id].groups

    def assign(self, id: int) -> Group:
        """Return the user's group, after assigning one if needed.

        Raises NoSuchSegmentation or NotAssignable.
        """
        segmentation = self.segmentation(id, EXPERIMENT)
        if self._user_id is not None and not self._standings[EXPERIMENT, id].groups:
            self._settle(experiments.settle_all, [self._standings[EXPERIMENT, id]])
        if self._user_id is None:
            return experiments.first_group(segmentation)
        return self._standings[EXPERIMENT, id].groups[0]

    def assign_all(self, ids: Iterable[int]) -> dict[int, Group]:
        """Return the group for each id, as `assign` does. Leaves out experiments that do not exist
        or that cannot assign the user.
        """
        wanted = {id for id in ids if is_id(id)}
        known = [s for s in self.segmentations if s.type == EXPERIMENT and s.id in wanted]
        if self._user_id is None:
            return _first_groups(known)
        standings = [self._standings[EXPERIMENT, segmentation.id] for segmentation in known]
        if not all(standing.groups for standing in standings):
            standings = self._settle(experiments.settle, standings)
        if self._user_id is None:
            return _first_groups(known)
        return {standing.segmentation.id: standing.groups[0] for standing in standings}

    def record_exposure(self, id: int, usage_id: str) -> None:
        """Record the exposure of a user who has a group. Raises NoSuchSegmentation."""
        if self.groups(id, EXPERIMENT):
            self._show([(self._standings[EXPERIMENT, id], usage_id)])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Collect exposures, and record them in one batch at the end, or none after an error.

        If contexts are nested, the outermost one records them. Exposures of other threads and
        tasks are not collected, unless these run in a copy of the caller's context.
        """
        with self._page_context():
            with new_page(self) as page:
                yield
            self._show(page.arms)

    @once
    def _by_key(self) -> dict[tuple[str, int], UserSegmentation]:
        return {(each.type, each.id): each for each in self.segmentations}

    @once
    def _standings(self) -> dict[tuple[str, int], Standing]:
        return {(s.segmentation.type, s.segmentation.id): s for s in self._read()}

    def _read(self) -> Iterable[Standing]:
        assert self._user_id is not None  # noqa: S101 - an anonymous user has no standings
        return segmentations.get_all_standings(self._course_id, self._user_id)

    def _show(self, arms: list[Arm]) -> None:
        """Add the arms to the page that `together` has opened. Without one, record them now."""
        page = page_of(self)
        if page is None or not page.add(arms):
            self._record(arms)

    def _record(self, arms: list[Arm]) -> None:
        ids = {standing.segmentation.id for standing, _ in arms}
        new = arms if ids <= self._unseen else experiments.unrecorded(arms)
        self._unseen -= ids
        if new:
            with self._told():
                experiments.record_exposures(new)

    def _settle(
        self, settle: Callable[[list[Standing]], list[Standing]], standings: list[Standing]
    ) -> list[Standing]:
        """Settle the standings. A retired user becomes an anonymous visitor, who has none."""
        with self._told() as context:
            try:
                settled = settle(standings)
            except RetiredUser:
                self._user_id = None
                return []
            # The context learns of assignments from events. If another process assigned the user
            # first, this process emitted none.
            context.know(_group_ids(settled))
        self._standings.update({(EXPERIMENT, each.segmentation.id): each for each in settled})
        self._unseen.update(
            standing.segmentation.id for standing in standings if not standing.groups
        )
        return settled

    def _page_context(self) -> AbstractContextManager[object]:
        """Return the context that all events of a page share, so that it is prepared once."""
        return events.user_context(self._course_id, self._user_id)

    @contextmanager
    def _told(self) -> Iterator[events.UserContext]:
        """Give events emitted in this context the user's groups without another query."""
        with events.user_context(self._course_id, self._user_id) as context:
            # The visit has read the groups already.
            if context.lacks("groups"):
                context.fill(groups=_group_ids(self._standings.values()))
            yield context


class PreviewVisit(Visit):
    """A visit that answers for the previewed user and writes nothing."""

    def __init__(self, course_id: str, user_id: str | None, preview: Preview) -> None:
        super().__init__(course_id, user_id)
        self._preview = preview

    def _read(self) -> Iterable[Standing]:
        """Add the groups that would be assigned, so that nothing is left to assign."""
        standings = super()._read()
        preview = self._preview
        if isinstance(preview, AsGroup):
            standings = [_of_newcomer(standing, preview) for standing in standings]
        return [
            next(iter(experiments.predict_assignments([each])), each)
            if each.segmentation.type == EXPERIMENT
            else each
            for each in standings
        ]

    def _page_context(self) -> AbstractContextManager[object]:
        return nullcontext()

    def _record(self, arms: list[Arm]) -> None:
        """Record nothing: the previewed user did not see the page."""


def visit_of(runtime: Any, bound: Binding) -> Visit:
    """Return the visit that all blocks of the runtime share.

    A block with another user or course replaces it.
    """
    with _MAKING:
        visit: Visit | None = vars(runtime).get("_xblock_experiments_visit")
        if visit is None or not visit.is_of(bound):
            visit = vars(runtime)["_xblock_experiments_visit"] = _visit_for(runtime, bound)
        return visit


def _visit_for(runtime: Any, bound: Binding) -> Visit:
    preview = preview_of(runtime)
    if preview is None and bound.user_id and getattr(runtime, "forgets_state", False):
        # Authors who look at their work are not assigned.
        preview = AsLearner(bound.user_id)
    if preview is None:
        return Visit(bound.course_id, bound.user_id)
    return PreviewVisit(bound.course_id, bound.user_id, preview)


def _group_ids(standings: Iterable[Standing]) -> dict[str, list[int]]:
    return {
        f"{standing.segmentation.type}.{standing.segmentation.id}": ids
        for standing in standings
        if (ids := sorted([group.id for group in standing.groups]))
    }


def _of_newcomer(standing: Standing, preview: AsGroup) -> Standing:
    """Return the standing of the preview's learner, who is in the chosen group and in no other."""
    segmentation = standing.segmentation
    is_meant = (segmentation.type, segmentation.id) == (preview.type, preview.id)
    present = {group.id for group in segmentation.groups}
    group_ids = present & {preview.group_id} if is_meant else ()
    return replace(standing, group_ids=frozenset(group_ids))


def _first_groups(known: Iterable[UserSegmentation]) -> dict[int, Group]:
    groups: dict[int, Group] = {}
    for segmentation in known:
        with suppress(NotAssignable):
            groups[segmentation.id] = experiments.first_group(segmentation)
    return groups
