"""A user's history can be recomputed from the segmentation's versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import COURSE_ID, experiment
from xblock_experiments.course_user_segmentation.data import Change, UserSegmentation, Version
from xblock_experiments.experiments.assignment import (
    choose_group,
    choose_group_of_leaver,
    salt_of,
)
from xblock_experiments.experiments.replay import replay

pytestmark = pytest.mark.one_django

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SALT = salt_of(COURSE_ID, experiment())
GROUPS = {1: experiment(100, 1, 2, 3), 2: experiment(100, 2, 3, 4, 5), 3: experiment(100, 6, 7)}


def versions(segmentations: dict[int, UserSegmentation] = GROUPS) -> list[Version]:
    return [
        Version(version=version, segmentation=segmentation, removed=False, when=NOW, who="")
        for version, segmentation in segmentations.items()
    ]


def change(why: str, to_group_id: int | None, version: int, **fields: Any) -> Change:
    values: dict[str, Any] = {"user_id": "ann", "from_group_id": None, "who": "", **fields}
    return Change(why=why, to_group_id=to_group_id, version=version, when=NOW, **values)


def entering(version: int, user_id: str = "ann") -> int:
    return choose_group(GROUPS[version].groups, SALT, user_id).id


def leaving(version: int, removed: int) -> int:
    return choose_group_of_leaver(GROUPS[version].groups, SALT, "ann", removed).id


def right_history() -> list[Change]:
    second = leaving(2, 1)
    return [
        change("put", 1, 1),
        change("group removed", second, 2),
        change("group removed", leaving(3, second), 3),
        change("removed", None, 3),
        change("assigned", entering(1), 1),
    ]


def test_a_right_history_is_replayed_as_it_is() -> None:
    history = right_history()

    assert replay(COURSE_ID, versions(), history) == tuple(each.to_group_id for each in history)
    assert replay(COURSE_ID, versions(), []) == ()


@given(st.sampled_from([1, 2, 4]), st.integers(1, 7))
def test_a_wrong_assignment_is_found(step: int, group_id: int) -> None:
    history = right_history()
    wrong = [*history]
    wrong[step] = replace(history[step], to_group_id=group_id)
    recorded = tuple(each.to_group_id for each in wrong)

    is_right = group_id == history[step].to_group_id
    assert (replay(COURSE_ID, versions(), wrong) == recorded) == is_right


def test_a_move_out_of_a_group_that_was_not_removed_is_found() -> None:
    history = [change("put", 2, 1), change("group removed", leaving(2, 2), 2)]

    assert replay(COURSE_ID, versions(), history) == (2, 2)


def test_a_second_assignment_of_a_member_is_found() -> None:
    history = [change("put", 3, 1), change("assigned", entering(3), 3)]

    assert replay(COURSE_ID, versions(), history) == (3, 3)


def test_moves_of_the_first_release_are_replayed_by_its_rule() -> None:
    history = [change("put", 1, 1), change("group removed, first rule", entering(2), 2)]

    assert replay(COURSE_ID, versions(), history) == (1, entering(2))


def test_an_assignment_under_an_unknown_version_cannot_be_replayed() -> None:
    with pytest.raises(LookupError):
        replay(COURSE_ID, versions(), [change("assigned", 1, 9)])
