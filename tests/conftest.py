"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from xblock_experiments.workbench import serving


@pytest.fixture(autouse=True)
def _forget_courses() -> Iterator[None]:
    """Courses live in the process, their segmentations in the database that is rolled back."""
    serving.forget()
    yield
    serving.forget()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite's database is a file, as it is for users: in memory it locks otherwise."""
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.db")
