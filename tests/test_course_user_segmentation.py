"""The store of segmentations and memberships."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tests.builders import COURSE_ID, experiment, segmentation
from xblock_experiments.course_user_segmentation import api
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidId,
    InvalidSegmentation,
    NoSuchGroup,
    NoSuchSegmentation,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.models import (
    Membership,
    Segmentation,
    SegmentationVersion,
)
from xblock_experiments.experiments.api import record_exposure

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

COHORTS = segmentation(7, "list", (Group(1, "early"), Group(2, "late"), Group(3, "abroad")))


def test_a_course_has_the_segmentations_that_were_saved_last_in_their_order() -> None:
    saved = (experiment(300), COHORTS, experiment(100))
    api.save_segmentations(COURSE_ID, saved)

    assert api.get_segmentations(COURSE_ID) == saved
    assert api.get_segmentations(COURSE_ID, type="experiment") == (experiment(300), experiment(100))
    assert api.get_segmentations("course-v1:Other+Course+1") == ()


def test_segmentations_of_two_types_may_have_the_same_id() -> None:
    other = segmentation(100, "list", (Group(5, "five"),))
    api.save_segmentations(COURSE_ID, [experiment(100), other])

    assert api.get_segmentation(COURSE_ID, 100) == experiment(100)
    assert api.get_segmentation(COURSE_ID, 100, type="list") == other


def test_two_segmentations_of_the_same_id_and_type_are_refused_and_nothing_changes() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])

    with pytest.raises(InvalidSegmentation, match="two segmentations of type 'experiment'"):
        api.save_segmentations(COURSE_ID, [experiment(200), experiment(300), experiment(300)])
    assert api.get_segmentations(COURSE_ID) == (experiment(100),)


def test_parameters_that_are_not_json_are_refused_and_nothing_changes() -> None:
    with pytest.raises(InvalidSegmentation, match="cannot be written as JSON"):
        api.save_segmentations(
            COURSE_ID, [experiment(1), experiment(2, parameters={"when": object()})]
        )
    assert api.get_segmentations(COURSE_ID) == ()


def test_saving_the_same_again_writes_nothing() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100), COHORTS])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        api.save_segmentations(COURSE_ID, [experiment(100), COHORTS])

    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT"))]


def test_a_removed_segmentation_stays_inactive_while_it_has_members() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100), experiment(200)])
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    api.save_segmentations(COURSE_ID, [])

    (kept,) = api.get_segmentations(COURSE_ID)
    assert (kept.id, kept.active) == (100, False)
    assert [member.user_id for member in api.get_members(COURSE_ID, 100, type="experiment")] == [
        "ann"
    ]
    with pytest.raises(NoSuchSegmentation):
        api.get_segmentation(COURSE_ID, 200)


def test_standings_of_a_course_with_removed_segmentations_are_read_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    api.save_segmentations(COURSE_ID, [experiment(100), experiment(200), experiment(300)])
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    api.save_segmentations(COURSE_ID, [experiment(300)])
    first = api.get_all_standings(COURSE_ID, "bob")
    with django_assert_num_queries(1):
        again = api.get_all_standings(COURSE_ID, "bob")

    assert [standing.segmentation.id for standing in first] == [300, 100]
    assert again == first


def test_versions_record_every_change_removal_and_return_and_its_actor() -> None:
    renamed = experiment(100, name="renamed")
    for actor, listed in (
        ("ann", [experiment(100)]),
        ("bob", [experiment(100)]),
        ("cid", [renamed]),
        ("dan", []),
        ("eva", [renamed]),
    ):
        api.save_segmentations(COURSE_ID, listed, actor=actor)

    versions = SegmentationVersion.objects.order_by("version")
    assert [(v.version, v.actor, v.removed) for v in versions] == [
        (1, "ann", False),
        (2, "cid", False),
        (3, "dan", True),
        (4, "eva", False),
    ]


@pytest.mark.parametrize("actor", ["x" * 256, "a\x00b"])
def test_an_actor_must_be_a_valid_user_id(actor: str) -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])

    for call in (
        lambda: api.save_segmentations(COURSE_ID, [experiment(200)], actor=actor),
        lambda: api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment", actor=actor),
        lambda: api.remove_from_group(COURSE_ID, 100, "ann", 1, type="experiment", actor=actor),
    ):
        with pytest.raises(InvalidId, match="member of staff"):
            call()
    assert api.get_segmentations(COURSE_ID) == (experiment(100),)


def test_a_segmentation_that_is_added_again_gets_its_members_back() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])
    api.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    api.save_segmentations(COURSE_ID, [])
    api.save_segmentations(COURSE_ID, [experiment(100)])

    assert api.get_segmentations(COURSE_ID) == (experiment(100),)
    assert api.get_group_ids(COURSE_ID, 100, "ann") == {2}


@pytest.mark.parametrize("id", [999, -1, 2**31, 2**70, "100", None, True, 1.5])
def test_an_unknown_segmentation_is_named_in_the_error(id: Any) -> None:
    api.save_segmentations(COURSE_ID, [experiment(1), experiment(100)])

    for call in (
        lambda: api.get_segmentation(COURSE_ID, id),
        lambda: api.get_group_ids(COURSE_ID, id, "ann"),
        lambda: api.put_in_group(COURSE_ID, id, "ann", 1, type="experiment"),
        lambda: api.remove_from_group(COURSE_ID, id, "ann", 1, type="experiment"),
        lambda: api.get_members(COURSE_ID, id, type="experiment"),
        lambda: api.get_history(COURSE_ID, id, "ann", type="experiment"),
    ):
        with pytest.raises(NoSuchSegmentation, match="has no segmentation"):
            call()


def test_a_user_is_in_at_most_one_group_of_an_experiment() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    api.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")

    assert api.get_group_ids(COURSE_ID, 100, "ann") == {2}


def test_the_database_refuses_a_second_group_in_an_experiment() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    row = Membership.objects.get()
    row.pk, row.group_id = None, 2

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_segmentation_with_members_is_not_deleted() -> None:
    """Check the application's protection: the database has no foreign key from a membership."""
    api.save_segmentations(COURSE_ID, [experiment(100)])
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")

    with pytest.raises(ProtectedError):
        Segmentation.objects.all().delete()


