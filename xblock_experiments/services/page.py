"""The exposures that `together()` collects, separately for each page that is shown.

Several threads or tasks can show pages in one runtime. Each of them is in a context of its own, so
a page gets no exposures of another page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from xblock_experiments.course_user_segmentation.data import Standing

type Arm = tuple[Standing, str]
"""The standing of a user who was shown an arm, and the usage id of the block that showed it."""


class Page:
    """The arms shown on one page of `owner`. Threads that work for the page share it."""

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.arms: list[Arm] = []
        self._is_open = True
        self._lock = Lock()

    def add(self, arms: list[Arm]) -> bool:
        """Add the arms, or return False if the page has ended and would lose them."""
        with self._lock:
            if self._is_open:
                self.arms += arms
            return self._is_open

    def close(self) -> None:
        with self._lock:
            self._is_open = False


_pages: ContextVar[tuple[Page, ...]] = ContextVar("xblock_experiments_pages", default=())
"""The pages that this work is for, the innermost last."""


def page_of(owner: object) -> Page | None:
    """Return the innermost page of the owner, or None."""
    return next((page for page in reversed(_pages.get()) if page.owner is owner), None)


@contextmanager
def new_page(owner: object) -> Iterator[Page]:
    """Collect the owner's arms in a new page, which is closed at the end of the context."""
    page = Page(owner)
    _pages.set((*_pages.get(), page))
    try:
        yield page
    finally:
        page.close()
        # Generators that are closed late do not leave their contexts in the order of entering.
        _pages.set(tuple(each for each in _pages.get() if each is not page))
