"""The service for the groups of a block's learner."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from opaque_keys.edx.keys import UsageKey
from pytest_django import DjangoAssertNumQueries
from xblock.core import XBlock
from xblock.fields import ScopeIds

from tests.blocks import ServiceUser, user_segmentation
from tests.builders import COURSE_ID, experiment, segmentation
from tests.recording import recording
from xblock_experiments.course_user_segmentation import api
from xblock_experiments.course_user_segmentation.data import (
    Group,
    NoSuchSegmentation,
    NotAssignable,
)
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.services import UserSegmentationService
from xblock_experiments.testing import runtime_for

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

LIST = segmentation(7, "list", (Group(1, "early"), Group(2, "late")))


@pytest.fixture(autouse=True)
def _course() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100), experiment(0, 0, 5), LIST])


def test_the_service_lists_the_segmentations_of_the_course() -> None:
    service = user_segmentation()

    assert service.segmentations() == (experiment(100), experiment(0, 0, 5), LIST)
    assert service.segmentations("list") == (LIST,)
    assert service.segmentation(100) == experiment(100)
    assert service.segmentation(7, "list") == LIST
    with pytest.raises(NoSuchSegmentation):
        service.segmentation(7)


def test_the_service_does_not_reach_another_course() -> None:
    service = user_segmentation(course_id="course-v1:Other+Course+1")

    assert service.segmentations() == ()
    with pytest.raises(NoSuchSegmentation):
        service.assign(100)


def test_only_assign_settles_a_group() -> None:
    service = user_segmentation("ann")
    assert service.group(100) is None
    group = service.assign(100)

    assert service.group(100) == group
    assert user_segmentation("ann").group(100) == group
    assert user_segmentation("ann").assign(100) == group


def test_segmentation_0_and_group_0_are_ordinary() -> None:
    api.put_in_group(COURSE_ID, 0, "ann", 0, type="experiment")

    assert user_segmentation("ann").group(0) == Group(0, "Group 0")
    assert user_segmentation("ann").assign(0) == Group(0, "Group 0")


def test_all_experiments_of_a_page_take_at_most_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    service = user_segmentation("ann")
    with django_assert_num_queries(2):
        groups = service.assign_all([100, 0, 999])

    assert groups == {100: service.assign(100), 0: service.assign(0)}


def test_a_user_may_be_in_several_groups_of_a_list() -> None:
    api.put_in_group(COURSE_ID, 7, "ann", 2, type="list")
    api.put_in_group(COURSE_ID, 7, "ann", 1, type="list")
    service = user_segmentation("ann")

    assert service.groups(7, "list") == LIST.groups
    assert service.group(7, "list") == LIST.groups[0]
    assert user_segmentation("bob").groups(7, "list") == ()


@pytest.mark.parametrize("nobody", [None, ""])
def test_an_anonymous_user_is_given_the_first_group_and_is_in_none(nobody: str | None) -> None:
    service = user_segmentation(nobody)

    assert service.assign(100) == Group(1, "Group 1")
    assert service.assign_all([100, 0, 999]) == {100: Group(1, "Group 1"), 0: Group(0, "Group 0")}
    assert service.group(100) is None
    assert service.groups(7, "list") == ()
    service.record_exposure(100)
    assert list(api.get_members(COURSE_ID, 100, type="experiment")) == []
    assert list(get_exposures(COURSE_ID, 100)) == []


def test_errors_are_raised_for_anonymous_users_too() -> None:
    api.save_segmentations(COURSE_ID, [segmentation(100, "experiment", ())])

    with pytest.raises(NotAssignable):
        user_segmentation(None).assign(100)
    with pytest.raises(NoSuchSegmentation):
        user_segmentation(None).group(999)


def test_a_page_of_new_assignments_does_not_read_earlier_exposures(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    service = user_segmentation("ann")
    with django_assert_num_queries(3), service.together():
        for id in service.assign_all([100, 0]):
            service.record_exposure(id)
    with django_assert_num_queries(1):
        service.record_exposure(100)

    assert [len(list(get_exposures(COURSE_ID, id))) for id in (100, 0)] == [1, 1]


def test_an_arm_that_another_request_has_recorded_is_not_recorded_again(
    django_capture_on_commit_callbacks: Any,
) -> None:
    service = user_segmentation("ann")
    service.assign(100)
    user_segmentation("ann").record_exposure(100)
    with recording() as heard, django_capture_on_commit_callbacks(execute=True):
        service.record_exposure(100)

    assert len(list(get_exposures(COURSE_ID, 100))) == 1
    assert heard.names == []


def test_an_exposure_names_the_block_and_the_group_and_is_recorded_once() -> None:
    group = user_segmentation("ann").assign(100)

    user_segmentation("ann").record_exposure(100)
    user_segmentation("ann").record_exposure(100)
    (exposure,) = get_exposures(COURSE_ID, 100)
    assert exposure.group_id == group.id
    assert exposure.usage_id == "block-v1:DemoX+Tests+2026+type@hint+block@some_block"


def test_a_user_who_was_moved_is_exposed_again_once() -> None:
    first = user_segmentation("ann").assign(100)
    user_segmentation("ann").record_exposure(100)
    api.put_in_group(COURSE_ID, 100, "ann", 3 - first.id, type="experiment")

    for _ in range(2):
        user_segmentation("ann").record_exposure(100)
    assert [each.group_id for each in get_exposures(COURSE_ID, 100)] == [first.id, 3 - first.id]


def test_a_block_that_is_shown_twice_on_a_page_is_exposed_once(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    service = user_segmentation("ann")
    service.assign(100)
    with (
        caplog.at_level("INFO", "xblock_experiments.events"),
        django_capture_on_commit_callbacks(execute=True),
        service.together(),
    ):
        service.record_exposure(100)
        service.record_exposure(100)

    assert len(list(get_exposures(COURSE_ID, 100))) == 1
    assert [record.message.count("user_exposed") for record in caplog.records] == [1]


def test_an_unassigned_user_cannot_be_exposed() -> None:
    user_segmentation("ann").record_exposure(100)

    assert list(get_exposures(COURSE_ID, 100)) == []


def test_the_course_is_taken_from_the_usage_key() -> None:
    assert user_segmentation("ann").segmentation(100)


def test_the_branch_and_version_of_a_key_do_not_change_the_course() -> None:
    key = UsageKey.from_string(
        "block-v1:DemoX+Tests+2026+branch@published-branch"
        "+version@0123456789abcdef01234567+type@hint+block@x"
    )
    runtime = runtime_for("ann")
    asking = ServiceUser(runtime, scope_ids=ScopeIds("ann", "hint", key, key))

    assert runtime.service(asking, "user_segmentation").segmentation(100) == experiment(100)


def test_the_course_is_taken_from_the_runtime_if_keys_are_not_opaque() -> None:
    runtime = SimpleNamespace(course_id=COURSE_ID)
    ids = ScopeIds("ann", "hint", "d0", "u0")
    asking: XBlock = ServiceUser(runtime, scope_ids=ids)

    assert UserSegmentationService(runtime=runtime, xblock=asking).segmentation(100)


def test_the_course_is_the_scenario_otherwise() -> None:
    api.save_segmentations("my-scenario", [experiment(55)])
    ids = ScopeIds("ann", "hint", "my-scenario.hint.d0", "my-scenario.hint.d0.u0")
    runtime = runtime_for("ann")
    asking = ServiceUser(runtime, scope_ids=ids)

    assert runtime.service(asking, "user_segmentation").segmentation(55) == experiment(55)


def test_user_ids_are_converted_to_text() -> None:
    ids = ScopeIds(42, "hint", "my-scenario.hint.d0", "my-scenario.hint.d0.u0")
    api.save_segmentations("my-scenario", [experiment(55)])
    runtime = runtime_for("ann")
    service = UserSegmentationService(runtime, ServiceUser(runtime, scope_ids=ids))

    assert service.assign(55).id in api.get_group_ids("my-scenario", 55, "42")
