"""The command `send_events`, which sends the outbox to the event bus and the record store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.commands.stopping import graceful_stop
from xblock_experiments.errors import NotSent, NotStored
from xblock_experiments.events.sending import SENDERS, Page, count_waiting, drop, send_page

_PAUSE = 1.0
"""The pause between checks for waiting events, in seconds."""
_LONGEST_PAUSE = 30.0
"""The maximum of the pause, which doubles after each failure."""


class Command(BaseCommand):
    """The command, which sends until no event waits. Unsent events stay however it ends."""

    help = "Send the events that are waiting in the outbox."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sink", choices=sorted(SENDERS), help="send only the events for this system"
        )
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--forever",
            action="store_true",
            help="keep running: wait for new events and retry failed ones",
        )
        instead.add_argument(
            "--drop",
            metavar="EVENT_ID",
            type=UUID,
            help="delete this event from the outbox without sending it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sinks = [options["sink"]] if options["sink"] else sorted(SENDERS)
        if options["drop"]:
            self._drop(options["drop"], sinks)
            return
        with graceful_stop() as self._stop:
            if options["forever"]:
                self._send_forever(sinks)
            elif failures := self._send_all(sinks):
                raise CommandError("\n".join(failures))

    def _drop(self, event_id: UUID, sinks: Sequence[str]) -> None:
        try:
            dropped = drop(event_id, sinks)
        except NotStored as error:
            raise CommandError(str(error)) from error
        if not dropped:
            msg = f"No event {event_id} is waiting for {' or '.join(sinks)}."
            raise CommandError(msg)
        for row in dropped:
            self.stdout.write(f"{row.sink}: deleted {row.name} of {row.created.isoformat()}.")

    def _send_forever(self, sinks: Sequence[str]) -> None:
        pause = _PAUSE
        while not self._stop.is_requested:
            failures = self._send_all(sinks)
            for failure in failures:
                self.stderr.write(failure)
            pause = min(2 * pause, _LONGEST_PAUSE) if failures else _PAUSE
            self._stop.wait(pause)

    def _send_all(self, sinks: Sequence[str]) -> list[str]:
        """Send to each system, even if another one fails, and return the failures."""
        failures = []
        for sink in sinks:
            try:
                self._send(sink)
            except (NotSent, NotStored) as error:
                failures.append(f"{sink}: {error}")
        return failures

    def _send(self, sink: str) -> None:
        sent, failure = 0, None
        while not self._stop.is_requested and not failure:
            page = send_page(sink, is_ended=lambda: self._stop.is_requested)
            if page == Page(0):
                break
            sent, failure = sent + page.sent, page.failure
        if sent:
            self.stdout.write(f"{sink}: {sent} sent, {count_waiting(sink)} waiting.")
        if failure:
            raise failure
