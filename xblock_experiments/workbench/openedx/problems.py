"""Problems that cannot run here, by what is in them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

PYTHON = gettext_noop("It runs Python, which this workbench does not.")
GRADER = gettext_noop("Its answers are graded by another machine, of which there is none here.")

_OTHER_LANGUAGES = ("javascript", "perl")
_PYTHON_ANSWERS = ("customresponse/answer", "schematicresponse/answer")
_GRADED_ELSEWHERE = ("coderesponse", "externalresponse", "matlabinput")


def why_not(problem: Any, *, may_run_python: bool) -> str | None:
    """A sentence, where the problem cannot run."""
    if any(problem.find(f".//{tag}") is not None for tag in _GRADED_ELSEWHERE):
        return GRADER
    if not may_run_python and _has_python(problem):
        return PYTHON
    return None


def _has_python(problem: Any) -> bool:
    if any(problem.find(f".//{path}") is not None for path in _PYTHON_ANSWERS):
        return True
    return any(_is_python(script) for script in problem.iter("script"))


def _is_python(script: Any) -> bool:
    language = script.get("type", "")
    return not any(other in language for other in _OTHER_LANGUAGES)
