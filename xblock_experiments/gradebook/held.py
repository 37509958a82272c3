"""The groups by which a learner is graded at one moment, out of their groups over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from xblock_experiments.course_user_segmentation.data import Spell


def held_at(end: datetime, spells: Sequence[Spell]) -> list[Spell]:
    """Return the spells that lasted until that moment or longer, and those that stand in for one.

    Without the others, the learner would be graded without an arm that they had to work on before,
    or have to work on later.
    """
    present = [spell for spell in spells if is_held(spell, end)]
    held = {spell.segmentation_id for spell in present}
    known = {spell.segmentation_id for spell in spells if spell.since < end}
    last = {spell.segmentation_id: spell for spell in spells if _is_unreplaced(spell, end)}
    first: dict[int, Spell] = {}
    for spell in spells:
        first.setdefault(spell.segmentation_id, spell)
    return [
        *present,
        *(spell for id, spell in last.items() if id not in held),
        *(spell for id, spell in first.items() if id not in known),
    ]


def is_held(spell: Spell, moment: datetime) -> bool:
    """Return whether the learner was in the group until that moment or longer."""
    return spell.since < moment and (spell.until is None or moment <= spell.until)


def _is_unreplaced(spell: Spell, moment: datetime) -> bool:
    """Return whether an experiment was to replace the group at that moment, or had already."""
    until = spell.replaced_until
    return spell.since < moment and (until is None or moment <= until)
