"""Pseudonyms: keyed hashes in place of user ids.

User ids are small numbers, so a hash without a secret key could be reversed by trying all of them.
"""

from __future__ import annotations

import hmac
import stat
from pathlib import Path

from xblock_experiments.errors import ExperimentsError

LEAST_KEY_BYTES = 32
PEOPLE = ("pseudonym", "user_id")
"""The columns of the file that says who has which pseudonym."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SEPARATOR = "\x1f"


class ResearchError(ExperimentsError):
    """The base class of errors about bundles. Nothing is left of a bundle after one."""


class UnsafeKey(ResearchError, ValueError):
    """Raised for a key that is missing, too short, or readable by others."""


class Pseudonyms:
    """The pseudonyms of one course under one key.

    The course is a part of the hashed text. So bundles of two courses cannot be joined by learner
    without the operator's help.
    """

    def __init__(self, key: bytes, course_id: str) -> None:
        if len(key) < LEAST_KEY_BYTES:
            msg = (
                f"The key has {len(key)} bytes, but at least {LEAST_KEY_BYTES} are needed. "
                "Make one with `openssl rand -hex 32`."
            )
            raise UnsafeKey(msg)
        self._key = key
        self._course_id = course_id

    def of(self, user_id: str) -> str:
        """Return the HMAC-SHA-256 of the user, as 64 hexadecimal digits."""
        text = f"{self._course_id}{_SEPARATOR}{user_id}"
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def key_in(path: Path) -> bytes:
    """Return the key in the file, without white space around it. Raises UnsafeKey."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode & _OTHERS:
            msg = f"Others may read or write the key file {path}. Run `chmod 600` on it first."
            raise UnsafeKey(msg)
        return path.read_bytes().strip()
    except OSError as error:
        msg = f"The key file {path} cannot be read: {error.strerror or error}."
        raise UnsafeKey(msg) from error
