"""Times as text, formatted by the database."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Func


class UtcText(Func):
    """A time in UTC to the second: 2026-01-31T09:30:00+00:00.

    For reports of many times. Django takes four times as long to make a datetime of each, and
    Python to format it. SQLite and MariaDB store times in UTC.
    """

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "replace(substr(%(expressions)s, 1, 19), ' ', 'T') || '+00:00'"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CONCAT(REPLACE(LEFT(%(expressions)s, 19), ' ', 'T'), '+00:00')"
        return self.as_sql(compiler, connection, template=template, **context)
