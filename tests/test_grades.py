"""Grades of learners, by policy and by what each learner is given."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import COURSE_ID
from xblock_experiments.gradebook.data import CourseGrade
from xblock_experiments.gradebook.given import GivenBlocks
from xblock_experiments.gradebook.grades import course_grade, outcome
from xblock_experiments.gradebook.numbers import shown_percent
from xblock_experiments.gradebook.policy import EQUAL_WEIGHTS, GradingPolicy, InvalidPolicy
from xblock_experiments.gradebook.standing import Earlier, Left, Present, Standing
from xblock_experiments.gradebook.structure import CourseStructure, GroupIds
from xblock_experiments.gradebook.tree import Node, Tree

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ARM_0, ARM_1 = {7: frozenset({0})}, {7: frozenset({1})}


def scored(usage_id: str, possible: float = 1, **settings: Any) -> Node:
    return Node(
        usage_id=usage_id,
        type="problem",
        is_scored=True,
        possible=possible,
        **{"graded": True, **settings},
    )


def course(
    sequences: dict[str, list[Node]],
    *more: Node,
    policy: GradingPolicy = EQUAL_WEIGHTS,
    **formats: str,
) -> CourseStructure:
    """Return a course with graded sequences, whose formats are Homework unless given."""
    lessons = [
        Node(
            usage_id=name,
            type="sequential",
            display_name=name,
            children=tuple(block.usage_id for block in blocks),
            graded=True,
            format=formats.get(name, "Homework"),
        )
        for name, blocks in sequences.items()
    ]
    blocks = [block for each in sequences.values() for block in each]
    return Tree(
        "course",
        [
            Node(usage_id="course", type="course", children=("chapter",)),
            Node(usage_id="chapter", type="chapter", children=tuple(sequences)),
            *(*lessons, *blocks, *more),
        ],
    ).structure(COURSE_ID, policy)


def graded(
    structure: CourseStructure,
    groups: GroupIds | None = None,
    *earlier: Standing,
    **points: tuple[float, float],
) -> CourseGrade:
    now = Present(GivenBlocks(structure, NOW).to(groups or {}))
    found = outcome(structure.policy, [now, *earlier], points)
    return course_grade("ann", structure.policy, found)


def two_homeworks(*arms: tuple[str, ...]) -> CourseStructure:
    """Return the course of the platform's test: the second homework is an experiment."""
    possible = {"b1": 1, "b2": 3, "c1": 1}
    split = Node(
        usage_id="split",
        type="split_test",
        children=("arm0", "arm1"),
        segmentation_id=7,
        group_of_child={"arm0": frozenset({0}), "arm1": frozenset({1})},
    )
    units = [
        Node(usage_id=f"arm{number}", type="vertical", children=arm)
        for number, arm in enumerate(arms)
    ]
    inside = [scored(name, possible[name]) for arm in arms for name in arm]
    return course({"hw1": [scored("a", 2)], "hw2": [split]}, *units, *inside)


def test_each_arm_is_graded_on_its_own_problems() -> None:
    structure = two_homeworks(("b1", "b2"), ("c1",))

    first = graded(structure, ARM_0, a=(1, 2), b1=(1, 1), b2=(2, 3))
    second = graded(structure, ARM_1, a=(1, 2), c1=(1, 1))

    assert first.percent == 0.625
    assert [(each.earned, each.possible) for each in first.sequences] == [(1, 2), (3, 4)]
    assert second.percent == 0.75
    assert shown_percent(Fraction(first.percent)) == 63


def test_an_arm_without_problems_counts_as_0() -> None:
    structure = two_homeworks((), ("c1",))

    assert graded(structure, ARM_0, a=(1, 2)).percent == 0.25


def test_a_learner_without_a_group_is_graded_without_any_arm() -> None:
    structure = two_homeworks(("b1", "b2"), ("c1",))

    grade_ = graded(structure, a=(2, 2), b1=(1, 1), c1=(1, 1))

    assert [(each.usage_id, each.earned, each.possible) for each in grade_.sequences] == [
        ("hw1", 2, 2),
        ("hw2", 0, 0),
    ]
    assert grade_.percent == 0.5


