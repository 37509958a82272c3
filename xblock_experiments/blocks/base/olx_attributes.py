"""The attributes of a written OLX element, in the order that Open edX uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from xblock.fields import Field, Scope, String

from xblock_experiments.olx.values import attribute_of, without_invalid_xml_characters


def attributes(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes by name, content fields before settings.

    Attributes that the block was read with, but that are not its fields, come last.
    """
    written = {
        field.name: _text(field, values[field.name])
        for field in sorted(fields, key=lambda field: (field.scope == Scope.settings, field.name))
        if values.get(field.name) is not None
    }
    texts = {**values.get("xml_attributes", {}), **written}
    names = [*written, *(name for name in texts if name not in written)]
    return {name: without_invalid_xml_characters(str(texts[name])) for name in names}


def _text(field: Field, value: Any) -> Any:
    """Return the value as text. Usage keys inside a mapping become strings."""
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return attribute_of(value) if isinstance(field, String) else field.to_string(value)
