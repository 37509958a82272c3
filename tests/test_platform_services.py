"""Blocks written for the platform can use its services `partitions` and `user_tags`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from opaque_keys.edx.keys import CourseKey
from pytest_django import DjangoAssertNumQueries, Settings
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import ScopeIds

from tests.blocks import user_info, user_segmentation
from tests.builders import COURSE_ID, course_xml, experiment, segmentation
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group, NoSuchGroup
from xblock_experiments.errors import OtherUser
from xblock_experiments.experiments.api import get_group
from xblock_experiments.services import COURSE, PartitionService, UserTagsService
from xblock_experiments.services.preview import AsGroup, AsLearner, Preview
from xblock_experiments.testing import load_course, render
from xblock_experiments.user_tags.data import InvalidTag, NotOwner
from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime as Runtime

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

KEY = "xblock.partition_service.partition_{}"
LIST = segmentation(7, "list", (Group(1, "early"), Group(2, "late")))


@XBlock.needs("partitions", "user_tags", "user")
class PlatformBlock(XBlock):
    """A block written for the platform, as in its documentation."""

    def student_view(self, context: Any = None) -> Fragment:
        user = self.runtime.service(self, "user").get_current_user()
        partitions = self.runtime.service(self, "partitions")
        tags = self.runtime.service(self, "user_tags")
        group_id = partitions.get_user_group_id_for_partition(user, 100)
        group = partitions.get_user_partition(100).get_group(group_id)
        visits = int(tags.get_tag(tags.COURSE_SCOPE, "visits") or 0) + 1
        tags.set_tag(tags.COURSE_SCOPE, "visits", str(visits))
        assigned = tags.get_tag("course", KEY.format(100))
        return Fragment(f"<p>{group.name}, {assigned}, visit {visits}</p>")


@pytest.fixture(autouse=True)
def _course() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100), experiment(0, 0, 5), LIST])


def block(user_id: str | None, block_type: str = "old", preview: Preview | None = None) -> Any:
    key = CourseKey.from_string(COURSE_ID).make_usage_key(block_type, "some_block")
    runtime = Runtime(user_id, preview=preview)
    return PlatformBlock(
        runtime, scope_ids=ScopeIds(runtime.user_id, block_type, key, key), field_data=None
    )


def partitions(user_id: str | None = "ann", preview: Preview | None = None) -> PartitionService:
    asking = block(user_id, preview=preview)
    service: PartitionService = asking.runtime.service(asking, "partitions")
    return service


def tags(
    user_id: str | None = "ann", block_type: str = "old", preview: Preview | None = None
) -> UserTagsService:
    asking = block(user_id, block_type, preview)
    service: UserTagsService = asking.runtime.service(asking, "user_tags")
    return service


def user(id: object) -> Any:
    """Return a user object with an id, as Django's users have."""
    return SimpleNamespace(id=id)


ANN = user("ann")


@XBlock.register_temp_plugin(PlatformBlock, "old")
def test_a_block_of_the_platform_runs_unchanged() -> None:
    course = load_course(course_xml('<old url_name="one"/>'))
    first, second = render(course, "ann", "one"), render(course, "ann", "one")
    group = get_group(COURSE_ID, 100, "ann")

    assert group is not None
    assert f"{group.name}, {group.id}, visit 1" in first
    assert f"{group.name}, {group.id}, visit 2" in second


def test_partitions_are_all_segmentations_of_the_course() -> None:
    listed = [experiment(100), experiment(0, 0, 5, active=False), LIST]
    segmentations.save_segmentations(COURSE_ID, listed)
    first, second, third = partitions().course_partitions

    assert [first.id, second.id, third.id] == [100, 0, 7]
    assert [first.active, second.active] == [True, False]
    assert [first.scheme.name, third.scheme.name] == ["random", "list"]
    assert [(group.id, group.name) for group in first.groups] == [(1, "Group 1"), (2, "Group 2")]
    assert first.to_json() == experiment(100).to_json()


def test_a_partition_has_the_attributes_that_the_platform_documents() -> None:
    weighted = experiment(100, weights=(3, 1), name="Hints", description="How")
    segmentations.save_segmentations(COURSE_ID, [weighted])
    partition = partitions().get_user_partition(100)

    assert partition is not None
    assert (partition.name, partition.description) == ("Hints", "How")
    assert partition.parameters == {"weights": {"1": 3, "2": 1}}
    assert partition.get_group(2).name == "Group 2"
    with pytest.raises(NoSuchGroup):
        partition.get_group(3)


