"""Grades from the stored structure, groups and scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.builders import COURSE_ID, experiment, segmentation
from xblock_experiments.course_user_segmentation.api import (
    get_group_ids,
    get_groups_over_time,
    put_in_group,
    remove_from_group,
    save_segmentations,
)
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.experiments.api import assign_group
from xblock_experiments.gradebook.api import (
    get_grade,
    get_grades,
    get_structure,
    record_score,
    save_structure,
)
from xblock_experiments.gradebook.data import InvalidScore, NoStructure
from xblock_experiments.gradebook.models import Structure
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.gradebook.tree import Node, Tree

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

BLOCKS = ("common", "arm1", "arm2", "arm3")


def structure(*group_ids: int, **names: str) -> CourseStructure:
    """Return a homework with a problem for all, and one more in each group's arm."""
    problems = [
        Node(
            usage_id=name,
            type="problem",
            display_name=names.get(name, name),
            is_scored=True,
            graded=True,
            possible=1.0,
        )
        for name in BLOCKS
    ]
    split = Node(
        usage_id="split",
        type="split_test",
        children=tuple(f"arm{each}" for each in group_ids),
        segmentation_id=100,
        group_of_child={f"arm{each}": frozenset({each}) for each in group_ids},
    )
    return Tree(
        "course",
        [
            Node(usage_id="course", type="course", children=("chapter",)),
            Node(usage_id="chapter", type="chapter", children=("homework",)),
            Node(
                usage_id="homework",
                type="sequential",
                display_name="Homework",
                children=("common", "split"),
                graded=True,
                format="Homework",
            ),
            *(split, *problems),
        ],
    ).structure(COURSE_ID)


@pytest.fixture(autouse=True)
def _course() -> None:
    begin()


def begin() -> None:
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3)])
    save_structure(structure(1, 2, 3), ["homework", *BLOCKS])


def put(user_id: str, group_id: int) -> None:
    put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")


def score(user_id: str, usage_id: str, earned: float) -> None:
    record_score(COURSE_ID, user_id, usage_id, earned, 1)


def percent(user_id: str = "ann") -> float:
    return get_grade(COURSE_ID, user_id).percent


def test_a_learner_is_graded_on_the_common_problem_and_on_that_of_their_arm() -> None:
    put("ann", 1)
    score("ann", "common", 1)
    score("ann", "arm2", 1)

    (homework,) = get_grade(COURSE_ID, "ann").sequences
    assert (homework.display_name, homework.earned, homework.possible) == ("Homework", 1, 2)


def test_reading_a_grade_assigns_nobody() -> None:
    score("ann", "common", 1)

    assert percent() == 1
    assert get_group_ids(COURSE_ID, 100, "ann") == frozenset()


def test_a_learner_who_was_moved_keeps_their_points_unless_the_site_says_otherwise() -> None:
    put("ann", 1)
    score("ann", "arm1", 1)
    put("ann", 2)

    assert percent() == 0.5
    with override_settings(XBLOCK_EXPERIMENTS={"KEEP_POINTS": False}):
        assert percent() == 0


def test_a_learner_whose_group_was_removed_keeps_their_points_before_and_after_the_next_visit() -> (
    None
):
    put("ann", 1)
    score("ann", "common", 1)
    score("ann", "arm1", 1)
    save_segmentations(COURSE_ID, [experiment(100, 2, 3)])
    save_structure(structure(2, 3), BLOCKS)

    assert percent() == 1
    assign_group(COURSE_ID, 100, "ann")
    assert percent() == 1


def test_a_learner_whose_group_was_removed_does_not_rise_for_want_of_an_arm() -> None:
    put("ann", 1)
    score("ann", "common", 1)
    save_segmentations(COURSE_ID, [experiment(100, 2, 3)])

    assert percent() == 0.5
    assign_group(COURSE_ID, 100, "ann")
    assert percent() == 0.5


def test_an_arm_counts_as_it_was_last_published_while_the_learner_was_in_it() -> None:
    put("ann", 1)
    put("bob", 1)
    score("ann", "arm1", 1)
    score("bob", "arm1", 1)
    put("ann", 2)
    save_structure(structure(2, 3), BLOCKS)

    # Ann had left the arm before the author deleted its content, and Bob had not.
    assert (percent("ann"), percent("bob")) == (0.5, 0)


def test_a_learner_who_was_taken_out_keeps_their_points() -> None:
    put("ann", 1)
    score("ann", "arm1", 1)
    remove_from_group(COURSE_ID, 100, "ann", 1, type="experiment")

    assert percent() == 0.5


def test_grades_come_in_the_order_of_the_learners() -> None:
    score("bob", "common", 1)

    grades = get_grades(COURSE_ID, ["zoe", "bob", "ann"])

    assert [(each.user_id, each.percent) for each in grades] == [("zoe", 0), ("bob", 1), ("ann", 0)]


