"""A block's services neither reveal nor change data of another user, whatever the block passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.blocks import user_info, user_segmentation
from tests.builders import COURSE_ID, experiment
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import ExperimentsError
from xblock_experiments.experiments import api as experiments
from xblock_experiments.services import COURSE, Scope

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

OTHER_COURSE = "course-v1:Other+Course+1"
OTHERS = ("bob", "Ann", "ann ", "1")
TABLES = [
    ("xblock_experiments_user_tags", "Tag"),
    ("xblock_experiments_course_user_segmentation", "Membership"),
    ("xblock_experiments_experiments", "Exposure"),
]


class Disguised(str):
    """A string that reports another text than its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return "hint.key"

    def __contains__(self, part: object) -> bool:
        return part == "."

    def partition(self, separator: str, /) -> tuple[str, str, str]:
        return "hint", separator, "key"

    def __format__(self, spec: str) -> str:
        return "key"


class Forged:
    """A value that equals everything."""

    value = "course"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(COURSE)


pieces = [*OTHERS, "ann", COURSE_ID, OTHER_COURSE, "hint", "poll", "key", "experiment"]
pieces += [".", "/", "\x1f", "\x00", "'", '"', "--", "%", "*", "\ud800", "x" * 300]
texts = st.lists(st.sampled_from(pieces), max_size=5).map("".join) | st.text(max_size=300)
keys = texts | st.sampled_from(["hint.key", "poll.key", "key"])
values: st.SearchStrategy[Any] = st.none() | st.integers() | st.binary() | st.builds(Forged)
anything = keys | keys.map(Disguised) | values
scopes = st.sampled_from([*Scope, "course", COURSE_ID, None, Forged()])
ids = st.sampled_from([100, "100", "bob", 100.0, True, (100, "bob"), None, Forged()]) | anything
types = st.sampled_from(["experiment", "bob", COURSE_ID, None, Disguised("x"), Forged()])


def result_of(call: Callable[[], Any]) -> Any:
    """Return the result, or None if the call is refused: a forged id may be invalid as well."""
    try:
        return call()
    except (ExperimentsError, TypeError):
        return None


def everything_else() -> list[Any]:
    """Return the rows of other users and courses, and the tags of other block types."""
    rows = []
    for app, name in TABLES:
        for row in apps.get_model(app, name).objects.order_by("pk").values():
            is_here = row.get("course_id", COURSE_ID) in (COURSE_ID, "")
            is_own = row.get("key", "hint.").startswith("hint.")
            if not (row["user_id"] == "ann" and is_here and is_own):
                rows.append((name, row))
    return rows


class NothingOfAnotherUser(TestCase):
    def setUp(self) -> None:
        segmentations.save_segmentations(COURSE_ID, [experiment(100, weights=(0, 1))])
        for user_id in OTHERS:
            experiments.assign_group(COURSE_ID, 100, user_id)
            experiments.record_exposure(COURSE_ID, 100, user_id, "some block")
            for block_type in ("hint", "poll"):
                for scope in Scope:
                    user_info(user_id, block_type=block_type).set(scope, "key", "not ann's")
        user_info(course_id=OTHER_COURSE).set(COURSE, "key", "not ann's here")
        user_info(block_type="poll").set(COURSE, "key", 7)

    @example(scope=COURSE, key=Disguised("poll.key"), other=1, limit=None)
    @given(scope=scopes, key=anything, other=anything, limit=st.sampled_from([None, 1, Forged()]))
    def test_user_info(self, scope: Any, key: Any, other: Any, limit: Any) -> None:
        service, before = user_info(), everything_else()
        calls: list[Callable[[], Any]] = [
            lambda: service.get(scope, key),
            lambda: service.items(scope, key, after=other, limit=limit),
            lambda: service.set(scope, key, "new", expected="not ann's"),
            lambda: service.increment(scope, key, other),
            lambda: service.set(scope, key, other, expected=None),
            lambda: service.items(scope),
            lambda: service.delete(scope, key),
            lambda: service.set(scope, key, "ann's"),
        ]
        for call in calls:
            assert "not ann's" not in repr(result_of(call))
        assert everything_else() == before

    @given(id=ids, type=types, several=st.lists(ids, max_size=3))
    def test_user_segmentation(self, id: Any, type: Any, several: Any) -> None:
        before = everything_else()
        for call in (
            lambda service: service.group(id, type),
            lambda service: service.groups(id, type),
            lambda service: service.record_exposure(id),
        ):
            assert not result_of(lambda call=call: call(user_segmentation()))  # type: ignore[misc]
        result_of(lambda: user_segmentation().segmentation(id, type))
        result_of(lambda: user_segmentation().segmentations(type))
        result_of(lambda: user_segmentation().assign(id))
        result_of(lambda: user_segmentation().assign_all(several))
        assert everything_else() == before