def test_an_id_shared_by_two_partitions_means_the_experiment() -> None:
    other = segmentation(100, "list", (Group(5, "early"),))
    segmentations.save_segmentations(COURSE_ID, [other, experiment(100)])
    partition = partitions().get_user_partition(100)

    assert partition is not None
    assert partition.scheme.name == "random"


def test_an_unknown_partition_raises_the_platforms_error() -> None:
    assert partitions().get_user_partition(999) is None
    with pytest.raises(ValueError) as error:
        partitions().get_user_group_id_for_partition(ANN, 999)
    assert str(error.value) == (
        f"Configuration problem!  No user_partition with id 999 in course {COURSE_ID}"
    )


def test_a_group_is_assigned_once_for_all_services() -> None:
    group_id = partitions().get_user_group_id_for_partition(ANN, 100)

    assert group_id == user_segmentation("ann").assign(100).id
    assert partitions().get_user_group_id_for_partition(ANN, 100) == group_id


def test_a_group_is_only_read_without_assign() -> None:
    service = partitions()
    partition = service.get_user_partition(100)
    assert partition is not None
    assert service.get_group(ANN, partition, assign=False) is None
    assert get_group(COURSE_ID, 100, "ann") is None
    group = service.get_group(ANN, partition)

    assert group is not None
    assert service.get_group(ANN, partition, assign=False) == group
    assert get_group(COURSE_ID, 100, "ann") == group


def test_group_0_of_partition_0_is_an_ordinary_group() -> None:
    segmentations.put_in_group(COURSE_ID, 0, "ann", 0, type="experiment")

    assert partitions().get_user_group_id_for_partition(ANN, 0) == 0
    assert tags().get_tag("course", KEY.format(0)) == "0"


def test_partitions_of_other_types_are_read_and_assign_nobody() -> None:
    assert partitions().get_user_group_id_for_partition(ANN, 7) is None
    segmentations.put_in_group(COURSE_ID, 7, "ann", 2, type="list")

    assert partitions().get_user_group_id_for_partition(ANN, 7) == 2


def test_an_inactive_partition_gives_no_group() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100, active=False)])

    assert partitions().get_user_group_id_for_partition(ANN, 100) is None


def test_all_services_of_a_page_read_the_users_groups_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    asking = block("ann")
    with django_assert_num_queries(2):
        service = asking.runtime.service(asking, "partitions")
        group_id = service.get_user_group_id_for_partition(ANN, 100)
        tag = asking.runtime.service(asking, "user_tags").get_tag("course", KEY.format(100))

    assert tag == str(group_id)


@pytest.mark.parametrize("other", ["bob", "Ann", "", None, 1])
def test_a_user_other_than_the_blocks_is_refused(other: object) -> None:
    segmentations.put_in_group(COURSE_ID, 100, "bob", 1, type="experiment")
    service = partitions("ann")
    partition = service.get_user_partition(100)
    assert partition is not None

    with pytest.raises(OtherUser, match="'ann' only"):
        service.get_user_group_id_for_partition(user(other), 100)
    with pytest.raises(PermissionError):
        service.get_group(user(other), partition, assign=False)
    assert get_group(COURSE_ID, 100, "ann") is None


def test_a_numeric_user_id_of_the_platform_is_accepted() -> None:
    assert partitions("17").get_user_group_id_for_partition(user(17), 100) in (1, 2)


@pytest.mark.parametrize("nobody", [None, user(None), user("")])
def test_an_anonymous_user_gets_the_first_group_without_an_assignment(nobody: Any) -> None:
    assert partitions(None).get_user_group_id_for_partition(nobody, 100) == 1
    assert segmentations.count_members(COURSE_ID, 100).total() == 0
    assert tags(None).get_tag("course", KEY.format(100)) is None


def test_a_preview_as_a_group_gives_that_group_and_leaves_no_trace() -> None:
    preview = AsGroup("experiment", 100, 2)
    service = tags("teacher", preview=preview)
    service.set_tag("course", "visits", "1")

    assert service.get_tag("course", "visits") == "1"
    assert service.get_tag("course", KEY.format(100)) == "2"
    teacher = partitions("teacher", preview).get_user_group_id_for_partition(user("teacher"), 100)
    assert teacher == 2
    assert tags("teacher").get_tag("course", "visits") is None
    assert segmentations.count_members(COURSE_ID, 100).total() == 0


