"""Fields whose text in OLX is read strictly.

XBlock's own read YAML, of which a few hundred bytes can stand for gigabytes.
"""

from __future__ import annotations

import json
from typing import Any

from xblock.fields import Dict, Integer, List

_DEPTH = 50


class JSONDict(Dict):
    """Raises ValueError for text that is not a JSON object."""

    def from_string(self, serialized: str) -> Any:
        return self.enforce_type(_parse(serialized, dict))

    def to_string(self, value: Any) -> str:
        return json.dumps(value)


class JSONList(List):
    """Raises ValueError for text that is not a JSON array."""

    def from_string(self, serialized: str) -> Any:
        return self.enforce_type(_parse(serialized, list))

    def to_string(self, value: Any) -> str:
        return json.dumps(value)


class PlainInteger(Integer):
    """Raises ValueError for text that is not a number in decimal digits."""

    def from_string(self, serialized: str) -> Any:
        return self.enforce_type(int(serialized))


def _parse[T](text: str, type_: type[T]) -> T:
    """What is nested deeper than any course needs is refused: to copy it takes all the stack."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error
    if not isinstance(value, type_):
        msg = f"it is no JSON {'object' if type_ is dict else 'array'}"
        raise ValueError(msg)
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
        msg = f"it is nested more than {_DEPTH} deep"
        raise ValueError(msg)
