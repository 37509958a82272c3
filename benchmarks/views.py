"""What one experiment costs a learner's request, the first time and after that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add
from typing import Any

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.asking import asking_block, segmentation_of
from benchmarks.courses import course_id, experiment
from benchmarks.members import membership, memberships, segmentation_row_id
from benchmarks.platform_flow.models import CourseTag
from benchmarks.platform_flow.partitions import PartitionService
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.models import Membership
from xblock_experiments.experiments.api import assign_group

COURSE_ID = course_id("views")
EXPERIMENT = experiment(100)
PLATFORM = "platform's flow"
FASTER = 2.3


@dataclass(frozen=True, slots=True)
class Way:
    """One way to settle a group: what it needs for a learner, and what it does with that."""

    name: str
    prepare: Callable[[User], Any]
    view: Callable[[Any], object]
    repeat_prepare: Callable[[User], Any]
    repeat: Callable[[Any], object]


def rows(scale: Scale) -> list[Row]:
    save_segmentations(COURSE_ID, [EXPERIMENT])
    row_id = segmentation_row_id(COURSE_ID, EXPERIMENT.id)
    _fill(row_id, scale.members)
    ways = _ways(row_id)
    _check(ways)
    return [
        *_query_rows(ways),
        *_timed_rows("", ways, scale),
        *_timed_rows(", in a transaction", [_in_transaction(way) for way in ways], scale),
    ]


def _ways(row_id: int) -> list[Way]:
    return [
        Way("service", _block, _ask_service, _block, _ask_service),
        Way("api", _user_id, _ask_api, _user_id, _ask_api),
        Way(PLATFORM, _same, _ask_platform, _same, _ask_platform),
        Way(
            "floor",
            lambda user: databases.insertion([membership(row_id, str(user.pk))]),
            databases.execute,
            lambda user: databases.selection(_by_key(row_id, user)),
            databases.execute,
        ),
        # What a request of this workbench has anyway, whoever is asked in it.
        Way("runtime", _same, _block, _same, _block),
    ]


def _block(user: User) -> Any:
    return asking_block(COURSE_ID, str(user.pk))


def _user_id(user: User) -> str:
    return str(user.pk)


def _same(user: User) -> User:
    return user


def _ask_service(block: Any) -> int:
    group_id: int = segmentation_of(block).assign(EXPERIMENT.id).id
    return group_id


def _ask_api(user_id: str) -> int:
    return assign_group(COURSE_ID, EXPERIMENT.id, user_id).id


def _ask_platform(user: User) -> int:
    return PartitionService(COURSE_ID, [EXPERIMENT], {}).group_id(user, EXPERIMENT.id)


def _by_key(row_id: int, user: User) -> Any:
    return Membership.objects.filter(user_id=str(user.pk), segmentation_id=row_id, slot=-1)


def _in_transaction(way: Way) -> Way:
    wrap = databases.in_transaction
    if way.name == "runtime":
        return way
    return Way(way.name, way.prepare, wrap(way.view), way.repeat_prepare, wrap(way.repeat))


def _fill(row_id: int, count: int) -> None:
    """Learners who were there before, of ours and of the platform's."""
    learners = databases.new_learners(count)
    Membership.objects.bulk_create(
        memberships(row_id, (str(user.pk) for user in learners)), batch_size=1000
    )
    key = f"xblock.partition_service.partition_{EXPERIMENT.id}"
    CourseTag.objects.bulk_create(
        (CourseTag(user=user, course_id=COURSE_ID, key=key, value="1") for user in learners),
        batch_size=1000,
    )
    databases.analyze()


def _check(ways: list[Way]) -> None:
    """Whether each is told at the second view what it was told at the first."""
    for way in ways[:3]:
        (learner,) = databases.new_learners(1)
        first = way.view(way.prepare(learner))
        if way.repeat(way.repeat_prepare(learner)) != first:
            msg = f"The group of {way.name} changed."
            raise RuntimeError(msg)


def _query_rows(ways: list[Way]) -> list[Row]:
    counts = {}
    for way in ways[:3]:
        (learner,) = databases.new_learners(1)
        first = databases.count_queries(way.view, way.prepare(learner))
        repeat = databases.count_queries(way.repeat, way.repeat_prepare(learner))
        counts[way.name] = [float(first)], [float(repeat)]
    return [
        Row(
            what=f"{which} view, queries",
            unit="queries",
            ours=counts["service"][index],
            whose=PLATFORM,
            theirs=counts[PLATFORM][index],
            goals=[at_most(most, counts["service"][index])],
        )
        for index, (which, most) in enumerate((("first", 2), ("repeat", 1)))
    ]


def _timed_rows(suffix: str, ways: list[Way], scale: Scale) -> list[Row]:
    first, repeat = _race(suffix, ways, scale)
    return [
        *_rows_of(f"first view{suffix}", first),
        *_rows_of(f"repeat view{suffix}", repeat),
    ]


def _rows_of(what: str, seconds: dict[str, list[float]]) -> list[Row]:
    theirs, floor, runtime = seconds[PLATFORM], seconds["floor"], seconds["runtime"]
    service = seconds["service"]
    whole = list(map(add, service, runtime))
    return [
        Row(
            what=f"{what}, service",
            unit="ms",
            ours=service,
            whose=PLATFORM,
            theirs=theirs,
            floor=floor,
            goals=[times_faster(FASTER, service, theirs)],
        ),
        Row(
            what=f"{what}, api alone",
            unit="ms",
            ours=seconds["api"],
            whose=PLATFORM,
            theirs=theirs,
            floor=floor,
        ),
        Row(
            what=f"{what}, with the making of a runtime",
            unit="ms",
            ours=whole,
            whose=f"{PLATFORM}, with the same",
            theirs=list(map(add, theirs, runtime)),
            floor=floor,
        ),
    ]


def _race(
    suffix: str, ways: list[Way], scale: Scale
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """First views, then repeat views by the same learners."""
    seen: dict[tuple[str, int], list[User]] = {}

    def first(way: Way) -> Callable[[int], list[Any]]:
        def prepare(repetition: int) -> list[Any]:
            learners = databases.new_learners(scale.views)
            seen[way.name, repetition] = learners
            return [way.prepare(learner) for learner in learners]

        return prepare

    def repeat(way: Way) -> Callable[[int], list[Any]]:
        return lambda repetition: [
            way.repeat_prepare(learner) for learner in seen[way.name, repetition]
        ]

    firsts = [Contender(way.name, first(way), way.view) for way in ways]
    repeats = [Contender(way.name, repeat(way), way.repeat) for way in ways]
    return (
        race(f"first views{suffix}", firsts, scale.repetitions),
        race(f"repeat views{suffix}", repeats, scale.repetitions),
    )