def test_a_preview_as_a_learner_reads_the_learners_tags() -> None:
    tags("ann").set_tag("course", "visits", "3")

    assert tags("teacher", preview=AsLearner("ann")).get_tag("course", "visits") == "3"


def test_a_tag_is_a_text_that_belongs_to_a_user_and_a_course() -> None:
    tags("ann").set_tag("course", "visits", "3")
    tags("ann").set_tag("course", "visits", "4")

    assert tags("ann").get_tag(UserTagsService.COURSE_SCOPE, "visits") == "4"
    assert tags("bob").get_tag("course", "visits") is None
    assert tags("ann", "new").get_tag("course", "visits") == "4"


def test_other_values_are_returned_as_text() -> None:
    tags("ann").set_tag("course", "number", 5)  # type: ignore[arg-type]
    user_info("ann").set(COURSE, "seen", {"a": [1, None]})
    user_info("ann").set(COURSE, "name", "Ann")

    assert tags("ann").get_tag("course", "number") == "5"
    assert tags("ann").get_tag("course", "hint.seen") == '{"a":[1,null]}'
    assert tags("ann").get_tag("course", "hint.name") == "Ann"


@pytest.mark.parametrize("scope", ["global", "", None, COURSE])
def test_the_course_is_the_only_scope(scope: Any) -> None:
    for call in (
        lambda: tags().get_tag(scope, "visits"),
        lambda: tags().set_tag(scope, "visits", "1"),
    ):
        with pytest.raises(ValueError, match=f"^unexpected scope {scope}$"):
            call()


def test_an_anonymous_user_has_no_tags_and_setting_one_does_nothing() -> None:
    tags(None).set_tag("course", "visits", "1")

    assert tags(None).get_tag("course", "visits") is None


@pytest.mark.parametrize("user_id", ["ann", None])
def test_no_block_can_set_the_group_of_an_experiment(user_id: str | None) -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")

    with pytest.raises(NotOwner, match="an experiment's group"):
        tags(user_id).set_tag("course", KEY.format(100), "2")
    assert tags("ann").get_tag("course", KEY.format(100)) == "1"


@pytest.mark.parametrize("number", ["999", "0100", "-1", "x", "", "99999999999"])
def test_the_tag_of_an_unknown_experiment_is_none(number: str) -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")

    assert tags().get_tag("course", KEY.format(number)) is None


def test_the_tag_of_a_removed_group_is_none() -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 2, 3)])

    assert tags().get_tag("course", KEY.format(100)) is None


def test_tags_of_an_installed_block_type_can_be_set_only_by_that_type() -> None:
    user_info("ann", block_type="split_test").set(COURSE, "key", "theirs")

    with pytest.raises(NotOwner, match="type 'old' cannot set 'split_test"):
        tags().set_tag("course", "split_test.key", "mine")
    tags(block_type="split_test").set_tag("course", "split_test.key", "own")
    tags().set_tag("course", "org.example.key", "anybody's")
    assert tags().get_tag("course", "split_test.key") == "own"
    assert tags().get_tag("course", "org.example.key") == "anybody's"


def test_private_tags_are_returned_only_to_their_owners(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "PRIVATE_TAGS": ["hint.*"]}
    user_info("ann").set(COURSE, "secret", "x")

    assert tags().get_tag("course", "hint.secret") is None
    assert tags(block_type="hint").get_tag("course", "hint.secret") == "x"


@pytest.mark.parametrize("block_type", ["old", "mood"])
def test_a_private_tag_whose_key_names_no_owner_is_returned_to_nobody(
    settings: Settings, block_type: str
) -> None:
    tags().set_tag("course", "mood", "low")
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "PRIVATE_TAGS": ["mood"]}

    assert tags(block_type=block_type).get_tag("course", "mood") is None


class Disguised(str):
    """A string that claims to start with nothing."""

    __slots__ = ()

    def startswith(self, *args: Any) -> bool:
        return False

    def partition(self, separator: str, /) -> tuple[str, str, str]:
        return "old", separator, "key"


@pytest.mark.parametrize("key", [KEY.format(100), "split_test.key"])
def test_a_disguised_key_cannot_hide_its_owner(key: str) -> None:
    with pytest.raises(NotOwner):
        tags().set_tag("course", Disguised(key), "2")


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("k" * 256, "x"), (5, "x"), ("key", None)])
def test_an_invalid_tag_is_refused(key: Any, value: Any) -> None:
    with pytest.raises(InvalidTag):
        tags().set_tag("course", key, value)
