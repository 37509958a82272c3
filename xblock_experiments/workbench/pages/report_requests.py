"""The requests of pages that watch reports, which would fill the server's log."""

from __future__ import annotations

import logging
import re

_WATCHING = re.compile(r"/courses/[^/ ]+/reports/jobs\b")


def should_log(record: logging.LogRecord) -> bool:
    """Return whether the server logs the record. A page that watches reports asks each second."""
    return record.levelno > logging.INFO or not _WATCHING.search(record.getMessage())
