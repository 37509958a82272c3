"""Videos and their transcripts, for VideoBlock."""

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
        """Return the transcript, a name for its file, and its content type.

        Raises TranscriptNotFoundError.
        """
        transcripts = video_block.get_transcripts_info(is_bumper)
        lang = lang or video_block.get_default_transcript_language(transcripts)
        for name in _names(transcripts, lang, youtube_id):
            content = self._read(name)
            if content is not None:
                stem = PurePosixPath(name).name.partition(".")[0]
                converted = _convert(content, _format_of(name), output_format)
                return converted, f"{stem}.{output_format}", _CONTENT_TYPES[output_format]
        raise packages.TranscriptNotFoundError

    def available_translations(
        self,
        video_block: Any,
        transcripts: dict[str, Any],
        verify_assets: bool | None = None,
        is_bumper: bool = False,
    ) -> list[str]:
        """Return the languages of the transcripts whose files exist."""
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
        """Return no URL, because the workbench shows blocks to its users only."""
        return ""

    def _read(self, name: str) -> bytes | None:
        course = self._courses.current
        file = course.static_file(name) if course else None
        if file is None:
            return None
        try:
            return read_file(file.parent, file.name, LIMITS)
        except OlxError:
            return None


def import_video(video: Any, node: Any) -> None:
    """Store the data about a platform's video in edxval, where VideoBlock looks for it.

    Transcripts stay files of the course. Raises ValueError.
    """
    asset = node.find("video_asset")
    video_id = (video.edx_video_id or "").strip()
    if asset is None or not video_id:
        return
    for transcripts in asset.findall("transcripts"):
        asset.remove(transcripts)
    try:
        with transaction.atomic():
            # edxval opens the folder even if it has no transcript to read.
            packages.import_video(asset, video_id, OSFS("."), "static")
    except (DatabaseError, packages.ValCannotCreateError) as error:
        msg = f"its <video_asset> cannot be used: {error}"
        raise ValueError(msg) from error


def _names(transcripts: dict[str, Any], language: str, youtube_id: str | None) -> list[str]:
    """Return names of files that may contain the transcript, in all of Open edX's conventions."""
    named = transcripts["transcripts"].get(language)
    ids = [youtube_id, transcripts["sub"] if language == "en" else None]
    prefix = "" if language == "en" else f"{language}_"
    old = [f"{prefix}subs_{each}.srt.sjson" for each in ids if each]
    return [*([str(named)] if named else []), *old]


def _format_of(name: str) -> str:
    return _SJSON if name.endswith(f".{_SJSON}") else _SRT


def _convert(content: bytes, given: str, wanted: str) -> str:
    """Return the transcript in the wanted format. Raises TranscriptNotFoundError if invalid."""
    try:
        lines = packages.Transcript.convert(content, given, _SJSON)
        if wanted == _TXT:
            return "\n".join(json.loads(lines)["text"])
        return str(packages.Transcript.convert(lines.encode(), _SJSON, wanted))
    except _BROKEN as error:
        raise packages.TranscriptNotFoundError from error
