"""Builders of segmentations and courses for the tests."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT

COURSE_ID = "course-v1:DemoX+Tests+2026"


def experiment(
    id: int = 100, *group_ids: int, weights: tuple[int, ...] = (), **fields: Any
) -> UserSegmentation:
    group_ids = group_ids or (1, 2)
    weights = weights or (1,) * len(group_ids)
    groups = tuple(
        Group(group_id, f"Group {group_id}", weight)
        for group_id, weight in zip(group_ids, weights, strict=True)
    )
    return segmentation(id, EXPERIMENT, groups, **fields)


def segmentation(id: int, type: str, groups: tuple[Group, ...], **fields: Any) -> UserSegmentation:
    values: dict[str, Any] = {"name": f"{type} {id}", "description": "", **fields}
    return UserSegmentation(id=id, type=type, groups=groups, **values)


def course_xml(*content: str, segmentations: tuple[UserSegmentation, ...] = ()) -> str:
    """Return a course as XML. Its default segmentation is experiment 100 with groups 1 and 2."""
    partitions = [item.to_json() for item in segmentations or (experiment(),)]
    return (
        '<course org="DemoX" course="Tests" url_name="2026" display_name="A course" '
        f'user_partitions="{escape(json.dumps(partitions))}">{"".join(content)}</course>'
    )


def split_test_xml(url_name: str = "exp", id: int = 100, **attributes: str) -> str:
    """Return an experiment whose arms hold one text each, "Text of arm 1" and "Text of arm 2"."""
    mapping = json.dumps({"1": f"{url_name}_a", "2": f"{url_name}_b"})
    values = {
        "display_name": "The experiment's own name",
        "user_partition_id": str(id),
        "group_id_to_child": mapping,
        **attributes,
    }
    written = " ".join(f'{name}="{escape(value)}"' for name, value in values.items())
    return (
        f'<split_test url_name="{url_name}" {written}>'
        f'<vertical url_name="{url_name}_a" display_name="Unit of arm 1">'
        f'<html url_name="{url_name}_a_text">Text of arm 1</html></vertical>'
        f'<vertical url_name="{url_name}_b" display_name="Unit of arm 2">'
        f'<html url_name="{url_name}_b_text">Text of arm 2</html></vertical>'
        "</split_test>"
    )
