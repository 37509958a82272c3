"""Template tags for translated sentences and authors' names. All of them are escaped.

{% t "Condition of {learner}" learner=name %}
{% tn "{count} learner" "{count} learners" count=number %}
{% name title %}
"""

from __future__ import annotations

from typing import Any

from django.template import Context, Library
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from xblock_experiments.blocks.base.language import Name, isolated

register = Library()


@register.simple_tag(takes_context=True)
def t(context: Context, sentence: str, **values: Any) -> str:
    return _filled(context["i18n"].gettext(sentence), values)


@register.simple_tag(takes_context=True)
def tn(context: Context, singular: str, plural: str, *, count: int, **values: Any) -> str:
    translated = context["i18n"].ngettext(singular, plural, count)
    return _filled(translated, {"count": count, **values})


@register.simple_tag(takes_context=True)
def name(context: Context, name: str | Name) -> SafeString:
    """Return a name in its own language. A plain text is in the language of the course."""
    return (name if isinstance(name, Name) else Name(name, context["course_language"])).html


def _filled(sentence: str, values: dict[str, Any]) -> str:
    """Escape the sentence in any case: Django considers a template's own literals safe."""
    if not values:
        return escape(sentence)
    parts = {name: _isolated(value) for name, value in values.items()}
    return format_html(escape(sentence), **parts)


def _isolated(value: Any) -> Any:
    return isolated(str(value)) if isinstance(value, str | Name) else value
