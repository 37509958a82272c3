"""Template tags for translated sentences. Sentences and their values are escaped.

{% t "Condition of {learner}" learner=name %}
{% tn "{count} learner" "{count} learners" count=number %}
"""

from __future__ import annotations

from typing import Any

from django.template import Context, Library
from django.utils.html import escape, format_html

register = Library()

_BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@register.simple_tag(takes_context=True)
def t(context: Context, sentence: str, **values: Any) -> str:
    return _filled(context["i18n"].gettext(sentence), values)


@register.simple_tag(takes_context=True)
def tn(context: Context, singular: str, plural: str, *, count: int, **values: Any) -> str:
    translated = context["i18n"].ngettext(singular, plural, count)
    return _filled(translated, {"count": count, **values})


def _filled(sentence: str, values: dict[str, Any]) -> str:
    """Escape the sentence in any case: Django considers a template's own literals safe."""
    if not values:
        return escape(sentence)
    isolated = {name: _isolated(value) for name, value in values.items()}
    return format_html(escape(sentence), **isolated)


def _isolated(value: Any) -> Any:
    """Isolate text with bidirectional control characters, so that it cannot reorder a sentence."""
    has_bidi_controls = isinstance(value, str) and not _BIDI_CONTROLS.isdisjoint(value)
    return f"\u2068{value}\u2069" if has_bidi_controls else value
