"""The content that each learner is given, by the structure of a course."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import COURSE_ID
from xblock_experiments.gradebook.data import TooManyWays
from xblock_experiments.gradebook.given import GivenBlocks
from xblock_experiments.gradebook.structure import Arm, CourseStructure
from xblock_experiments.gradebook.structure_json import dumps, loads
from xblock_experiments.gradebook.tree import Node, Tree

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def node(usage_id: str, *children: str, **settings: Any) -> Node:
    return Node(usage_id=usage_id, type="problem", children=children, **settings)


def scored(*usage_ids: str) -> list[Node]:
    return [node(usage_id, is_scored=True, graded=True, possible=1) for usage_id in usage_ids]


def split(usage_id: str, segmentation_id: int, arms: dict[str, Iterable[int]], *more: str) -> Node:
    return node(
        usage_id,
        *arms,
        *more,
        segmentation_id=segmentation_id,
        group_of_child={child: frozenset(ids) for child, ids in arms.items()},
    )


def in_one_sequence(*nodes: Node, top: str) -> CourseStructure:
    """Return a course with one chapter and one sequence, which contains `top`."""
    frame = [node("course", "chapter"), node("chapter", "sequence"), node("sequence", top)]
    return Tree("course", [*frame, *nodes]).structure(COURSE_ID)


def given_to(structure: CourseStructure, now: datetime = NOW, **groups: int) -> set[str]:
    """Return the ids of the scored blocks for a learner, whose groups are `s<segmentation>`."""
    ids = {int(name[1:]): frozenset({group}) for name, group in groups.items()}
    sequences = GivenBlocks(structure, now).to(ids)
    return {block.usage_id for each in sequences for block in each.blocks}


def test_nested_and_shared_arms_are_given_as_on_open_edx() -> None:
    """The tree of the platform's own test: E stands in the open and in an arm, O in two arms."""
    structure = in_one_sequence(
        node("course0", "A", "BSplit", "CSplit"),
        node("A", "D", "E"),
        split("BSplit", 0, {"E": [0], "F": [1], "G": [2]}),
        node("F", "J", "KSplit"),
        split("KSplit", 0, {"M": [1], "N": [2]}),
        node("G", "O"),
        split("CSplit", 0, {"H": [0], "I": [1]}),
        node("H", "L"),
        node("L", "O", "P"),
        *scored("D", "E", "J", "M", "N", "O", "P", "I"),
        top="course0",
    )

    assert given_to(structure, s0=0) == set("DEOP")
    assert given_to(structure, s0=1) == set("DJMI")
    assert given_to(structure, s0=2) == set("DO")
    assert given_to(structure) == set("D")


def test_a_block_of_both_arms_is_given_to_both_groups_and_to_nobody_else() -> None:
    structure = in_one_sequence(
        node("unit", "split", "open"),
        split("split", 7, {"a": [1], "b": [2]}),
        node("a", "post-test", "film"),
        node("b", "post-test"),
        node("open", "post-test"),
        *scored("post-test", "film"),
        top="unit",
    )

    assert given_to(structure, s7=1) == {"post-test", "film"}
    assert given_to(structure, s7=2) == {"post-test"}
    assert given_to(structure, s7=3) == given_to(structure) == set()


def test_children_without_a_group_are_given_to_nobody() -> None:
    structure = in_one_sequence(
        split("split", 7, {"a": [1], "b": []}, "inactive"),
        *scored("a", "b", "inactive"),
        top="split",
    )

    assert given_to(structure, s7=1) == {"a"}
    assert given_to(structure, s7=2) == set()


def test_group_access_and_start_and_staff_only_apply_to_all_that_is_inside() -> None:
    structure = in_one_sequence(
        node("unit", "restricted", "later", "hidden"),
        node("restricted", "r", group_access={5: frozenset({1, 2}), 6: frozenset()}),
        node("later", "l", start=NOW + timedelta(days=1)),
        node("hidden", "h", staff_only=True),
        *scored("r", "l", "h"),
        top="unit",
    )

    assert given_to(structure, s5=2) == {"r"}
    assert given_to(structure, s5=3) == set()
    assert given_to(structure, now=NOW + timedelta(days=1)) == {"l"}


def test_an_experiment_above_the_lesson_gives_each_group_its_own_lesson() -> None:
    structure = Tree(
        "course",
        [
            node("course", "chapter"),
            node("chapter", "split", "common"),
            split("split", 7, {"lesson a": [1], "lesson b": [2]}),
            *(node(f"lesson {each}", each, graded=True) for each in "ab"),
            node("common", "c"),
            *scored("a", "b", "c"),
        ],
    ).structure(COURSE_ID)

    assert [each.usage_id for each in structure.sequences] == ["lesson a", "lesson b", "common"]
    assert given_to(structure, s7=1) == {"a", "c"}
    given = GivenBlocks(structure, NOW).to({7: frozenset({2})})
    assert [each.sequence.usage_id for each in given] == ["lesson b", "common"]


def test_a_block_knows_the_arms_at_every_depth_its_unit_and_its_sequence() -> None:
    structure = in_one_sequence(
        split("outer", 1, {"unit": [10]}),
        node("unit", "inner"),
        split("inner", 2, {"deep": [20, 21]}),
        *scored("deep"),
        top="outer",
    )

    (sequence,) = structure.sequences
    (block,) = sequence.blocks
    assert block.arms == {Arm(1, frozenset({10})), Arm(2, frozenset({20, 21}))}
    assert (block.unit_id, sequence.usage_id) == ("unit", "sequence")


