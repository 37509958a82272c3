"""The cost of one experiment in a learner's request, at the first view and at later ones."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from benchmarks import databases
from benchmarks.asking import asking_block, segmentation_of
from benchmarks.courses import course_id, experiment
from benchmarks.members import create, membership, memberships, segmentation_row_id, tags
from benchmarks.platform_flow.partitions import PartitionService
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.visits import Step, Way, one_way, race_visits, the_learner
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.models import EXCLUSIVE, Membership
from xblock_experiments.experiments.api import assign_group

COURSE_ID = course_id("views")
EXPERIMENT = experiment(100)
MOST_QUERIES = {"first": 2, "repeat": 1}
FASTER = 2.3


def rows(scale: Scale) -> list[Row]:
    save_segmentations(COURSE_ID, [EXPERIMENT])
    row_id = segmentation_row_id(COURSE_ID, EXPERIMENT.id)
    _fill(row_id, scale.members)
    service = one_way("service", _block, _ask_service)
    api = one_way("api", _user_id, _ask_api)
    platform = one_way("platform", the_learner, _ask_platform)
    for way in (service, api, platform):
        _check(way)
    floor = Way(
        "floor",
        Step(lambda user: _insertion(row_id, user), databases.execute),
        Step(lambda user: _selection(row_id, user), databases.execute),
    )
    runtime = one_way("runtime", the_learner, _block)
    ways = [service, platform, floor]
    seconds = race_visits("views", [*ways, api, runtime], scale.views, scale.repetitions)
    wrapped = race_visits(
        "views in transactions",
        [way.in_transactions() for way in ways],
        scale.views,
        scale.repetitions,
    )
    return [
        row
        for which in ("first", "repeat")
        for row in (
            _query_row(which, service, platform),
            _row(f"{which} view", seconds[which]),
            _row(f"{which} view, in a transaction", wrapped[which]),
            _row(f"{which} view, api alone", seconds[which], "api"),
            Row(
                what=f"{which} view, its runtime and block, besides",
                unit="ms",
                ours=seconds[which]["runtime"],
            ),
        )
    ]


def _user_id(user: User) -> str:
    return str(user.pk)


def _block(user: User) -> Any:
    return asking_block(COURSE_ID, str(user.pk))


def _ask_service(block: Any) -> int:
    group_id: int = segmentation_of(block).assign(EXPERIMENT.id).id
    return group_id


def _ask_api(user_id: str) -> int:
    return assign_group(COURSE_ID, EXPERIMENT.id, user_id).id


def _ask_platform(user: User) -> int:
    return PartitionService(COURSE_ID, [EXPERIMENT], {}).group_id(user, EXPERIMENT.id)


def _insertion(row_id: int, user: User) -> list[databases.Statement]:
    return [databases.insertion([membership(row_id, str(user.pk))])]


def _selection(row_id: int, user: User) -> list[databases.Statement]:
    mine = Membership.objects.filter(user_id=str(user.pk), segmentation_id=row_id, slot=EXCLUSIVE)
    return [databases.selection(mine)]


def _fill(row_id: int, count: int) -> None:
    """Insert earlier learners into our tables and the platform's."""
    learners = databases.new_learners(count)
    create(memberships(row_id, (str(user.pk) for user in learners)))
    create(tags(COURSE_ID, EXPERIMENT.id, learners))
    databases.analyze()


def _check(way: Way) -> None:
    """Check that learners get the same group at the second view as at the first."""
    for learner in databases.new_learners(10):
        if way.first.visit(learner) != way.repeat.visit(learner):
            msg = f"The group that {way.name} told of has changed."
            raise RuntimeError(msg)


def _query_row(which: str, service: Way, platform: Way) -> Row:
    index = list(MOST_QUERIES).index(which)
    ours: list[float] = [service.count_queries()[index]]
    return Row(
        what=f"{which} view, queries",
        unit="queries",
        ours=ours,
        theirs=[platform.count_queries()[index]],
        goals=[at_most(MOST_QUERIES[which], ours)],
    )


def _row(what: str, seconds: dict[str, list[float]], name: str = "service") -> Row:
    ours, theirs = seconds[name], seconds["platform"]
    is_goal = what.startswith("first") and name == "service"
    return Row(
        what=what,
        unit="ms",
        ours=ours,
        theirs=theirs,
        floor=seconds["floor"],
        goals=[times_faster(FASTER, ours, theirs)] if is_goal else [],
    )
