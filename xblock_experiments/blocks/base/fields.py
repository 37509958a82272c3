"""Fields that parse their OLX text strictly.

XBlock's own fields parse it as YAML, in which a few hundred bytes can expand to gigabytes.
"""

from __future__ import annotations

import json
from typing import Any

from xblock.fields import Dict, Integer, List

from xblock_experiments.olx.sentences import Sentence

_DEPTH = 50
_WRONG_TYPE: dict[type, Sentence] = {
    dict: Sentence("it is not a JSON object"),
    list: Sentence("it is not a JSON array"),
}


class JSONDict(Dict):
    """A dict read from a JSON object. Raises ValueError for any other text."""

    def from_string(self, serialized: str) -> Any:
        return self.enforce_type(_parse(serialized, dict))

    def to_string(self, value: Any) -> str:
        return json.dumps(value)


class JSONList(List):
    """A list read from a JSON array. Raises ValueError for any other text."""

    def from_string(self, serialized: str) -> Any:
        return self.enforce_type(_parse(serialized, list))

    def to_string(self, value: Any) -> str:
        return json.dumps(value)


class PlainInteger(Integer):
    """An integer read from decimal digits. Raises ValueError for any other text."""

    def from_string(self, serialized: str) -> Any:
        return self.enforce_type(int(serialized))


def _parse[T](text: str, type_: type[T]) -> T:
    """Parse JSON, and refuse deep nesting, because copying such a value exhausts the stack."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError(Sentence("it is nested too deeply")) from error
    if not isinstance(value, type_):
        raise ValueError(_WRONG_TYPE[type_])
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEPTH):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    if level:
        raise ValueError(Sentence("it is nested more than {limit} levels deep", limit=_DEPTH))