def test_a_user_may_be_in_several_groups_of_a_list_but_only_once_in_each() -> None:
    api.save_segmentations(COURSE_ID, [COHORTS])
    for group_id in (1, 3, 1):
        api.put_in_group(COURSE_ID, 7, "ann", group_id, type="list")

    assert api.get_group_ids(COURSE_ID, 7, "ann", type="list") == {1, 3}
    assert len(list(api.get_members(COURSE_ID, 7, type="list"))) == 2


def test_nobody_can_be_put_into_an_unknown_group() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])

    with pytest.raises(NoSuchGroup):
        api.put_in_group(COURSE_ID, 100, "ann", 9, type="experiment")
    assert api.get_group_ids(COURSE_ID, 100, "ann") == frozenset()


def test_nobody_is_in_a_removed_group() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100, 1, 2)])
    api.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    api.save_segmentations(COURSE_ID, [experiment(100, 1)])

    assert api.get_group_ids(COURSE_ID, 100, "ann") == frozenset()


def test_removing_a_user_from_a_group_has_an_effect_only_once() -> None:
    api.save_segmentations(COURSE_ID, [COHORTS])
    api.put_in_group(COURSE_ID, 7, "ann", 1, type="list")
    api.put_in_group(COURSE_ID, 7, "ann", 2, type="list")
    for _ in range(2):
        api.remove_from_group(COURSE_ID, 7, "ann", 1, type="list")

    assert api.get_group_ids(COURSE_ID, 7, "ann", type="list") == {2}


def test_members_are_listed_in_order_of_arrival_and_can_be_filtered_by_group() -> None:
    api.save_segmentations(COURSE_ID, [COHORTS])
    for user_id, group_id in (("zoe", 1), ("ann", 2), ("bob", 1)):
        api.put_in_group(COURSE_ID, 7, user_id, group_id, type="list")

    everybody = [member.user_id for member in api.get_members(COURSE_ID, 7, type="list")]
    early = [member.user_id for member in api.get_members(COURSE_ID, 7, type="list", group_id=1)]
    assert (everybody, early) == (["zoe", "ann", "bob"], ["zoe", "bob"])


