"""Removal of references to other servers from the styles and HTML of Open edX's blocks.

A browser shows no part of a page until the imports of its style sheets were loaded or have failed.
"""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from xblock.core import XBlock

from xblock_experiments.blocks.base.guard import Failed, guarded

_EXTERNAL_URL = r"""url\(\s*["']?(?:https?:)?//[^)]*\)"""
_IMPORT = re.compile(rf"@import\s+{_EXTERNAL_URL}[^;]*;")
_IMAGE = re.compile(_EXTERNAL_URL)
_BARE = re.compile(r"(?m)^(\s*)(h3|p)\b(?=[^{}:;]*\{)")
_LOGO = 'src="https://learning.edx.org/'


def openedx_style(request: HttpRequest, block_type: str, uri: str) -> HttpResponse:
    try:
        with guarded(), XBlock.load_class(block_type).open_local_resource(uri) as file:
            style = file.read().decode()
    except Failed as error:
        raise Http404 from error
    return HttpResponse(without_external_urls(style), content_type="text/css; charset=utf-8")


def without_external_urls(style: str) -> str:
    return _IMAGE.sub("none", _IMPORT.sub("", style))


def only_in_polls(style: str) -> str:
    """Limit rules for all headings and paragraphs to polls. poll_question's styles have some."""
    return _BARE.sub(r"\1.poll_question \2", style)


def without_logo(html: str) -> str:
    """Remove VideoBlock's logo of a translation service, which is not used here."""
    return html.replace(_LOGO, f"data-{_LOGO}")
