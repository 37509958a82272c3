"""The platform's table of one value per user, course and key, which also stores groups."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class CourseTag(models.Model):
    """A tag, with the columns, indexes and unique constraint of the platform's table."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255, db_index=True)
    course_id = models.CharField(max_length=255, db_index=True)
    value = models.TextField()

    # mypy reads settings without this app, so the manager needs a type.
    objects: models.Manager[CourseTag] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "course_id", "key"], name="bench_one_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"
