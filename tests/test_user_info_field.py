"""A tag of the block's learner, as an attribute of the block."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from lxml import etree
from pytest_django import Settings
from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.core import XBlock, XBlockMixin
from xblock.field_data import DictFieldData
from xblock.fields import (
    UNIQUE_ID,
    Boolean,
    DateTime,
    Dict,
    Float,
    Integer,
    List,
    Scope,
    ScopeIds,
    Set,
    String,
)
from xblock.test.tools import TestRuntime
from xblock.test.toy_runtime import ToyRuntime

from xblock_experiments.runtime import EntryPointServices
from xblock_experiments.services import COURSE, GLOBAL, UserInfoField, UserInfoService
from xblock_experiments.testing import find_block, load_course, runtime_for
from xblock_experiments.user_tags import api
from xblock_experiments.user_tags.data import GlobalIsReadOnly, InvalidTag, NoUser

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

WHEN = datetime.datetime(2026, 11, 26, 13, 30, tzinfo=datetime.UTC)


class Remembering(XBlockMixin):
    """Stores tags that blocks of any kind might have."""

    shown = UserInfoField(Boolean(default=False), scope=COURSE)


@XBlock.needs("user_info")
class HintBlock(Remembering, XBlock):
    """Stores the number of hints that its learner has seen."""

    hints_seen = UserInfoField(Integer(default=0), scope=COURSE)
    speed = UserInfoField(Float(default=1.0), scope=GLOBAL)
    topics = UserInfoField(List(default=["start"]), scope=COURSE)
    notes = UserInfoField(Dict(), scope=COURSE)
    name = UserInfoField(String(), scope=COURSE)
    since = UserInfoField(DateTime(), scope=COURSE)
    title = String(default="A hint", scope=Scope.settings)
    answer = String(default="", scope=Scope.user_state)

    def student_view(self, context: Any = None) -> Fragment:
        self.hints_seen += 1
        return Fragment(f"<p>Hint {self.hints_seen}</p>")

    @XBlock.handler
    def more(self, request: Any, suffix: str = "") -> Response:
        self.hints_seen += 10
        self.topics.append(suffix)
        return Response(str(self.hints_seen))


class ToyRuntimeWithServices(EntryPointServices, ToyRuntime):
    """XBlock's toy runtime with services found by entry points."""

    # XBlock's toy sets its own deprecated property, and would warn.
    user_id = None


class TestRuntimeWithServices(EntryPointServices, TestRuntime):
    """XBlock's test runtime, which has no services of its own, with services by entry points."""

    __test__ = False

    def __init__(self, user_id: str) -> None:
        super().__init__(services={"field-data": DictFieldData({})})


RUNTIMES: list[Callable[[str], Any]] = [
    runtime_for,
    ToyRuntimeWithServices,
    TestRuntimeWithServices,
]


def hint(
    user_id: str | None = "ann",
    *,
    name: str = "u0",
    runtime: Any = None,
    kind: Callable[[Any], Any] = runtime_for,
    block_class: type[XBlock] = HintBlock,
) -> Any:
    """Return a block of a learner, in a new request unless a runtime is given."""
    ids = ScopeIds(user_id, "hint", "course.hint.d0", f"course.hint.d0.{name}")
    return (runtime or kind(user_id)).construct_xblock_from_class(block_class, ids)


@pytest.fixture(params=RUNTIMES, ids=lambda kind: kind.__name__)
def new_block(request: pytest.FixtureRequest) -> Callable[..., Any]:
    new: Callable[..., Any] = partial(hint, kind=request.param)
    return new


def tags(user_id: str = "ann", course_id: str | None = "course") -> dict[str, Any]:
    return api.get_tags(user_id, course_id)


def test_a_value_is_stored_only_when_the_block_is_saved(
    new_block: Callable[..., Any],
) -> None:
    block = new_block()
    block.hints_seen = 3
    block.speed = 1.5
    assert (block.hints_seen, new_block().hints_seen, tags()) == (3, 0, {})

    block.save()
    assert (new_block().hints_seen, new_block().speed) == (3, 1.5)
    assert (new_block("bob").hints_seen, new_block("bob").speed) == (0, 1.0)
    assert tags() == {"hint.hints_seen": 3}
    assert tags(course_id=None) == {"hint.speed": 1.5}


def test_all_blocks_of_a_type_share_the_value(new_block: Callable[..., Any]) -> None:
    one = new_block()
    other = new_block(name="u1", runtime=one.runtime)
    assert (one.hints_seen, other.hints_seen, other.topics) == (0, 0, ["start"])
    one.hints_seen += 1
    one.topics.append("more")
    assert (other.hints_seen, other.topics) == (0, ["start"])
    one.save()
    assert (other.hints_seen, other.topics) == (1, ["start", "more"])
    other.hints_seen += 1
    other.save()

    assert one.hints_seen == new_block().hints_seen == 2


