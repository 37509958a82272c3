"""Tags of a block's learner."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Integer

from tests.blocks import user_info
from tests.builders import COURSE_ID, course_xml
from xblock_experiments.services import COURSE, GLOBAL, Scope, UserInfoField, UserInfoService
from xblock_experiments.services.preview import AsLearner
from xblock_experiments.testing import find_block, load_course, render, runtime_for
from xblock_experiments.user_tags import api
from xblock_experiments.user_tags.data import (
    MAX_VALUE_BYTES,
    Conflict,
    GlobalIsReadOnly,
    InvalidTag,
    NotOwner,
    NoUser,
    TagError,
)
from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

APP = "xblock_experiments_user_tags"
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
    def test_a_value_is_returned_equal_and_with_the_same_types(
        self, value: Any, scope: Scope
    ) -> None:
        user_info().set(scope, "value", value)

        assert same(user_info().get(scope, "value", "missing"), value)


@BOTH
def test_a_value_is_stored_until_it_is_deleted(scope: Scope) -> None:
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


def test_values_belong_to_one_scope_course_and_user() -> None:
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


def test_a_bare_name_is_a_key_of_the_blocks_type() -> None:
    user_info(block_type="hint").set(COURSE, "hints_seen", 3)

    assert user_info(block_type="hint").get(COURSE, "hint.hints_seen") == 3
    assert user_info(block_type="poll").get(COURSE, "hint.hints_seen") == 3
    assert user_info(block_type="poll").get(COURSE, "hints_seen") is None


@BOTH
def test_only_the_owning_type_can_write(scope: Scope) -> None:
    user_info(block_type="hint").set(scope, "key", 1)
    other = user_info(block_type="poll")

    with pytest.raises(NotOwner, match=r"type 'poll' cannot write 'hint\.key'"):
        other.set(scope, "hint.key", 2)
    with pytest.raises(PermissionError):
        other.delete(scope, "hint.key")
    assert user_info(block_type="hint").get(scope, "key") == 1


def test_a_type_does_not_own_keys_of_types_that_start_with_its_name() -> None:
    with pytest.raises(NotOwner):
        user_info(block_type="hint").set(COURSE, "hinting.key", 1)


def test_items_returns_all_tags_or_those_of_one_type_by_full_key() -> None:
    user_info(block_type="hint").set(COURSE, "b", 1)
    user_info(block_type="hint").set(COURSE, "a", 2)
    user_info(block_type="poll").set(COURSE, "c", 3)
    user_info(block_type="poll").set(GLOBAL, "d", 4)
    service = user_info(block_type="hint")

    assert service.items(COURSE) == {"hint.a": 2, "hint.b": 1, "poll.c": 3}
    assert service.items(COURSE, "poll") == {"poll.c": 3}
    assert service.items(GLOBAL) == {"poll.d": 4}


def test_the_operator_can_make_global_tags_read_only(settings: Settings) -> None:
    user_info().set(GLOBAL, "key", 1)
    settings.XBLOCK_EXPERIMENTS = {"GLOBAL_WRITES": False}

    with pytest.raises(GlobalIsReadOnly, match=r"'hint\.key': the setting GLOBAL_WRITES"):
        user_info().set(GLOBAL, "key", 2)
    with pytest.raises(GlobalIsReadOnly):
        user_info().delete(GLOBAL, "key")
    user_info().set(COURSE, "key", 3)
    assert (user_info().get(GLOBAL, "key"), user_info().get(COURSE, "key")) == (1, 3)


@BOTH
@pytest.mark.parametrize("nobody", [None, ""])
def test_an_anonymous_user_has_no_tags_and_cannot_write(scope: Scope, nobody: str | None) -> None:
    service = user_info(nobody)

    assert service.get(scope, "key", "default") == "default"
    assert service.items(scope) == {}
    with pytest.raises(NoUser, match=r"Cannot write 'hint\.key': there is no user"):
        service.set(scope, "key", 1)
    with pytest.raises(NoUser):
        service.delete(scope, "key")


class Loud(int):
    """An int that no JSON number is read as."""


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
def test_values_that_are_not_json_or_too_large_are_refused_and_not_stored(value: Any) -> None:
    user_info().set(COURSE, "key", "before")

    with pytest.raises(InvalidTag, match="A tag's value"):
        user_info().set(COURSE, "key", value)
    assert user_info().get(COURSE, "key") == "before"


def test_the_nesting_of_a_value_is_limited() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidTag):
        user_info().set(COURSE, "key", value)


def test_a_value_of_exactly_the_allowed_size_is_stored() -> None:
    value = "x" * (MAX_VALUE_BYTES - 2)
    user_info().set(COURSE, "key", value)

    assert user_info().get(COURSE, "key") == value


@pytest.mark.parametrize("key", ["", ".", "hint.", ".name", "x" * 251, "a\x00", "\ud800", None, 7])
def test_an_invalid_key_is_refused(key: Any) -> None:
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
def test_a_scope_other_than_the_two_is_refused(scope: Any) -> None:
    with pytest.raises(InvalidTag, match="must be COURSE or GLOBAL"):
        user_info().get(scope, "key")


def test_a_write_is_one_statement_and_reads_nothing(django_assert_num_queries: Any) -> None:
    service = user_info()
    for write in (
        lambda: service.set(COURSE, "key", 1),
        lambda: service.set(COURSE, "key", 2),
        lambda: service.set(COURSE, "key", 3, expected=2),
        lambda: service.set(COURSE, "other", 1, expected=None),
        lambda: service.increment(COURSE, "key"),
        lambda: service.increment(COURSE, "third"),
        lambda: service.delete(COURSE, "key"),
    ):
        with django_assert_num_queries(1):
            write()


def test_the_blocks_of_a_request_read_the_tags_once(django_assert_num_queries: Any) -> None:
    user_info().set(COURSE, "key", 1)
    user_info().set(GLOBAL, "key", 2)
    runtime = runtime_for("ann")
    hint = user_info(runtime=runtime)
    poll = user_info(runtime=runtime, block_type="poll")

    with django_assert_num_queries(1):
        assert hint.get(COURSE, "key") == 1
        assert hint.get(GLOBAL, "key") == 2
        assert poll.get(COURSE, "hint.key") == 1
        assert poll.get(COURSE, "nothing") is None
        assert poll.items(GLOBAL) == {"hint.key": 2}


def test_a_value_that_a_block_writes_is_read_by_the_other_blocks_of_the_request(
    django_assert_num_queries: Any,
) -> None:
    runtime = runtime_for("ann")
    hint = user_info(runtime=runtime)
    poll = user_info(runtime=runtime, block_type="poll")
    hint.set(COURSE, "before", 1)
    assert poll.items(COURSE) == {"hint.before": 1}
    hint.set(COURSE, "key", [1])
    hint.increment(GLOBAL, "count", 3)
    hint.delete(COURSE, "before")

    with django_assert_num_queries(0):
        assert poll.items(COURSE) == {"hint.key": [1]}
        assert poll.get(GLOBAL, "hint.count") == 3
        assert poll.get(COURSE, "hint.before", "gone") == "gone"
    assert user_info().items(COURSE) == {"hint.key": [1]}


def test_mutating_a_returned_value_does_not_affect_other_blocks() -> None:
    runtime = runtime_for("ann")
    user_info(runtime=runtime).set(COURSE, "key", [1])
    user_info(runtime=runtime).get(COURSE, "key").append(2)  # type: ignore[union-attr]

    assert user_info(runtime=runtime).get(COURSE, "key") == [1]


def test_users_of_one_runtime_have_their_own_tags() -> None:
    runtime = runtime_for("ann")
    ann, bob = (user_info(user_id, runtime=runtime) for user_id in ("ann", "bob"))
    ann.set(COURSE, "key", 1)

    assert bob.get(COURSE, "key") is None
    assert ann.get(COURSE, "key") == 1


def stamps() -> list[int]:
    return list(apps.get_model(APP, "Tag").objects.values_list("stamp", flat=True))


@pytest.mark.parametrize("value", [1, None, "text", {"b": 1, "a": [True, {"d": 1, "c": 2}]}])
def test_setting_an_equal_value_writes_nothing(value: Any) -> None:
    user_info().set(COURSE, "key", value)
    before = stamps()
    user_info().set(COURSE, "key", reordered(value))
    assert stamps() == before
    user_info().set(COURSE, "key", [value])
    assert stamps() != before


def reordered(value: Any) -> Any:
    return dict(reversed(value.items())) if isinstance(value, dict) else value


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), ("a", "A"), ("a", "a "), ([], {})])
def test_values_are_compared_exactly(one: Any, other: Any) -> None:
    user_info().set(COURSE, "key", one)
    with pytest.raises(Conflict):
        user_info().set(COURSE, "key", "new", expected=other)
    user_info().set(COURSE, "key", other)

    assert same(user_info().get(COURSE, "key"), other)


@BOTH
def test_a_value_is_set_only_if_the_stored_one_is_expected(scope: Scope) -> None:
    service = user_info()
    service.set(scope, "key", {"b": 1, "a": 2}, expected=None)
    service.set(scope, "key", {"b": 2, "a": 2}, expected={"a": 2, "b": 1})
    service.set(scope, "key", {"b": 2, "a": 2}, expected={"a": 2, "b": 2})

    others: list[Any] = [None, {"a": 2, "b": 1}, "text"]
    for expected in others:
        with pytest.raises(Conflict, match=r"'hint\.key'.*Get it and set it again"):
            service.set(scope, "key", "new", expected=expected)
    assert user_info().get(scope, "key") == {"a": 2, "b": 2}


def test_an_expected_value_does_not_match_a_missing_tag() -> None:
    with pytest.raises(Conflict):
        user_info().set(COURSE, "key", 1, expected=0)

    assert user_info().items(COURSE) == {}


def test_expected_none_matches_a_missing_value_and_a_stored_null() -> None:
    user_info().set(COURSE, "key", None, expected=None)
    assert user_info().get(COURSE, "key", "missing") is None
    user_info().set(COURSE, "key", None, expected=None)
    user_info().set(COURSE, "key", 1, expected=None)

    assert user_info().get(COURSE, "key") == 1


def test_after_a_conflict_the_current_value_is_read() -> None:
    service = user_info()
    assert service.get(COURSE, "key", 0) == 0
    user_info().set(COURSE, "key", 5)
    with pytest.raises(Conflict):
        service.set(COURSE, "key", 1, expected=None)
    assert service.get(COURSE, "key") == 5
    service.set(COURSE, "key", 6, expected=5)

    assert user_info().get(COURSE, "key") == 6


@BOTH
def test_a_counter_starts_at_zero_and_counts_up_and_down(scope: Scope) -> None:
    assert user_info().increment(scope, "count") == 1
    assert user_info().increment(scope, "count", 41) == 42
    assert user_info().increment(scope, "count", -50) == -8

    assert same(user_info().get(scope, "count"), -8)


def test_a_counter_includes_increments_of_a_concurrent_request() -> None:
    service = user_info()
    assert service.get(COURSE, "count", 0) == 0
    user_info().increment(COURSE, "count", 5)

    assert service.increment(COURSE, "count") == 6
    assert service.get(COURSE, "count") == 6


MOST = 10**18 - 1


class Counters(TestCase):
    @given(st.integers(-MOST, MOST), st.integers(-MOST, MOST))
    def test_a_counter_counts_as_python_does(self, before: int, by: int) -> None:
        user_info().set(COURSE, "count", before)

        if abs(before + by) <= MOST:
            assert user_info().increment(COURSE, "count", by) == before + by
            assert user_info().get(COURSE, "count") == before + by
        else:
            with pytest.raises(InvalidTag, match="more than 18 digits"):
                user_info().increment(COURSE, "count", by)
            assert user_info().get(COURSE, "count") == before


@pytest.mark.parametrize(
    "value", [None, True, 1.0, "1", "", [1], {"a": 1}, 10**18, -(10**18), 10**400, -0.0, 1e17]
)
def test_a_value_that_is_no_counter_cannot_be_incremented(value: Any) -> None:
    user_info().set(COURSE, "key", value)

    with pytest.raises(InvalidTag, match=r"'hint\.key' cannot be incremented by 1"):
        user_info().increment(COURSE, "key")
    assert same(user_info().get(COURSE, "key"), value)


@pytest.mark.parametrize("by", [True, 1.0, "1", None, 10**18, -(10**18), Loud(1)])
def test_a_counter_is_incremented_by_a_whole_number(by: Any) -> None:
    with pytest.raises(InvalidTag, match="an integer of at most 18 digits"):
        user_info().increment(COURSE, "key", by)

    assert user_info().items(COURSE) == {}


def test_incrementing_requires_the_right_to_set(settings: Settings) -> None:
    with pytest.raises(NotOwner):
        user_info().increment(COURSE, "poll.count")
    with pytest.raises(NoUser):
        user_info(None).increment(COURSE, "count")
    settings.XBLOCK_EXPERIMENTS = {"GLOBAL_WRITES": False}
    with pytest.raises(GlobalIsReadOnly):
        user_info().increment(GLOBAL, "count")


NAMES = ["B", "Z", "a", "a.b", "é", "\U0001f642"]


def test_items_are_returned_in_pages_ordered_by_code_points() -> None:
    for name in reversed(NAMES):
        user_info().set(COURSE, f"hint.{name}", 1)
    service = user_info()
    keys = [f"hint.{name}" for name in NAMES]

    first = list(service.items(COURSE, limit=4))
    assert first == keys[:4]
    assert list(service.items(COURSE, after=first[-1], limit=4)) == keys[4:]
    assert service.items(COURSE, after=keys[-1], limit=4) == {}
    assert list(service.items(COURSE, after="a")) == keys[3:]
    assert service.items(COURSE, limit=0) == service.items(COURSE, "poll", limit=4) == {}
    assert list(api.get_tags("ann", COURSE_ID, after="hint.a", limit=2)) == keys[3:5]
    with pytest.raises(InvalidTag, match="must be 0 or more"):
        service.items(COURSE, limit=-1)


@pytest.fixture
def _with_private_tags(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {"PRIVATE_TAGS": ["hint.secret*", "[a-f]*.own"]}


@pytest.mark.usefixtures("_with_private_tags")
@BOTH
def test_a_private_tag_does_not_exist_for_other_types(scope: Scope) -> None:
    owner = user_info()
    for key in ("secret", "hint.secret.more", "Secret", "own"):
        owner.set(scope, key, key)
    everything = owner.items(scope)
    other = user_info(block_type="poll")

    assert len(everything) == 4
    assert owner.get(scope, "hint.secret") == "secret"
    assert other.get(scope, "hint.secret", "default") == "default"
    assert other.items(scope) == {"hint.Secret": "Secret", "hint.own": "own"}
    assert other.items(scope, "hint", limit=1) == {"hint.Secret": "Secret"}
    with pytest.raises(NotOwner):
        other.set(scope, "hint.secret", 1, expected="secret")


def test_a_private_key_that_names_no_owner_is_hidden_from_every_block_type(
    settings: Settings,
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"PRIVATE_TAGS": ["mood"]}
    api.set_tag("ann", COURSE_ID, "mood", "low")
    api.set_tag("ann", COURSE_ID, "place", "here")

    for block_type in ("hint", "mood"):
        assert user_info(block_type=block_type).items(COURSE) == {"place": "here"}
        assert user_info(block_type=block_type).items(COURSE, "mood") == {}


@XBlock.needs("user_info", "user_tags")
class CountingBlock(XBlock):
    """Counts in several ways how often it is shown."""

    field = UserInfoField(Integer(default=0), scope=COURSE)

    def student_view(self, context: Any = None) -> Fragment:
        self.field += 1
        info = self.runtime.service(self, "user_info")
        info.set(COURSE, "set", info.get(COURSE, "set", 0) + 1)
        counts = [self.field, info.increment(COURSE, "count"), info.get(COURSE, "set")]
        self.runtime.service(self, "user_tags").set_tag("course", "counting.tag", str(counts))
        return Fragment(f"<p>Counts: {counts}</p>")

    author_view = studio_view = student_view


@XBlock.register_temp_plugin(CountingBlock, "counting")
def test_tags_that_blocks_write_in_authors_views_are_discarded() -> None:
    course = load_course(course_xml('<counting url_name="one"/>'))
    for view in ("author_view", "studio_view"):
        asking = find_block(course, "ann", "one", staff=True)
        assert asking.field == 0
        assert "Counts: [1, 1, 1]" in asking.render(view, {}).content
        assert "Counts: [2, 2, 2]" in asking.render(view, {}).content
        assert api.get_tags("ann", COURSE_ID) == {}

    assert "Counts: [1, 1, 1]" in render(course, "ann", "one")
    assert len(api.get_tags("ann", COURSE_ID)) == 4


few_keys = st.sampled_from(["a", "b"])
few_values: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 7, MOST, True, "7", {"b": 1, "a": 2}]
)
calls = st.one_of(
    st.tuples(st.just("get"), st.sampled_from(Scope), few_keys, few_values),
    st.tuples(st.just("set"), st.sampled_from(Scope), few_keys, few_values),
    st.tuples(st.just("swap"), st.sampled_from(Scope), few_keys, few_values, few_values),
    st.tuples(
        st.just("increment"), st.sampled_from(Scope), few_keys, st.sampled_from([1, -8, MOST])
    ),
    st.tuples(st.just("delete"), st.sampled_from(Scope), few_keys),
    st.tuples(st.just("items"), st.sampled_from(Scope)),
)


def outcome(service: UserInfoService, call: Any) -> Any:
    name, *arguments = call
    try:
        if name == "swap":
            scope, key, value, expected = arguments
            return service.set(scope, key, value, expected=expected)
        return getattr(service, name)(*arguments)
    except TagError as error:
        return type(error), str(error)


class AnyCalls(TestCase):
    @given(st.lists(calls, max_size=12))
    def test_a_preview_returns_the_learners_results_and_writes_nothing(
        self, made: list[Any]
    ) -> None:
        learner = user_info("ann")
        runtime = ExperimentsRuntime("teacher", preview=AsLearner("bob"))
        preview = user_info("bob", runtime=runtime)

        for call in made:
            learner_result = outcome(learner, call)
            assert same(outcome(preview, call), learner_result)
            assert outcome(user_info("ann"), ("items", COURSE)) == learner.items(COURSE)
        assert api.get_tags("bob", COURSE_ID) == api.get_tags("bob", None) == {}


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
