"""Migrations of a database of an earlier release, forward and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.builders import COURSE_ID, experiment
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.segmentations import dumps
from xblock_experiments.experiments import api as experiments

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]

STORE = "xblock_experiments_course_user_segmentation"
EXPERIMENTS = "xblock_experiments_experiments"
APPS = (
    STORE,
    EXPERIMENTS,
    "xblock_experiments_gradebook",
    "xblock_experiments_retired",
    "xblock_experiments_user_tags",
)
FIRST_RELEASE = [(app, "0001_initial") for app in APPS]
USERS = ["ann", "Ann", "ann ", "zoë", "🙂" * 255]


def migrate(targets: list[tuple[str, str]]) -> Any:
    """Migrate to the targets and return the models of that state."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


def newest() -> list[tuple[str, str]]:
    nodes = MigrationExecutor(connection).loader.graph.leaf_nodes()
    return [node for node in nodes if node[0] in APPS]


@pytest.fixture
def first_release() -> Iterator[Any]:
    yield migrate(FIRST_RELEASE)
    migrate(newest())


def populate(apps: Any) -> None:
    """Fill the database as the first release did."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    segmentation = apps.get_model(STORE, "Segmentation").objects.create(
        course_id=COURSE_ID,
        type="experiment",
        number=100,
        position=0,
        definition=dumps(experiment(100)),
    )
    apps.get_model(STORE, "SegmentationVersion").objects.create(
        segmentation=segmentation, version=1, definition=segmentation.definition
    )
    for number, user_id in enumerate(USERS):
        apps.get_model(STORE, "Membership").objects.create(
            segmentation=segmentation,
            user_id=user_id,
            slot=-1,
            group_id=1 + number % 2,
            version=1,
            why="assigned",
            since=now,
        )
        apps.get_model(EXPERIMENTS, "Exposure").objects.create(
            course_id=COURSE_ID,
            segmentation_number=100,
            user_id=user_id,
            usage_id="block",
            group_id=1 + number % 2,
            when=now,
        )
    apps.get_model(EXPERIMENTS, "Exposure").objects.create(
        course_id=COURSE_ID,
        segmentation_number=100,
        user_id="nobody's",
        usage_id="block",
        group_id=None,
        when=now,
    )
    apps.get_model(STORE, "PastChange").objects.create(
        segmentation=segmentation,
        user_id="ann",
        to_group_id=2,
        why="put",
        actor="staff",
        when=datetime(2026, 10, 1, tzinfo=UTC),
    )


def contents(apps: Any) -> dict[str, list[Any]]:
    """Return the columns of the first release, with its values."""
    names = {
        (STORE, "Membership"): set[str](),
        (STORE, "PastChange"): {"version", "version_by_time"},
        (EXPERIMENTS, "Exposure"): set[str](),
    }
    return {
        name: [
            {
                column: None if (column, value) == ("group_id", -1) else value
                for column, value in row.items()
                if column not in added
            }
            for row in apps.get_model(app, name).objects.order_by("pk").values()
        ]
        for (app, name), added in names.items()
    }


def test_migrating_a_populated_database_forward_and_back_loses_nothing(first_release: Any) -> None:
    populate(first_release)
    before = contents(first_release)

    assert contents(migrate(newest())) == before
    assert contents(migrate(FIRST_RELEASE)) == before


def test_data_stored_by_the_first_release_is_read_unchanged(first_release: Any) -> None:
    populate(first_release)
    migrate(newest())

    groups = [experiments.assign_group(COURSE_ID, 100, user_id).id for user_id in USERS]
    assert groups == [1, 2, 1, 2, 1]
    exposures = list(experiments.get_exposures(COURSE_ID, 100))
    assert [exposure.user_id for exposure in exposures] == [*USERS, "nobody's"]
    assert [exposure.group_id for exposure in exposures] == [*groups, None]
    assert experiments.count_exposed(COURSE_ID, 100) == {"block": {1: 3, 2: 2}}
    assert not experiments.record_exposure(COURSE_ID, 100, "Ann", "block")
    history = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert [(change.to_group_id, change.why) for change in history] == [(2, "put"), (1, "assigned")]


def test_past_changes_get_the_newest_version_from_before_them_and_are_marked(
    first_release: Any,
) -> None:
    populate(first_release)
    versions = first_release.get_model(STORE, "SegmentationVersion").objects
    first = versions.get()
    for version, day in ((2, 10), (3, 20)):
        versions.create(segmentation=first.segmentation, version=version, definition="{}")
        versions.filter(version=version).update(created=datetime(2026, 10, day, tzinfo=UTC))
    versions.filter(version=1).update(created=datetime(2026, 10, 1, tzinfo=UTC))
    past = first_release.get_model(STORE, "PastChange").objects
    past.all().delete()
    days = {datetime(2026, 9, 1): 1, datetime(2026, 10, 1): 1, datetime(2026, 10, 12): 2}
    for when in [*days, datetime(2026, 10, 30)]:
        past.create(
            segmentation=first.segmentation,
            user_id="ann",
            to_group_id=1,
            why="put",
            when=when.replace(tzinfo=UTC),
        )

    migrate(newest())

    *old, present = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert [change.version for change in old] == [*days.values(), 3]
    assert all(change.version_by_time for change in old)
    assert (present.version, present.version_by_time) == (1, False)


def test_moves_of_the_first_release_are_named_and_those_of_the_second_rule_never_confused(
    first_release: Any,
) -> None:
    populate(first_release)
    for name in ("Membership", "PastChange"):
        first_release.get_model(STORE, name).objects.filter(user_id="ann").update(
            why="group removed"
        )
    migrate(newest())
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 2)])
    experiments.assign_group(COURSE_ID, 100, "ann ")

    def reasons() -> list[list[str]]:
        changes = (
            segmentations.get_history(COURSE_ID, 100, user_id, type="experiment")
            for user_id in ("ann", "ann ", "Ann")
        )
        return [[change.why for change in history] for history in changes]

    named = [
        ["group removed, first rule"] * 2,
        ["assigned", "group removed"],
        ["assigned"],
    ]
    assert reasons() == named
    migrate(FIRST_RELEASE)
    migrate(newest())
    assert reasons() == named


def test_going_back_keeps_the_first_arm_that_each_learner_was_shown(first_release: Any) -> None:
    populate(first_release)
    before = contents(first_release)["Exposure"]
    migrate(newest())
    for user_id, group_id in (("ann", 2), ("Ann", 1), ("nobody's", 1)):
        segmentations.put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")
        assert experiments.record_exposure(COURSE_ID, 100, user_id, "block")

    assert contents(migrate(FIRST_RELEASE))["Exposure"] == before


def test_the_models_have_no_missing_migrations() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
