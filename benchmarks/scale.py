"""The sizes of the measurements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Counts, per repetition if a measurement is repeated."""

    repetitions: int
    bulk_repetitions: int
    choices: int
    members: int
    """The number of earlier learners, so that tables are not empty."""
    views: int
    pages: int
    problem_pages: int
    events: int
    bulk_users: int
    imported_rows: int
    graded_learners: int
    walked_learners: int
    """The number of learners whose grade is also computed naively."""
    checked_assignments: int
    """The number of assignments in a bundle that is checked."""
    experiments: int
    """The number of experiments in the check of randomness. Each has `users` users."""
    users: int


FULL = Scale(
    repetitions=11,
    bulk_repetitions=3,
    choices=20_000,
    members=20_000,
    views=100,
    pages=20,
    problem_pages=6,
    events=2_000,
    bulk_users=100_000,
    imported_rows=100_000,
    graded_learners=5_000,
    walked_learners=5_000,
    checked_assignments=1_000_000,
    experiments=50,
    users=100_000,
)
QUICK = Scale(
    repetitions=3,
    bulk_repetitions=2,
    choices=2_000,
    members=1_000,
    views=10,
    pages=2,
    problem_pages=1,
    events=100,
    bulk_users=2_000,
    imported_rows=2_000,
    graded_learners=100,
    walked_learners=4,
    checked_assignments=10_000,
    experiments=6,
    users=5_000,
)
