"""Finds the child that a written id of an arm means, whichever course it was written for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from xblock_experiments.keys.usage import is_dotted, type_of, url_name_of

_KEY = re.compile(r".*[/@+](?P<type>[^/@+]+)(?:/|\+block@)(?P<name>[^/@+]+)")


def child_of(usage_id: Any, children: list[tuple[tuple[str, str | None], Any]]) -> Any:
    """Return the child that an id of any course names, as an old key, a new key or a bare name."""
    text = str(usage_id)
    if found := _KEY.fullmatch(text):
        wanted = found["type"], found["name"]
    elif is_dotted(text):
        wanted = name_of(text)
    else:
        named = [child_id for (_, name), child_id in children if name == text]
        return named[0] if len(named) == 1 else None
    return next((id for written, id in children if wanted in (written, name_of(id))), None)


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
    return {group_id: child_of(id, named) or id for group_id, id in mapping.items()}
