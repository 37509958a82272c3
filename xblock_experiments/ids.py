"""The ids of courses, users and blocks: text that is stored and compared exactly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField

MAX_LENGTH = 255
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


def flaw_of(text: object) -> str | None:
    """Return why `text` cannot be an id, as the end of a sentence, or None if it can."""
    if not isinstance(text, str):
        return f"must be text, not {type(text).__name__}"
    if not text:
        return "is empty"
    if len(text) > MAX_LENGTH:
        return f"has {len(text)} characters, but only {MAX_LENGTH} are allowed"
    if "\x00" in text:
        return "contains a NUL character"
    if _HALF_SURROGATE.search(text):
        return "contains half a surrogate pair"
    return None


class ExactField(_CharField):
    """A short text whose case, accents and trailing spaces are significant in every database.

    The default collations of MariaDB and MySQL ignore all three. Their ordinary binary collations
    still ignore trailing spaces; only the "no pad" collations compare exactly.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_LENGTH)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            is_mariadb = getattr(connection, "mysql_is_mariadb", False)
            parameters["collation"] = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
        return parameters
