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
APPS = (STORE, EXPERIMENTS, "xblock_experiments_gradebook", "xblock_experiments_user_tags")
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
    apps.get_model(STORE, "PastChange").objects.create(
        segmentation=segmentation,
        user_id="ann",
        to_group_id=2,
        why="put",
        actor="staff",
        when=datetime(2026, 10, 1, tzinfo=UTC),
    )


def contents(apps: Any) -> dict[str, list[Any]]:
    names = [(STORE, "Membership"), (STORE, "PastChange"), (EXPERIMENTS, "Exposure")]
    return {
        name: list(apps.get_model(app, name).objects.order_by("pk").values()) for app, name in names
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
    assert [exposure.user_id for exposure in experiments.get_exposures(COURSE_ID, 100)] == USERS
    assert not experiments.record_exposure(COURSE_ID, 100, "Ann", "block")
    history = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert [(change.to_group_id, change.why) for change in history] == [(2, "put"), (1, "assigned")]


def test_the_models_have_no_missing_migrations() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
