"""Errors in blocks of other packages."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from yaml import YAMLError

FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValidationError,
    ValueError,
    YAMLError,
)
"""Errors that such blocks raise for content that they cannot use. lxml's is a SyntaxError."""
