"""The tables of scores: one row for each learner and block, and one for each recorded score.

The unique index begins with course and user, in this order. So one learner's scores in a course
are adjacent, and a reader of a whole course finds them user by user. The second index serves the
retirement of a user.

The fraction could be computed from the points. It is stored so that all databases compare the same
doubles: their own division fails for results too large or too small for a double. MariaDB updates
a row column by column, so it could not compute the fraction after changing the first column.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField


class Score(models.Model):
    """The score that counts for a user in a block.

    .. pii: Links a user id to the points that the user earned
    .. pii_types: id
    .. pii_retirement: local_api
    """

    course_id = ExactField()
    user_id = ExactField()
    usage_id = ExactField()
    earned = models.FloatField()
    possible = models.FloatField()
    fraction = models.FloatField(help_text="Earned of possible; 0 where nothing was.")
    recorded = models.DateTimeField()
    number = models.PositiveIntegerField(
        default=0, help_text="The number of the recorded score that counts. 0 for none yet."
    )
    last_number = models.PositiveIntegerField(
        default=0, help_text="The number of the last recorded score."
    )
    last_earned = models.FloatField(default=0.0)
    last_possible = models.FloatField(default=0.0)
    calls = models.PositiveIntegerField(
        default=1, help_text="The number of calls, including those with equal scores."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course_id", "user_id", "usage_id"], name="xbexp_one_score"
            ),
        ]
        indexes = [models.Index(fields=["user_id"], name="xbexp_scores_of_user")]

    def __str__(self) -> str:
        return f"{self.earned} of {self.possible} for {self.user_id} at {self.usage_id}"


class RecordedScore(models.Model):
    """One recorded score in a user's history in a block.

    Has the user's id of its own, so that one statement retires it after the score is deleted. In
    the other order, a score that is recorded meanwhile would leave a row behind.

    .. pii: Links a user id to the points that the user earned
    .. pii_types: id
    .. pii_retirement: local_api
    """

    score = models.ForeignKey(Score, models.DO_NOTHING, db_index=False, db_constraint=False)
    user_id = ExactField()
    number = models.PositiveIntegerField(help_text="The order of the history, from 1.")
    earned = models.FloatField()
    possible = models.FloatField()
    recorded = models.DateTimeField()
    counted = models.BooleanField(help_text="Indicates whether it counted from then on.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score", "number"], name="xbexp_one_recorded_score"),
        ]
        indexes = [models.Index(fields=["user_id"], name="xbexp_recorded_of_user")]

    def __str__(self) -> str:
        return f"{self.earned} of {self.possible}, score {self.number} of {self.score_id}"


class Structure(models.Model):
    """One version of a course's structure.

    .. no_pii:
    """

    course_id = ExactField()
    version = models.PositiveIntegerField()
    definition = models.TextField(help_text="The structure as JSON.")
    published = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course_id", "version"], name="xbexp_one_structure"),
        ]

    def __str__(self) -> str:
        return f"version {self.version} of {self.course_id}"


class Block(models.Model):
    """A block that a course has, or had.

    .. no_pii:
    """

    course_id = ExactField()
    usage_id = ExactField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course_id", "usage_id"], name="xbexp_one_block"),
        ]

    def __str__(self) -> str:
        return f"{self.usage_id} of {self.course_id}"
