"""The public interface of bundles for researchers."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from xblock_experiments.database.transactions import reports_faults
from xblock_experiments.research.bundle import Bundle, export
from xblock_experiments.research.pseudonyms import UnsafeKey, key_in
from xblock_experiments.research.verification.checking import check_bundle
from xblock_experiments.research.verification.findings import Report
from xblock_experiments.settings.common import setting

__all__ = ["export_bundle", "read_key", "verify_bundle"]


@reports_faults
def export_bundle(
    course_id: str,
    to: PathLike[str],
    *,
    key: bytes,
    people: PathLike[str] | None = None,
    with_parquet: bool = False,
    on_row: Callable[[], object] | None = None,
    on_wait: Callable[[], object] | None = None,
) -> Bundle:
    """Write all data of a course to a new folder, or to a new archive if `to` ends in .zip.

    Ids of users are replaced by pseudonyms under the secret key. `people` is a new file for the
    pseudonyms with their ids. `on_row` is called before each row is written, and `on_wait` for each
    mebibyte of an archive that is packed. After an error, also one of theirs, nothing is left.

    Raises UnsafeKey, NothingToExport, NotExported, or MissingExtra for Parquet without pyarrow.
    """
    return export(
        course_id,
        Path(to),
        key=key,
        people=None if people is None else Path(people),
        with_parquet=with_parquet,
        on_row=on_row or _nothing,
        on_wait=on_wait or _nothing,
    )


def read_key(path: PathLike[str] | None = None) -> bytes:
    """Return the key in the file, or in the one that the setting RESEARCH_KEY_FILE names.

    Raises UnsafeKey.
    """
    named = setting("RESEARCH_KEY_FILE") if path is None else path
    if named is None:
        msg = "There is no key for pseudonyms. Name its file in the setting RESEARCH_KEY_FILE."
        raise UnsafeKey(msg)
    return key_in(Path(named))


def verify_bundle(
    path: PathLike[str], *, manifest: str, people: PathLike[str] | None = None
) -> Report:
    """Check a bundle against the hash of its manifest.

    With `people`, the file of pseudonyms and user ids, compute all assignments again.
    """
    return check_bundle(Path(path), manifest, None if people is None else Path(people))


def _nothing() -> None:
    """Do nothing, in place of a function that the caller does not give."""
