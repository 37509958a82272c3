"""The kind of jobs that write bundles."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_noop

from xblock_experiments.jobs.data import CannotBeDone
from xblock_experiments.jobs.files import folder_for
from xblock_experiments.jobs.kinds import Form, Kind, Progress
from xblock_experiments.research.api import export_bundle, read_key
from xblock_experiments.research.bundle import NothingToExport
from xblock_experiments.research.pseudonyms import UnsafeKey

NO_KEY = gettext_noop(
    "There is no safe key for pseudonyms. The setting RESEARCH_KEY_FILE must name its file."
)
NOTHING = gettext_noop("The course has no data yet.")


def _write(course_id: str, path: Path, progress: Progress) -> str:
    """Write the archive, and return the hash of its manifest."""
    try:
        with folder_for(path) as folder:
            archive = folder / "bundle.zip"
            bundle = export_bundle(
                course_id,
                archive,
                key=read_key(),
                on_row=progress.step,
                on_wait=progress.alive,
            )
            archive.replace(path)
    except UnsafeKey as error:
        raise CannotBeDone(NO_KEY) from error
    except NothingToExport as error:
        raise CannotBeDone(NOTHING) from error
    return bundle.manifest


BUNDLE = Kind(
    name="bundle",
    label=gettext_noop("Research bundle"),
    help=gettext_noop("All data of the course for researchers, with pseudonyms in place of ids."),
    forms=(
        Form(
            name="zip",
            label=gettext_noop("Archive of CSV files"),
            suffix=".zip",
            media_type="application/zip",
            write=_write,
        ),
    ),
)
