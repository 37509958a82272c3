"""All that is imported of Open edX's packages, in one place."""

from __future__ import annotations

# Whether an operator has set up a jail for the Python of problems.
from codejail.jail_code import is_configured as has_jail

# Films of a platform's own store, by which a course's videos may name theirs.
from edxval.api import import_from_xml as import_film
from edxval.exceptions import TranscriptsGenerationException, ValCannotCreateError

# Turns one form of transcript into another.
from edxval.transcript_utils import Transcript

# What a problem raises that is none.
from xblocks_contrib.problem.capa.responsetypes import LoncapaProblemError

# A jail on another machine, by a switch of the platform.
from xblocks_contrib.problem.capa.safe_exec.remote_exec import (
    is_codejail_rest_service_enabled as has_remote_jail,
)

# VideoBlock answers it with "not found".
from xblocks_contrib.video.exceptions import TranscriptNotFoundError

__all__ = [
    "LoncapaProblemError",
    "Transcript",
    "TranscriptNotFoundError",
    "TranscriptsGenerationException",
    "ValCannotCreateError",
    "has_jail",
    "has_remote_jail",
    "import_film",
]
