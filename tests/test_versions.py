"""Versions of a course's structure, as grades of learners who moved at many times read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import COURSE_ID
from tests.test_grades_of_learners import structure
from xblock_experiments.gradebook.models import Structure
from xblock_experiments.gradebook.structure_json import dumps
from xblock_experiments.gradebook.versions import Versions

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

DAY_0 = datetime(2026, 3, 2, 9, tzinfo=UTC)


def day(number: int) -> datetime:
    return DAY_0 + timedelta(days=number)


@pytest.fixture
def versions() -> Versions:
    """Return the versions of a course that was published on each of 250 days."""
    Structure.objects.bulk_create(
        Structure(
            course_id=COURSE_ID,
            version=number,
            definition=dumps(structure(1, common=f"Version {number}")),
            published=day(number),
        )
        for number in range(1, 251)
    )
    return Versions(COURSE_ID, day(251))


def read(versions: Versions, *days: int) -> int:
    """Read the versions of these days, and return the number of queries."""
    with CaptureQueriesContext(connection) as queries:
        found = versions.at([day(number) for number in days])
    for number in days:
        course = found[day(number)]
        assert course is not None
        assert course.sequences["homework"].blocks[0].display_name == f"Version {number}"
    return len(queries)


def test_many_versions_are_read_in_batches(versions: Versions) -> None:
    assert read(versions, *range(1, 151)) == 1 + 3
    assert read(versions, *range(1, 151)) == 0


def test_the_versions_that_were_needed_last_stay_in_memory(versions: Versions) -> None:
    read(versions, *range(1, 51))
    read(versions, *range(51, 101))
    assert read(versions, 1) == 0
    read(versions, *range(101, 150))

    assert read(versions, 1, *range(52, 150)) == 0
    assert read(versions, 2) == 1


def test_a_moment_before_the_first_version_has_no_course(versions: Versions) -> None:
    assert versions.at([day(0)]) == {day(0): None}
