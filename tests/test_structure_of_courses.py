"""The structure for grading of real courses, as they are loaded and edited."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from tests.answers import send_json
from tests.builders import COURSE_ID, course_xml, experiment
from xblock_experiments.course_user_segmentation.api import put_in_group
from xblock_experiments.gradebook.api import get_progress, get_structure
from xblock_experiments.gradebook.data import NoStructure
from xblock_experiments.gradebook.models import Structure
from xblock_experiments.gradebook.structure import Arm, ScoredBlock
from xblock_experiments.olx.untrusted import CourseTooLarge
from xblock_experiments.testing import LoadedCourse, find_block, load_course

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

ROOT = Path(__file__).parents[1]
ANSWER = '<numericalresponse answer="1"><formulaequationinput/></numericalresponse>'


def lesson(*inside: str, **attributes: str) -> str:
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return (
        '<chapter display_name="First week"><sequential url_name="hw" display_name="Homework 1" '
        f"{written}>{''.join(inside)}</sequential></chapter>"
    )


def problem(url_name: str, **attributes: str) -> str:
    written = " ".join(f"{name}='{value}'" for name, value in attributes.items())
    return f'<problem url_name="{url_name}" {written}>{ANSWER}</problem>'


def blocks_of(xml: str) -> dict[str, ScoredBlock]:
    """Return the scored blocks of a course by url_name."""
    load_course(xml)
    structure = get_structure(COURSE_ID)
    return {
        block.usage_id.rpartition("@")[2]: block
        for sequence in structure.sequences
        for block in sequence.blocks
    }


def given_to(user_id: str) -> set[str]:
    return {
        each.block.usage_id.rpartition("@")[2]
        for sequence in get_progress(COURSE_ID, user_id).sequences
        for each in sequence.blocks
    }


def test_the_demo_course_is_graded_by_its_own_policy() -> None:
    course = load_course(ROOT / "workbench" / "energy")
    structure = get_structure(course.course_id)

    (homework,) = structure.policy.types or ()
    assert (homework.name, homework.min_count, homework.weight) == ("Homework", 4, 1)
    assert structure.policy.ranges == (("Pass", Fraction(1, 2)),)
    assert [each.format for each in structure.sequences if each.counts] == ["Homework"] * 4
    deep = next(block for block in structure.sequences[3].blocks if len(block.arms) == 2)
    assert {arm.segmentation_id for arm in deep.arms} == {1617, 1702}


def test_a_block_has_the_settings_that_it_inherits_and_those_of_its_own() -> None:
    xml = course_xml(
        lesson(
            problem("plain"),
            problem("weighty", weight="2.5", graded="false"),
            graded="true",
            format="Homework",
            due="2026-06-01T12:00:00Z",
        )
    )

    found = blocks_of(xml)

    due = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert (found["plain"].graded, found["plain"].due, found["plain"].possible) == (True, due, 1)
    assert (found["weighty"].graded, found["weighty"].weight) == (False, 2.5)
    (sequence,) = get_structure(COURSE_ID).sequences
    assert (sequence.display_name, sequence.chapter, sequence.format) == (
        "Homework 1",
        "First week",
        "Homework",
    )


@pytest.mark.parametrize("xml", ["{}", "<chapter>{}</chapter>"])
def test_a_problem_that_stands_in_no_unit_is_in_the_structure_if_it_is_in_a_chapter(
    xml: str,
) -> None:
    assert len(blocks_of(course_xml(xml.format(problem("one"))))) == ("chapter" in xml)


def test_an_arm_is_known_by_its_segmentation_and_group() -> None:
    arms = (
        '<split_test url_name="exp" user_partition_id="100" '
        """group_id_to_child='{"1": "a", "2": "b"}'>"""
        f'<vertical url_name="a">{problem("one")}</vertical>'
        f'<vertical url_name="b">{problem("two")}</vertical>'
        f'<vertical url_name="c">{problem("none")}</vertical></split_test>'
    )

    found = blocks_of(course_xml(lesson(arms)))

    assert found["one"].arms == {Arm(100, frozenset({1}))}
    assert found["none"].ways == frozenset()


def test_restrictions_of_courses_are_honoured_in_grades() -> None:
    xml = course_xml(
        lesson(
            problem("all"),
            problem("cohort", group_access='{"100": [2]}'),
            problem("unknown", group_access='{"999": [2]}'),
            problem("staff", visible_to_staff_only="true"),
            problem("later", start="2999-01-01T00:00:00Z"),
        ),
        segmentations=(experiment(100, 1, 2),),
    )
    load_course(xml)
    put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    put_in_group(COURSE_ID, 100, "bob", 2, type="experiment")

    assert given_to("ann") == {"all", "unknown"}
    assert given_to("bob") == {"all", "unknown", "cohort"}


@pytest.mark.parametrize("policy", ["{", "[]", '{"GRADER": [{"weight": 1}]}'])
def test_a_grading_policy_that_cannot_be_used_is_named_and_weights_are_equal(
    tmp_path: Path, policy: str
) -> None:
    (tmp_path / "course.xml").write_text(course_xml(lesson(problem("one"), graded="true")))
    (tmp_path / "policies" / "2026").mkdir(parents=True)
    (tmp_path / "policies" / "2026" / "grading_policy.json").write_text(policy)

    course = load_course(tmp_path)

    assert [each for each in course.problems if "grading_policy.json" in each]
    assert get_structure(COURSE_ID).policy.types is None


def revision_of_unit(course: LoadedCourse) -> str:
    page = find_block(course, "teacher", "unit", staff=True).render("studio_view").body_html()
    return str(page.partition('data-revision="')[2].partition('"')[0])


def test_an_author_who_adds_a_problem_makes_a_new_version(client: Client) -> None:
    unit = '<vertical url_name="unit">{}</vertical>'
    course = load_course(course_xml(lesson(unit.format(problem("one")), graded="true")))
    sent = {
        "revision": revision_of_unit(course),
        "olx": unit.format(problem("one") + problem("two")),
    }
    send_json(course, "teacher", "unit", "save_olx", sent, staff=True)

    assert [row.version for row in Structure.objects.order_by("pk")] == [1, 2]
    assert len(get_structure(COURSE_ID).sequences[0].blocks) == 2


def test_the_real_export_has_each_scored_block_in_its_arm() -> None:
    folder = ROOT.parent / "shared" / "courses" / "openedx-test-course"
    if not folder.is_dir():
        pytest.skip("the real course export is not on this machine")
    course = load_course(folder)

    blocks = [block for each in get_structure(course.course_id).sequences for block in each.blocks]
    assert len(blocks) == 3
    assert all(len(block.arms) == 1 for block in blocks)


def in_many_arms(count: int) -> str:
    """Return a course in which one problem stands in an arm of each of many experiments."""
    units = [
        f'<vertical><split_test url_name="exp{number}" user_partition_id="{number}" '
        f"""group_id_to_child='{{"1": "shared"}}'><problem url_name="shared"/></split_test>"""
        "</vertical>"
        for number in range(count)
    ]
    units.append('<vertical url_name="unit"/>')
    units[0] = units[0].replace('<problem url_name="shared"/>', problem("shared"))
    return course_xml(lesson(*units))


def test_a_course_with_a_problem_in_too_many_arms_is_refused_and_names_it(tmp_path: Path) -> None:
    reason = "The block .*@shared stands in the content of more than 200 groups"
    with pytest.raises(CourseTooLarge, match=reason):
        load_course(in_many_arms(201))
    with pytest.raises(NoStructure):
        get_structure(COURSE_ID)

    (tmp_path / "course.xml").write_text(in_many_arms(201))
    for command in ("check_course", "import_course"):
        with pytest.raises(CommandError, match=reason):
            call_command(command, str(tmp_path))


def test_an_author_who_puts_a_problem_into_too_many_arms_reads_a_sentence_and_nothing_is_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course = load_course(in_many_arms(2))
    monkeypatch.setattr("xblock_experiments.gradebook.ways.MOST_WAYS", 1)
    sent = {"revision": revision_of_unit(course), "olx": f"<vertical>{problem('new')}</vertical>"}
    with translation.override("es"):
        answer = send_json(course, "teacher", "unit", "save_olx", sent, staff=True)

    assert answer.status_code == 422
    assert (
        "@shared\u2069 está en el contenido de más de \u2068200\u2069 grupos."
        in answer.json["error"]
    )
    assert Structure.objects.count() == 1
