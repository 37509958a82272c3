"""The table of the outbox, with one row for each event and each system to send it to.

A row is written in the transaction of the change it describes, and deleted once it is sent. So an
event without a row was delivered, or its change never happened.
"""

from __future__ import annotations

from django.db import models

from xblock_experiments.database.fields import ExactField


class WaitingEvent(models.Model):
    """An event that waits to be sent to one system.

    .. pii: An event about a user, and the user's groups and tags at the time
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    sink = models.CharField(max_length=32)
    event_id = models.UUIDField(help_text="The same for each system that is told of the event.")
    name = models.CharField(max_length=64)
    user_id = ExactField(blank=True)
    actor = ExactField(blank=True, help_text="Of what the payload tells, but not in it.")
    payload = models.TextField(help_text="JSON as ASCII text.")
    context = models.TextField(help_text="JSON as ASCII text: where the user stood then.")
    created = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["sink", "id"], name="xbexp_waiting_events")]

    def __str__(self) -> str:
        return f"{self.name} {self.event_id} for {self.sink}"


class Sink(models.Model):
    """A system that receives events. A sender locks this row first.

    .. no_pii:
    """

    name = models.CharField(max_length=32)
    pages = models.PositiveBigIntegerField(default=0, help_text="How many pages were sent to it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="xbexp_one_sink")]

    def __str__(self) -> str:
        return self.name
