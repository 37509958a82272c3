"""The languages between which the visitor of a page can switch."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language

_PSEUDO = "eo"
"""Accented English, for testers, who set it in their browsers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A language with its own name for itself."""

    code: str
    name: str
    is_here: bool
    """Marks the language of the page."""


def languages() -> list[Choice]:
    here = get_language()
    return [
        Choice(code, name, code == here) for code, name in settings.LANGUAGES if code != _PSEUDO
    ]
