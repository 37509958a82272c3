"""The import of the platform's user partitions as memberships. Existing members never move."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import batched

from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import NoSuchSegmentation, Standing
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.database.transactions import ROUNDS, persist, retries_exhausted
from xblock_experiments.platform.tags.data import Fate, Judged, Placement
from xblock_experiments.retired import api as retired

type _Place = tuple[str, int, str]
"""A course id, an experiment's id and a user id."""
type _Step = tuple[Standing, int]


def place(placements: Sequence[Placement]) -> list[Judged]:
    """Import rows of different learners or experiments, and return the results.

    Raises RetiredUser, after importing the others, for learners who are retired in the meantime.
    """
    placing = _Placing(placements)
    standings = placing.read()
    for _ in range(ROUNDS):
        lost = placing.enter(placing.judge(standings))
        if not lost:
            return placing.judged
        standings = segmentations.read_again(lost)
        retired.check({standing.user_id for standing in standings if not standing.group_ids})
    raise retries_exhausted(f"{len(lost)} learners could not enter their groups")


class _Placing:
    """Rows being imported, some with a result and the others waiting."""

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._waiting = {_place_of(placement): placement for placement in placements}
        self.judged: list[Judged] = []

    def read(self) -> list[Standing]:
        """Return the learners' standings, and conclude rows of experiments that do not exist."""
        experiments: dict[tuple[str, int], list[str]] = defaultdict(list)
        for course_id, id, user_id in self._waiting:
            experiments[course_id, id].append(user_id)
        standings: list[Standing] = []
        for (course_id, id), user_ids in experiments.items():
            try:
                standings += segmentations.get_standings_of(course_id, id, user_ids)
            except NoSuchSegmentation:
                for user_id in user_ids:
                    self._conclude((course_id, id, user_id), Fate.NO_EXPERIMENT)
        return standings

    def judge(self, standings: Iterable[Standing]) -> list[_Step]:
        """Conclude rows that need no step, and return the steps for the others."""
        steps = []
        for standing in standings:
            group_id = self._waiting[_place_of(standing)].group_id
            fate = _fate(standing, group_id)
            if fate is Fate.ENTERED:
                steps.append((standing, group_id))
            else:
                self._conclude(_place_of(standing), fate)
        return steps

    def enter(self, steps: Sequence[_Step]) -> list[Standing]:
        """Perform the steps, and return the standings of those that another process preceded."""
        for standing, _ in persist(partial(_enter, steps), using=segmentations.using()):
            self._conclude(_place_of(standing), Fate.ENTERED)
        return [standing for standing, _ in steps if _place_of(standing) in self._waiting]

    def _conclude(self, place: _Place, fate: Fate) -> None:
        self.judged.append((self._waiting.pop(place).row, fate))


def _place_of(one: Placement | Standing) -> _Place:
    if isinstance(one, Placement):
        return one.row.course_id, one.experiment_id, one.row.user_id
    return one.course_id, one.segmentation.id, one.user_id


def _fate(standing: Standing, group_id: int) -> Fate:
    """Return the row's result, where ENTERED means that the learner may enter the group."""
    if standing.group_ids:
        return Fate.THERE if group_id in standing.group_ids else Fate.OTHER_GROUP
    is_group = any(group.id == group_id for group in standing.segmentation.groups)
    return Fate.ENTERED if is_group else Fate.NO_GROUP


def _enter(steps: Iterable[_Step]) -> list[_Step]:
    entered = [
        step
        for some in batched(steps, AT_ONCE)
        for step in segmentations.enter_silently(some, why="imported")
    ]
    events.emit_all(_events_of(entered), using=segmentations.using())
    return entered


def _events_of(steps: Iterable[_Step]) -> list[events.ListImported]:
    """Return one event for each experiment, in place of one for each learner."""
    counts = Counter((standing.course_id, standing.segmentation) for standing, _ in steps)
    return [
        events.ListImported(
            course_id=course_id,
            user_id=None,
            partition_id=segmentation.id,
            partition_name=segmentation.name,
            partition_type=segmentation.type,
            source="user course tags",
            entered=count,
        )
        for (course_id, segmentation), count in counts.items()
    ]
