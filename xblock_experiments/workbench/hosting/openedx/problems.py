"""Problems that cannot run here, by what is in them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

PYTHON = gettext_noop("It runs Python, which this workbench does not.")
GRADER = gettext_noop("Its answers are graded by another machine, of which there is none here.")

PLATFORM = gettext_noop("It needs a platform, with accounts and other services, to run on.")
FILES = gettext_noop("It is made of several files, which are not put together here.")

_OTHER_LANGUAGES = ("javascript", "perl")
_PYTHON_ANSWERS = ("customresponse/answer", "schematicresponse/answer")
_ALWAYS_UNSAFE = "symbolicresponse"
"""It evaluates what learners answer as Python, and asks no jail for it."""
_GRADED_ELSEWHERE = ("coderesponse", "externalresponse", "matlabinput")


def why_not(problem: Any, *, may_run_python: bool) -> str | None:
    """A sentence, where the problem cannot run."""
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