def test_points_of_another_arm_never_count() -> None:
    structure = two_homeworks(("b1", "b2"), ("c1",))

    assert graded(structure, ARM_1, b1=(1, 1), b2=(3, 3)).earned == 0


def test_the_authors_weight_replaces_the_points_of_the_block() -> None:
    structure = course({"hw": [scored("a", 3, weight=10.0), scored("b", 5)]})

    assert graded(structure, a=(1, 3)).sequences[0].earned == pytest.approx(10 / 3)
    assert graded(structure, a=(1, 3)).possible == 15
    assert graded(structure).possible == 15
    assert graded(structure, b=(2, 4)).possible == 14


def test_decimal_points_are_added_without_rounding_errors() -> None:
    structure = course({"hw": [scored("a", 0.3), scored("b", 0.6)]})

    assert graded(structure, a=(0.1, 0.3), b=(0.2, 0.6)).percent == 1 / 3


def test_blocks_and_sequences_that_are_not_graded_do_not_count() -> None:
    structure = course({"hw": [scored("a"), scored("practice", graded=False)], "text": []})

    assert graded(structure, a=(1, 1), practice=(0, 1)).percent == 1
    assert [each.usage_id for each in graded(structure).sequences] == ["hw"]


POLICY = GradingPolicy.from_json(
    {
        "GRADER": [
            {"type": "Homework", "weight": 0.4, "min_count": 3, "drop_count": 1},
            {"type": "Exam", "weight": 0.6, "min_count": 1, "drop_count": 0, "short_label": "Ex"},
        ],
        "GRADE_CUTOFFS": {"B": 0.5, "A": 0.9},
    }
)


def with_policy(policy: GradingPolicy = POLICY) -> CourseStructure:
    lessons = {"one": [scored("a")], "two": [scored("b")], "final": [scored("f", 10)]}
    return course(lessons, policy=policy, final="Exam")


def test_types_are_weighted_the_lowest_dropped_and_missing_ones_count_as_0() -> None:
    # Of the homework, 1, 1/2 and the missing 0, the 0 is dropped.
    assert graded(with_policy(), a=(1, 1), b=(1, 2), f=(8, 10)).percent == 0.4 * 0.75 + 0.6 * 0.8


def test_a_sequence_of_a_type_that_the_policy_lacks_does_not_count() -> None:
    policy = GradingPolicy.from_json({"GRADER": [{"type": "Exam", "weight": 1}]})

    assert graded(with_policy(policy), f=(5, 10)).percent == 0.5


@pytest.mark.parametrize(
    ("earned", "letter"), [(0, ""), (4, ""), (5, "B"), (8.94, "B"), (8.95, "A"), (10, "A")]
)
def test_the_letter_follows_the_shown_percentage(earned: float, letter: str) -> None:
    only_exam = {**POLICY.to_json(), "GRADER": [{"type": "Exam", "weight": 1}]}
    structure = with_policy(GradingPolicy.from_json(only_exam))

    assert graded(structure, f=(earned, 10)).letter == letter


def test_a_course_without_ranges_has_no_letters() -> None:
    assert graded(with_policy(EQUAL_WEIGHTS), a=(1, 1)).letter == ""


