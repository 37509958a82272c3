"""The author's editor of a unit's content as OLX, which authors can copy from anywhere.

The runtime's service `olx` reads and writes the text. `text(block)` returns it. `replace(block,
text)` returns one line for each problem found in the text, and raises OlxError if the text is
not a unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lxml import etree
from web_fragments.fragment import Fragment
from webob import Response
from xblock.exceptions import JsonHandlerError

from xblock_experiments.blocks.base.handlers import answer, json_of
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.revision import check_revision, revision_of
from xblock_experiments.blocks.base.structure import page_url
from xblock_experiments.olx.sentences import translated
from xblock_experiments.olx.untrusted import OlxError

_UNCLOSED = re.compile(
    r"(?:Opening and ending tag mismatch: |Premature end of data in tag )"
    r"(?P<tag>\S+) line (?P<line>\d+)"
)
_POSITION = re.compile(r", line \d+, column \d+$")


def studio_view(unit: Any) -> Fragment:
    olx = unit.runtime.service(unit, "olx")
    if olx is None:
        return unit.sentence_view(unit.gettext("Units cannot be edited here."))  # type: ignore[no-any-return]
    fragment = Fragment()
    text = olx.text(unit)
    fragment.content = render(
        "unit_editor.html",
        {
            "done_url": page_url(unit, "author_view"),
            "key": unit.scope_ids.usage_id,
            "olx": text,
            "revision": revision_of(text),
            "title": unit.shown_name,
        },
        unit,
    )
    unit.add_files(
        fragment,
        "forms.css",
        "drafts.js",
        "faults.js",
        "forms.js",
        "consequences.js",
        "unit_editor.js",
    )
    fragment.initialize_js("XBlockExperimentsUnitEditor")
    return fragment


def save(unit: Any, request: Any) -> Response:
    _ = unit.gettext
    sent = json_of(request, unit)
    olx = unit.runtime.service(unit, "olx")
    if olx is None or not isinstance(sent.get("olx"), str):
        raise JsonHandlerError(400, _("The request cannot be read."))
    check_revision(unit, sent, revision_of(olx.text(unit)))
    try:
        problems = olx.replace(unit, sent["olx"])
    except OlxError as error:
        message = _("Not saved. {reason}").format(reason=_reason(error, _))
        raise JsonHandlerError(400, message) from error
    return answer(
        problems=[translated(problem, _) for problem in problems],
        revision=revision_of(olx.text(unit)),
        saved=unit.i18n.ngettext(
            "Saved, with {count} warning:", "Saved, with {count} warnings:", len(problems)
        ).format(count=len(problems)),
    )


def _reason(error: OlxError, _: Callable[[str], str]) -> str:
    """Return a short sentence for XML that is not well-formed, else the error's own reason."""
    cause = error.__cause__
    if not isinstance(cause, etree.XMLSyntaxError):
        reason = translated(error.reason, _)
        return reason[:1].upper() + reason[1:]
    if unclosed := _UNCLOSED.match(cause.msg):
        return _("Line {line}: <{tag}> is not closed.").format(**unclosed.groupdict())
    flaw = _POSITION.sub("", cause.msg)
    return _("Line {line}: {flaw}.").format(line=cause.lineno, flaw=flaw)
