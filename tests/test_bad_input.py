"""Invalid input raises a specific error, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.apps import apps

from tests.builders import COURSE_ID, experiment, segmentation
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidId,
    InvalidSegmentation,
    NoSuchGroup,
    NoSuchSegmentation,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.experiments import api as experiments

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

OTHER = "course-v1:Other+Course+1"
BAD_USERS = ["", "x" * 256, "a\x00b", "\ud800", None, 7]
BAD_IDS = [999, -1, 2**31, 2**70, "100", None, True, 1.5]


@pytest.fixture(autouse=True)
def _course() -> None:
    listed = [experiment(100), experiment(200, weights=(0, 0)), segmentation(300, "experiment", ())]
    segmentations.save_segmentations(COURSE_ID, listed)


def rows() -> dict[str, list[Any]]:
    models = [model for model in apps.get_models() if "xblock_experiments" in model.__module__]
    assert len(models) >= 6
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}


def refuses(error: type[Exception], call: Callable[[], object]) -> None:
    before = rows()
    with pytest.raises(error) as raised:
        call()
    assert len(str(raised.value)) > 20
    assert rows() == before


CALLS: list[Callable[[str, Any, Any], object]] = [
    experiments.assign_group,
    experiments.get_group,
    lambda course_id, id, user_id: experiments.assign_users(course_id, id, ["bob", user_id]),
    lambda course_id, id, user_id: experiments.record_exposure(course_id, id, user_id, "block"),
    lambda course_id, id, user_id: segmentations.get_group_ids(course_id, id, user_id),
    lambda course_id, id, user_id: segmentations.put_in_group(
        course_id, id, user_id, 1, type="experiment"
    ),
    lambda course_id, id, user_id: segmentations.remove_from_group(
        course_id, id, user_id, 1, type="experiment"
    ),
    lambda course_id, id, user_id: segmentations.get_history(
        course_id, id, user_id, type="experiment"
    ),
]
NAMES = [
    *("assign_group", "get_group", "assign_users", "record_exposure", "get_group_ids"),
    *("put_in_group", "remove_from_group", "get_history"),
]


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_an_unknown_course_is_named_in_the_error(call: Callable[..., object]) -> None:
    refuses(NoSuchSegmentation, lambda: call(OTHER, 100, "ann"))


@pytest.mark.parametrize("id", BAD_IDS)
@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_an_unknown_segmentation_is_named_in_the_error(
    call: Callable[..., object], id: Any
) -> None:
    refuses(NoSuchSegmentation, lambda: call(COURSE_ID, id, "ann"))


@pytest.mark.parametrize("user_id", BAD_USERS)
@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_an_invalid_user_id_is_refused(call: Callable[..., object], user_id: Any) -> None:
    refuses(InvalidId, lambda: call(COURSE_ID, 100, user_id))


@pytest.mark.parametrize("course_id", BAD_USERS)
@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_an_invalid_course_id_is_refused(call: Callable[..., object], course_id: Any) -> None:
    refuses(InvalidId, lambda: call(course_id, 100, "ann"))


@pytest.mark.parametrize("usage_id", BAD_USERS)
def test_an_invalid_usage_id_is_refused(usage_id: Any) -> None:
    refuses(InvalidId, lambda: experiments.record_exposure(COURSE_ID, 100, "ann", usage_id))


@pytest.mark.parametrize("group_id", [9, -1, 2**40, "1", None, True, 1.0])
def test_an_unknown_group_is_named_in_the_error(group_id: Any) -> None:
    refuses(
        NoSuchGroup,
        lambda: segmentations.put_in_group(COURSE_ID, 100, "ann", group_id, type="experiment"),
    )


@pytest.mark.parametrize("group_id", [-1, 2**40, "1", True, 1.0])
def test_an_invalid_group_id_is_named_in_the_error(group_id: Any) -> None:
    for call in (
        lambda: segmentations.remove_from_group(COURSE_ID, 100, "ann", group_id, type="experiment"),
        lambda: segmentations.get_members(COURSE_ID, 100, type="experiment", group_id=group_id),
    ):
        refuses(NoSuchGroup, call)


@pytest.mark.parametrize("type", ["", "x" * 33, "a\x00", 0, None, "\ud800"])
def test_an_invalid_type_is_named_in_the_error(type: Any) -> None:
    for call in (
        lambda: segmentations.get_segmentation(COURSE_ID, 100, type=type),
        lambda: segmentations.get_group_ids(COURSE_ID, 100, "ann", type=type),
        lambda: segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type=type),
        lambda: segmentations.get_members(COURSE_ID, 100, type=type),
        lambda: segmentations.get_history(COURSE_ID, 100, "ann", type=type),
    ):
        refuses(NoSuchSegmentation, call)


def test_reading_an_unknown_experiment_raises_an_error() -> None:
    bad: list[tuple[str, Any]] = [(OTHER, 100), *((COURSE_ID, id) for id in BAD_IDS)]
    for course_id, id in bad:
        for call in (experiments.get_exposures, segmentations.get_versions):
            refuses(NoSuchSegmentation, partial(call, course_id, id))


def test_a_single_user_id_is_not_accepted_as_a_list_of_user_ids() -> None:
    refuses(InvalidId, lambda: experiments.assign_users(COURSE_ID, 100, "ann"))


@pytest.mark.parametrize("id", [200, 300])
@pytest.mark.parametrize("call", CALLS[:1] + CALLS[2:3], ids=["assign_group", "assign_users"])
def test_an_experiment_without_a_weighted_group_assigns_nobody(
    call: Callable[..., object], id: int
) -> None:
    refuses(NotAssignable, lambda: call(COURSE_ID, id, "ann"))


@pytest.mark.parametrize("weight", [-1, 2**31, 10**30, 1.5, "1", None, True])
def test_an_invalid_weight_is_refused(weight: Any) -> None:
    refuses(InvalidSegmentation, lambda: Group(1, "a", weight))


@pytest.mark.parametrize("id", [-1, 2**31, "x", None, 1.5])
def test_an_invalid_segmentation_id_is_refused(id: Any) -> None:
    refuses(InvalidSegmentation, lambda: Group(id, "a"))
    refuses(InvalidSegmentation, lambda: UserSegmentation(id, "experiment", "", "", ()))


def test_the_largest_weights_and_ids_are_accepted() -> None:
    most = 2**31 - 1
    largest = experiment(most, *range(most - 50, most + 1), weights=(most,) * 51)
    segmentations.save_segmentations(COURSE_ID, [largest])

    group = experiments.assign_group(COURSE_ID, most, "ann")
    assert group in largest.groups
    assert segmentations.get_group_ids(COURSE_ID, most, "ann") == {group.id}


def test_a_list_with_one_invalid_segmentation_is_refused_as_a_whole() -> None:
    twice = [experiment(400), experiment(100), experiment(400)]
    refuses(InvalidSegmentation, lambda: segmentations.save_segmentations(COURSE_ID, twice))
    refuses(InvalidId, lambda: segmentations.save_segmentations(COURSE_ID, [], actor="x" * 256))


@pytest.mark.parametrize("user_id", BAD_USERS)
def test_an_invalid_user_id_cannot_be_retired(user_id: Any) -> None:
    refuses(InvalidId, lambda: segmentations.retire_user(user_id))
    refuses(InvalidId, lambda: experiments.retire_user(user_id))


def test_retiring_a_user_deletes_only_that_users_data() -> None:
    for user_id in ("ann", "bob"):
        experiments.assign_group(COURSE_ID, 100, user_id)
        experiments.record_exposure(COURSE_ID, 100, user_id, "block")
        segmentations.put_in_group(COURSE_ID, 100, user_id, 1, type="experiment")
        segmentations.put_in_group(COURSE_ID, 100, user_id, 2, type="experiment")
    before = rows()

    assert segmentations.retire_user("ann") >= 2
    assert experiments.retire_user("ann") == 1
    assert segmentations.retire_user("ann") == experiments.retire_user("ann") == 0
    assert "ann" not in str(rows())
    kept = {
        name: [row for row in found if row.get("user_id") != "ann"]
        for name, found in before.items()
    }
    left = {
        name: found if name in before and not name.startswith("Retired") else []
        for name, found in rows().items()
    }
    assert left == kept