@pytest.mark.parametrize(
    "policy",
    [
        [],
        {"GRADER": {}},
        {"GRADER": [1]},
        {"GRADER": [{"weight": 1}]},
        {"GRADER": [{"type": "x", "weight": "1"}]},
        {"GRADER": [{"type": "x", "weight": float("nan")}]},
        {"GRADER": [{"type": "x", "min_count": 1.5}]},
        {"GRADER": [{"type": "x", "drop_count": -1}]},
        {"GRADE_CUTOFFS": {"A": -1}},
        {"GRADE_CUTOFFS": [1]},
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(policy: Any) -> None:
    with pytest.raises(InvalidPolicy):
        GradingPolicy.from_json(policy)


def moved(
    before: CourseStructure, today: CourseStructure | None = None, groups: GroupIds = ARM_0
) -> Earlier:
    """Return the standing of a learner who left arm 0 when the course had the first structure."""
    then = GivenBlocks(before, NOW)
    return Earlier(
        groups=groups,
        today=GivenBlocks(today, NOW) if today else then,
        until=NOW,
        left={(7, 0): Left(NOW, then)},
    )


def test_a_learner_who_was_moved_keeps_the_points_of_the_earlier_arm() -> None:
    structure = two_homeworks(("b1", "b2"), ("c1",))

    kept = graded(structure, ARM_1, moved(structure), a=(1, 2), b1=(1, 1), b2=(2, 3))
    lost = graded(structure, ARM_1, a=(1, 2), b1=(1, 1), b2=(2, 3))
    better = graded(structure, ARM_1, moved(structure), b1=(1, 1), b2=(2, 3), c1=(1, 1))

    assert (kept.percent, lost.percent) == (0.625, 0.25)
    assert better.sequences[1].earned == 1


def test_an_arm_that_was_deleted_counts_as_it_was_when_the_learner_left_it() -> None:
    before = two_homeworks(("b1", "b2"), ("c1",))
    after = two_homeworks((), ("c1",))

    kept = graded(after, ARM_1, moved(before, after), a=(1, 2), b1=(1, 1), b2=(2, 3))

    assert kept.percent == 0.625


def test_each_group_of_a_learner_who_is_in_several_is_left_at_its_own_time() -> None:
    """The learner left group 0, whose arm is gone, and is still in group 1, whose arm grew."""
    before = two_homeworks(("b1", "b2"), ())
    today = two_homeworks((), ("c1",))
    both = {7: frozenset({0, 1})}

    kept = graded(today, ARM_1, moved(before, today, both), b1=(1, 1), b2=(3, 3), c1=(1, 1))

    assert (kept.sequences[1].earned, kept.sequences[1].possible) == (1, 1)
    earlier = moved(before, today, both).graded({"b1": (1, 1)})
    assert {block.usage_id for block in earlier[1].blocks} == {"b1", "b2", "c1"}


def test_an_arm_of_several_groups_is_left_with_the_last_of_them() -> None:
    def lesson(*problems: str) -> CourseStructure:
        split = Node(
            usage_id="split",
            type="split_test",
            children=("arm",),
            segmentation_id=7,
            group_of_child={"arm": frozenset({0, 1})},
        )
        arm = Node(usage_id="arm", type="vertical", children=problems)
        return course({"hw": [split]}, arm, *map(scored, problems))

    today = lesson("new")
    standing = moved(lesson("old"), today, {7: frozenset({0, 1})})

    # The learner is in group 1, so that today's arm is theirs.
    (found,) = standing.graded({})
    assert [block.usage_id for block in found.blocks] == ["new"]


def test_an_arm_of_several_groups_counts_as_the_last_of_them_left_it() -> None:
    def at(problem: str) -> GivenBlocks:
        split = Node(
            usage_id="split",
            type="split_test",
            children=("arm",),
            segmentation_id=7,
            group_of_child={"arm": frozenset({0, 1})},
        )
        arm = Node(usage_id="arm", type="vertical", children=(problem,))
        return GivenBlocks(course({"hw": [split]}, arm, scored(problem)), NOW)

    later = NOW + timedelta(days=1)
    left = {(7, 0): Left(NOW, at("first")), (7, 1): Left(later, at("second"))}
    groups = {7: frozenset({0, 1})}
    standing = Earlier(groups=groups, today=at("third"), until=NOW, left=left)

    (found,) = standing.graded({})
    assert [block.usage_id for block in found.blocks] == ["second"]


def test_an_arm_that_had_the_only_problems_of_a_lesson_still_counts_when_it_is_deleted() -> None:
    def lesson(*problems: str) -> CourseStructure:
        split = Node(
            usage_id="split",
            type="split_test",
            children=("arm0", "arm1"),
            segmentation_id=7,
            group_of_child={"arm0": frozenset({0}), "arm1": frozenset({1})},
        )
        arms = [
            Node(usage_id="arm0", type="vertical", children=problems),
            Node(usage_id="arm1", type="vertical"),
        ]
        return course({"hw": [split]}, *arms, *map(scored, problems))

    kept = graded(lesson(), ARM_1, moved(lesson("p"), lesson()), p=(1, 1))

    assert kept.percent == 1


@pytest.mark.parametrize("extreme", [(1.7e308, 5e-324), (1e308, 1e-10), (1.7e308, 1.7e308)])
def test_extreme_points_make_the_largest_number_and_no_error(
    extreme: tuple[float, float],
) -> None:
    structure = course({"hw": [scored("a", weight=1.0), scored("b"), scored("c")]})

    found = graded(structure, a=extreme, b=extreme, c=extreme)

    assert 0 < found.percent <= sys.float_info.max
    assert found.earned <= sys.float_info.max


def test_a_lesson_of_an_arm_that_was_left_still_counts() -> None:
    split = Node(
        usage_id="split",
        type="split_test",
        children=("lesson0", "lesson1", "lesson2"),
        segmentation_id=7,
        group_of_child={f"lesson{each}": frozenset({min(each, 1)}) for each in range(3)},
    )
    lessons = [
        Node(usage_id=f"lesson{each}", type="sequential", children=(f"p{each}",), graded=True)
        for each in range(3)
    ]
    structure = Tree(
        "course",
        [
            Node(usage_id="course", type="course", children=("chapter",)),
            Node(usage_id="chapter", type="chapter", children=("split",)),
            *(split, *lessons, *(scored(f"p{each}") for each in range(3))),
        ],
    ).structure(COURSE_ID)

    assert graded(structure, ARM_1, moved(structure), p0=(1, 1)).percent == 1
    assert graded(structure, ARM_1, p0=(1, 1)).percent == 0


@st.composite
def courses(draw: st.DrawFn) -> CourseStructure:
    """Return a course with two experiments, 7 and 8, inside of sequences and around them."""
    nodes: list[Node] = []
    sequences: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        units = []
        for place in range(draw(st.integers(1, 3))):
            name = f"{number}{place}"
            problems = [scored(f"{name}{arm}", arm + 1) for arm in range(2)]
            nodes += problems
            experiment = draw(st.sampled_from([None, 7, 8]))
            if experiment is None:
                units += [problem.usage_id for problem in problems]
                continue
            nodes.append(
                Node(
                    usage_id=f"split{name}",
                    type="split_test",
                    children=tuple(problem.usage_id for problem in problems),
                    segmentation_id=experiment,
                    group_of_child={
                        problem.usage_id: frozenset({arm}) for arm, problem in enumerate(problems)
                    },
                )
            )
            units.append(f"split{name}")
        nodes.append(
            Node(
                usage_id=f"seq{number}",
                type="sequential",
                children=tuple(units),
                graded=True,
                format=draw(st.sampled_from(["Homework", "Exam"])),
            )
        )
        sequences.append(f"seq{number}")
    policy = draw(st.sampled_from([EQUAL_WEIGHTS, POLICY]))
    frame = [
        Node(usage_id="course", type="course", children=("chapter",)),
        Node(usage_id="chapter", type="chapter", children=tuple(sequences)),
    ]
    return Tree("course", [*frame, *nodes]).structure(COURSE_ID, policy)


@settings(deadline=None)
@given(
    courses(),
    st.lists(st.tuples(st.sampled_from([7, 8]), st.integers(0, 1)), min_size=1, max_size=4),
    st.dictionaries(
        st.from_regex(r"[0-2][0-2][01]", fullmatch=True),
        st.tuples(st.integers(0, 3), st.integers(1, 3)),
    ),
)
def test_no_move_lowers_the_grade(
    structure: CourseStructure,
    moves: list[tuple[int, int]],
    points: dict[str, tuple[int, int]],
) -> None:
    groups = {7: frozenset({0}), 8: frozenset({0})}
    earlier: list[Earlier] = []
    blocks = GivenBlocks(structure, NOW)

    def percent() -> float:
        return graded(structure, groups, *earlier, **points).percent

    before = percent()
    for number, (id, group) in enumerate(moves):
        end = NOW + timedelta(days=number)
        left = {(id, each): Left(end, blocks) for each in groups[id]}
        earlier.append(Earlier(groups=groups, today=blocks, until=end, left=left))
        groups = {**groups, id: frozenset({group})}
        after = percent()
        assert after >= before
        before = after
