"""The experiments that are measured: three arms, of 50, 25 and 25 in 100."""

from __future__ import annotations

import json
from html import escape

from xblock_experiments.course_user_segmentation.data import EXPERIMENT, Group, UserSegmentation

WEIGHTS = (50, 25, 25)
GROUPS = tuple(Group(id, f"Arm {id}", weight) for id, weight in enumerate(WEIGHTS))


def course_id(run: str) -> str:
    return f"course-v1:DemoX+Benchmarks+{run}"


def experiment(id: int) -> UserSegmentation:
    return UserSegmentation(
        id=id, type=EXPERIMENT, name=f"Experiment {id}", description="", groups=GROUPS
    )


def lesson_xml(run: str, ids: list[int]) -> str:
    """A course of one lesson, each unit of which holds an experiment of its own."""
    partitions = escape(json.dumps([experiment(id).to_json() for id in ids]))
    units = "".join(_unit_xml(id) for id in ids)
    return (
        f'<course org="DemoX" course="Benchmarks" url_name="{run}" user_partitions="{partitions}">'
        f'<sequential url_name="lesson">{units}</sequential></course>'
    )


def split_test_name(id: int) -> str:
    return f"split_{id}"


def _unit_xml(id: int) -> str:
    name = split_test_name(id)
    mapping = escape(json.dumps({str(group.id): f"{name}_{group.id}" for group in GROUPS}))
    arms = "".join(
        f'<vertical url_name="{name}_{group.id}"><html url_name="{name}_{group.id}_text">'
        f"Text of arm {group.id}</html></vertical>"
        for group in GROUPS
    )
    return (
        f'<vertical url_name="unit_{id}"><split_test url_name="{name}" '
        f'user_partition_id="{id}" group_id_to_child="{mapping}">{arms}</split_test></vertical>'
    )
