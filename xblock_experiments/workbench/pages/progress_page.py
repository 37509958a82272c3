"""The texts of a learner's progress, in the visitor's language."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.utils.formats import number_format

from xblock_experiments.blocks.base.language import Name, language_of
from xblock_experiments.gradebook.data import CourseGrade, SequenceGrade
from xblock_experiments.gradebook.numbers import shown_points
from xblock_experiments.gradebook.progress import BlockProgress, Progress, SequenceProgress
from xblock_experiments.gradebook.structure import Sequence
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.hosting.i18n import translations_of


class ProgressPage:
    """The page as a learner sees it."""

    def __init__(self, course: CourseBlocks) -> None:
        self._language = language_of(course)
        self.gettext = translations_of().gettext

    def context(self, progress: Progress) -> dict[str, Any]:
        grade = progress.grade
        return {
            "before": list(map(self._before, progress.before)),
            "chapters": [
                {"name": self._name(name), "sequences": list(map(self._sequence, sequences))}
                for (_, name), sequences in groupby(progress.sequences, _chapter_of)
            ],
            "grade": self._percent(grade),
            "letter": grade.letter,
            "total": self._points(grade.earned, grade.possible) if _has_points(grade) else "",
        }

    def _sequence(self, progress: SequenceProgress) -> dict[str, Any]:
        counted = progress.grade or progress
        return {
            "blocks": list(map(self._block, progress.blocks)),
            "counts": progress.sequence.counts,
            "is_empty": not progress.blocks and not _has_points(counted),
            "is_replaced": progress.sequence.counts and progress.grade is None,
            "has_earlier_points": progress.has_earlier_points,
            "name": self._name(progress.sequence.display_name),
            "points": self._points(counted.earned, counted.possible),
        }

    def _before(self, grade: SequenceGrade) -> dict[str, Any]:
        return {
            "name": self._name(grade.display_name),
            "points": self._points(grade.earned, grade.possible),
        }

    def _block(self, progress: BlockProgress) -> dict[str, Any]:
        return {
            "is_attempted": progress.is_attempted,
            "name": self._name(progress.block.display_name),
            "points": self._points(progress.earned, progress.possible),
        }

    def _name(self, text: str) -> Name:
        return Name(text, self._language)

    def _percent(self, grade: CourseGrade) -> str:
        percent: str = self.gettext("{percent} %")
        return percent.format(percent=number_format(grade.shown_percent))

    def _points(self, earned: float, possible: float) -> str:
        sentence: str = self.gettext("{earned} of {possible}")
        return sentence.format(earned=_number(earned), possible=_number(possible))


def _chapter_of(progress: SequenceProgress) -> tuple[str, str]:
    """Return what tells chapters apart: two of them can have the same name."""
    sequence: Sequence = progress.sequence
    return sequence.chapter_id, sequence.chapter


def _has_points(counted: CourseGrade | SequenceGrade | SequenceProgress) -> bool:
    return bool(counted.earned or counted.possible)


def _number(points: float) -> str:
    """Return the points with up to two decimals, as the visitor's language writes them."""
    shown = shown_points(points)
    return number_format(shown.numerator if shown.denominator == 1 else float(shown))
