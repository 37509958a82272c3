"""Path converters for usage ids, user ids, previews, handlers, and suffixes of handlers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from xblock_experiments.keys.usage import as_usage_id
from xblock_experiments.services.preview import Preview, parse


class UsageId:
    """A usage id: an opaque key, or the workbench's dotted text."""

    regex = "[^/]+"

    def to_python(self, text: str) -> Any:
        return as_usage_id(text)

    def to_url(self, usage_id: Any) -> str:
        return str(usage_id)


class UserId:
    """A user id. Its slashes are escaped."""

    regex = "[^/]*"

    def to_python(self, text: str) -> str:
        return unquote(text)

    def to_url(self, user_id: object) -> str:
        return quote(str(user_id), safe="")


class PreviewText:
    """A preview. Its slashes are escaped."""

    regex = "[^/]+"

    def to_python(self, text: str) -> Preview:
        preview = parse(unquote(text))
        if preview is None:
            raise ValueError(text)
        return preview

    def to_url(self, preview: Preview) -> str:
        return quote(str(preview), safe="")


class Handler:
    """The name of a handler. It may be empty: the view then answers with status 404."""

    regex = "[^/]*"

    def to_python(self, text: str) -> str:
        return text

    def to_url(self, name: str) -> str:
        return name


class Suffix(Handler):
    """The rest of a path, which the handler interprets."""

    regex = ".*"
