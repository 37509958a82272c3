"""The recomputation of assignments from the configurations and the users' ids."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from xblock_experiments.course_user_segmentation.data import NotAssignable, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.experiments.assignment import salt_of
from xblock_experiments.experiments.replay import RULES
from xblock_experiments.research.tables import ASSIGNMENTS, CONFIGURATIONS
from xblock_experiments.research.verification.altered_rows import line_of
from xblock_experiments.research.verification.findings import Findings
from xblock_experiments.research.writing import encoded

_METHODS = {encoded([why]): rule for why, rule in RULES.items()}
"""The rules of `replay` by the cell of the reason. A further rule there is one here too."""
_TRUE = b"true"
_EXPERIMENT = EXPERIMENT.encode()

type _Place = tuple[bytes, bytes]
"""The cells of the id and the type of a segmentation."""
_NOWHERE: _Place = (b"", b"")


class Definition(NamedTuple):
    """A version of an experiment, and its salt."""

    segmentation: UserSegmentation
    salt: str


type Definitions = Mapping[tuple[bytes, bytes], Definition]
"""The versions of experiments by the cells of their id and number."""


def definitions_of(course_id: str, rows: Iterable[bytes]) -> Definitions:
    """Return the experiments in rows of configurations. Raises ValueError for a wrong row."""
    found: dict[tuple[bytes, bytes], Definition] = {}
    for cells in map(_cells, rows):
        if cells["type"] == EXPERIMENT:
            segmentation = UserSegmentation.from_json(json.loads(cells["definition"]))
            place = (cells["segmentation_id"].encode(), cells["version"].encode())
            found[place] = Definition(segmentation, salt_of(course_id, segmentation))
    return found


def _cells(row: bytes) -> dict[str, str]:
    """Return the cells of a configuration by column."""
    before = csv.field_size_limit(len(row))
    try:
        (cells,) = csv.reader([row.decode()], strict=True)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    finally:
        csv.field_size_limit(before)
    return dict(zip(CONFIGURATIONS.names, cells, strict=True))


class Derivation:
    """The check of each assignment, in the order of the table."""

    cells = len(ASSIGNMENTS.columns)

    def __init__(
        self, file: str, people: Mapping[str, str], definitions: Definitions, findings: Findings
    ) -> None:
        self._file = file
        self._people = people
        self._definitions = definitions
        self._findings = findings
        self._last: tuple[bytes, _Place, str | None, int | None] = (b"", _NOWHERE, None, None)
        """The cells of the learner and the segmentation of the row before, the learner's id, and
        the group after that row, as it was computed.
        """

    def check(self, first: int, rows: Sequence[Sequence[bytes]]) -> None:
        """Check the cells of some rows. `first` is the number of the first, from 0."""
        # Local names save a tenth of the time, and a million rows take seconds.
        people, definitions = self._people, self._definitions
        last_learner, last_place, user_id, present = self._last
        derived = 0
        for row, cells in enumerate(rows, first):
            learner, id, _, version, _, to, by_time, _, _, type, why = cells
            if learner != last_learner:
                user_id = people.get(learner.decode(errors="replace"))
                last_learner, last_place = learner, _NOWHERE
            if (id, type) != last_place:
                last_place, present = (id, type), None
            rule = _METHODS.get(why) if type == _EXPERIMENT else None
            if rule is None:
                present = int(to) if to.isdigit() else None
                self._findings.recorded += 1
                continue
            definition = definitions.get((id, version))
            if user_id is None or definition is None:
                whose = "learner is not among the people" if definition else "version is unknown"
                self._add(row, f"it cannot be computed, because its {whose}")
                continue
            try:
                present = rule(*definition, user_id, present)
            except NotAssignable:
                self._add(row, "its version of the experiment cannot assign anybody")
                continue
            derived += 1
            if to != b"%d" % present:
                self._differs(row, to, present, is_uncertain=by_time == _TRUE)
        self._findings.derived += derived
        self._last = last_learner, last_place, user_id, present

    def _differs(self, row: int, to: bytes, right: int, *, is_uncertain: bool) -> None:
        if is_uncertain:
            self._findings.uncertain += 1
        else:
            self._add(row, f"the group is {to.decode(errors='replace')!r}, not {right}")

    def _add(self, row: int, what: str) -> None:
        self._findings.add(self._file, what, line_of(row))
