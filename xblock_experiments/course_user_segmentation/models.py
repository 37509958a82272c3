"""Tables of segmentations and memberships, and the history of both.

A course's segmentation is one row with its definition as JSON, because every page reads it whole
and nothing searches it. One table holds memberships of all types. The column `slot` makes a type
exclusive: rows of exclusive types always have the slot EXCLUSIVE, and rows of other types have
their group's id as slot. So one unique constraint says both "at most one group" and "at most once
in each group". Every database has unique constraints, whereas MariaDB lacks conditional
constraints, which would express the rule more plainly (ADR 4).

The constraint's index begins with the user, so the rows that a page needs, one user in many
segmentations, are adjacent. The other index serves lists of members in order of entry.

Segmentations are never deleted, because memberships and their history refer to them. So the
database need not check each reference. Such a check would lock the segmentation's row for each
learner, and make learners and editors of the segmentation wait for each other (ADR 6).
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField

EXCLUSIVE = -1


class Segmentation(models.Model):
    """A segmentation of a course, as last published.

    .. no_pii:
    """

    course_id = ExactField()
    type = ExactField(max_length=32)
    number = models.PositiveIntegerField(help_text="The segmentation's id in its course.")
    position = models.PositiveIntegerField()
    definition = models.TextField(help_text="Open edX's UserPartition JSON.")
    version = models.PositiveIntegerField(default=0)
    removed = models.BooleanField(default=False)
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course_id", "type", "number"], name="xbexp_one_segmentation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.number} of {self.course_id}"


class Publication(models.Model):
    """A course that has published a list. Publishing locks this row first.

    .. no_pii:
    """

    course_id = ExactField()
    count = models.PositiveIntegerField(default=0, help_text="How many lists changed something.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course_id"], name="xbexp_one_publication"),
        ]

    def __str__(self) -> str:
        return f"{self.count} publications of {self.course_id}"


class SegmentationVersion(models.Model):
    """One version of a segmentation's definition, and who published it.

    .. pii: The id of the staff user who published it
    .. pii_types: id
    .. pii_retirement: local_api
    """

    segmentation = models.ForeignKey(
        Segmentation, models.PROTECT, related_name="versions", db_index=False
    )
    version = models.PositiveIntegerField()
    definition = models.TextField()
    removed = models.BooleanField(default=False)
    actor = ExactField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segmentation", "version"], name="xbexp_one_version"),
        ]

    def __str__(self) -> str:
        return f"version {self.version} of {self.segmentation_id}"


class Membership(models.Model):
    """A user's membership in a group, and how the user got there.

    .. pii: Links a user id, and the id of the staff user who made the change, to a group
    .. pii_types: id
    .. pii_retirement: local_api
    """

    segmentation = models.ForeignKey(
        Segmentation,
        models.PROTECT,
        related_name="memberships",
        db_index=False,
        db_constraint=False,
    )
    user_id = ExactField()
    slot = models.IntegerField()
    group_id = models.PositiveIntegerField()
    from_group_id = models.PositiveIntegerField(null=True)
    version = models.PositiveIntegerField(help_text="The segmentation's, at the time.")
    why = models.CharField(max_length=32)
    actor = ExactField(blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "segmentation", "slot"], name="xbexp_one_group_each"
            ),
        ]
        indexes = [models.Index(fields=["segmentation", "id"], name="xbexp_members")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id} of {self.segmentation_id}"


class PastChange(models.Model):
    """A superseded change. The membership's own row holds the user's latest change.

    .. pii: Links a user id, and the id of the staff user who made the change, to groups
    .. pii_types: id
    .. pii_retirement: local_api
    """

    segmentation = models.ForeignKey(
        Segmentation,
        models.PROTECT,
        related_name="past_changes",
        db_index=False,
        db_constraint=False,
    )
    user_id = ExactField()
    from_group_id = models.PositiveIntegerField(null=True)
    to_group_id = models.PositiveIntegerField(null=True)
    version = models.PositiveIntegerField(help_text="The segmentation's, at the time.")
    version_by_time = models.BooleanField(
        default=False,
        help_text="The first release kept no version: this one was the newest at the time.",
    )
    why = models.CharField(max_length=32)
    actor = ExactField(blank=True)
    when = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user_id", "segmentation"], name="xbexp_past_changes")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.from_group_id} -> {self.to_group_id}"


class RetiredMembers(models.Model):
    """The number of retired users who were members of a group, under a version.

    It has no rows of single users, because their order could tell who they were.

    .. no_pii:
    """

    segmentation = models.ForeignKey(
        Segmentation,
        models.PROTECT,
        related_name="retired",
        db_index=False,
        db_constraint=False,
    )
    version = models.PositiveIntegerField()
    group_id = models.PositiveIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segmentation", "version", "group_id"], name="xbexp_one_retired_count"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} retired of {self.group_id} of {self.segmentation_id}"
