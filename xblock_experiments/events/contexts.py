"""Which users' contexts this work is within, and which of them belongs to an event (ADR 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from xblock_experiments.events import tracking
from xblock_experiments.events.context import UserContext, read
from xblock_experiments.events.data import Event

_entered: ContextVar[tuple[UserContext, ...]] = ContextVar("xblock_experiments_users", default=())
"""Those that this work is within, the innermost last. One user of a course is one object."""


@contextmanager
def user_context(course_id: str | None, user_id: str | None) -> Iterator[UserContext]:
    """Meanwhile every event says where this user stands in this course.

    For requests, commands and background work. Within one of the same user it is that one.
    """
    entered = _entered.get()
    same = [each for each in entered if (each.course_id, each.user_id) == (course_id, user_id)]
    context = same[0] if same else UserContext(course_id, user_id)
    _entered.set((*entered, context))
    try:
        with nullcontext() if same else tracking.within(context):
            yield context
    finally:
        # Generators that are closed late are not left in the order in which they were entered.
        _entered.set(_without_last(_entered.get(), context))


def current() -> UserContext | None:
    return next(reversed(_entered.get()), None)


def entered() -> tuple[UserContext, ...]:
    """All that this work is within, the innermost last."""
    return _entered.get()


def contexts_of(events: Sequence[Event], within: tuple[UserContext, ...] = ()) -> list[UserContext]:
    """Each event's, in the same order: the innermost of its user, or one that is made for it.

    What is not known yet is read for all at once. What a reading cannot see, as in a transaction
    that keeps its snapshot, the events say themselves.
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


def _without_last(
    entered: tuple[UserContext, ...], context: UserContext
) -> tuple[UserContext, ...]:
    places = [place for place, each in enumerate(entered) if each is context]
    return entered[: places[-1]] + entered[places[-1] + 1 :] if places else entered
