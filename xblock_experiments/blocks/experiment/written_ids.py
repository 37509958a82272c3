"""Finds the child that a written id of an arm means, whichever course it was written for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from xblock_experiments.keys.usage import is_dotted, type_of, url_name_of

type Named = tuple[tuple[str, str | None], Any]
"""The type and the written url_name of a child's element, and the child's usage id."""

_KEY = re.compile(r".*[/@+](?P<type>[^/@+]+)(?:/|\+block@)(?P<name>[^/@+]+)")


def name_of(usage_id: Any) -> tuple[str, str | None]:
    """Return the type and url_name in the usage id, where the url_name may be a generated one."""
    return type_of(usage_id), url_name_of(usage_id)


def with_own_ids(
    mapping: Mapping[str, Any], children: Sequence[Any], written: Sequence[tuple[str, str | None]]
) -> dict[str, Any]:
    """Return the mapping with the children's own ids in place of the ids that were written.

    `written` has the type and url_name of each child's element. An id that names no child stays.
    """
    if len(written) != len(children):
        written = [name_of(child_id) for child_id in children]
    named = list(zip(written, children, strict=True))
    groups: dict[str, list[str]] = {}
    for group_id, id in mapping.items():
        groups.setdefault(str(id), []).append(group_id)
    own = {**mapping}
    for id, group_ids in groups.items():
        found = _children_of(id, named)
        # Arms that were written with one name are for the groups in their order.
        arms = found if len(found) == len(group_ids) else found[:1] * len(group_ids)
        own |= zip(group_ids, arms, strict=False)
    return own


def _children_of(text: str, children: Sequence[Named]) -> list[Any]:
    """Return the children that an id of any course names: an old key, a new one or a bare name."""
    if found := _KEY.fullmatch(text):
        wanted = found["type"], found["name"]
    elif is_dotted(text):
        wanted = name_of(text)
    else:
        named = [id for (_, name), id in children if text in (name, url_name_of(id))]
        return named if len({type_of(id) for id in named}) == 1 else []
    return [id for written, id in children if wanted in (written, name_of(id))]
