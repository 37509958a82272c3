"""The texts of a learner's progress for staff: the groups, the arms, and what moves did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from xblock_experiments.course_user_segmentation.api import get_removed_groups, get_segmentations
from xblock_experiments.course_user_segmentation.data import Spell
from xblock_experiments.gradebook.account import Account, Basis, SequenceAccount
from xblock_experiments.gradebook.data import SequenceGrade
from xblock_experiments.gradebook.progress import BlockProgress, Progress, SequenceProgress
from xblock_experiments.olx.sentences import Sentence, translated
from xblock_experiments.workbench.courses.course import CourseBlocks
from xblock_experiments.workbench.pages.progress_page import ProgressPage

_UNCHANGED = SequenceAccount()


class AccountPage(ProgressPage):
    """The page of one learner as staff see it."""

    def __init__(self, course: CourseBlocks, account: Account) -> None:
        super().__init__(course)
        self._account = account
        self._groups = _group_names(course.course_id)
        self._types = {(id, group_id): type_ for type_, id, group_id in self._groups}
        self._types |= {(each.segmentation_id, each.group_id): each.type for each in account.spells}

    def context(self, progress: Progress) -> dict[str, Any]:
        without = self._account.without_kept_points
        return {
            **super().context(progress),
            "has_earlier_groups": self._account.has_earlier_groups,
            "spells": list(map(self._spell, self._account.spells)),
            "without": {"grade": self._percent(without), "letter": without.letter},
        }

    def _sequence(self, progress: SequenceProgress) -> dict[str, Any]:
        found = super()._sequence(progress)
        return {**found, **self._moved(progress.sequence.usage_id, counts=bool(progress.grade))}

    def _before(self, grade: SequenceGrade) -> dict[str, Any]:
        return {**super()._before(grade), **self._moved(grade.usage_id, counts=True)}

    def _moved(self, usage_id: str, *, counts: bool) -> dict[str, Any]:
        """Return what moves did to a sequence."""
        account = self._account.sequences.get(usage_id, _UNCHANGED)
        explains = counts and self._account.has_earlier_groups
        return {
            "basis": self._basis(account.basis) if explains else "",
            "earlier": list(map(self._block, account.earlier)),
        }

    def _basis(self, basis: Basis | None) -> str:
        """Return the sentence about the groups by which a sequence counts."""
        if basis is None:
            return self._text(Sentence("Counts by what the learner is given now."))
        until = _moment(basis.until)
        if not basis.spells:
            return self._text(
                Sentence("Counts by what the learner was given until {until}.", until=until)
            )
        groups = ", ".join(map(self._group_of, basis.spells))
        return self._text(
            Sentence(
                "Counts by what the learner was given in {groups} until {until}.",
                groups=groups,
                until=until,
            )
        )

    def _spell(self, spell: Spell) -> dict[str, Any]:
        since = _moment(spell.since)
        when = (
            Sentence("since {since}", since=since)
            if spell.until is None
            else Sentence("from {since} to {until}", since=since, until=_moment(spell.until))
        )
        return {"group": self._group_of(spell), "when": self._text(when)}

    def _block(self, progress: BlockProgress) -> dict[str, Any]:
        arms = [
            self._group_in(arm.segmentation_id, group_id)
            for arm in sorted(progress.block.arms, key=lambda arm: arm.segmentation_id)
            for group_id in sorted(arm.group_ids)
        ]
        return {**super()._block(progress), "arms": arms}

    def _group_of(self, spell: Spell) -> str:
        return self._group(spell.type, spell.segmentation_id, spell.group_id)

    def _group_in(self, segmentation_id: int, group_id: int) -> str:
        """Return the group of an arm: one that the learner was in, or else a present one."""
        type_ = self._types.get((segmentation_id, group_id), "")
        return self._group(type_, segmentation_id, group_id)

    def _group(self, type_: str, segmentation_id: int, group_id: int) -> str:
        return self._groups.get((type_, segmentation_id, group_id)) or (
            f"{segmentation_id}: {group_id}"
        )

    def _text(self, sentence: Sentence) -> str:
        return translated(sentence, self.gettext)


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _group_names(course_id: str) -> dict[tuple[str, int, int], str]:
    """Return the names of all groups, by the type and id of their segmentation and their own id.

    A name has that of the segmentation. Includes removed groups.
    """
    segmentations = get_segmentations(course_id)
    removed = get_removed_groups(course_id)
    return {
        (each.type, each.id, group.id): f"{each.name}: {group.name}"
        for each in reversed(segmentations)
        for group in (*each.groups, *removed.get((each.type, each.id), ()))
    }
