"""The checks of each table's cells: references, and assignments that are computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xblock_experiments.research.manifest import Manifest, TableEntry
from xblock_experiments.research.tables import ASSIGNMENTS, CONFIGURATIONS
from xblock_experiments.research.verification.derivation import Derivation, definitions_of
from xblock_experiments.research.verification.findings import Findings
from xblock_experiments.research.verification.moves import MoveCheck
from xblock_experiments.research.verification.references import ReferenceCheck, Values
from xblock_experiments.research.verification.table_check import CellCheck


class CellChecks:
    """The checks by table. What a table refers to is read before it."""

    def __init__(
        self, manifest: Manifest, people: Mapping[str, str] | None, findings: Findings
    ) -> None:
        self._manifest = manifest
        self._people = people
        self._findings = findings
        self._configurations = _KeptRows()
        self._values = {
            (other, columns): Values(self._places(other, columns))
            for table in manifest.tables.values()
            for columns, other in table.references
        }

    def in_order(self) -> list[tuple[str, TableEntry]]:
        """Return the tables by name, those first to which others refer."""
        referred = {other for other, _ in self._values}
        return sorted(self._manifest.tables.items(), key=lambda each: each[0] not in referred)

    def of(self, name: str) -> list[CellCheck]:
        table = self._manifest.tables[name]
        checks: list[CellCheck] = [
            values for (other, _), values in self._values.items() if other == name
        ]
        for columns, other in table.references:
            known = self._values[other, columns]
            places = self._places(name, columns)
            checks.append(ReferenceCheck(table.file, places, other, known, self._findings))
        if name == ASSIGNMENTS.name and table.columns == tuple(ASSIGNMENTS.names):
            checks.append(MoveCheck(table.file, self._findings))
        if self._people is not None and name in (CONFIGURATIONS.name, ASSIGNMENTS.name):
            checks += self._recomputing(name, table, self._people)
        return checks

    def _recomputing(
        self, name: str, table: TableEntry, people: Mapping[str, str]
    ) -> list[CellCheck]:
        """Return what assignments need to be computed again."""
        known = next(each for each in (CONFIGURATIONS, ASSIGNMENTS) if each.name == name)
        if table.columns != tuple(known.names):
            self._findings.add(
                table.file, "this version does not know its columns, so it computes nothing again"
            )
            return []
        return [
            self._configurations
            if known is CONFIGURATIONS
            else self._derivation(table.file, people)
        ]

    def _derivation(self, file: str, people: Mapping[str, str]) -> Derivation:
        try:
            found = definitions_of(self._manifest.course_id, self._configurations.rows)
        except ValueError as error:
            self._findings.add(file, f"the configurations cannot be read: {error}")
            found = {}
        return Derivation(file, people, found, self._findings)

    def _places(self, table: str, columns: tuple[str, ...]) -> list[int]:
        return [self._manifest.tables[table].columns.index(column) for column in columns]


class _KeptRows:
    """A table's rows, which are kept."""

    cells = 1

    def __init__(self) -> None:
        self.rows: list[bytes] = []

    def check(self, _: int, rows: Sequence[Sequence[bytes]]) -> None:
        self.rows += map(b",".join, rows)
