"""The contexts that the current work is within, and the context of each event (ADR 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from xblock_experiments.errors import WrongId
from xblock_experiments.events import tracking
from xblock_experiments.events.context import UserContext, read
from xblock_experiments.events.data import Event

_entered: ContextVar[tuple[UserContext, ...]] = ContextVar("xblock_experiments_users", default=())
"""The contexts of the current work, the innermost last. Each user of a course has one context."""


@contextmanager
def user_context(course_id: str | None, user_id: str | None) -> Iterator[UserContext]:
    """Give every event of this user in this course the same context.

    Used around requests, commands and background work. Nested calls for one user share a context.
    Raises WrongId for an id that is not text, because no event has such an id.
    """
    _check_text(course_id, "course")
    _check_text(user_id, "user")
    entered = _entered.get()
    same = [each for each in entered if (each.course_id, each.user_id) == (course_id, user_id)]
    context = same[0] if same else UserContext(course_id, user_id)
    _entered.set((*entered, context))
    try:
        with nullcontext() if same else tracking.within(context):
            yield context
    finally:
        # A generator may be closed late, so contexts are not always left in reverse order.
        _entered.set(_without_last(_entered.get(), context))


def current() -> UserContext | None:
    return next(reversed(_entered.get()), None)


def entered() -> tuple[UserContext, ...]:
    """Return all contexts of the current work, the innermost last."""
    return _entered.get()


def contexts_of(events: Sequence[Event], within: tuple[UserContext, ...] = ()) -> list[UserContext]:
    """Return the context of each event, in the same order.

    This is the innermost context of the event's user, or else a new one. New contexts are read in
    one query for each course. The events then update them, because a transaction that keeps its
    snapshot does not see the newest rows.
    """
    # The innermost context first; a context that was entered twice appears once.
    inside = list({id(each): each for each in reversed(within)}.values())
    made: list[UserContext] = []
    found: dict[tuple[str | None, str | None], UserContext] = {}
    followers: dict[tuple[str | None, str | None], list[UserContext]] = {}
    for event in events:
        user = event.course_id, event.user_id
        if user in found:
            continue
        own = next((each for each in inside if each.is_of(event)), None)
        if own is None:
            own = UserContext(*user)
            made.append(own)
            followers[user] = [*inside, own]
        else:
            followers[user] = inside
        found[user] = own
    read(made)
    for event in events:
        for each in followers[event.course_id, event.user_id]:
            each.follow(event)
    return [found[event.course_id, event.user_id] for event in events]


def _check_text(id: object, whose: str) -> None:
    if id is not None and not isinstance(id, str):
        msg = f"The id of a {whose} must be text, not {type(id).__name__}."
        raise WrongId(msg)


def _without_last(
    entered: tuple[UserContext, ...], context: UserContext
) -> tuple[UserContext, ...]:
    places = [place for place, each in enumerate(entered) if each is context]
    return entered[: places[-1]] + entered[places[-1] + 1 :] if places else entered
