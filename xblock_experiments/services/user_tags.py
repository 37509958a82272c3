"""The platform's service `user_tags`, based on the store of `user_info`.

Values are text. Keys are used as given, without adding a block type.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from xblock.core import XBlock
from xblock.plugin import PluginMissingError

from xblock_experiments.course_user_segmentation.data import NoSuchSegmentation
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.keys.partitions import is_of_partition, partition_id_of
from xblock_experiments.keys.scope import COURSE
from xblock_experiments.services.binding import Binding
from xblock_experiments.services.tags import tags_of
from xblock_experiments.services.visit import visit_of
from xblock_experiments.user_tags.api import is_hidden
from xblock_experiments.user_tags.checks import check_key
from xblock_experiments.user_tags.data import (
    ANY,
    InvalidTag,
    NotOwner,
    NoUser,
    load_value,
    owner_of,
)


class UserTagsService:
    """A tag service for one user and one course. Anonymous and retired users can set no tags."""

    COURSE_SCOPE = "course"

    def __init__(self, runtime: Any, xblock: Any) -> None:
        self._runtime = runtime
        self._bound = Binding.of(runtime, xblock)
        self._visit = visit_of(runtime, self._bound)

    def get_tag(self, scope: str, key: str) -> str | None:
        """Return the tag's text, or None. Raises InvalidTag.

        A partition's tag is the id of the user's group. Reading it assigns nobody.
        """
        key = _checked(scope, key)
        if is_of_partition(key):
            return self._group_id(partition_id_of(key))
        tags = tags_of(self._runtime, self._bound)
        if tags is None or is_hidden(key, self._bound.block_type):
            return None
        text = tags.get(COURSE, key)
        value = None if text is None else load_value(text)
        return value if isinstance(value, str) else text

    def set_tag(self, scope: str, key: str, value: str) -> None:
        """Store the tag's text. Raises NotOwner or InvalidTag, and then stores nothing."""
        key = _checked(scope, key)
        self._check_owner(key)
        if value is None:
            msg = f"The tag {key!r} cannot be None: set a text."
            raise InvalidTag(msg)
        tags = tags_of(self._runtime, self._bound)
        if tags is not None:
            with suppress(NoUser):
                # The platform converts other values to text too.
                tags.set(COURSE, key, str(value), ANY)

    def _group_id(self, experiment_id: int | None) -> str | None:
        if experiment_id is None:
            return None
        try:
            groups = self._visit.groups(experiment_id, EXPERIMENT)
        except NoSuchSegmentation:
            return None
        return str(groups[0].id) if groups else None

    def _check_owner(self, key: str) -> None:
        if is_of_partition(key):
            msg = f"{key!r} is an experiment's group, which only the experiment can assign."
            raise NotOwner(msg)
        owner = owner_of(key)
        if owner not in (None, self._bound.block_type) and _is_installed(owner):
            msg = f"A block of type {self._bound.block_type!r} cannot set {key!r}: its owner can."
            raise NotOwner(msg)


def _checked(scope: str, key: str) -> str:
    """Return the key. Raises InvalidTag, with the platform's message for an unknown scope."""
    if scope != UserTagsService.COURSE_SCOPE:
        msg = f"unexpected scope {scope}"
        raise InvalidTag(msg)
    check_key(key)
    # A subclass of str can override its methods: use the text that it really holds.
    return str.__str__(key)


def _is_installed(block_type: str | None) -> bool:
    try:
        XBlock.load_class(block_type)  # type: ignore[no-untyped-call]
    except PluginMissingError:
        return False
    return True
