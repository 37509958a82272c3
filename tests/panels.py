"""Panels of lessons, opened as a browser opens them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.answers import body_of, send_json
from xblock_experiments.testing import LoadedCourse, render


def ask_for(
    course: LoadedCourse, user_id: str, lesson: str, unit: Any, *, staff: bool = False
) -> Any:
    """Return the response to a browser that opens the tab of a unit, by its usage id."""
    return send_json(course, user_id, lesson, "open_panel", {"unit": unit}, staff=staff)


def open_panel(course: LoadedCourse, user_id: str, lesson: str, unit: str) -> str:
    html: str = body_of(ask_for(course, user_id, lesson, unit))["html"]
    return html


def units_of(page: str) -> list[str]:
    """Return the usage ids of the units that have a tab on the page."""
    return [unescape(unit) for unit in re.findall(r'data-unit="(.*?)"', page)]


def all_of(course: LoadedCourse, user_id: str, lesson: str) -> list[str]:
    """Return the page of the lesson, and each of its panels."""
    page = render(course, user_id, lesson)
    return [page, *(open_panel(course, user_id, lesson, unit) for unit in units_of(page))]
