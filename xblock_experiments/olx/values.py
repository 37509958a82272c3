"""The values of OLX attributes, each of which is JSON or plain text."""

from __future__ import annotations

import json
import re
from typing import Any


def value_of(attribute: str) -> Any:
    """Return the JSON value in the attribute, or else the attribute itself."""
    try:
        return json.loads(attribute)
    except (RecursionError, ValueError):
        return attribute


def text_of(attribute: str) -> str | None:
    """Return the value of an attribute that has text: with quotes, without, or null."""
    value = value_of(attribute)
    if value is None:
        return None
    is_text = isinstance(value, str) and without_invalid_xml_characters(value) == value
    return value if is_text else attribute


def is_true(attribute: str) -> bool:
    value = value_of(attribute)
    return value is True or str(value).lower() == "true"


def attribute_of(value: Any) -> str:
    """Return the attribute that has the value. Text has quotes only if it needs them."""
    is_plain = isinstance(value, str) and text_of(value) == value
    return value if is_plain else json.dumps(value)


def without_invalid_xml_characters(text: str) -> str:
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
