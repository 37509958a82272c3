"""Which learners were really shown an arm, which is not the same as being assigned to it.

One row for a learner, an experiment and a block. Refers to its segmentation by course and number,
as the store's models are the store's own.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField


class Exposure(models.Model):
    """A learner was shown an arm.

    .. pii: Links a user id to what the user was shown
    .. pii_types: id
    .. pii_retirement: local_api
    """

    course_id = ExactField()
    segmentation_number = models.PositiveIntegerField()
    user_id = ExactField()
    usage_id = ExactField()
    group_id = models.PositiveIntegerField(null=True)
    when = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "course_id", "segmentation_number", "usage_id"],
                name="xbexp_one_exposure_each",
            ),
        ]
        indexes = [
            models.Index(fields=["course_id", "segmentation_number", "id"], name="xbexp_exposures"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} saw {self.group_id} at {self.usage_id}"
