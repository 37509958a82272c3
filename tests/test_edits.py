"""A course that is edited after learners have arrived."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import COURSE_ID, experiment, segmentation
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidId,
    InvalidSegmentation,
    NoSuchSegmentation,
    NotAssignable,
    SegmentationEdit,
    UserSegmentation,
)
from xblock_experiments.experiments import api

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

USERS = [f"user {number}" for number in range(30)]

_courses = itertools.count()


def publish(*experiments: UserSegmentation, actor: str = "") -> None:
    segmentations.save_segmentations(COURSE_ID, experiments, actor=actor)


def put(group_id: int, *user_ids: str, id: int = 100, type: str = "experiment") -> None:
    for user_id in user_ids:
        segmentations.put_in_group(COURSE_ID, id, user_id, group_id, type=type)


def preview(*experiments: UserSegmentation) -> Sequence[SegmentationEdit]:
    return segmentations.preview_edit(COURSE_ID, experiments).segmentations


def members(id: int = 100) -> dict[str, int]:
    return {
        member.user_id: member.group_id
        for member in segmentations.get_members(COURSE_ID, id, type="experiment")
    }


def test_the_preview_of_a_removed_group_counts_the_learners_who_stay_and_who_leave() -> None:
    publish(experiment(100, 1, 2, 3))
    put(1, "ann", "bob")
    put(2, "cid", "dan", "eva")

    (edit,) = preview(experiment(100, 1, 3, 4))

    assert (edit.id, edit.type, edit.name) == (100, "experiment", "experiment 100")
    assert (edit.change, edit.stay, edit.leave) == ("changed", 2, 3)
    assert [group.id for group in edit.empty] == [3, 4]


def test_learners_whose_group_was_removed_before_do_not_lose_it_again() -> None:
    publish(experiment(100, 1, 2, 3))
    put(1, "ann", "bob")
    put(2, "cid")
    publish(experiment(100, 2, 3))

    (later,) = preview(experiment(100, 2, 3, name="new name"))
    assert (later.stay, later.leave) == (1, 0)
    (removal,) = preview(experiment(100, 3))
    assert (removal.stay, removal.leave) == (0, 1)
    (back,) = preview(experiment(100, 1, 2, 3))
    assert (back.stay, back.leave) == (3, 0)


def test_removed_groups_are_as_they_were_when_they_were_removed() -> None:
    lists = segmentation(7, "list", (Group(5, "early"), Group(6, "late")))
    publish(experiment(100, 1, 2, 3), experiment(200), lists)
    publish(experiment(100, 1, 2), experiment(200), replace(lists, groups=lists.groups[1:]))
    renamed = replace(experiment(100, 1, 2), groups=(Group(1, "Group 1"), Group(2, "B", 5)))
    publish(renamed, experiment(200))
    publish(experiment(100, 1), experiment(200))

    found = segmentations.get_removed_groups(COURSE_ID)

    assert found["experiment", 100] == (Group(2, "B", 5), Group(3, "Group 3"))
    assert found["experiment", 200] == ()
    assert found["list", 7] == (Group(5, "early"),)
    assert segmentations.get_removed_groups("course-v1:DemoX+Other+2026") == {}


def test_a_group_that_is_back_is_not_removed() -> None:
    for group_ids in ((1, 2), (1,), (1, 2)):
        publish(experiment(100, *group_ids))

    assert segmentations.get_removed_groups(COURSE_ID) == {("experiment", 100): ()}


def test_removed_groups_take_one_query(django_assert_num_queries: object) -> None:
    every = [experiment(id) for id in range(100, 125)]
    publish(*every)
    publish(*(replace(each, groups=each.groups[:1]) for each in every))

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(segmentations.get_removed_groups(COURSE_ID)) == 25


def test_a_preview_changes_nothing() -> None:
    publish(experiment(100, 1, 2))
    put(2, "ann")

    preview(experiment(100, 1), experiment(200))

    assert segmentations.get_segmentations(COURSE_ID) == (experiment(100, 1, 2),)
    assert len(segmentations.get_versions(COURSE_ID, 100)) == 1
    assert members() == {"ann": 2}


def test_the_preview_describes_each_segmentations_change_in_order() -> None:
    publish(experiment(100), experiment(200), experiment(300), experiment(400))
    put(1, "ann", id=300)
    put(1, "ann", id=400)
    publish(experiment(100), experiment(200), experiment(400))

    edits = preview(
        experiment(300), experiment(200, name="new name"), experiment(500), experiment(100)
    )

    assert [(edit.id, edit.change) for edit in edits] == [
        (300, "returned"),
        (200, "changed"),
        (500, "new"),
        (100, "same"),
        (400, "removed"),
    ]
    assert [edit.stay for edit in edits] == [1, 0, 0, 0, 1]
    assert [edit.leave for edit in edits] == [0, 0, 0, 0, 0]


def test_the_preview_has_totals() -> None:
    publish(experiment(100), experiment(200))
    put(1, "ann", "bob", id=100)
    put(2, "ann", "bob", "cid", id=200)

    found = segmentations.preview_edit(COURSE_ID, [experiment(100), experiment(200, 1)])

    assert (found.stay, found.leave) == (2, 3)


def test_the_preview_counts_members_of_lists_too() -> None:
    groups = Group(1, "early"), Group(2, "late")
    publish(segmentation(7, "list", groups))
    put(1, "ann", id=7, type="list")
    put(2, "ann", "bob", id=7, type="list")

    (edit,) = preview(segmentation(7, "list", groups[:1]))

    assert (edit.stay, edit.leave) == (1, 2)


def test_saving_does_what_the_preview_predicted() -> None:
    publish(experiment(100, 1, 2, 3))
    before = {user_id: api.assign_group(COURSE_ID, 100, user_id).id for user_id in USERS}
    edited = experiment(100, 2, 3, 4, weights=(0, 5, 1))

    (edit,) = preview(edited)
    publish(edited)
    after = {user_id: api.assign_group(COURSE_ID, 100, user_id).id for user_id in USERS}

    stayed = [user_id for user_id in USERS if after[user_id] == before[user_id]]
    assert (edit.stay, edit.leave) == (len(stayed), len(USERS) - len(stayed))
    assert edit.leave == sum(group_id == 1 for group_id in before.values()) > 0


def test_the_preview_takes_two_queries(django_assert_num_queries: object) -> None:
    every = [experiment(id) for id in range(100, 125)]
    publish(*every)

    with django_assert_num_queries(2):  # type: ignore[operator]
        preview(*every)


def test_the_preview_refuses_the_same_edits_as_saving() -> None:
    with pytest.raises(InvalidSegmentation, match="two segmentations"):
        preview(experiment(100), experiment(100))
    with pytest.raises(InvalidSegmentation, match="JSON"):
        preview(experiment(100, parameters={"x": object()}))
    with pytest.raises(InvalidId):
        segmentations.preview_edit("", [experiment(100)])


def test_versions_have_the_past_definitions_of_a_segmentation_and_their_authors() -> None:
    publish(experiment(100, 1, 2), actor="ann")
    publish(experiment(100, 1, 2, name="renamed"), actor="bob")
    put(1, "learner")
    publish(actor="cid")
    publish(experiment(100, 2, weights=(7,)), actor="dan")

    versions = segmentations.get_versions(COURSE_ID, 100)

    assert [(v.version, v.who, v.removed) for v in versions] == [
        (1, "ann", False),
        (2, "bob", False),
        (3, "cid", True),
        (4, "dan", False),
    ]
    assert [v.segmentation.name for v in versions[:2]] == ["experiment 100", "renamed"]
    assert [v.segmentation.active for v in versions] == [True, True, False, True]
    assert versions[3].segmentation.groups == (Group(2, "Group 2", 7),)
    assert [v.when for v in versions] == sorted(v.when for v in versions)


def test_an_unknown_segmentation_has_no_versions() -> None:
    with pytest.raises(NoSuchSegmentation):
        segmentations.get_versions(COURSE_ID, 100)


def test_a_removed_experiment_without_members_keeps_its_versions() -> None:
    publish(experiment(100))
    put(1, "ann")
    publish()
    segmentations.remove_from_group(COURSE_ID, 100, "ann", 1, type="experiment")

    assert segmentations.get_segmentations(COURSE_ID) == ()
    assert [v.removed for v in segmentations.get_versions(COURSE_ID, 100)] == [False, True]
    history = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert [(c.from_group_id, c.to_group_id) for c in history] == [(None, 1), (1, None)]
    assert list(api.get_exposures(COURSE_ID, 100)) == []


def test_renaming_moves_nobody_and_shows_the_new_name() -> None:
    publish(experiment(100))
    group = api.assign_group(COURSE_ID, 100, "ann")
    renamed = tuple(Group(each.id, f"New {each.id}") for each in experiment(100).groups)
    publish(segmentation(100, "experiment", renamed))

    assert api.assign_group(COURSE_ID, 100, "ann") == Group(group.id, f"New {group.id}")
    assert len(segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")) == 1


def test_all_learners_are_reassigned_if_all_groups_are_replaced_and_the_history_says_so() -> None:
    publish(experiment(100, 1, 2))
    before = {user_id: api.assign_group(COURSE_ID, 100, user_id).id for user_id in USERS}
    publish(experiment(100, 3, 4))

    assert all(api.get_group(COURSE_ID, 100, user_id) is None for user_id in USERS)
    after = {user_id: api.assign_group(COURSE_ID, 100, user_id).id for user_id in USERS}
    assert set(after.values()) == {3, 4}
    for user_id in USERS:
        history = segmentations.get_history(COURSE_ID, 100, user_id, type="experiment")
        assert [(c.from_group_id, c.to_group_id, c.why) for c in history] == [
            (None, before[user_id], "assigned"),
            (before[user_id], after[user_id], "group removed"),
        ]


def test_members_of_an_experiment_without_groups_are_back_when_their_group_returns() -> None:
    publish(experiment(100, 1, 2))
    put(2, "ann")
    publish(segmentation(100, "experiment", ()))
    with pytest.raises(NotAssignable):
        api.assign_group(COURSE_ID, 100, "ann")
    publish(experiment(100, 1, 2))

    assert api.assign_group(COURSE_ID, 100, "ann").id == 2


def test_the_history_has_the_actor_of_a_manual_move() -> None:
    publish(experiment(100, 1, 2))
    put(1, "ann")
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment", actor="staff")
    publish(experiment(100, 1))
    api.assign_group(COURSE_ID, 100, "ann")

    history = segmentations.get_history(COURSE_ID, 100, "ann", type="experiment")
    assert [(c.from_group_id, c.to_group_id, c.why, c.who) for c in history] == [
        (None, 1, "put", ""),
        (1, 2, "put", "staff"),
        (2, 1, "group removed", ""),
    ]


groups = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=5
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(st.none() | groups, max_size=6), named=st.booleans())
def test_no_sequence_of_edits_moves_a_learner_whose_group_still_exists(
    edits: list[list[tuple[int, int]] | None], named: bool
) -> None:
    course_id = f"edited course {next(_courses)}"
    segmentations.save_segmentations(course_id, [experiment(100, 0, 1, 2)])
    where = dict.fromkeys(["ann", "bob", "cid", "dan"], -1)

    for edit in [None, *edits]:
        if edit is None:
            listed = [experiment(100, 0, 1, 2)]
        else:
            kept = tuple(Group(id, f"{named} {id}", weight) for id, weight in edit)
            listed = [segmentation(100, "experiment", kept)]
        segmentations.save_segmentations(course_id, listed)
        present = {group.id for group in listed[0].groups}
        for user_id, before in where.items():
            try:
                where[user_id] = api.assign_group(course_id, 100, user_id).id
            except NotAssignable:
                assert before not in present
            if before in present:
                assert where[user_id] == before
