"""One table of segmentations, one of who is in which of their groups, and the history of both.

A course's segmentation is one row with its definition as JSON: it is read whole, on every page, and
never searched. Memberships of all types stand in one table. What makes a type exclusive is `slot`:
a row of an exclusive type always takes the slot EXCLUSIVE, one of another type takes the slot of
its group. So "at most one group" and "at most once in each group" are one unique constraint, which
every database has; conditional constraints, which would say it more plainly, MariaDB lacks (ADR 4).

Its index begins with the user: what one page asks for, one user in many segmentations, lies
together. What a list of members asks for is found by the other index, in the order they came.

Segmentations are never deleted, because memberships and their history refer to them. That is why
the database need not check each reference: it would lock the segmentation for each learner, and
learners and whoever edits the segmentation would wait for each other (ADR 6).
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
    """A course of which a list was published. Who publishes another one locks this row first.

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
    """What a segmentation was, from when on, by whose hand.

    .. pii: The id of the member of staff who published it
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
    """A user is in a group, and how the user came there.

    .. pii: Links a user id, and the id of who put the user there, to a group
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
    """A change that another one followed; the last one of a user stands in the membership itself.

    .. pii: Links a user id, and the id of who moved the user, to groups
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
    why = models.CharField(max_length=32)
    actor = ExactField(blank=True)
    when = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user_id", "segmentation"], name="xbexp_past_changes")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.from_group_id} -> {self.to_group_id}"