def test_the_history_has_every_move_with_its_reason_and_actor() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment", actor="staff_1")
    api.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment", actor="staff_2")
    api.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment", actor="staff_3")
    api.remove_from_group(COURSE_ID, 100, "ann", 2, type="experiment", actor="staff_4")
    api.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    api.put_in_group(COURSE_ID, 100, "bob", 1, type="experiment")

    history = api.get_history(COURSE_ID, 100, "ann", type="experiment")
    moves = [(c.from_group_id, c.to_group_id, c.why, c.who) for c in history]
    assert moves == [
        (None, 1, "put", "staff_1"),
        (1, 2, "put", "staff_2"),
        (2, None, "removed", "staff_4"),
        (None, 1, "put", ""),
    ]
    assert [change.when for change in history] == sorted(change.when for change in history)


ALIKE = [
    ("ann", "Ann"),
    ("ann", "ann "),
    ("zoë", "zoe"),
    ("zo\u00eb", "zoe\u0308"),
    ("🙂", "🙃"),
    ("ß", "ss"),
    ("x" * 254 + "a", "x" * 254 + "A"),
]
"""Pairs of texts that some collation treats as equal."""


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_user_ids_are_compared_exactly(one: str, other: str) -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])
    api.put_in_group(COURSE_ID, 100, one, 1, type="experiment")
    assert api.get_group_ids(COURSE_ID, 100, other) == frozenset()
    api.put_in_group(COURSE_ID, 100, other, 2, type="experiment")

    assert api.get_group_ids(COURSE_ID, 100, one) == {1}
    assert api.get_group_ids(COURSE_ID, 100, other) == {2}
    assert record_exposure(COURSE_ID, 100, one, "block")
    assert record_exposure(COURSE_ID, 100, other, "block")
    assert api.retire_user(one) == 1
    assert api.get_group_ids(COURSE_ID, 100, other) == {2}


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_course_ids_and_block_ids_are_compared_exactly(one: str, other: str) -> None:
    api.save_segmentations(one, [experiment(100)])
    assert api.get_segmentations(other) == ()
    api.save_segmentations(other, [experiment(100)])
    api.put_in_group(one, 100, "ann", 1, type="experiment")
    assert api.get_group_ids(other, 100, "ann") == frozenset()
    api.put_in_group(other, 100, "ann", 1, type="experiment")

    assert record_exposure(one, 100, "ann", one)
    assert record_exposure(one, 100, "ann", other)
    assert record_exposure(other, 100, "ann", one)


@pytest.mark.parametrize("id", ["", "x" * 256, "a\x00b", "\ud800", None, 7])
def test_an_id_that_cannot_be_stored_is_refused(id: Any) -> None:
    api.save_segmentations(COURSE_ID, [experiment(100)])

    for call in (
        lambda: api.put_in_group(COURSE_ID, 100, id, 1, type="experiment"),
        lambda: api.get_group_ids(COURSE_ID, 100, id),
        lambda: api.save_segmentations(id, [experiment(100)]),
        lambda: api.get_segmentations(id),
    ):
        with pytest.raises(InvalidId):
            call()


def test_ids_have_up_to_255_characters() -> None:
    course_id, user_id = "c" * 255, "🙂" * 255
    api.save_segmentations(course_id, [experiment(100)])
    api.put_in_group(course_id, 100, user_id, 1, type="experiment")

    assert api.get_group_ids(course_id, 100, user_id) == {1}


def test_a_segmentation_of_any_size_and_text_can_be_stored() -> None:
    groups = tuple(Group(id, f"🙂 {id} \x00 </script>") for id in range(500))
    large = UserSegmentation(1, "experiment", "n" * 10_000, "d" * 10_000, groups)
    api.save_segmentations(COURSE_ID, [large])

    assert api.get_segmentation(COURSE_ID, 1) == large
