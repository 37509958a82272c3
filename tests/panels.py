"""Panels of lessons, opened as a browser opens them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.answers import body_of, send_json
from xblock_experiments.testing import LoadedCourse, render


def ask_for(
    course: LoadedCourse, user_id: str | None, lesson: str, unit: Any, *, staff: bool = False
) -> Any:
    """Return the response to a browser that opens the tab of a unit, by its usage id."""
    return send_json(course, user_id, lesson, "open_panel", {"unit": unit}, staff=staff)


def open_panel(
    course: LoadedCourse, user_id: str | None, lesson: str, unit: str, *, staff: bool = False
) -> str:
    html: str = body_of(ask_for(course, user_id, lesson, unit, staff=staff))["html"]
    return html


def units_of(page: str) -> list[str]:
    """Return the usage ids of the units that have a tab on the page."""
    return [unescape(unit) for unit in re.findall(r'data-unit="(.*?)"', page)]


def all_of(
    course: LoadedCourse, user_id: str | None, lesson: str, *, staff: bool = False
) -> list[str]:
    """Return the page of the lesson, and each panel that is not on the page."""
    page = render(course, user_id, lesson, staff=staff)
    later = re.findall(r'data-unit="([^"]*)"[^>]*aria-selected="false"', page)
    units = map(unescape, later)
    return [page, *(open_panel(course, user_id, lesson, unit, staff=staff) for unit in units)]
