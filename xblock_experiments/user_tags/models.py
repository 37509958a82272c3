"""The table of tags, with one row per user, course and key. Global tags have no course.

A value is JSON as ASCII text, because databases' own JSON types alter values: PostgreSQL's type
accepts no NUL and reorders keys. Nothing searches inside values.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField

GLOBAL = ""
"""The course id of global tags. It is not NULL, because NULLs are never equal in constraints."""


class Tag(models.Model):
    """A key/value pair of a user.

    .. pii: Values that XBlocks store about a user, by user id
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    user_id = ExactField()
    course_id = ExactField(blank=True)
    key = ExactField()
    value = models.TextField()
    modified = models.DateTimeField(
        null=True, help_text="When the value was written; unknown of what the first release wrote."
    )
    stamp = models.BigIntegerField(
        default=0, editable=False, help_text="Random, by which a write knows its own row."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "course_id", "key"], name="xbexp_one_tag"),
        ]

    def __str__(self) -> str:
        # Omits the user, because Django's admin writes this to its log, which outlives the user.
        return self.key
