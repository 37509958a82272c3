"""One value for each user, course and key, where the platform keeps groups among other things."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class CourseTag(models.Model):
    """The columns, the indexes and the one unique constraint of the platform's table."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255, db_index=True)
    course_id = models.CharField(max_length=255, db_index=True)
    value = models.TextField()

    # The settings that mypy reads do not have this app, so it must be told.
    objects: models.Manager[CourseTag] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "course_id", "key"], name="bench_one_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"
