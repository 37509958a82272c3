"""Problems that cannot run here because of their elements."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

PYTHON = gettext_noop("It runs Python code, which the workbench does not support.")
GRADER = gettext_noop("It needs an external grader, which the workbench does not have.")

PLATFORM = gettext_noop("It needs user accounts and other services of the Open edX platform.")
FILES = gettext_noop("It includes other files, which the workbench does not support.")

_OTHER_LANGUAGES = ("javascript", "perl")
_PYTHON_ANSWERS = ("customresponse/answer", "schematicresponse/answer")
_ALWAYS_UNSAFE = "symbolicresponse"
"""The element evaluates learners' answers as Python without a jail."""
_GRADED_ELSEWHERE = ("coderesponse", "externalresponse", "matlabinput")


def reason_not_to_run(problem: Any, *, may_run_python: bool) -> str | None:
    """Return a sentence with the reason why the problem cannot run, or None if it can."""
    if _has(problem, "include"):
        return FILES
    if _has(problem, *_GRADED_ELSEWHERE):
        return GRADER
    if _has(problem, _ALWAYS_UNSAFE) or (not may_run_python and _has_python(problem)):
        return PYTHON
    return None


def _has(problem: Any, *paths: str) -> bool:
    return any(problem.find(f".//{path}") is not None for path in paths)


def _has_python(problem: Any) -> bool:
    return _has(problem, *_PYTHON_ANSWERS) or any(map(_is_python, problem.iter("script")))


def _is_python(script: Any) -> bool:
    language = script.get("type", "")
    return not any(other in language for other in _OTHER_LANGUAGES)
