"""Key/values of a block's learner."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings

from tests.blocks import user_info
from xblock_experiments.services import COURSE, GLOBAL, Scope
from xblock_experiments.user_tags import api
from xblock_experiments.user_tags.data import (
    MAX_VALUE_BYTES,
    GlobalIsReadOnly,
    InvalidTag,
    NotOwner,
    NoUser,
)

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

BOTH = pytest.mark.parametrize("scope", list(Scope))

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


class AnyValue(TestCase):
    @given(json_values, st.sampled_from(Scope))
    def test_a_value_comes_back_equal_and_of_the_same_types(self, value: Any, scope: Scope) -> None:
        user_info().set(scope, "value", value)

        assert same(user_info().get(scope, "value", "missing"), value)


@BOTH
def test_a_value_is_there_until_it_is_deleted(scope: Scope) -> None:
    service = user_info()
    assert service.get(scope, "hints_seen") is None
    assert service.get(scope, "hints_seen", 0) == 0
    service.set(scope, "hints_seen", 3)
    service.set(scope, "hints_seen", 4)

    assert service.get(scope, "hints_seen") == 4
    assert service.delete(scope, "hints_seen")
    assert not service.delete(scope, "hints_seen")
    assert service.get(scope, "hints_seen", "none") == "none"


def test_a_stored_null_is_not_the_default() -> None:
    user_info().set(COURSE, "choice", None)

    assert user_info().get(COURSE, "choice", "default") is None


def test_scopes_courses_and_users_have_their_own_values() -> None:
    other_course = {"course_id": "course-v1:Other+Course+1"}
    user_info("ann").set(COURSE, "key", "ann here")
    user_info("ann", **other_course).set(COURSE, "key", "ann there")
    user_info("ann").set(GLOBAL, "key", "ann everywhere")
    user_info("bob").set(COURSE, "key", "bob here")

    assert user_info("ann").get(COURSE, "key") == "ann here"
    assert user_info("ann", **other_course).get(COURSE, "key") == "ann there"
    assert user_info("ann", **other_course).get(GLOBAL, "key") == "ann everywhere"
    assert user_info("bob").get(COURSE, "key") == "bob here"
    assert user_info("bob").get(GLOBAL, "key") is None


def test_a_bare_name_is_a_key_of_the_own_type() -> None:
    user_info(block_type="hint").set(COURSE, "hints_seen", 3)

    assert user_info(block_type="hint").get(COURSE, "hint.hints_seen") == 3
    assert user_info(block_type="poll").get(COURSE, "hint.hints_seen") == 3
    assert user_info(block_type="poll").get(COURSE, "hints_seen") is None


@BOTH
def test_only_the_owning_type_writes(scope: Scope) -> None:
    user_info(block_type="hint").set(scope, "key", 1)
    other = user_info(block_type="poll")

    with pytest.raises(NotOwner, match=r"type 'poll' cannot write 'hint\.key'"):
        other.set(scope, "hint.key", 2)
    with pytest.raises(PermissionError):
        other.delete(scope, "hint.key")
    assert user_info(block_type="hint").get(scope, "key") == 1


def test_a_type_does_not_own_the_keys_of_one_that_its_name_begins() -> None:
    with pytest.raises(NotOwner):
        user_info(block_type="hint").set(COURSE, "hinting.key", 1)


def test_items_are_all_tags_or_one_types_by_full_key() -> None:
    user_info(block_type="hint").set(COURSE, "b", 1)
    user_info(block_type="hint").set(COURSE, "a", 2)
    user_info(block_type="poll").set(COURSE, "c", 3)
    user_info(block_type="poll").set(GLOBAL, "d", 4)
    service = user_info(block_type="hint")

    assert service.items(COURSE) == {"hint.a": 2, "hint.b": 1, "poll.c": 3}
    assert service.items(COURSE, "poll") == {"poll.c": 3}
    assert service.items(GLOBAL) == {"poll.d": 4}


def test_the_operator_can_keep_global_tags_from_being_written(settings: Settings) -> None:
    user_info().set(GLOBAL, "key", 1)
    settings.XBLOCK_EXPERIMENTS = {"GLOBAL_WRITES": False}

    with pytest.raises(GlobalIsReadOnly, match=r"'hint\.key' was not"):
        user_info().set(GLOBAL, "key", 2)
    with pytest.raises(GlobalIsReadOnly):
        user_info().delete(GLOBAL, "key")
    user_info().set(COURSE, "key", 3)
    assert (user_info().get(GLOBAL, "key"), user_info().get(COURSE, "key")) == (1, 3)


@BOTH
@pytest.mark.parametrize("nobody", [None, ""])
def test_of_nobody_there_is_nothing_to_read_and_nothing_can_be_written(
    scope: Scope, nobody: str | None
) -> None:
    service = user_info(nobody)

    assert service.get(scope, "key", "default") == "default"
    assert service.items(scope) == {}
    with pytest.raises(NoUser, match=r"no user whose 'hint\.key'"):
        service.set(scope, "key", 1)
    with pytest.raises(NoUser):
        service.delete(scope, "key")


class Loud(int):
    """No JSON number comes back as one of these."""


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        {1: "one"},
        {"nested": {None: 1}},
        float("nan"),
        float("-inf"),
        {1, 2},
        object(),
        b"bytes",
        Loud(3),
        10**5000,
        [[(1,)]],
        "x" * MAX_VALUE_BYTES,
        "🙂" * (MAX_VALUE_BYTES // 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_json_or_too_large_is_refused_and_nothing_is_stored(value: Any) -> None:
    user_info().set(COURSE, "key", "before")

    with pytest.raises(InvalidTag, match="A tag's value"):
        user_info().set(COURSE, "key", value)
    assert user_info().get(COURSE, "key") == "before"


def test_a_value_may_be_nested_only_so_deep() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidTag):
        user_info().set(COURSE, "key", value)


def test_a_value_of_just_the_allowed_size_is_kept() -> None:
    value = "x" * (MAX_VALUE_BYTES - 2)
    user_info().set(COURSE, "key", value)

    assert user_info().get(COURSE, "key") == value


@pytest.mark.parametrize("key", ["", ".", "hint.", ".name", "x" * 251, "a\x00", "\ud800", None, 7])
def test_what_can_be_no_key_is_refused(key: Any) -> None:
    for call in (
        lambda: user_info().get(COURSE, key),
        lambda: user_info().set(COURSE, key, 1),
        lambda: user_info().delete(COURSE, key),
    ):
        with pytest.raises(InvalidTag):
            call()


def test_keys_are_compared_exactly() -> None:
    for value, key in enumerate(("key", "Key", "key ", "kéy", "ke\u0301y")):
        user_info().set(COURSE, key, value)

    assert user_info().get(COURSE, "key") == 0
    assert len(user_info().items(COURSE)) == 5


def test_a_key_may_have_dots_in_its_name() -> None:
    user_info().set(COURSE, "hint.first.second", 1)

    assert user_info().items(COURSE, "hint") == {"hint.first.second": 1}


@pytest.mark.parametrize("scope", ["course", None, "COURSE"])
def test_a_scope_is_one_of_two(scope: Any) -> None:
    with pytest.raises(InvalidTag, match="must be COURSE or GLOBAL"):
        user_info().get(scope, "key")


def test_a_write_is_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        user_info().set(COURSE, "key", 1)
    with django_assert_num_queries(1):
        user_info().set(COURSE, "key", 2)


def test_all_that_is_stored_of_a_user_can_be_exported_and_deleted() -> None:
    user_info("ann").set(COURSE, "key", 1)
    user_info("ann").set(GLOBAL, "key", 2)
    user_info("bob").set(COURSE, "key", 3)

    assert api.export_user("ann") == {
        "global": {"hint.key": 2},
        "courses": {"course-v1:DemoX+Tests+2026": {"hint.key": 1}},
    }
    assert api.retire_user("ann") == 2
    assert api.export_user("ann") == {"global": {}, "courses": {}}
    assert user_info("bob").get(COURSE, "key") == 3
