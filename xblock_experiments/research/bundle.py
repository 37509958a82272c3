"""The export of a course as a bundle: a folder, or an archive whose name ends in .zip."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from hashlib import sha256
from pathlib import Path

from django.utils.module_loading import import_string

from xblock_experiments import __version__
from xblock_experiments.commands.files import Unwritable, moved_at_end
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.database.rows import AT_ONCE
from xblock_experiments.database.snapshot import Reading, one_moment
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.structure_json import dumps
from xblock_experiments.research import manifest
from xblock_experiments.research.columns import Row, Table
from xblock_experiments.research.course import OF_COURSE, Course, read_course
from xblock_experiments.research.loading import sql_files
from xblock_experiments.research.manifest import FileEntry, Manifest
from xblock_experiments.research.pseudonyms import PEOPLE, Pseudonyms, ResearchError
from xblock_experiments.research.readme import readme
from xblock_experiments.research.rows import OF_LEARNERS, Batch
from xblock_experiments.research.spool import Spool, spool
from xblock_experiments.research.tables import LEARNERS, TABLES
from xblock_experiments.research.writing import TableFiles, write_file

_PARQUET = "xblock_experiments.research.parquet.ParquetTable"
_ZIP = ".zip"
_CHUNK = 2**20
"""The number of bytes of an archive that are packed between two calls of `on_wait`."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of all files in an archive, so that equal bundles have equal bytes."""


class NothingToExport(ResearchError, LookupError):
    """Raised for a course without learners, segmentations and structure."""


class NotExported(ResearchError):
    """Raised if the bundle's path exists or cannot be written."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was written."""

    path: Path
    manifest: str
    """The SHA-256 of the manifest, which stands for the whole bundle."""
    learners: int
    rows: int
    """The number of rows in all tables."""


type Call = Callable[[], object]


def export(
    course_id: str,
    to: Path,
    *,
    key: bytes,
    people: Path | None,
    with_parquet: bool,
    on_row: Call,
    on_wait: Call,
) -> Bundle:
    """Write the bundle and the file of people, or nothing of either after an error."""
    pseudonyms = Pseudonyms(key, course_id)
    with ExitStack() as stack:
        new, *new_people = stack.enter_context(_new(to, *([people] if people else [])))
        is_archive = to.suffix.lower() == _ZIP
        folder = stack.enter_context(_folder_of(new, on_wait, is_archive=is_archive))
        learners = stack.enter_context(spool())
        reading = stack.enter_context(one_moment(segmentations.using()))
        with reading():
            course = read_course(course_id, pseudonyms)
            learners.add((pseudonyms.of(id), id) for id in gradebook.get_learners(course_id))
        files = _table_files(folder, course_id, with_parquet=with_parquet)
        for each in files.values():
            stack.callback(each.close)
        for table, row in _rows(course, learners, reading):
            on_row()
            files[table].write(row)
        text = _manifest_of(course, folder, files, with_parquet=with_parquet)
        for path in new_people:
            _write_people(path, learners)
        counts = {table: each.count for table, each in files.items()}
        if not any(counts.values()):
            msg = f"There is nothing about a course {course_id!r}. Check its id."
            raise NothingToExport(msg)
        return Bundle(to, sha256(text).hexdigest(), counts[LEARNERS], sum(counts.values()))


def _table_files(folder: Path, course_id: str, *, with_parquet: bool) -> dict[Table, TableFiles]:
    # A name and not an import, so that CSV does not need pyarrow.
    parquet = import_string(_PARQUET) if with_parquet else None
    return {
        table: TableFiles(table, folder, [parquet(table, folder, course_id)] if parquet else [])
        for table in TABLES
    }


def _rows(course: Course, learners: Spool, reading: Reading) -> Iterator[tuple[Table, Row]]:
    """Yield all rows with their tables. Rows of a thousand learners and one table are read at once.

    None is yielded while `reading`, because the caller may use its own connection.
    """
    for names in learners.batches(AT_ONCE):
        batch = Batch(course, names)
        for table, rows_of in OF_LEARNERS.items():
            with reading():
                rows = list(rows_of(batch))
            yield from ((table, row) for row in rows)
    for table, rows_of_course in OF_COURSE.items():
        with reading():
            rows = list(rows_of_course(course))
        yield from ((table, row) for row in rows)


def _manifest_of(
    course: Course, folder: Path, files: Mapping[Table, TableFiles], *, with_parquet: bool
) -> bytes:
    """Write the other files and the manifest, and return its bytes."""
    entries: dict[str, FileEntry] = {}
    for each in files.values():
        each.close()
        entries |= each.file_entries()
    texts = {
        "README.md": readme(course.id),
        "structure.json": dumps(course.structure) if course.structure else "null",
        **dict(sql_files(course.id, with_parquet=with_parquet)),
    }
    entries |= {name: write_file(folder, name, text.encode()) for name, text in texts.items()}
    text = Manifest(
        course_id=course.id,
        created=course.now.astimezone(UTC).isoformat(timespec="seconds"),
        tool=f"xblock-experiments {__version__}",
        files=entries,
        tables={table.name: each.entry for table, each in files.items()},
    ).to_text()
    write_file(folder, manifest.NAME, text.encode())
    return text.encode()


def _write_people(path: Path, learners: Spool) -> None:
    """Write pseudonyms and user ids to a file that only its owner may read."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(PEOPLE)
        writer.writerows(learners.pairs())


@contextmanager
def _new(*paths: Path) -> Iterator[list[Path]]:
    try:
        with moved_at_end(*paths) as new:
            yield new
    except Unwritable as error:
        raise NotExported(str(error)) from error


@contextmanager
def _folder_of(new: Path, on_wait: Call, *, is_archive: bool) -> Iterator[Path]:
    """Yield a folder that only its owner may read. It is `new`, or is packed there."""
    if not is_archive:
        new.mkdir(mode=0o700)
        yield new
        return
    folder = new.with_name("folder")
    folder.mkdir()
    yield folder
    new.touch(mode=0o600)
    _pack(folder, new, on_wait)


def _pack(folder: Path, archive: Path, on_wait: Call) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                member.external_attr = 0o600 << 16
                member.compress_type = zipfile.ZIP_DEFLATED
                with path.open("rb") as source, packed.open(member, "w", force_zip64=True) as copy:
                    for chunk in iter(partial(source.read, _CHUNK), b""):
                        on_wait()
                        copy.write(chunk)