def test_a_value_that_is_only_read_is_not_written(
    new_block: Callable[..., Any], django_assert_num_queries: Any
) -> None:
    block = new_block()
    with django_assert_num_queries(1):
        seen = [block.hints_seen, block.speed, block.topics, block.notes, block.name, block.since]
        block.hints_seen = 0
        block.topics = ["start"]
        block.save()

    assert seen == [0, 1.0, ["start"], {}, None, None]
    assert tags() == {}


def test_a_value_that_is_mutated_is_stored(new_block: Callable[..., Any]) -> None:
    block = new_block()
    topics = block.topics
    topics.append("a")
    block.notes["deep"] = [{"er": 1}]
    block.save()
    assert (new_block().topics, new_block().notes) == (["start", "a"], {"deep": [{"er": 1}]})
    topics.append("b")
    block.notes["deep"][0]["er"] = 2
    block.save()

    assert block.topics is topics
    assert (new_block().topics, new_block().notes) == (["start", "a", "b"], {"deep": [{"er": 2}]})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"done": 1}, {"done": True}),
        ({"done": True}, {"done": 1}),
        ({"done": [0.0]}, {"done": [0]}),
        ({"done": 0.0}, {"done": -0.0}),
    ],
)
def test_a_change_to_an_equal_value_of_another_type_is_stored(
    new_block: Callable[..., Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    block = new_block()
    block.notes = before
    block.save()
    other = new_block(name="u1", runtime=block.runtime)
    assert other.notes == before
    block.notes = after
    block.save()

    assert repr(tags()["hint.notes"]) == repr(other.notes) == repr(after)


def test_no_block_can_change_the_default_of_others(new_block: Callable[..., Any]) -> None:
    new_block().topics.append("mine")

    assert new_block().topics == ["start"]


def test_each_change_is_one_statement_and_reads_nothing(
    new_block: Callable[..., Any], django_assert_num_queries: Any
) -> None:
    block = new_block()
    block.hints_seen = 3
    block.name = "A name"
    with django_assert_num_queries(2):
        block.save()
    with django_assert_num_queries(0):
        block.save()
        block.hints_seen = 3


def test_a_value_is_deleted_when_the_block_is_saved(new_block: Callable[..., Any]) -> None:
    block = new_block()
    block.hints_seen = 3
    block.topics = ["a"]
    block.save()
    del block.hints_seen
    del block.topics
    assert (block.hints_seen, block.topics) == (0, ["start"])
    assert new_block().hints_seen == 3

    block.save()
    assert tags() == {}
    assert (block.hints_seen, block.topics, new_block().hints_seen) == (0, ["start"], 0)


def test_a_value_that_is_set_after_its_deletion_is_stored(new_block: Callable[..., Any]) -> None:
    block = new_block()
    block.hints_seen = 3
    block.save()
    del block.hints_seen
    del block.topics
    block.hints_seen = 4
    block.topics.append("a")
    block.save()

    assert tags() == {"hint.hints_seen": 4, "hint.topics": ["start", "a"]}


def test_a_value_has_the_type_of_the_field(new_block: Callable[..., Any]) -> None:
    block = new_block()
    block.hints_seen = "7"
    block.name = "bell\x07"
    block.since = WHEN
    block.shown = "true"
    assert (block.hints_seen, block.name, block.shown) == (7, "bell", True)
    for name, value in (("hints_seen", "seven"), ("topics", "start"), ("since", "never")):
        with pytest.raises((TypeError, ValueError)):
            setattr(block, name, value)
    block.save()

    assert new_block().since == WHEN
    assert tags()["hint.since"] == "2026-11-26T13:30:00.000000"
    assert (tags()["hint.hints_seen"], tags()["hint.shown"]) == (7, True)


class AnyValue(TestCase):
    @given(st.lists(st.none() | st.booleans() | st.integers() | st.text()), st.integers())
    def test_a_saved_value_is_read(self, topics: list[Any], seen: int) -> None:
        block = hint()
        block.topics = topics
        block.hints_seen = seen
        block.save()

        assert hint().topics == topics
        assert tags()["hint.hints_seen"] == seen


def test_the_value_is_an_ordinary_tag() -> None:
    block = hint()
    info: UserInfoService = block.runtime.service(block, "user_info")
    block.hints_seen = 3
    assert info.items(COURSE) == {}
    block.save()
    assert info.items(COURSE) == {"hint.hints_seen": 3}
    assert info.increment(COURSE, "hints_seen") == 4

    assert block.hints_seen == 4


def test_other_fields_of_the_block_are_saved_as_usual(new_block: Callable[..., Any]) -> None:
    block = new_block()
    block.title, block.answer, block.hints_seen = "Another", "42", 3
    block.save()
    same_data = new_block(runtime=block.runtime)

    assert (same_data.title, same_data.answer, same_data.hints_seen) == ("Another", "42", 3)


def test_the_value_is_neither_in_olx_nor_in_the_blocks_fields() -> None:
    block = hint()
    block.hints_seen, block.title = 3, "Another"
    block.save()
    node = etree.Element("unknown")
    block.add_xml_to_node(node)

    assert node.get("title") == "Another"
    assert "hints_seen" not in node.attrib
    assert "hints_seen" not in HintBlock.fields
    assert "hints_seen" not in block.get_explicitly_set_fields_by_scope(Scope.content)


@XBlock.register_temp_plugin(HintBlock, "hint")
def test_views_and_handlers_save_the_value() -> None:
    course = load_course('<course><hint url_name="one"/><hint url_name="two"/></course>')

    def view(url_name: str, user_id: str = "ann") -> Any:
        return find_block(course, user_id, url_name).render("student_view", {}).content

    def handle(url_name: str) -> Any:
        request = Request.blank("/", method="POST")
        return find_block(course, "ann", url_name).handle("more", request, "suffix").text

    assert "Hint 1" in view("one")
    assert "Hint 2" in view("two")
    assert handle("one") == "12"
    assert "Hint 13" in view("two")
    assert "Hint 1<" in view("two", "bob")
    assert find_block(course, "ann", "two").topics == ["start", "suffix"]


@XBlock.register_temp_plugin(HintBlock, "hint")
def test_olx_cannot_set_the_value() -> None:
    course = load_course('<course><hint url_name="one" hints_seen="1000"/></course>')

    assert find_block(course, "ann", "one").hints_seen == 0


def refused(block: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        block.save()
    again = hint(runtime=block.runtime)
    assert (again.title, tags(course_id=None), tags()) == ("A hint", {}, {})


def test_for_an_anonymous_user_the_value_is_the_default_and_cannot_be_saved() -> None:
    block = hint(None)
    assert (block.hints_seen, block.topics) == (0, ["start"])
    block.save()
    block.topics.append("a")
    block.title = "Another"

    refused(block, NoUser)


@pytest.mark.parametrize(
    ("name", "value"), [("notes", {1: 2}), ("speed", float("nan")), ("name", "x" * 70_000)]
)
def test_no_field_of_the_block_is_saved_if_one_value_is_invalid(name: str, value: Any) -> None:
    block = hint()
    block.hints_seen, block.title = 3, "Another"
    setattr(block, name, value)

    refused(block, InvalidTag)


def test_no_field_of_the_block_is_saved_if_global_tags_are_read_only(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {"GLOBAL_WRITES": False}
    block = hint()
    block.hints_seen, block.speed, block.title = 3, 2.0, "Another"

    refused(block, GlobalIsReadOnly)


def test_a_value_that_could_not_be_saved_is_saved_later(monkeypatch: pytest.MonkeyPatch) -> None:
    block = hint()
    block.hints_seen, block.name = 3, "A name"
    service = block.runtime.service(block, "user_info")
    with monkeypatch.context() as patch:
        patch.setattr(service, "set", lambda *args: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            block.save()
    block.save()

    assert tags() == {"hint.hints_seen": 3, "hint.name": "A name"}


def test_a_class_may_override_save_and_may_be_inherited() -> None:
    saved = []

    @XBlock.needs("user_info")
    class Own(XBlock):
        count = UserInfoField(Integer(default=0), scope=COURSE)

        def save(self) -> None:
            saved.append(self.count)
            self.count += 1
            super().save()

    class Inheriting(Own):
        more = UserInfoField(Integer(default=0), scope=COURSE)

        def save(self) -> None:
            self.more += 1
            super().save()

    block = hint(block_class=Inheriting)
    block.count = 5
    block.save()

    assert saved == [5]
    assert tags() == {"hint.count": 6, "hint.more": 1}


@pytest.mark.parametrize(
    "field", [String(default=UNIQUE_ID), DateTime(default=UNIQUE_ID), Set(), Float(default=1e999)]
)
def test_an_invalid_field_is_refused_when_the_class_is_created(field: Any) -> None:
    with pytest.raises(TypeError, match=r"Own\.kept cannot be a \w+ with this default"):

        class Own(XBlock):
            kept = UserInfoField(field, scope=COURSE)


def test_only_a_block_can_have_the_field() -> None:
    with pytest.raises(TypeError, match=r"Plain\.count is not in a block class"):

        class Plain:
            count = UserInfoField(Integer(default=0), scope=COURSE)
