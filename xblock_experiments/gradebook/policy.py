"""A course's grading policy: how the sequences of each assignment type make the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from xblock_experiments.gradebook.data import GradebookError
from xblock_experiments.gradebook.numbers import Exact, exact


class InvalidPolicy(GradebookError, ValueError):
    """Raised for a grading policy that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentType:
    """A kind of sequence, such as homework, with its share of the grade."""

    name: str
    weight: Exact
    """The share of the grade, from 0 to 1."""
    min_count: int = 0
    """The least number of sequences. Those that the course does not have count as 0."""
    drop_count: int = 0
    """The number of lowest sequences that do not count."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingPolicy:
    """The assignment types of a course, and the ranges of its letters."""

    types: tuple[AssignmentType, ...] | None = None
    """The assignment types. None if all graded sequences have equal weights."""
    ranges: tuple[tuple[str, Exact], ...] = ()
    """Pairs of a letter and the least grade for it, from 0 to 1, from the highest down."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read the object of a `grading_policy.json`. Raises InvalidPolicy."""
        policy = _mapping(value, "The grading policy")
        types = policy.get("GRADER")
        if types is not None and not isinstance(types, list):
            msg = f"GRADER must be a list, not {types!r}."
            raise InvalidPolicy(msg)
        ranges = _mapping(policy.get("GRADE_CUTOFFS") or {}, "GRADE_CUTOFFS")
        least = {letter: _share(each, f"range {letter}") for letter, each in ranges.items()}
        return cls(
            types=None if types is None else tuple(map(_type_from_json, types)),
            ranges=tuple(sorted(least.items(), key=lambda pair: pair[1], reverse=True)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the policy as the object of a `grading_policy.json`."""
        ranges = {letter: float(least) for letter, least in self.ranges}
        if self.types is None:
            return {"GRADE_CUTOFFS": ranges}
        types = [
            {
                "type": each.name,
                "weight": float(each.weight),
                "min_count": each.min_count,
                "drop_count": each.drop_count,
                "short_label": each.label,
            }
            for each in self.types
        ]
        return {"GRADER": types, "GRADE_CUTOFFS": ranges}


EQUAL_WEIGHTS = GradingPolicy()
"""The policy of a course that has none."""


def _type_from_json(value: Any) -> AssignmentType:
    found = _mapping(value, "An assignment type")
    name = found.get("type")
    if not isinstance(name, str):
        msg = f"An assignment type needs a name in `type`, not {name!r}."
        raise InvalidPolicy(msg)
    return AssignmentType(
        name=name,
        weight=_share(found.get("weight", 0), f"weight of {name}"),
        min_count=_count(found.get("min_count", 0), f"min_count of {name}"),
        drop_count=_count(found.get("drop_count", 0), f"drop_count of {name}"),
        label=str(found.get("short_label") or ""),
    )


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = f"{what} must be an object, not {value!r}."
        raise InvalidPolicy(msg)
    return value


def _share(value: Any, what: str) -> Exact:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000:
        msg = f"The {what} must be a number from 0 to 1,000, not {value!r}."
        raise InvalidPolicy(msg)
    return exact(value)


def _count(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
        msg = f"The {what} must be a whole number from 0 to 10,000, not {value!r}."
        raise InvalidPolicy(msg)
    return value
