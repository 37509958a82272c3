"""Fields whose text in OLX is JSON.

XBlock's own read YAML, of which a few hundred bytes can stand for gigabytes.
"""

from __future__ import annotations

import json
from typing import Any

from xblock.fields import Dict, List


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


def _parse[T](text: str, type_: type[T]) -> T:
    try:
        value = json.loads(text)
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error
    if not isinstance(value, type_):
        msg = f"it is no JSON {'object' if type_ is dict else 'array'}"
        raise ValueError(msg)
    return value
