"""Changes of tags. Each change is stored together with its event, or neither is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.db import router

from xblock_experiments import events
from xblock_experiments.events import outbox
from xblock_experiments.user_tags import writing
from xblock_experiments.user_tags.checks import check_amount, conflict_error, not_countable_error
from xblock_experiments.user_tags.data import NULL, dump_value, load_value
from xblock_experiments.user_tags.disclosure import may_be_in_events
from xblock_experiments.user_tags.models import GLOBAL, Tag


def put(tag: Tag) -> None:
    def work(using: str) -> None:
        if writing.put(tag, using):
            _emit(tag, tag.value, using)

    _persist(work)


def swap(tag: Tag, before: str) -> None:
    """Replace the value `before`, where NULL also matches a missing tag. Raises Conflict."""

    def work(using: str) -> bool:
        is_stored = (
            writing.put_if_missing(tag, using)
            if before == NULL
            else writing.replace(tag, before, using)
        )
        if is_stored and tag.value != before:
            _emit(tag, tag.value, using)
        return is_stored

    if not _persist(work):
        raise conflict_error(tag.key)


def increment(tag: Tag, by: int) -> int:
    """Add to the counter, and return its new value. Raises InvalidTag."""
    check_amount(by)
    tag.value = dump_value(by)

    def work(using: str) -> str | None:
        # Only an increment by 0 can leave the value unchanged.
        before = None if by else writing.text_of(tag, using)
        counted = writing.add(tag, using)
        if counted not in (None, before):
            _emit(tag, counted, using)
        return counted

    counted = _persist(work)
    if counted is None:
        raise not_countable_error(tag.key, by)
    return int(counted)


def delete(tag: Tag) -> bool:
    """Delete the tag, and return whether it existed."""

    def work(using: str) -> bool:
        is_gone = writing.delete(tag, using)
        if is_gone:
            _emit(tag, None, using)
        return is_gone

    return _persist(work)


def _persist[T](work: Callable[[str], T]) -> T:
    using = router.db_for_write(Tag)
    return outbox.persist(partial(work, using), using=using)


def _emit(tag: Tag, value: str | None, using: str) -> None:
    """Emit the tag's new value, or its deletion if the value is None."""
    event = events.TagChanged(
        course_id=None if tag.course_id == GLOBAL else tag.course_id,
        user_id=tag.user_id,
        key=tag.key,
        deleted=value is None,
        value=load_value(value) if value is not None and may_be_in_events(tag.key) else None,
    )
    events.emit(event, using=using)
