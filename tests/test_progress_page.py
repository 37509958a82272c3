"""The page of a learner's progress."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from lxml import html

from tests.builders import COURSE_ID, course_xml, experiment
from xblock_experiments.course_user_segmentation.api import get_group_ids, put_in_group
from xblock_experiments.gradebook.api import get_progress, record_score
from xblock_experiments.testing import LoadedCourse, load_course

pytestmark = pytest.mark.django_db


def problem(url_name: str, name: str) -> str:
    return (
        f'<problem url_name="{url_name}" display_name="{name}"><numericalresponse answer="90">'
        "<formulaequationinput/></numericalresponse></problem>"
    )


COURSE = course_xml(
    '<chapter url_name="warm" display_name="Warm up">'
    '<sequential url_name="homework" display_name="Homework 1" graded="true" format="Homework">'
    f'<vertical url_name="unit">{problem("common", "For all")}'
    '<split_test url_name="exp" display_name="The experiment" user_partition_id="100" '
    """group_id_to_child='{"1": "a", "2": "b"}'>"""
    f'<vertical url_name="a">{problem("film", "After the film")}</vertical>'
    f'<vertical url_name="b">{problem("text", "After the text")}</vertical>'
    "</split_test></vertical></sequential>"
    f'<sequential url_name="practice" display_name="Practice">{problem("try", "Try it")}'
    "</sequential></chapter>",
    segmentations=(experiment(100, 1, 2, name="Style of explanation"),),
)


@pytest.fixture
def course() -> LoadedCourse:
    return load_course(COURSE)


def put(user_id: str, group_id: int) -> None:
    put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")


def score(user_id: str, name: str, earned: float, possible: float = 1) -> None:
    usage_id = f"block-v1:DemoX+Tests+2026+type@problem+block@{name}"
    record_score(COURSE_ID, user_id, usage_id, earned, possible)


def address(course: LoadedCourse) -> str:
    from xblock_experiments.workbench.courses.registry import registry

    served = registry.with_id(course.course_id)
    assert served is not None
    return f"/courses/{served.name}/progress/"


def page(client: Client, course: LoadedCourse, student: str, **asked: str) -> Any:
    response = client.get(address(course), {"student": student, **asked})
    assert response.status_code == 200
    return html.document_fromstring(response.content.decode())


def words(tree: Any) -> str:
    return " ".join(tree.xpath("string(//main)").split())


def test_a_learner_sees_what_they_were_given_what_they_earned_and_the_grade(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    score("ann", "common", 1)
    score("ann", "film", 0.25)
    score("ann", "try", 1)

    text = words(page(client, course, "ann"))

    assert "Grade so far: 63 %" in text
    assert (
        "Homework 1 Counts for the grade: 1.25 of 2 For all 1 of 1 After the film 0.25 of 1" in text
    )
    assert "Practice Practice, which does not count for the grade: 1 of 1 Try it 1 of 1" in text
    assert get_progress(COURSE_ID, "ann").grade.percent == 0.625


def test_a_learner_sees_nothing_of_other_arms_and_no_word_of_an_experiment(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    source = client.get(address(course), {"student": "ann"}).content.decode()

    for word in ("After the text", "xperiment", "Style", "Group 1", "Group 2"):
        assert word not in source.replace("xblock_experiments", "")


def test_a_learner_who_is_not_assigned_yet_is_graded_without_any_arm_and_stays_so(
    client: Client, course: LoadedCourse
) -> None:
    score("ann", "common", 1)

    text = words(page(client, course, "ann"))

    assert "Grade so far: 100 %" in text
    assert "After" not in text
    assert get_group_ids(COURSE_ID, 100, "ann") == frozenset()


def test_a_learner_who_was_moved_reads_that_earlier_points_count(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    score("ann", "common", 1)
    score("ann", "film", 1)
    put("ann", 2)

    text = words(page(client, course, "ann"))

    assert "Grade so far: 100 %" in text
    assert "Counts for the grade: 2 of 2 These are points from before this lesson changed" in text


def test_decimal_points_of_a_learner_who_never_moved_are_no_earlier_points(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    score("ann", "common", 0.1)
    score("ann", "film", 0.2)

    text = words(page(client, course, "ann"))

    assert "Counts for the grade: 0.3 of 2" in text
    assert "before this lesson changed" not in text


def test_learners_see_only_their_own_progress(client: Client, course: LoadedCourse) -> None:
    put("ann", 1)
    score("ann", "common", 1)

    text = words(page(client, course, "bob", learner="ann"))

    assert "Grade so far: 0 %" in text
    assert "Learner ID" not in text


def test_staff_see_any_learners_progress_with_the_arms_named(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    score("ann", "common", 1)

    text = words(page(client, course, "teacher", learner="ann"))

    assert "Grade so far: 50 %" in text
    assert "After the film Style of explanation: Group 1" in text


def test_numbers_are_written_as_the_language_does(client: Client, course: LoadedCourse) -> None:
    score("ann", "common", 0.5)
    client.cookies.load({"django_language": "es"})

    assert "0,5 de 1" in words(page(client, course, "ann"))


def test_names_are_escaped(client: Client) -> None:
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;"
    loaded = load_course(COURSE.replace("After the film", hostile).replace("Warm up", hostile))
    put("ann", 1)

    source = client.get(address(loaded), {"student": "ann"}).content.decode()
    assert "<script>alert" not in source
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source


def test_an_unknown_course_has_no_progress(client: Client) -> None:
    assert client.get("/courses/nowhere/progress/").status_code == 404
