"""The group that a user is assigned."""

from __future__ import annotations

import json
import math
import textwrap
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import experiment
from xblock_experiments.course_user_segmentation.data import (
    Group,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.experiments.assignment import (
    choose_group,
    choose_group_of_leaver,
    salt_of,
)

pytestmark = pytest.mark.one_django

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "assignment.json").read_text())
LEAVING = json.loads((DATA / "leaving.json").read_text())

weights = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=8).filter(any)
user_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


def groups_of(weights: list[int]) -> list[Group]:
    return [Group(id, f"Group {id}", weight) for id, weight in enumerate(weights)]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_user_gets_the_group_of_the_golden_vector(vector: dict[str, Any]) -> None:
    segmentation = UserSegmentation.from_json(vector["partition"])
    salt = salt_of(vector["course_id"], segmentation)

    assert choose_group(segmentation.groups, salt, vector["user_id"]).id == vector["group_id"]


@pytest.mark.parametrize("vector", LEAVING)
def test_a_leaver_gets_the_group_of_the_golden_vector(vector: dict[str, Any]) -> None:
    segmentation = UserSegmentation.from_json(vector["partition"])
    salt = salt_of(vector["course_id"], segmentation)
    who = vector["user_id"], vector["removed_group_id"]

    assert choose_group_of_leaver(segmentation.groups, salt, *who).id == vector["group_id"]


def test_the_golden_vectors_are_those_that_the_code_of_their_readme_makes() -> None:
    block = (DATA / "README.rst").read_text().split(".. code-block:: python\n")[1]
    code = block.split("\nEach vector")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(code), names)  # noqa: S102 - the test runs the README's code

    assert len(VECTORS) >= 60
    for vector in VECTORS:
        arguments = vector["course_id"], vector["partition"], vector["user_id"]
        assert names["group_id"](*arguments) == vector["group_id"]
    assert len(LEAVING) >= 60
    for vector in LEAVING:
        arguments = vector["course_id"], vector["partition"], vector["user_id"]
        next_group_id = names["next_group_id"](*arguments, vector["removed_group_id"])
        assert next_group_id == vector["group_id"]


@given(weights, st.text(st.characters(exclude_categories=["Cs"])), user_ids)
def test_the_same_input_always_gives_the_same_group_and_it_has_weight(
    weights: list[int], salt: str, user_id: str
) -> None:
    group = choose_group(groups_of(weights), salt, user_id)

    assert group.weight > 0
    assert group == choose_group(groups_of(weights), salt, user_id)


@given(weights, st.integers(1, 50), user_ids)
def test_only_the_ratio_of_weights_counts(weights: list[int], factor: int, user_id: str) -> None:
    small = [weight % 1000 for weight in weights] + [1]
    scaled = [weight * factor for weight in small]

    assert (
        choose_group(groups_of(small), "salt", user_id).id
        == choose_group(groups_of(scaled), "salt", user_id).id
    )


@given(weights, user_ids)
def test_groups_of_weight_zero_change_nothing_in_any_position(
    weights: list[int], user_id: str
) -> None:
    groups = groups_of(weights)
    with_empty = [Group(1000, "first", 0), *groups, Group(1001, "last", 0)]

    assert choose_group(groups, "salt", user_id) == choose_group(with_empty, "salt", user_id)


@pytest.mark.parametrize("weights", [[], [0], [0, 0, 0]])
def test_nobody_can_be_assigned_if_all_weights_are_zero(weights: list[int]) -> None:
    with pytest.raises(NotAssignable, match="no group with a weight"):
        choose_group(groups_of(weights), "salt", "user")


@pytest.mark.parametrize("weights", [[1, 1], [1, 1, 1], [3, 1], [50, 25, 25], [1, 99]])
def test_users_are_split_by_weight_within_four_sigma(weights: list[int]) -> None:
    users = 20_000
    counts = Counter(
        choose_group(groups_of(weights), "balance", str(number)).id for number in range(users)
    )

    for id, weight in enumerate(weights):
        share = weight / sum(weights)
        sigma = math.sqrt(users * share * (1 - share))
        assert abs(counts[id] - users * share) < 4 * sigma


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=5).filter(
        lambda some: sum(map(bool, some)) > 1
    ),
    st.integers(0, 4),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
)
@settings(max_examples=60, deadline=None)
def test_the_leavers_of_any_group_are_spread_by_weight_over_all_that_are_left(
    weights: list[int], which: int, salt: str
) -> None:
    """Allow 6 sigma, which is exceeded once in 500 million times."""
    every = groups_of(weights)
    removed = every[which % len(every)]
    left = [group for group in every if group != removed]
    members = [
        user_id
        for user_id in map(str, range(2_000))
        if choose_group(every, salt, user_id) == removed
    ]
    counts = Counter(
        choose_group_of_leaver(left, salt, user_id, removed.id).id for user_id in members
    )

    total = sum(group.weight for group in left)
    for group in left:
        share = group.weight / total
        sigma = math.sqrt(len(members) * share * (1 - share))
        assert abs(counts[group.id] - len(members) * share) <= 6 * sigma + 1e-9


def test_a_leavers_next_group_is_independent_of_the_slot_on_entry() -> None:
    """Check that both halves of the removed group's members are spread alike, within 4 sigma."""
    every = groups_of([1, 1, 1])
    members = [user for user in map(str, range(30_000)) if choose_group(every, "s", user).id == 0]
    halves: dict[int, list[int]] = {0: [], 1: []}
    for user_id in members:
        half = choose_group(groups_of([1] * 6), "s", user_id).id
        halves[half].append(choose_group_of_leaver(every[1:], "s", user_id, 0).id)

    for chosen in halves.values():
        assert abs(chosen.count(1) - len(chosen) / 2) < 4 * math.sqrt(len(chosen)) / 2


def test_leaving_one_group_after_another_draws_each_time_anew() -> None:
    """Check that the removed group's id is in the text: else, all draws of a user would agree."""
    groups = groups_of([1, 1])
    draws = [
        [choose_group_of_leaver(groups, "s", str(user), removed).id for removed in (7, 8, 9)]
        for user in range(4_000)
    ]

    agreeing = sum(len(set(each)) == 1 for each in draws)
    assert abs(agreeing - 1_000) < 4 * math.sqrt(4_000 * 3 / 16)


def test_assignments_in_different_experiments_are_independent() -> None:
    """Check the chi-squared statistic of each pair's 2 x 2 table.

    With one degree of freedom, 19.5 is exceeded once in 100,000 times.
    """
    users = 4000
    groups = {
        id: [
            choose_group(groups_of([1, 1]), salt_of("course", experiment(id)), str(user)).id
            for user in range(users)
        ]
        for id in (1, 2, 11, 12, 21)
    }
    for one, other in combinations(groups, 2):
        both = Counter(zip(groups[one], groups[other], strict=True))
        rows, columns = Counter(groups[one]), Counter(groups[other])
        chi_squared = sum(
            (both[row, column] - rows[row] * columns[column] / users) ** 2
            / (rows[row] * columns[column] / users)
            for row in rows
            for column in columns
        )
        assert chi_squared < 19.5, (one, other)


def test_an_experiment_has_a_salt_of_its_own_unless_its_parameters_set_one() -> None:
    assert salt_of("course", experiment(7)) == "course\x1fexperiment\x1f7"
    assert salt_of("course", experiment(7, parameters={"salt": "mine"})) == "mine"
