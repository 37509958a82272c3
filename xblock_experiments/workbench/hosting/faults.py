"""What goes wrong in blocks of other packages."""

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
"""What they raise for content that is not what they expect. XML's is a SyntaxError."""
