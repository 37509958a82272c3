"""The table of jobs.

An active job has the slot 1, and one that is over has none. Unique constraints ignore rows with
NULL on every database, so a course has at most one active job of a kind. MariaDB has no unique
constraints with conditions.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField

SLOT = 1
"""The slot of each active job."""
MAX_FAILURE = 255
"""The number of characters of a failure that are stored."""


class Job(models.Model):
    """A piece of long work for a course.

    .. pii: Names the member of staff who asked for it
    .. pii_types: id
    .. pii_retirement: local_api
    """

    course_id = ExactField()
    kind = models.CharField(max_length=32)
    form = models.CharField(max_length=32)
    actor = ExactField(blank=True, help_text="The id of the user who asked for it.")
    state = models.CharField(max_length=16)
    slot = models.PositiveSmallIntegerField(null=True, help_text="1 for an active job.")
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    wants_cancel = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=1)
    created = models.DateTimeField()
    started = models.DateTimeField(null=True)
    heartbeat = models.DateTimeField()
    finished = models.DateTimeField(null=True)
    failure = models.CharField(
        max_length=MAX_FAILURE, blank=True, help_text="A message for translators."
    )
    file = models.CharField(
        max_length=64, blank=True, help_text="The name in the folder of jobs, or empty."
    )
    size = models.PositiveBigIntegerField(null=True)
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="The hash by which the file is checked, or empty."
    )
    expires = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course_id", "kind", "slot"], name="xbexp_one_active_job"
            ),
        ]
        indexes = [
            models.Index(fields=["course_id", "id"], name="xbexp_jobs_of_course"),
            models.Index(fields=["slot"], name="xbexp_active_jobs"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.course_id}, {self.state}"
