"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xblock_experiments.workbench import serving


@pytest.fixture(autouse=True)
def _forget_courses() -> Iterator[None]:
    """Courses live in the process, their segmentations in the database that is rolled back."""
    serving.forget()
    yield
    serving.forget()
