"""The cost of a unit of ten problems in arms, compared with ten without experiments."""

from __future__ import annotations

from functools import partial
from itertools import cycle

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.courses import course_id, course_xml, split_test_name, split_test_xml
from benchmarks.members import create, exposure, memberships, segmentation_row_id
from benchmarks.results import Row, at_most, times_the_floor
from benchmarks.scale import Scale
from benchmarks.visits import Way, one_way, race_visits, the_learner
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render

RUN = "problems"
COURSE_ID = course_id(RUN)
IDS = list(range(100, 110))
"""One experiment for each problem. One for all would cost less, with only one group to settle."""
TESTED, PLAIN = "tested", "plain"
QUESTION = "How many degrees are there in a right angle?"
KINDS = (
    '<multiplechoiceresponse><choicegroup type="MultipleChoice"><choice correct="true">90</choice>'
    '<choice correct="false">100</choice><choice correct="false">180</choice></choicegroup>'
    "</multiplechoiceresponse>",
    '<numericalresponse answer="90"><responseparam type="tolerance" default="1%"/>'
    "<formulaequationinput/></numericalresponse>",
    '<stringresponse answer="ninety" type="ci"><additional_answer answer="90"/>'
    '<textline size="20"/></stringresponse>',
    '<optionresponse><optioninput><option correct="True">90</option>'
    '<option correct="False">100</option><option correct="False">180</option></optioninput>'
    "</optionresponse>",
)
MOST_QUERIES = {"first": 4, "repeat": 2}
MOST = 1.2


def rows(scale: Scale) -> list[Row]:
    course = load_course(course_xml(RUN, IDS, _units_xml()))
    if course.problems:
        msg = f"The course has problems: {course.problems}"
        raise RuntimeError(msg)
    _fill(course, scale.members // len(IDS))
    ways = [_way(course, unit) for unit in (TESTED, PLAIN)]
    counts = [way.count_queries() for way in ways]
    seconds = race_visits("problems", ways, scale.problem_pages, scale.repetitions)
    return [
        row
        for index, which in enumerate(MOST_QUERIES)
        for row in (
            _query_row(which, *(count[index] for count in counts)),
            _timed_row(which, seconds[which]),
        )
    ]


def _units_xml() -> str:
    """Return two units. The second has the problems that each learner is given in the first."""
    kinds = list(zip(IDS, cycle(KINDS), strict=False))
    tested = "".join(split_test_xml(id, partial(_arm_xml, kind)) for id, kind in kinds)
    plain = "".join(_problem_xml(f"plain_{id}", kind) for id, kind in kinds)
    return (
        f'<vertical url_name="{TESTED}">{tested}</vertical>'
        f'<vertical url_name="{PLAIN}">{plain}</vertical>'
    )


def _arm_xml(kind: str, name: str, group: Group) -> str:
    return _problem_xml(name, kind)


def _problem_xml(name: str, kind: str) -> str:
    return (
        f'<problem url_name="{name}" display_name="Right angles"><p>{QUESTION}</p>{kind}</problem>'
    )


def _fill(course: LoadedCourse, count: int) -> None:
    """Insert earlier learners."""
    user_ids = [str(user.pk) for user in databases.new_learners(count)]
    for id in IDS:
        usage_id = str(find_block(course, None, split_test_name(id)).scope_ids.usage_id)
        create(memberships(segmentation_row_id(COURSE_ID, id), user_ids))
        create([exposure(COURSE_ID, id, user_id, usage_id) for user_id in user_ids])
    databases.analyze()


def _way(course: LoadedCourse, unit: str) -> Way:
    """Return the way to render the whole unit in a new runtime."""

    def visit(user: User) -> str:
        return render(course, str(user.pk), unit)

    way = one_way(unit, the_learner, visit)
    _check(way)
    return way


def _check(way: Way) -> None:
    """Check that each visit shows all problems."""
    (learner,) = databases.new_learners(1)
    for step in (way.first, way.repeat):
        shown = str(step.visit(learner)).count(QUESTION)
        if shown != len(IDS):
            msg = f"The unit {way.name!r} shows {shown} problems."
            raise RuntimeError(msg)


def _query_row(which: str, ours: int, floor: int) -> Row:
    return Row(
        what=f"unit of 10 problems, {which} view, queries",
        unit="queries",
        ours=[ours],
        floor=[floor],
        goals=[at_most(floor + MOST_QUERIES[which], [ours])],
    )


def _timed_row(which: str, seconds: dict[str, list[float]]) -> Row:
    ours, floor = seconds[TESTED], seconds[PLAIN]
    return Row(
        what=f"unit of 10 problems, {which} view",
        unit="ms",
        ours=ours,
        floor=floor,
        goals=[times_the_floor(MOST, ours, floor)],
    )
