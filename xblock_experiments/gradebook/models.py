"""One row for each block that a learner of a course has a score of: the score that counts.

The index of what is unique begins with the course and goes on with the user. So one learner's
scores of a course lie together, and so do all of a course, user by user, for who reads them in
that order. To retire a user there is a second one.

The fraction could be computed of the points. It is stored so that all databases compare the same
doubles: their own division fails of what is too large or too small for one, and MariaDB, which
changes a row column by column, could not compute it when it has changed the first.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField


class Score(models.Model):
    """A user's score of a block.

    .. pii: Links a user id to what the user earned
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
