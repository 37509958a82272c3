"""Renders the templates of blocks: Django's language, with everything escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.template import Engine

_engine = Engine(dirs=[str(Path(__file__).parent / "templates")])


def render(template: str, context: dict[str, Any]) -> str:
    return str(_engine.render_to_string(template, context))
