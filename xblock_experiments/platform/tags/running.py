"""One run of the import, with a progress bar, a report, and a position to continue from."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TextIO

from xblock_experiments.commands.progress import progress_bar
from xblock_experiments.commands.stopping import Stop
from xblock_experiments.platform.api import import_course_tags
from xblock_experiments.platform.tags.report import Report
from xblock_experiments.platform.tags.sources import opened


class Run:
    """A run that can be interrupted. `last_id` is the id of the last completed row."""

    def __init__(self, *, after: int, stop: Stop) -> None:
        self.last_id = self._after = after
        self._stop = stop
        self.report = Report()

    @property
    def has_begun(self) -> bool:
        return self.last_id != self._after

    def do(self, path_or_url: str, report_file: AbstractContextManager[TextIO | None]) -> None:
        """Import the source. Opens the report's file after the source."""
        with (
            opened(path_or_url, after=self._after) as source,
            report_file as file,
            progress_bar("rows", total=source.total) as bar,
        ):
            if file:
                self.report.write_to(file)
            for batch in import_course_tags(source.rows):
                self.last_id = batch.last_id
                self.report.add(batch)
                bar.update(len(batch.judged))
                if self._stop.is_requested:
                    break
