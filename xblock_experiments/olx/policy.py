"""The policies of a course, and the settings that `policy.json` gives to blocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml import etree

from xblock_experiments.olx.course_files import Files
from xblock_experiments.olx.sentences import Sentence, in_file
from xblock_experiments.olx.untrusted import OlxError
from xblock_experiments.olx.values import attribute_of, text_of, value_of

NAMES_OF_COURSES = frozenset({"url_name", "org", "course"})
"""Attributes that are not settings."""

_NAMED_IF_DIFFERENT = ("user_partitions", "display_name")


def apply_policy(
    node: etree._Element, policy: Mapping[str, Any], report: Callable[[Sentence], object]
) -> None:
    """Set the node's attributes, except names. The policy takes precedence, as on Open edX."""
    for name, value in policy.items():
        if name in NAMES_OF_COURSES:
            continue
        if name in _NAMED_IF_DIFFERENT and _differs(node.get(name), value):
            report(Sentence("its {name} differs from the policy's, which is used", name=name))
        try:
            node.set(name, attribute_of(value))
        except (RecursionError, ValueError) as error:
            cause = str(error)
            report(Sentence("the policy's {name} cannot be used: {error}", name=name, error=cause))


def first_json(
    files: Files, paths: Iterable[str], note: Callable[[Sentence], object]
) -> tuple[str | None, Any]:
    """Return the path of the first file that exists, and its value.

    Both are None if there is no such file. The value is None, and the problem is noted, if the file
    cannot be used.
    """
    path = files.first(paths)
    if path is None:
        return None, None
    try:
        return path, json.loads(files.read(path))
    except OlxError as error:
        note(error.sentence)
    except (ValueError, RecursionError) as error:
        note(in_file(path, Sentence("it is not valid JSON: {error}", error=str(error))))
    return path, None


def _differs(attribute: str | None, value: Any) -> bool:
    if attribute is None:
        return False
    read = text_of if isinstance(value, str) else value_of
    return bool(read(attribute) != value)
