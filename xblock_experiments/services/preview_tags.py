"""The tags of whom a preview shows: read as they are, and written nowhere."""

from __future__ import annotations

from typing import Any, Self

from xblock_experiments.services.preview import AsGroup, preview_of
from xblock_experiments.user_tags import api
from xblock_experiments.user_tags.data import JSON, dump_value, load_value


class PreviewTags:
    """As user_tags.api. What blocks write, the blocks of this runtime read, and nobody after."""

    def __init__(self, *, begins_blank: bool) -> None:
        self._begins_blank = begins_blank
        self._written: dict[str | None, dict[str, str]] = {}
        self._deleted: set[tuple[str | None, str]] = set()

    @classmethod
    def of(cls, runtime: Any) -> Self:
        """Those that all blocks of the runtime share."""
        begins_blank = isinstance(preview_of(runtime), AsGroup)
        new = cls(begins_blank=begins_blank)
        tags: Self = vars(runtime).setdefault("_xblock_experiments_tags", new)
        return tags

    def get_tag(
        self, user_id: str, course_id: str | None, key: str, *, default: JSON = None
    ) -> JSON:
        return self.get_tags(user_id, course_id).get(key, default)

    def get_tags(self, user_id: str, course_id: str | None) -> dict[str, JSON]:
        stored = {} if self._begins_blank else api.get_tags(user_id, course_id)
        kept = {key: tag for key, tag in stored.items() if (course_id, key) not in self._deleted}
        written = self._written.get(course_id, {})
        return dict(sorted({**kept, **{k: load_value(v) for k, v in written.items()}}.items()))

    def set_tag(self, user_id: str, course_id: str | None, key: str, value: JSON) -> None:
        api.check_key(key)
        self._written.setdefault(course_id, {})[key] = dump_value(value)
        self._deleted.discard((course_id, key))

    def delete_tag(self, user_id: str, course_id: str | None, key: str) -> bool:
        was_there = key in self.get_tags(user_id, course_id)
        self._written.get(course_id, {}).pop(key, None)
        self._deleted.add((course_id, key))
        return was_there
