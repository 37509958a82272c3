"""One row for each key of each user in each course, and for each global one.

A value is JSON as ASCII text: databases' own JSON types change what they are given (PostgreSQL's
takes no NUL and reorders keys) and nothing searches inside a value.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField

GLOBAL = ""
"""The course id of global tags. Not NULL: to a unique constraint no two NULLs are equal."""


class Tag(models.Model):
    """A key/value of a user.

    .. pii: Whatever XBlocks note about a user, by user id
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
        # Not whose: Django's admin notes this in its own log, which outlives the user.
        return self.key
