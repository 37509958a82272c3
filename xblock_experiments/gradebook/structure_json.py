"""A course's structure as JSON, in which equal structures have equal texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from xblock_experiments.gradebook.policy import GradingPolicy
from xblock_experiments.gradebook.structure import (
    OPEN,
    Access,
    Arm,
    CourseStructure,
    Requirement,
    ScoredBlock,
    Sequence,
    Start,
    Ways,
)

_FORMAT = 1
_IN_GROUPS: Mapping[str, type[Arm] | type[Access]] = {"arm": Arm, "access": Access}


def dumps(structure: CourseStructure) -> str:
    return json.dumps(
        {
            "format": _FORMAT,
            "policy": structure.policy.to_json(),
            "sequences": [_sequence(each) for each in structure.sequences],
        }
    )


def loads(course_id: str, text: str) -> CourseStructure:
    found = json.loads(text)
    return CourseStructure(
        course_id=course_id,
        policy=GradingPolicy.from_json(found["policy"]),
        sequences=tuple(map(_sequence_from, found["sequences"])),
    )


def _sequence(sequence: Sequence) -> dict[str, Any]:
    return {
        "usage_id": sequence.usage_id,
        "display_name": sequence.display_name,
        "chapter": sequence.chapter,
        "chapter_id": sequence.chapter_id,
        "format": sequence.format,
        "graded": sequence.graded,
        "due": _moment(sequence.due),
        "ways": _ways(sequence.ways),
        "blocks": [_block(each) for each in sequence.blocks],
    }


def _sequence_from(found: dict[str, Any]) -> Sequence:
    return Sequence(
        **{
            **found,
            "due": _moment_from(found["due"]),
            "ways": _ways_from(found["ways"]),
            "blocks": tuple(map(_block_from, found["blocks"])),
        }
    )


def _block(block: ScoredBlock) -> dict[str, Any]:
    return {
        "usage_id": block.usage_id,
        "type": block.type,
        "display_name": block.display_name,
        "unit_id": block.unit_id,
        "possible": block.possible,
        "weight": block.weight,
        "graded": block.graded,
        "due": _moment(block.due),
        "ways": _ways(block.ways),
    }


def _block_from(found: dict[str, Any]) -> ScoredBlock:
    return ScoredBlock(
        **{**found, "due": _moment_from(found["due"]), "ways": _ways_from(found["ways"])}
    )


def _ways(ways: Ways) -> list[list[list[Any]]]:
    return sorted(sorted(map(_requirement, way)) for way in ways)


def _ways_from(found: Iterable[Iterable[list[Any]]]) -> Ways:
    ways = frozenset(frozenset(map(_requirement_from, way)) for way in found)
    return OPEN if ways == OPEN else ways


def _requirement(requirement: Requirement) -> list[Any]:
    match requirement:
        case Start(at):
            return ["start", at.isoformat()]
        case Arm(id, group_ids):
            return ["arm", id, *sorted(group_ids)]
        case Access(id, group_ids):
            return ["access", id, *sorted(group_ids)]


def _requirement_from(found: list[Any]) -> Requirement:
    kind, value, *group_ids = found
    if kind == "start":
        return Start(datetime.fromisoformat(value))
    return _IN_GROUPS[kind](value, frozenset(group_ids))


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment_from(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