def test_a_learner_who_is_named_twice_has_the_same_grade_twice() -> None:
    score("ann", "common", 1)

    assert [each.percent for each in get_grades(COURSE_ID, ["ann", "ann"])] == [1, 1]


def test_grades_of_a_thousand_learners_take_a_constant_number_of_queries() -> None:
    learners = [f"learner {number}" for number in range(1_000)]
    for user_id in learners[:5]:
        put(user_id, 1)
        put(user_id, 2)
        score(user_id, "arm1", 1)

    counts = []
    for some in (learners[:1], learners[:5], learners):
        with CaptureQueriesContext(connection) as queries:
            list(get_grades(COURSE_ID, some))
        counts.append(len(queries))
    assert counts == [8] * 3


def test_what_all_learners_share_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    learners = [f"learner {number}" for number in range(6)]
    for user_id in learners:
        put(user_id, 1)
        put(user_id, 2)
    monkeypatch.setattr("xblock_experiments.gradebook.grading.AT_ONCE", 2)

    with CaptureQueriesContext(connection) as queries:
        list(get_grades(COURSE_ID, learners))

    # For two learners at a time: memberships, past changes and scores.
    assert len(queries) == 5 + 3 * 3


def test_a_learner_of_several_groups_keeps_the_points_of_each_as_it_was_left() -> None:
    groups = (Group(1, "one"), Group(2, "two"))
    save_segmentations(COURSE_ID, [segmentation(100, "list", groups)])
    for group_id in (1, 2):
        put_in_group(COURSE_ID, 100, "ann", group_id, type="list")
    score("ann", "arm1", 1)
    remove_from_group(COURSE_ID, 100, "ann", 1, type="list")
    save_structure(structure(2, 3), BLOCKS)
    assert percent() == 1 / 3

    # Both arms count as Ann left them, and the arm of group 1 was gone when she left group 2.
    remove_from_group(COURSE_ID, 100, "ann", 2, type="list")
    save_structure(structure(3), BLOCKS)
    assert percent() == 1 / 3


def test_a_segmentation_that_comes_back_with_another_type_has_none_of_its_learners() -> None:
    put("ann", 1)
    score("ann", "arm1", 1)
    save_segmentations(COURSE_ID, [])
    groups = (Group(1, "one"), Group(2, "two"))
    save_segmentations(COURSE_ID, [segmentation(100, "list", groups)])

    ((_, found),) = get_groups_over_time(COURSE_ID, ["ann"])
    assert (found.now, found.to_be_assigned) == ({}, frozenset())
    (spell,) = found.spells
    assert (spell.segmentation_id, spell.group_id, spell.until is None) == (100, 1, False)
    assert percent() == 0.5

    put_in_group(COURSE_ID, 100, "ann", 2, type="list")
    ((_, found),) = get_groups_over_time(COURSE_ID, ["ann"])
    assert found.now == {100: {2}}
    assert [each.group_id for each in found.spells] == [1, 2]


def test_a_removed_experiment_that_comes_back_has_its_learners_again() -> None:
    put("ann", 1)
    score("ann", "arm1", 1)
    save_segmentations(COURSE_ID, [])
    assert percent() == 0.5
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3)])

    ((_, found),) = get_groups_over_time(COURSE_ID, ["ann"])
    assert found.now == {100: {1}}
    assert percent() == 0.5


def test_a_structure_is_parsed_once_and_one_that_was_rolled_back_never_counts() -> None:
    with transaction.atomic():
        save_structure(structure(1), BLOCKS)
        assert get_structure(COURSE_ID) == structure(1)
        transaction.set_rollback(True)
    save_structure(structure(2), BLOCKS)

    assert get_structure(COURSE_ID) == structure(2)
    assert get_structure(COURSE_ID) is get_structure(COURSE_ID)


def test_a_course_whose_structure_is_not_known_has_no_grades() -> None:
    with pytest.raises(NoStructure, match="course-v1:Other"):
        get_grades("course-v1:Other+Course+1", ["ann"])


def test_an_equal_structure_is_no_new_version() -> None:
    save_structure(structure(1, 2, 3), BLOCKS)
    assert Structure.objects.count() == 1

    save_structure(structure(1, 2, 3, common="A better name"), BLOCKS)
    assert [row.version for row in Structure.objects.order_by("pk")] == [1, 2]
    assert get_structure(COURSE_ID).sequences[0].blocks[0].display_name == "A better name"


def test_a_score_is_refused_if_the_course_never_had_the_block() -> None:
    save_structure(structure(1), [])

    score("ann", "homework", 1)
    score("ann", "arm3", 1)
    with pytest.raises(InvalidScore, match="never had a block other"):
        score("ann", "other", 1)
    record_score("course-v1:Other+Course+1", "ann", "other", 1, 1)


