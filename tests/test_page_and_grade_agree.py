"""Pages and grades decide alike which blocks a learner is given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import COURSE_ID, course_xml, experiment
from tests.test_places import choice, lesson, unit
from xblock_experiments.course_user_segmentation.api import put_in_group, remove_from_group
from xblock_experiments.gradebook.api import get_progress
from xblock_experiments.testing import find_block, load_course
from xblock_experiments.workbench.requests.access import may_open

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

PROBLEMS = ("p0", "p1", "p2", "p3")
ANSWER = '<numericalresponse answer="1"><formulaequationinput/></numericalresponse>'
some = st.lists(st.sampled_from(PROBLEMS), unique=True, max_size=3)


@st.composite
def courses(draw: st.DrawFn) -> str:
    """Return a course whose problems stand in arms of two experiments, beside them, or in both."""

    def problems(names: list[str]) -> str:
        return "".join(f'<problem url_name="{name}"/>' for name in names)

    def experiment_of(name: str, inner: str = "") -> str:
        units = [f"{name}_{number}" for number in range(3)]
        mapping = draw(st.dictionaries(st.sampled_from("12"), st.sampled_from(units)))
        content = "".join(
            unit(each, problems(draw(some)), inner if number == 0 else "")
            for number, each in enumerate(units)
        )
        return choice(name, mapping, content)

    inner = experiment_of("inner").replace('"100"', '"101"')
    outer = experiment_of("outer", inner)
    places = [unit("open", problems(draw(some))), unit("arms", outer)]
    if draw(st.booleans()):
        places.append('<vertical url_name="outer_1"/>')
    segmentations = (experiment(100, 1, 2), experiment(101, 1, 2))
    chapter = f"<chapter>{lesson('lesson', *places)}</chapter>"
    for name in PROBLEMS:
        # The first element has the content, and the others stand for the same block.
        bare = f'<problem url_name="{name}"/>'
        chapter = chapter.replace(bare, f"{bare[:-2]}>{ANSWER}</problem>", 1)
    return course_xml(chapter, segmentations=segmentations)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(courses(), st.sampled_from([None, 1, 2]), st.sampled_from([None, 1, 2]))
def test_a_learner_is_graded_on_exactly_the_problems_that_they_may_open(
    xml: str, outer: int | None, inner: int | None
) -> None:
    course = load_course(xml)
    for id, group_id in ((100, outer), (101, inner)):
        for each in (1, 2):
            remove_from_group(COURSE_ID, id, "ann", each, type="experiment")
        if group_id is not None:
            put_in_group(COURSE_ID, id, "ann", group_id, type="experiment")

    graded = {
        each.block.usage_id
        for sequence in get_progress(COURSE_ID, "ann").sequences
        for each in sequence.blocks
    }
    opened = {str(each.scope_ids.usage_id) for each in present(course) if is_open(each)}
    assert graded == opened


def present(course: Any) -> list[Any]:
    """Return the problems that the course has, as the learner's blocks."""
    found = []
    for name in PROBLEMS:
        try:
            found.append(find_block(course, "ann", name))
        except LookupError:
            continue
    return found


def is_open(block: Any) -> bool:
    return may_open(block, is_staff=False)
