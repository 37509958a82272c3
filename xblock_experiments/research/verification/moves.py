"""The check that each learner's moves follow one another, and are written as an export writes them.

The cells of a move are compared as bytes, also where it is computed again. A cell in another form,
for example in quotes, would keep its row from being computed.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.experiments.replay import RULES
from xblock_experiments.research.tables import ASSIGNMENTS
from xblock_experiments.research.verification.altered_rows import line_of
from xblock_experiments.research.verification.findings import Findings
from xblock_experiments.research.writing import encoded

RECORDED = ("imported", "put", "removed")
"""The reasons of moves that no rule decides."""
_OF_EXPERIMENTS = {encoded([EXPERIMENT, why]) for why in (*RECORDED, *RULES)}
"""The cells of the type and the reason that moves in experiments have."""
_FLAGS = {b"true", b"false"}
_EXPERIMENT = EXPERIMENT.encode()
_TRUE = b"true"

type _Place = tuple[bytes, int, bytes, bytes]
"""The learner, and the length and the cell of the segmentation's id, and its type.

Ids with fewer digits come first.
"""


class MoveCheck:
    """The check of each move, in the order of the table."""

    cells = len(ASSIGNMENTS.columns)

    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._last: tuple[_Place, int, bytes] = ((b"", 0, b"", b""), 0, b"")
        """The place of the row before, its number, and the cell of the group after it."""

    def check(self, first: int, rows: Sequence[Sequence[bytes]]) -> None:
        """Check the cells of some rows. `first` is the number of the first, from 0."""
        last, number, group = self._last
        for row, cells in enumerate(rows, first):
            learner, id, count, _, before, to, by_time, _, _, type, why = cells
            if type + b"," + why not in _OF_EXPERIMENTS:
                type = self._other_type(row, type + b"," + why)
            place = (learner, len(id), id, type)
            if place != last:
                if place < last:
                    self._add(row, "the row is not in the order of learners and segmentations")
                last, number, group = place, 0, b""
            number += 1
            if count != b"%d" % number:
                self._add(row, f"the number of the move is {_shown(count)}, not {number}")
                number = int(count) if count.isdigit() else number
            # The first release kept no versions, and such moves can lack an earlier one.
            if before != group and type == _EXPERIMENT and by_time != _TRUE:
                self._add(row, f"the group before is {_shown(before)}, not {_shown(group)}")
            if by_time not in _FLAGS or (to and (not to.isdigit() or b"%d" % int(to) != to)):
                self._add(row, "a cell is not written as an export writes it")
            group = to
        self._last = last, number, group

    def _other_type(self, row: int, texts: bytes) -> bytes:
        """Return the type in the cells of the type and the reason, which are not of experiments."""
        try:
            ((type, why),) = csv.reader([texts.decode()], strict=True)
        except (csv.Error, ValueError):
            type, why = "", ""
        if encoded([type, why]) != texts:
            self._add(row, "the type or the reason is not written as an export writes it")
        elif why not in RECORDED or type == EXPERIMENT:
            self._add(row, f"the reason {why!r} is unknown")
        return type.encode()

    def _add(self, row: int, what: str) -> None:
        self._findings.add(self._file, what, line_of(row))


def _shown(cell: bytes) -> str:
    return repr(cell.decode(errors="replace"))