def two_experiments(first: tuple[int, ...], second: tuple[int, ...] = (1, 2)) -> None:
    """Save two experiments, 100 and 200, with a problem in each arm, and a common problem."""
    groups = {100: first, 200: second}
    arms = {id: {f"{id}_{each}": each for each in some} for id, some in groups.items()}
    problems = ["common", *(f"{id}_{each}" for id in groups for each in (1, 2))]
    splits = [
        Node(
            usage_id=f"split{id}",
            type="split_test",
            children=tuple(children),
            segmentation_id=id,
            group_of_child={name: frozenset({each}) for name, each in children.items()},
        )
        for id, children in arms.items()
    ]
    nodes = [
        Node(usage_id="course", type="course", children=("chapter",)),
        Node(usage_id="chapter", type="chapter", children=("homework",)),
        Node(
            usage_id="homework",
            type="sequential",
            children=("common", *(each.usage_id for each in splits)),
            graded=True,
        ),
        *splits,
        *(
            Node(usage_id=name, type="problem", is_scored=True, graded=True, possible=1.0)
            for name in problems
        ),
    ]
    save_segmentations(COURSE_ID, [experiment(id, *some) for id, some in groups.items() if some])
    save_structure(Tree("course", nodes).structure(COURSE_ID), problems)


def put_in(id: int, group_id: int) -> None:
    put_in_group(COURSE_ID, id, "ann", group_id, type="experiment")


def begin_two_experiments() -> None:
    """Put Ann, who earned the points of all but experiment 200, in group 1 of both."""
    two_experiments((1, 2))
    put_in(100, 1)
    put_in(200, 1)
    score("ann", "common", 1)
    score("ann", "100_1", 1)


def remove_the_group() -> None:
    two_experiments((1, 2), (2,))


def take_out() -> None:
    remove_from_group(COURSE_ID, 200, "ann", 1, type="experiment")


@pytest.mark.parametrize("lose_the_group", [remove_the_group, take_out])
def test_a_move_before_the_next_visit_does_not_raise_a_grade_for_want_of_another_arm(
    lose_the_group: Callable[[], None],
) -> None:
    begin_two_experiments()
    lose_the_group()
    put_in(100, 2)

    assert percent() == 2 / 3
    assign_group(COURSE_ID, 200, "ann")
    assert percent() == 2 / 3


def test_a_learner_of_a_removed_experiment_is_graded_without_it_also_after_another_move() -> None:
    begin_two_experiments()
    two_experiments((1, 2), ())
    assert percent() == 1

    put_in(100, 2)
    assert percent() == 1


class AnyMoves(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("put"), st.sampled_from([100, 200]), st.integers(1, 2)),
                st.tuples(st.just("take out"), st.sampled_from([100, 200]), st.integers(1, 2)),
                st.tuples(st.just("remove"), st.just(200), st.integers(1, 2)),
                st.tuples(st.just("visit"), st.sampled_from([100, 200]), st.just(0)),
            ),
            max_size=8,
        ),
        st.sets(st.sampled_from(["common", "100_1", "100_2", "200_1", "200_2"])),
    )
    def test_no_move_in_one_of_two_experiments_and_no_removal_lowers_a_grade(
        self, acts: list[tuple[str, int, int]], solved: set[str]
    ) -> None:
        present = {100: {1, 2}, 200: {1, 2}}
        two_experiments((1, 2))
        put_in(100, 1)
        put_in(200, 1)
        for name in solved:
            score("ann", name, 1)
        before = percent()
        for act, id, group_id in acts:
            if act == "put" and group_id in present[id]:
                put_in(id, group_id)
            elif act == "take out" and group_id in present[id]:
                remove_from_group(COURSE_ID, id, "ann", group_id, type="experiment")
            elif act == "remove":
                present[200].discard(group_id)
                two_experiments((1, 2), tuple(sorted(present[200])))
            elif act == "visit" and present[id]:
                assign_group(COURSE_ID, id, "ann")
            assert percent() >= before
            before = percent()

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("put"), st.integers(1, 3)),
                st.tuples(st.just("score"), st.sampled_from(BLOCKS)),
                st.tuples(st.just("remove"), st.integers(1, 3)),
                st.tuples(st.just("visit"), st.none()),
            ),
            max_size=8,
        )
    )
    def test_no_move_and_no_removal_of_a_group_lowers_a_grade(
        self, acts: list[tuple[str, Any]]
    ) -> None:
        begin()
        present = {1, 2, 3}
        put("ann", 1)
        before = percent()
        for act, what in acts:
            if act == "put" and what in present:
                put("ann", what)
            elif act == "score":
                score("ann", what, 1)
            elif act == "remove" and present - {what}:
                present.discard(what)
                save_segmentations(COURSE_ID, [experiment(100, *sorted(present))])
                save_structure(structure(*sorted(present)), BLOCKS)
            elif act == "visit":
                assign_group(COURSE_ID, 100, "ann")
            assert percent() >= before
            before = percent()
