"""Course exports from anywhere: untrusted files, archives and pointers."""

from __future__ import annotations

from xblock_experiments.olx.errors import OlxError

__all__ = ["OlxError"]
