"""The table of scores, with one row for each learner and block.

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
    """A user's score in a block.

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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course_id", "user_id", "usage_id"], name="xbexp_one_score"
            ),
        ]
        indexes = [models.Index(fields=["user_id"], name="xbexp_scores_of_user")]

    def __str__(self) -> str:
        return f"{self.earned} of {self.possible} for {self.user_id} at {self.usage_id}"
