"""Exposures, that is learners who were shown an arm, and later changes of the arms' content.

There is one exposure per learner, experiment, block and group: a learner who is moved is shown a
second arm. A row refers to its segmentation by course and number, because the models of the
segmentations' store are private.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField

NO_GROUP = -1
"""The group of rows that the first release stored for learners without a group.

It is not NULL, because NULLs are never equal in constraints.
"""


class Exposure(models.Model):
    """A learner's first view of a group's arm in a block.

    .. pii: Links a user id to the content that the user was shown
    .. pii_types: id
    .. pii_retirement: local_api
    """

    course_id = ExactField()
    segmentation_number = models.PositiveIntegerField()
    user_id = ExactField()
    usage_id = ExactField()
    group_id = models.IntegerField()
    when = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "course_id", "segmentation_number", "usage_id", "group_id"],
                name="xbexp_one_exposure_of_each",
            ),
        ]
        indexes = [
            models.Index(fields=["course_id", "segmentation_number", "id"], name="xbexp_exposures"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} saw {self.group_id} at {self.usage_id}"


class ContentChange(models.Model):
    """A change of the content that an experiment gives a group, saved after learners had joined.

    Rows are only ever added. They name no learner.

    .. pii: The id of the staff user who made the change
    .. pii_types: id
    .. pii_retirement: local_api
    """

    course_id = ExactField()
    usage_id = ExactField()
    title = models.TextField()
    segmentation_id = models.PositiveIntegerField()
    segmentation_name = models.TextField()
    group_id = models.PositiveIntegerField()
    group_name = models.TextField()
    kind = models.CharField(max_length=16)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    assigned = models.PositiveIntegerField()
    exposed = models.PositiveIntegerField()
    actor = ExactField(blank=True)
    when = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["course_id", "id"], name="xbexp_content_changes")]

    def __str__(self) -> str:
        return f"{self.usage_id}: {self.kind} for group {self.group_id}"


class RetiredExposures(models.Model):
    """The number of retired learners to whom a block showed a group's arm.

    .. no_pii:
    """

    course_id = ExactField()
    segmentation_number = models.PositiveIntegerField()
    usage_id = ExactField()
    group_id = models.IntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course_id", "segmentation_number", "usage_id", "group_id"],
                name="xbexp_one_retired_exposed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} retired saw {self.group_id} at {self.usage_id}"
