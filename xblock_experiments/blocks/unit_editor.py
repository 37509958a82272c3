"""The author's editor of a unit's content as OLX, which authors can copy from anywhere.

The runtime's service `olx` reads and writes the text. `text(block)` returns it. `replace(block,
text)` returns one line for each problem found in the text, and raises OlxError if the text is
not a unit.
"""

from __future__ import annotations

from typing import Any

from web_fragments.fragment import Fragment
from webob import Response
from xblock.exceptions import JsonHandlerError

from xblock_experiments.blocks.base.handlers import answer, json_of
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.revision import check_revision, revision_of
from xblock_experiments.olx.untrusted import OlxError


def studio_view(unit: Any) -> Fragment:
    olx = unit.runtime.service(unit, "olx")
    if olx is None:
        return unit.sentence_view(unit.gettext("Units cannot be edited here."))  # type: ignore[no-any-return]
    fragment = Fragment()
    text = olx.text(unit)
    pages = unit.runtime.service(unit, "pages")
    fragment.content = render(
        "unit_editor.html",
        {
            "done_url": pages.url(unit, "author_view") if pages else None,
            "key": unit.scope_ids.usage_id,
            "olx": text,
            "revision": revision_of(text),
            "title": unit.display_name_with_default,
        },
        unit.i18n,
    )
    unit.add_files(fragment, "forms.css", "forms.js", "unit_editor.js")
    fragment.initialize_js("XBlockExperimentsUnitEditor")
    return fragment


def save(unit: Any, request: Any) -> Response:
    _ = unit.gettext
    sent = json_of(request, unit)
    olx = unit.runtime.service(unit, "olx")
    if olx is None or not isinstance(sent.get("olx"), str):
        raise JsonHandlerError(400, _("What was sent cannot be read."))
    check_revision(unit, sent, revision_of(olx.text(unit)))
    try:
        problems = olx.replace(unit, sent["olx"])
    except OlxError as error:
        message = _("Nothing was saved, as this cannot be read: {reason}").format(reason=error)
        raise JsonHandlerError(400, message) from error
    return answer(
        problems=problems,
        revision=revision_of(olx.text(unit)),
        saved=_("It was saved, but for what cannot be used:"),
    )
