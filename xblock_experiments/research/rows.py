"""The rows about learners, from the public interfaces of the stores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.experiments import api as experiments
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.data import CourseGrade, Score, ScoreHistory
from xblock_experiments.gradebook.structure import ScoredBlock
from xblock_experiments.research import tables
from xblock_experiments.research.columns import Row, Table
from xblock_experiments.research.course import Course, Rows
from xblock_experiments.user_tags import api as user_tags


@dataclass(frozen=True)
class Batch:
    """Some learners of the course, and what several tables read about them."""

    course: Course
    names: Mapping[str, str]
    """Pseudonyms by user id, in the order of the rows."""

    @property
    def user_ids(self) -> list[str]:
        return list(self.names)

    @cached_property
    def grades(self) -> list[CourseGrade]:
        if self.course.structure is None:
            return []
        return list(gradebook.get_grades(self.course.id, self.names, now=self.course.now))

    @cached_property
    def histories(self) -> dict[str, dict[str, ScoreHistory]]:
        return dict(gradebook.get_score_histories_of(self.course.id, self.names))


def _learners(batch: Batch) -> Rows:
    for name in batch.names.values():
        yield (name,)


def _exposures(batch: Batch) -> Rows:
    found = experiments.get_exposures_of(batch.course.id, batch.user_ids)
    for user_id, name in batch.names.items():
        for number, (id, each) in enumerate(found.get(user_id, ()), 1):
            yield name, id, number, each.group_id, each.when, each.usage_id


def _assignments(batch: Batch) -> Rows:
    found = segmentations.get_moves_of(batch.course.id, batch.user_ids)
    for user_id, name in batch.names.items():
        numbers: Counter[tuple[int, str]] = Counter()
        # sorted() keeps the order of time among the moves in one segmentation.
        for id, type, change in sorted(found.get(user_id, ()), key=itemgetter(0, 1)):
            numbers[id, type] += 1
            yield (
                name,
                id,
                numbers[id, type],
                change.version,
                change.from_group_id,
                change.to_group_id,
                change.version_by_time,
                change.when,
                batch.course.actor(change.who),
                type,
                change.why,
            )


def _scores(batch: Batch) -> Rows:
    for user_id, name in batch.names.items():
        histories = batch.histories[user_id].values()
        recorded = (each for history in histories for each in history.recorded)
        for number, each in enumerate(recorded, 1):
            score = each.score
            yield (
                *(name, number, score.earned, score.possible),
                *(each.counted, score.recorded, score.usage_id),
            )


def _problems(batch: Batch) -> Rows:
    course = batch.course
    if course.structure is None:
        return
    blocks = {each.usage_id: each for every in course.structure.sequences for each in every.blocks}
    given = gradebook.get_given_blocks(course.id, batch.names, now=course.now)
    for user_id, scores in gradebook.get_scores_of(course.id, batch.names):
        wanted = blocks.keys() & (given[user_id] | scores.keys())
        for number, usage_id in enumerate((each for each in blocks if each in wanted), 1):
            history = batch.histories[user_id].get(usage_id)
            yield (
                *(batch.names[user_id], number, usage_id in given[user_id]),
                *(history.calls if history else 0,),
                *_result(blocks[usage_id], scores.get(usage_id)),
                usage_id,
            )


def _result(block: ScoredBlock, score: Score | None) -> Row:
    """Return the earned and possible points and the time of the score."""
    if score is None:
        return None, block.possible, None
    return score.earned, score.possible, score.recorded


def _grades(batch: Batch) -> Rows:
    for grade in batch.grades:
        name = batch.names[grade.user_id]
        yield name, grade.percent, grade.earned, grade.possible, grade.letter


def _sequence_grades(batch: Batch) -> Rows:
    for grade in batch.grades:
        name = batch.names[grade.user_id]
        for number, each in enumerate(grade.sequences, 1):
            yield name, number, each.earned, each.possible, each.usage_id


def _tags(batch: Batch) -> Rows:
    found = user_tags.event_tags(batch.course.id, batch.user_ids)
    for user_id, name in batch.names.items():
        for number, (key, value) in enumerate(sorted(found.get(user_id, {}).items()), 1):
            yield name, number, key, json.dumps(value)


OF_LEARNERS: Mapping[Table, Callable[[Batch], Rows]] = {
    tables.LEARNERS: _learners,
    # Exposures before assignments: an exposure follows its assignment, so none lacks it.
    tables.EXPOSURES: _exposures,
    tables.ASSIGNMENTS: _assignments,
    tables.SCORES: _scores,
    tables.PROBLEMS: _problems,
    tables.GRADES: _grades,
    tables.SEQUENCE_GRADES: _sequence_grades,
    tables.TAGS: _tags,
}
