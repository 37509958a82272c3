"""The page of a learner's progress."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone
from lxml import html

from tests.builders import COURSE_ID, course_xml, experiment, segmentation
from xblock_experiments.course_user_segmentation.api import (
    get_group_ids,
    put_in_group,
    save_segmentations,
)
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.gradebook.api import (
    get_account,
    get_grade,
    get_progress,
    record_score,
    write_report,
)
from xblock_experiments.gradebook.models import Structure
from xblock_experiments.services.preview import AsLearner
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


def test_a_learner_whose_group_was_removed_reads_not_that_the_earlier_points_are_better(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    score("ann", "common", 1)
    save_segmentations(COURSE_ID, [experiment(100, 2, name="Style of explanation")])

    text = words(page(client, course, "ann"))

    assert "Counts for the grade: 1 of 2 For all 1 of 1" in text


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


def test_chapters_with_the_same_name_are_told_apart(client: Client) -> None:
    second = (
        '<chapter url_name="again" display_name="Warm up"><sequential url_name="more" '
        f'display_name="More">{problem("last", "Last")}</sequential></chapter></course>'
    )
    loaded = load_course(COURSE.replace("</course>", second))

    tree = page(client, loaded, "ann")

    assert [each.xpath("string(h2)") for each in tree.xpath("//main/section")] == ["Warm up"] * 2


ONLY_ARMS = course_xml(
    '<chapter url_name="warm" display_name="Warm up">'
    '<sequential url_name="homework" display_name="Homework 1" graded="true">'
    '<split_test url_name="exp" user_partition_id="100" '
    """group_id_to_child='{"1": "a", "2": "b"}'>"""
    f'<vertical url_name="a">{problem("film", "After the film")}</vertical>'
    f'<vertical url_name="b">{problem("text", "After the text")}</vertical>'
    "</split_test></sequential></chapter>"
)


def test_a_lesson_without_problems_for_the_learner_says_so_and_not_why(client: Client) -> None:
    loaded = load_course(ONLY_ARMS)
    text = words(page(client, loaded, "ann"))

    assert "Homework 1 There is nothing to earn points in yet." in text
    assert "0 of 0" not in text
    put("ann", 1)
    assert "Counts for the grade: 0 of 1" in words(page(client, loaded, "ann"))


def move_from_film_to_text() -> None:
    """Move Ann, who earned a point in each of the common problem and the film."""
    put("ann", 1)
    score("ann", "common", 1)
    score("ann", "film", 1)
    put("ann", 2)


def test_staff_read_since_when_the_learner_is_and_was_in_each_group(
    client: Client, course: LoadedCourse
) -> None:
    text = words(page(client, course, "teacher", learner="ann"))
    assert "This learner is in no group." in text

    move_from_film_to_text()
    text = words(page(client, course, "teacher", learner="ann"))

    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
    style = "Style of explanation: Group"
    assert re.search(
        f"Groups of this learner {style} 1 from {moment} to {moment} {style} 2 since {moment}", text
    )


def test_staff_read_what_a_move_did(client: Client, course: LoadedCourse) -> None:
    move_from_film_to_text()

    text = words(page(client, course, "teacher", learner="ann"))

    assert "Grade so far: 100 %" in text
    assert "Without points from earlier groups: 50 %" in text
    assert "After the text Style of explanation: Group 2 0 of 1" in text
    assert "Counts by what the learner was given in Style of explanation: Group 1 until" in text
    assert (
        "Given only in earlier groups: After the film Style of explanation: Group 1 1 of 1" in text
    )


def test_staff_read_that_a_lesson_counts_as_it_is_given_now_if_that_is_better(
    client: Client, course: LoadedCourse
) -> None:
    move_from_film_to_text()
    score("ann", "text", 1)

    text = words(page(client, course, "teacher", learner="ann"))

    assert "Counts by what the learner is given now." in text
    assert "Without points from earlier groups: 100 %" in text
    assert "Given only in earlier groups: After the film" in text


def test_staff_read_the_name_of_a_group_that_was_removed(
    client: Client, course: LoadedCourse
) -> None:
    move_from_film_to_text()
    save_segmentations(COURSE_ID, [experiment(100, 2, name="Style of explanation")])

    assert "Style of explanation: Group 1 from" in words(
        page(client, course, "teacher", learner="ann")
    )


def test_staff_read_only_the_groups_that_the_learner_was_in_at_that_time(client: Client) -> None:
    style, pace = (experiment(id, 1, 2, name=name) for id, name in ((100, "Style"), (200, "Pace")))
    loaded = load_course(COURSE)
    save_segmentations(COURSE_ID, [style, pace])
    move_from_film_to_text()
    for group_id in (1, 2):
        put_in_group(COURSE_ID, 200, "ann", group_id, type="experiment")

    text = words(page(client, loaded, "teacher", learner="ann"))

    assert "Counts by what the learner was given in Style: Group 1 until" in text


def test_staff_read_of_a_move_before_the_first_stored_structure(
    client: Client, course: LoadedCourse
) -> None:
    move_from_film_to_text()
    Structure.objects.update(published=timezone.now())

    text = words(page(client, course, "teacher", learner="ann"))

    assert "Grade so far: 100 %" in text
    assert "Counts by what the learner was given in Style of explanation: Group 1 until" in text


def test_staff_read_times_in_utc_also_if_the_database_has_another_time_zone(
    client: Client, course: LoadedCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "timezone", ZoneInfo("Asia/Tokyo"))
    put("ann", 1)
    (spell,) = get_account(COURSE_ID, "ann").spells

    text = words(page(client, course, "teacher", learner="ann"))

    assert f"since {spell.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" in text


def test_staff_read_the_name_of_a_group_whose_ids_another_segmentation_has_now(
    client: Client, course: LoadedCourse
) -> None:
    put("ann", 1)
    morning = segmentation(100, "cohort", (Group(1, "Morning"),), name="Times")
    save_segmentations(COURSE_ID, [morning])

    text = words(page(client, course, "teacher", learner="ann"))

    assert "Style of explanation: Group 1 from" in text
    assert "Morning" not in text


def test_a_learner_who_was_moved_reads_not_a_word_of_what_staff_read(
    client: Client, course: LoadedCourse
) -> None:
    move_from_film_to_text()

    mine = page(client, course, "ann")
    theirs = page(client, course, "teacher", learner="ann")
    preview = {"student": "teacher", "preview": str(AsLearner("ann")), "next": "/"}
    client.post(address(course).replace("progress", "preview"), preview)

    assert words(page(client, course, "teacher")) == words(mine)
    for_staff = texts(theirs) - texts(mine)
    assert {"Groups of this learner", "Given only in earlier groups:", "After the film"} < for_staff
    source = html.tostring(mine, encoding="unicode").replace("xblock_experiments", "")
    assert not [text for text in for_staff if text in source]
    assert texts(mine) - {"ann"} < texts(theirs)


def texts(tree: Any) -> set[str]:
    """Return the texts of the page's main part that are longer than a number."""
    found = (" ".join(text.split()) for text in tree.xpath("//main//text()"))
    return {text for text in found if len(text) > len("100 %")}


def test_page_and_report_show_the_same_numbers(client: Client, course: LoadedCourse) -> None:
    move_from_film_to_text()
    score("ann", "text", 0.5)
    out = io.StringIO()
    write_report("grades", COURSE_ID, out)
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))

    account = get_account(COURSE_ID, "ann")

    assert account.progress == get_progress(COURSE_ID, "ann")
    assert float(row["Grade"]) == account.progress.grade.percent == 1
    with override_settings(XBLOCK_EXPERIMENTS={"KEEP_POINTS": False}):
        assert account.without_kept_points == get_grade(COURSE_ID, "ann")
    assert account.without_kept_points.percent == 0.75
    shown = page(client, course, "teacher", learner="ann").xpath("//main//strong")
    assert [each.text_content() for each in shown] == ["100 %", "75 %"]


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
