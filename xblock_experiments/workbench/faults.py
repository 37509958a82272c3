"""What goes wrong in blocks of other packages."""

from __future__ import annotations

from yaml import YAMLError

FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    YAMLError,
)
"""What they raise for content that is not what they expect."""
