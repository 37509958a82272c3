"""Films and their transcripts, for VideoBlock."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from django.db import DatabaseError, transaction
from fs.osfs import OSFS

from xblock_experiments.olx.untrusted import LIMITS, OlxError, read_file
from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.hosting.openedx import packages

_SJSON, _SRT, _TXT = "sjson", "srt", "txt"
_CONTENT_TYPES = {
    _SJSON: "application/json",
    _SRT: "application/x-subrip; charset=utf-8",
    _TXT: "text/plain; charset=utf-8",
}
_BROKEN = (packages.TranscriptsGenerationException, KeyError, TypeError, ValueError)


class VideoConfig:
    """The service `video_config`: transcripts are files of the course."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses

    def get_transcript(
        self,
        video_block: Any,
        lang: str | None = None,
        output_format: str = _SRT,
        youtube_id: str | None = None,
        is_bumper: bool = False,
    ) -> tuple[str, str, str]:
        """The transcript, a name for its file, and its content type.

        Raises TranscriptNotFoundError.
        """
        transcripts = video_block.get_transcripts_info(is_bumper)
        lang = lang or video_block.get_default_transcript_language(transcripts)
        for name in _names(transcripts, lang, youtube_id):
            content = self._read(name)
            if content is not None:
                stem = PurePosixPath(name).name.partition(".")[0]
                converted = _convert(content, _form_of(name), output_format)
                return converted, f"{stem}.{output_format}", _CONTENT_TYPES[output_format]
        raise packages.TranscriptNotFoundError

    def available_translations(
        self,
        video_block: Any,
        transcripts: dict[str, Any],
        verify_assets: bool | None = None,
        is_bumper: bool = False,
    ) -> list[str]:
        """The languages of those transcripts whose files are there."""
        languages = [*transcripts["transcripts"], *(["en"] if transcripts["sub"] else [])]
        return sorted(
            language
            for language in set(languages)
            if any(self._read(name) is not None for name in _names(transcripts, language, None))
        )

    def is_hls_playback_enabled(self, course_id: Any) -> bool:
        return True

    def is_youtube_deprecated(self, course_id: Any) -> bool:
        return False

    def is_youtube_blocked_for_course(self, course_id: Any) -> bool:
        return False

    def is_transcript_feedback_enabled(self, course_id: Any) -> bool:
        return False

    def get_public_sharing_context(self, video_block: Any, course_id: Any) -> dict[str, Any]:
        return {}

    def get_public_video_url(self, video_block: Any) -> str:
        """None is public: the workbench shows blocks to its users only."""
        return ""

    def _read(self, name: str) -> bytes | None:
        course = self._courses.in_hand
        if course is None or course.folder is None:
            return None
        try:
            return read_file(course.folder, f"static/{name}", LIMITS)
        except OlxError:
            return None


def import_film(video: Any, node: Any) -> None:
    """Put what a course says of a film of a platform where VideoBlock looks for it.

    Transcripts stay files of the course. Raises ValueError.
    """
    asset = node.find("video_asset")
    film_id = (video.edx_video_id or "").strip()
    if asset is None or not film_id:
        return
    for transcripts in asset.findall("transcripts"):
        asset.remove(transcripts)
    try:
        with transaction.atomic():
            # It opens the folder also when there is no transcript to read.
            packages.import_film(asset, film_id, OSFS("."), "static")
    except (DatabaseError, packages.ValCannotCreateError) as error:
        msg = f"what is said of its film cannot be used: {error}"
        raise ValueError(msg) from error


def _names(transcripts: dict[str, Any], language: str, youtube_id: str | None) -> list[str]:
    """Files that may hold it, by the several ways in which Open edX has named them."""
    named = transcripts["transcripts"].get(language)
    ids = [youtube_id, transcripts["sub"] if language == "en" else None]
    prefix = "" if language == "en" else f"{language}_"
    old = [f"{prefix}subs_{each}.srt.sjson" for each in ids if each]
    return [*([str(named)] if named else []), *old]


def _form_of(name: str) -> str:
    return _SJSON if name.endswith(f".{_SJSON}") else _SRT


def _convert(content: bytes, given: str, wanted: str) -> str:
    """Raises TranscriptNotFoundError for what is no transcript."""
    try:
        lines = packages.Transcript.convert(content, given, _SJSON)
        if wanted == _TXT:
            return "\n".join(json.loads(lines)["text"])
        return str(packages.Transcript.convert(lines.encode(), _SJSON, wanted))
    except _BROKEN as error:
        raise packages.TranscriptNotFoundError from error
