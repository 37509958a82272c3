"""All imports from Open edX's packages, in one place."""

from __future__ import annotations

# Returns whether the operator has set up a jail for the Python code of problems.
from codejail.jail_code import is_configured as has_jail

# Stores data about a platform's videos. The videos of a course may refer to it by id.
from edxval.api import import_from_xml as import_video
from edxval.exceptions import TranscriptsGenerationException, ValCannotCreateError

# Converts a transcript into another format.
from edxval.transcript_utils import Transcript

# Returns whether a jail on another machine is used, which is a switch of the platform.
from xblocks_contrib.problem.capa.safe_exec.remote_exec import (
    is_codejail_rest_service_enabled as has_remote_jail,
)

# VideoBlock catches it and answers "not found".
from xblocks_contrib.video.exceptions import TranscriptNotFoundError

__all__ = [
    "Transcript",
    "TranscriptNotFoundError",
    "TranscriptsGenerationException",
    "ValCannotCreateError",
    "has_jail",
    "has_remote_jail",
    "import_video",
]
