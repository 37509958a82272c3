"""The cost of a page of 25 experiments: a unit that holds units with one experiment each."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.asking import segmentation_of
from benchmarks.courses import course_id, experiment, lesson_xml, split_test_name
from benchmarks.members import (
    create,
    exposure,
    membership,
    memberships,
    segmentation_row_id,
    tags,
)
from benchmarks.platform_flow.partitions import PartitionService
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.visits import Step, Way, one_way, race_visits, the_learner
from xblock_experiments.course_user_segmentation.models import Membership
from xblock_experiments.experiments.models import Exposure
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render, runtime_for

RUN = "pages"
COURSE_ID = course_id(RUN)
IDS = list(range(100, 125))
EXPERIMENTS = [experiment(id) for id in IDS]
MOST_QUERIES = {"first": 4, "repeat": 2}
FASTER = 10
OUR_TABLES = "xblock_experiments_"


class Page:
    """The ways to settle the experiments of the page, and the floor."""

    def __init__(self, course: LoadedCourse) -> None:
        self._course = course
        names = [split_test_name(id) for id in IDS]
        self._usage_ids = [find_block(course, None, name).scope_ids.usage_id for name in names]
        self._row_ids = [segmentation_row_id(COURSE_ID, id) for id in IDS]

    def fill(self, count: int) -> None:
        """Insert earlier learners into our tables and the platform's."""
        learners = databases.new_learners(count)
        user_ids = [str(user.pk) for user in learners]
        for id, row_id, usage_id in zip(IDS, self._row_ids, self._usage_ids, strict=True):
            create(memberships(row_id, user_ids))
            create([exposure(COURSE_ID, id, user_id, str(usage_id)) for user_id in user_ids])
            create(tags(COURSE_ID, id, learners))
        databases.analyze()

    def ours(self) -> Way:
        return one_way("ours", self._blocks, _settle)

    def rendered(self) -> Way:
        return one_way("rendered", the_learner, self._render)

    def floor(self) -> Way:
        return Way(
            "floor",
            Step(self._insertions, databases.execute),
            Step(self._selections, databases.execute),
        )

    def _blocks(self, user: User) -> list[Any]:
        """Return the page's blocks in a new runtime."""
        runtime = runtime_for(str(user.pk))
        return [runtime.get_block(usage_id) for usage_id in self._usage_ids]

    def _render(self, user: User) -> str:
        return render(self._course, str(user.pk), "lesson")

    def _insertions(self, user: User) -> list[databases.Statement]:
        user_id = str(user.pk)
        shown = zip(IDS, self._usage_ids, strict=True)
        return [
            databases.insertion([membership(row_id, user_id) for row_id in self._row_ids]),
            databases.insertion(
                [exposure(COURSE_ID, id, user_id, str(usage_id)) for id, usage_id in shown]
            ),
        ]

    def _selections(self, user: User) -> list[databases.Statement]:
        mine = {"user_id": str(user.pk)}
        usage_ids = list(map(str, self._usage_ids))
        return [
            databases.selection(
                Membership.objects.filter(**mine, segmentation_id__in=self._row_ids)
            ),
            databases.selection(
                Exposure.objects.filter(**mine, course_id=COURSE_ID, usage_id__in=usage_ids)
            ),
        ]


def rows(scale: Scale) -> list[Row]:
    course = load_course(lesson_xml(RUN, IDS, "vertical"))
    if course.problems:
        msg = f"The course has problems: {course.problems}"
        raise RuntimeError(msg)
    page = Page(course)
    platform = one_way("platform", the_learner, _settle_as_platform)
    page.fill(scale.members // len(IDS))
    seconds = race_visits(
        "pages", [page.ours(), platform, page.floor()], scale.pages, scale.repetitions
    )
    counts = page.ours().count_queries(), platform.count_queries()
    rendered = page.rendered().count_queries(OUR_TABLES)
    return [
        row
        for index, which in enumerate(MOST_QUERIES)
        for row in (
            _query_row(f"page of 25, {which} view, queries", which, *(c[index] for c in counts)),
            _query_row(f"page of 25, {which} view, queries when rendered", which, rendered[index]),
            _timed_row(which, seconds[which]),
        )
    ]


def _settle(blocks: list[Any]) -> None:
    """Do the work of the unit and its experiments, with exposures but without HTML."""
    services = [segmentation_of(block) for block in blocks]
    with services[0].together():
        services[0].assign_all(IDS)
        for id, service in zip(IDS, services, strict=True):
            service.assign(id)
            service.record_exposure(id)


def _settle_as_platform(user: User) -> None:
    service = PartitionService(COURSE_ID, EXPERIMENTS, {})
    for id in IDS:
        service.group_id(user, id)


def _query_row(what: str, which: str, ours: int, theirs: int | None = None) -> Row:
    return Row(
        what=what,
        unit="queries",
        ours=[ours],
        theirs=[] if theirs is None else [theirs],
        goals=[at_most(MOST_QUERIES[which], [ours])],
    )


def _timed_row(which: str, seconds: dict[str, list[float]]) -> Row:
    ours, theirs = seconds["ours"], seconds["platform"]
    return Row(
        what=f"page of 25, {which} view",
        unit="ms",
        ours=ours,
        theirs=theirs,
        floor=seconds["floor"],
        goals=[times_faster(FASTER, ours, theirs)],
    )