def in_many_arms(count: int, segmentation_id: int | None = None) -> CourseStructure:
    """Return a course with a block in the arms of many experiments, or of one in many places."""
    splits = [
        split(f"x{number}", number if segmentation_id is None else segmentation_id, {"deep": [1]})
        for number in range(count)
    ]
    return in_one_sequence(
        node("unit", *(each.usage_id for each in splits)), *splits, *scored("deep"), top="unit"
    )


def test_a_block_in_the_arms_of_too_many_experiments_is_refused_by_name() -> None:
    assert len(in_many_arms(200).sequences[0].blocks[0].ways) == 200
    with pytest.raises(TooManyWays, match="The block deep stands in more than 200 arms"):
        in_many_arms(201)


def test_a_block_in_the_same_arm_in_many_places_has_one_way() -> None:
    (block,) = in_many_arms(3_000, segmentation_id=7).sequences[0].blocks

    assert block.ways == {frozenset({Arm(7, frozenset({1}))})}


def test_ways_with_more_requirements_than_another_one_add_nothing() -> None:
    count = 500
    structure = in_one_sequence(
        node("unit", "outer"),
        split("outer", 1, {"deep": [10], "inner": [10]}),
        node("inner", *(f"x{number}" for number in range(count))),
        *(split(f"x{number}", 100 + number, {"deep": [10]}) for number in range(count)),
        *scored("deep"),
        top="unit",
    )

    (block,) = structure.sequences[0].blocks
    assert block.ways == {frozenset({Arm(1, frozenset({10}))})}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Node]:
    """Return nodes in an order in which each contains only later ones. Leaves are scored."""
    count = draw(st.integers(2, 9))
    names = [f"n{number}" for number in range(count)]
    nodes = {}
    for position, name in enumerate(names):
        later = names[position + 1 :]
        children = draw(st.lists(st.sampled_from(later), unique=True, max_size=3)) if later else []
        divides = bool(children) and draw(st.booleans())
        nodes[name] = node(
            name,
            *children,
            segmentation_id=draw(st.integers(0, 1)) if divides else None,
            group_of_child={
                child: frozenset(draw(st.sets(st.integers(1, 3), max_size=2)))
                for child in children
                if divides
            },
            is_scored=not children,
            graded=True,
        )
    return nodes


def reference(nodes: dict[str, Node], groups: dict[int, int]) -> set[str]:
    """Return the given leaves by design.md's rule 9, block by block."""
    above = {name: [n for n in nodes.values() if name in n.children] for name in nodes}

    def is_given(name: str) -> bool:
        """A block in arms is given along arms only; each container has to be given itself."""
        if name == "n0":
            return True
        ways = list(paths(name))
        in_arms = [way for way in ways if any(map(divides, way))]
        return any(all(holds(*step) for step in way) for way in in_arms or ways)

    def divides(step: tuple[Node, str]) -> bool:
        return step[0].segmentation_id is not None

    def holds(parent: Node, child: str) -> bool:
        mine = groups.get(parent.segmentation_id or 0)
        is_mine = mine in parent.group_of_child.get(child, ())
        return is_given(parent.usage_id) and (is_mine or not divides((parent, child)))

    def paths(name: str) -> Iterable[list[tuple[Node, str]]]:
        if name == "n0":
            yield []
        for parent in above[name]:
            if parent.segmentation_id is None or parent.group_of_child.get(name):
                for way in paths(parent.usage_id):
                    yield [*way, (parent, name)]

    leaves = {name for name, each in nodes.items() if each.is_scored}
    return {name for name in leaves if list(paths(name)) and is_given(name)}


@settings(deadline=None)
@given(trees(), st.dictionaries(st.integers(0, 1), st.integers(1, 3)))
def test_any_tree_is_given_as_a_simple_model_says(
    nodes: dict[str, Node], groups: dict[int, int]
) -> None:
    if nodes["n0"].is_scored:
        return
    structure = in_one_sequence(*nodes.values(), top="n0")

    ids = {f"s{id}": group for id, group in groups.items()}
    assert given_to(structure, NOW, **ids) == reference(nodes, groups)


@settings(deadline=None)
@given(
    trees(),
    st.lists(st.dictionaries(st.integers(0, 1), st.frozensets(st.integers(1, 3))), max_size=4),
)
def test_what_one_learner_is_given_is_remembered_for_no_learner_in_other_groups(
    nodes: dict[str, Node], everybody: list[dict[int, frozenset[int]]]
) -> None:
    structure = in_one_sequence(*nodes.values(), top="n0")
    remembered = GivenBlocks(structure, NOW)

    for groups in everybody:
        assert [(each.sequence, each.blocks) for each in remembered.to(groups)] == [
            (each.sequence, each.blocks) for each in GivenBlocks(structure, NOW).to(groups)
        ]


@settings(deadline=None)
@given(trees())
def test_any_structure_comes_back_equal_from_its_json(nodes: dict[str, Node]) -> None:
    structure = in_one_sequence(*nodes.values(), top="n0")

    assert loads(COURSE_ID, dumps(structure)) == structure
