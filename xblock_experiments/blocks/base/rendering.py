"""Rendering of the blocks' templates with Django's template language and autoescaping.

Templates mark sentences for translation with the tags in `sentences`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.template import Engine

from xblock_experiments.blocks.base.language import page_language

_engine = Engine(
    dirs=[str(Path(__file__).parents[1] / "templates")],
    builtins=["xblock_experiments.blocks.base.sentences"],
)


def render(template: str, context: dict[str, Any], block: Any) -> str:
    """Render the template in the language of the page, with the block's texts in their own."""
    languages = {"course_language": block.course_language, "page_language": page_language()}
    return str(_engine.render_to_string(template, {**context, **languages, "i18n": block.i18n}))
