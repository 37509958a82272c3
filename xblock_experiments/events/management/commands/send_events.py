"""`send_events`: send what waits in the outbox to the event bus and the learning record store."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.errors import NotSent, NotStored
from xblock_experiments.events.sending import SENDERS, Page, count_waiting, send_page

_PAUSE = 1.0
"""Seconds until it is looked again whether something waits."""
_LONGEST_PAUSE = 30.0
"""After each failure the pause is twice as long, up to this."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    """Sends until nothing waits. What was not sent still waits when this ends, however it ends."""

    help = "Send the events that wait in the outbox."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sink", choices=sorted(SENDERS), help="only what waits for this system"
        )
        parser.add_argument(
            "--forever", action="store_true", help="wait for more, and try again what failed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sinks = [options["sink"]] if options["sink"] else sorted(SENDERS)
        self._end = threading.Event()
        before = {number: signal.signal(number, self._end_soon) for number in _SIGNALS}
        try:
            if options["forever"]:
                self._send_forever(sinks)
            elif failures := self._send_all(sinks):
                raise CommandError("\n".join(failures))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end_soon(self, number: int, _: object) -> None:
        """After the event that is being sent. A second signal ends it at once."""
        self._end.set()
        signal.signal(number, signal.SIG_DFL)

    def _send_forever(self, sinks: Sequence[str]) -> None:
        pause = _PAUSE
        while not self._end.is_set():
            failures = self._send_all(sinks)
            for failure in failures:
                self.stderr.write(failure)
            pause = min(2 * pause, _LONGEST_PAUSE) if failures else _PAUSE
            self._end.wait(pause)

    def _send_all(self, sinks: Sequence[str]) -> list[str]:
        """What failed. One that fails does not keep the others from being sent to."""
        failures = []
        for sink in sinks:
            try:
                self._send(sink)
            except (NotSent, NotStored) as error:
                failures.append(f"{sink}: {error}")
        return failures

    def _send(self, sink: str) -> None:
        sent, failure = 0, None
        while not self._end.is_set() and not failure:
            page = send_page(sink, is_ended=self._end.is_set)
            if page == Page(0):
                break
            sent, failure = sent + page.sent, page.failure
        if sent:
            self.stdout.write(f"{sink}: {sent} events sent, {count_waiting(sink)} wait.")
        if failure:
            raise failure
