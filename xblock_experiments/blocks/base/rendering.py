"""Rendering of the blocks' templates with Django's template language and autoescaping.

Templates mark sentences for translation with the tags in `sentences`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.template import Engine

_engine = Engine(
    dirs=[str(Path(__file__).parents[1] / "templates")],
    builtins=["xblock_experiments.blocks.base.sentences"],
)


def render(template: str, context: dict[str, Any], i18n: Any) -> str:
    """Render the template. `i18n` is the runtime's service of that name."""
    return str(_engine.render_to_string(template, {**context, "i18n": i18n}))
