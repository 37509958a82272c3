"""The table of retired users. A hash tells whether an id is in it, but not which ids are in it."""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField


class RetiredHash(models.Model):
    """The hash of a retired user's id, under the setting `RETIRED_KEY`.

    .. pii: A keyed hash of a user id, which keeps the user's data from being stored again
    .. pii_types: id
    .. pii_retirement: retained
    """

    digest = ExactField(max_length=32)

    class Meta:
        # Said here, so that stores work on a site that does not list this app.
        app_label = "xblock_experiments_retired"
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="xbexp_one_retired_hash"),
        ]

    def __str__(self) -> str:
        return self.digest
