"""The measured experiments: three arms with 50, 25 and 25 percent of the users."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT

WEIGHTS = (50, 25, 25)
GROUPS = tuple(Group(id, f"Arm {id}", weight) for id, weight in enumerate(WEIGHTS))


def course_id(run: str) -> str:
    return f"course-v1:DemoX+Benchmarks+{run}"


def experiment(id: int) -> UserSegmentation:
    return UserSegmentation(
        id=id, type=EXPERIMENT, name=f"Experiment {id}", description="", groups=GROUPS
    )


def lesson_xml(
    run: str, ids: list[int], block_type: str = "sequential", *, content: str = ""
) -> str:
    """Return a course with one lesson, whose units hold the content and one experiment each.

    With the type `vertical`, all units are in one page.
    """
    units = "".join(
        f'<vertical url_name="{unit_name(id)}">{content.format(id=id)}'
        f"{split_test_xml(id, _text_arm_xml)}</vertical>"
        for id in ids
    )
    return course_xml(run, ids, units, block_type)


def course_xml(run: str, ids: list[int], units: str, block_type: str = "sequential") -> str:
    """Return a course with these experiments and one lesson."""
    partitions = escape(json.dumps([experiment(id).to_json() for id in ids]))
    return (
        f'<course org="DemoX" course="Benchmarks" url_name="{run}" user_partitions="{partitions}">'
        f'<{block_type} url_name="lesson">{units}</{block_type}></course>'
    )


def split_test_name(id: int) -> str:
    return f"split_{id}"


def split_test_xml(id: int, arm_xml: Callable[[str, Group], str]) -> str:
    """Return an experiment. `arm_xml` makes the arm of each group with the given url_name."""
    name = split_test_name(id)
    names = {group: f"{name}_{group.id}" for group in GROUPS}
    mapping = escape(json.dumps({str(group.id): arm for group, arm in names.items()}))
    arms = "".join(arm_xml(arm, group) for group, arm in names.items())
    return (
        f'<split_test url_name="{name}" user_partition_id="{id}" '
        f'group_id_to_child="{mapping}">{arms}</split_test>'
    )


def unit_name(id: int) -> str:
    return f"unit_{id}"


def _text_arm_xml(name: str, group: Group) -> str:
    return (
        f'<vertical url_name="{name}"><html url_name="{name}_text">'
        f"Text of arm {group.id}</html></vertical>"
    )
