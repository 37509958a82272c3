"""The hashes of user ids.

DO NOT CHANGE: an id would no longer match its stored hash, so its user would not be retired.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from xblock_experiments.settings.common import setting

_DIGEST_BYTES = 16


def digest_of(user_id: str) -> str:
    """Return the hash of the id, as 32 hexadecimal digits."""
    text = user_id.encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=_DIGEST_BYTES, key=_key_of(setting("RETIRED_KEY"))).hexdigest()


def check_key() -> None:
    """Raise ImproperlyConfigured if the hashes of this site would have no secret key."""
    if flaw := flaw_of_key():
        raise ImproperlyConfigured(flaw)


def flaw_of_key() -> str | None:
    """Return an error message if the site is in production and has no key, else None."""
    if settings.DEBUG or setting("RETIRED_KEY"):
        return None
    return (
        'XBLOCK_EXPERIMENTS["RETIRED_KEY"] is empty, so hashes of retired users could be reversed. '
        "Set it to a long random text, and never change it."
    )


@lru_cache(maxsize=8)
def _key_of(secret: object) -> bytes:
    """Return a key of the length that BLAKE2b takes, from a text of any length."""
    return blake2b(str(secret).encode()).digest()
