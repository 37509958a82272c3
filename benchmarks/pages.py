"""What a page of 25 experiments costs: a lesson, each unit of which holds one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.asking import segmentation_of
from benchmarks.courses import course_id, experiment, lesson_xml, split_test_name
from benchmarks.members import exposure, membership, segmentation_row_id
from benchmarks.platform_flow.partitions import PartitionService
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from benchmarks.views import PLATFORM
from xblock_experiments.course_user_segmentation.models import Membership
from xblock_experiments.experiments.models import Exposure
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render, runtime_for

RUN = "pages"
COURSE_ID = course_id(RUN)
IDS = list(range(100, 125))
EXPERIMENTS = [experiment(id) for id in IDS]
FASTER = 10
OUR_TABLES = "xblock_experiments_"


def rows(scale: Scale) -> list[Row]:
    course = load_course(lesson_xml(RUN, IDS))
    if course.problems:
        msg = f"The course has problems: {course.problems}"
        raise RuntimeError(msg)
    databases.analyze()
    page = Page(course)
    return [*_query_rows(page), *_timed_rows(page, scale)]


class Page:
    """The ways to settle what a learner of the page is shown, and the least it can cost."""

    def __init__(self, course: LoadedCourse) -> None:
        self._course = course
        names = [split_test_name(id) for id in IDS]
        self._usage_ids = [find_block(course, None, name).scope_ids.usage_id for name in names]
        self._row_ids = [segmentation_row_id(COURSE_ID, id) for id in IDS]

    def blocks(self, user: User) -> list[Any]:
        """In one fresh runtime."""
        runtime = runtime_for(str(user.pk))
        return [runtime.get_block(usage_id) for usage_id in self._usage_ids]

    def settle(self, blocks: list[Any]) -> None:
        """What the lesson and its experiments ask for, exposures included, and no HTML."""
        services = [segmentation_of(block) for block in blocks]
        with services[0].together():
            services[0].assign_all(IDS)
            for id, service in zip(IDS, services, strict=True):
                service.assign(id)
                service.record_exposure(id)

    def settle_as_platform(self, user: User) -> None:
        service = PartitionService(COURSE_ID, EXPERIMENTS, {})
        for id in IDS:
            service.group_id(user, id)

    def render(self, user: User) -> str:
        return render(self._course, str(user.pk), "lesson")

    def insertions(self, user: User) -> list[databases.Statement]:
        user_id = str(user.pk)
        shown = zip(IDS, self._usage_ids, strict=True)
        return [
            databases.insertion([membership(row_id, user_id) for row_id in self._row_ids]),
            databases.insertion(
                [exposure(COURSE_ID, id, user_id, str(usage_id)) for id, usage_id in shown]
            ),
        ]

    def selections(self, user: User) -> list[databases.Statement]:
        user_id = str(user.pk)
        usage_ids = list(map(str, self._usage_ids))
        return [
            databases.selection(
                Membership.objects.filter(user_id=user_id, segmentation_id__in=self._row_ids)
            ),
            databases.selection(
                Exposure.objects.filter(
                    user_id=user_id, course_id=COURSE_ID, usage_id__in=usage_ids
                )
            ),
        ]


def _same(user: User) -> User:
    return user


def _execute(statements: Sequence[databases.Statement]) -> None:
    databases.execute(*statements)


def _query_rows(page: Page) -> list[Row]:
    (ours, theirs, whole) = databases.new_learners(3)

    def count() -> tuple[float, float, float]:
        return (
            databases.count_queries(page.settle, page.blocks(ours)),
            databases.count_queries(page.settle_as_platform, theirs),
            databases.count_queries(page.render, whole, OUR_TABLES),
        )

    rows = []
    for which, most in (("first", 4), ("repeat", 2)):
        mine, platform, rendered = count()
        rows += [
            Row(
                what=f"page of 25, {which} view, queries",
                unit="queries",
                ours=[mine],
                whose=PLATFORM,
                theirs=[platform],
                goals=[at_most(most, [mine])],
            ),
            Row(
                what=f"page of 25, {which} view, rendered, queries of ours",
                unit="queries",
                ours=[rendered],
                goals=[at_most(most, [rendered])],
            ),
        ]
    return rows


def _timed_rows(page: Page, scale: Scale) -> list[Row]:
    seen: dict[tuple[str, int], list[User]] = {}

    def first(name: str, prepare: Callable[[User], Any]) -> Callable[[int], list[Any]]:
        def prepare_all(repetition: int) -> list[Any]:
            learners = databases.new_learners(scale.pages)
            seen[name, repetition] = learners
            return [prepare(learner) for learner in learners]

        return prepare_all

    def repeat(name: str, prepare: Callable[[User], Any]) -> Callable[[int], list[Any]]:
        return lambda repetition: [prepare(learner) for learner in seen[name, repetition]]

    firsts = [
        Contender("ours", first("ours", page.blocks), page.settle),
        Contender(PLATFORM, first(PLATFORM, _same), page.settle_as_platform),
        Contender("floor", first("floor", page.insertions), _execute),
        Contender("rendered", first("rendered", _same), page.render),
    ]
    repeats = [
        Contender("ours", repeat("ours", page.blocks), page.settle),
        Contender(PLATFORM, repeat(PLATFORM, _same), page.settle_as_platform),
        Contender("floor", repeat("floor", page.selections), _execute),
        Contender("rendered", repeat("rendered", _same), page.render),
    ]
    return [
        *_rows_of("first", race("pages, first views", firsts, scale.repetitions)),
        *_rows_of("repeat", race("pages, repeat views", repeats, scale.repetitions)),
    ]


def _rows_of(which: str, seconds: dict[str, list[float]]) -> list[Row]:
    ours, theirs = seconds["ours"], seconds[PLATFORM]
    return [
        Row(
            what=f"page of 25, {which} view",
            unit="ms",
            ours=ours,
            whose=PLATFORM,
            theirs=theirs,
            floor=seconds["floor"],
            goals=[times_faster(FASTER, ours, theirs)],
        ),
        Row(what=f"page of 25, {which} view, rendered", unit="ms", ours=seconds["rendered"]),
    ]
