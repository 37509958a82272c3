"""The fakes answer as the services do, and need no Django."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blocks import user_info, user_segmentation
from tests.builders import COURSE_ID, experiment, segmentation
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group, NoSuchGroup, NoSuchSegmentation
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.fakes import FakeServices, FakeUserInfo, FakeUserSegmentation
from xblock_experiments.services import COURSE, GLOBAL
from xblock_experiments.user_tags.data import GlobalIsReadOnly

ROOT = Path(__file__).parents[1]

LISTED = [
    # Only one group has a weight, so the service assigns to the same group as the fake.
    experiment(100, 1, 2, weights=(0, 5)),
    experiment(200, 1, 2, weights=(1, 0)),
    experiment(300, active=False),
    experiment(400, weights=(0, 0)),
    segmentation(500, "experiment", ()),
    segmentation(7, "list", (Group(1, "early"), Group(2, "late"))),
]
numbers = count()

type Step = Callable[[Any], object]


def outcome(step: Step, service: object) -> object:
    try:
        return step(service)
    except Exception as error:  # noqa: BLE001 - any error is an outcome
        return type(error)


def compare(steps: list[Step], service: object, fake: object) -> None:
    assert [outcome(step, service) for step in steps] == [outcome(step, fake) for step in steps]


def called(name: str, *arguments: Any, **options: Any) -> Step:
    return lambda service: getattr(service, name)(*arguments, **options)


scopes = st.sampled_from([COURSE, COURSE, GLOBAL, "course", None])
keys = st.sampled_from(["a", "a", "b", "hint.a", "other.a", "", ".a", "hint.", "x" * 300, 7, None])
values: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, True, 1.0, "1", "", None, [1], {"a": [None]}, (1,), float("nan"), object(), "x" * 70_000]
)
amounts: st.SearchStrategy[Any] = st.sampled_from([1, 1, -1, 0, True, "1", 10**18, 10**18 - 1])
tag_steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(called, st.just("get"), scopes, keys),
    st.builds(called, st.just("get"), scopes, keys, values),
    st.builds(called, st.just("set"), scopes, keys, values),
    st.builds(called, st.just("set"), scopes, keys, values, expected=values),
    st.builds(called, st.just("increment"), scopes, keys, amounts),
    st.builds(called, st.just("delete"), scopes, keys),
    st.builds(called, st.just("items"), scopes, st.sampled_from([None, "hint", "other"])),
    st.builds(
        called, st.just("items"), scopes, after=keys, limit=st.sampled_from([None, 0, 1, -1])
    ),
)
unhurried = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.django_db
@unhurried
@given(steps=st.lists(tag_steps, max_size=12), is_anonymous=st.booleans())
def test_the_fake_of_user_info_answers_as_the_service(
    steps: list[Step], is_anonymous: bool
) -> None:
    user_id = None if is_anonymous else f"user{next(numbers)}"

    compare(steps, user_info(user_id), FakeUserInfo("hint", user_id=user_id))


ids: st.SearchStrategy[Any] = st.sampled_from([100, 200, 300, 400, 500, 7, 999, True, "100", None])
types: st.SearchStrategy[Any] = st.sampled_from(["experiment", "list", "other", None, 1])


def recorded_together(wanted: list[int], *, fails: bool) -> Step:
    def record(service: Any) -> None:
        with service.together():
            for id in wanted:
                with service.together():
                    service.record_exposure(id)
            if fails:
                raise KeyError

    return record


group_steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(called, st.just("assign"), ids),
    st.builds(called, st.just("assign_all"), st.lists(ids)),
    st.builds(called, st.just("group"), ids, types),
    st.builds(called, st.just("group"), ids),
    st.builds(called, st.just("groups"), ids, types),
    st.builds(called, st.just("segmentation"), ids, types),
    st.builds(called, st.just("segmentations"), types),
    st.builds(called, st.just("record_exposure"), ids),
    st.builds(
        recorded_together, st.lists(st.sampled_from([100, 200, 300, 999])), fails=st.booleans()
    ),
)


@pytest.mark.django_db
@unhurried
@given(
    steps=st.lists(group_steps, max_size=12),
    put=st.lists(st.sampled_from([(7, 1), (7, 2), (100, 1), (100, 2)])),
    is_anonymous=st.booleans(),
)
def test_the_fake_of_user_segmentation_answers_as_the_service(
    steps: list[Step], put: list[tuple[int, int]], is_anonymous: bool
) -> None:
    segmentations.save_segmentations(COURSE_ID, LISTED)
    user_id = None if is_anonymous else f"user{next(numbers)}"
    fake = FakeUserSegmentation(LISTED, user_id=user_id)
    for id, group_id in put if user_id else []:
        type_ = "list" if id == 7 else "experiment"
        fake.put_in_group(id, group_id, type_)
        segmentations.put_in_group(COURSE_ID, id, str(user_id), group_id, type=type_)

    compare(steps, user_segmentation(user_id), fake)
    recorded = [
        id
        for id in (100, 200, 300)
        for each in get_exposures(COURSE_ID, id)
        if each.user_id == user_id
    ]
    assert sorted(fake.exposures) == recorded


def test_the_fake_has_groups_as_the_test_puts_the_learner() -> None:
    fake = FakeUserSegmentation([experiment(100)])
    fake.put_in_group(100, 2)

    assert fake.assign(100) == Group(2, "Group 2")
    with pytest.raises(NoSuchGroup):
        fake.put_in_group(100, 3)
    with pytest.raises(NoSuchSegmentation):
        fake.put_in_group(999, 1)


def test_fakes_of_two_block_types_share_one_learners_tags() -> None:
    hint = FakeUserInfo("hint")
    hint.set(GLOBAL, "pace", "slow")
    other = hint.of_type("other")

    assert other.get(GLOBAL, "hint.pace") == "slow"
    other.is_global_read_only = True
    with pytest.raises(GlobalIsReadOnly):
        other.set(GLOBAL, "x", 1)


def test_the_fakes_work_where_neither_django_nor_the_sdk_can_be_imported() -> None:
    code = """
    import sys
    sys.modules.update(django=None, workbench=None)
    from xblock.core import XBlock
    from xblock.fields import List, ScopeIds
    from xblock.runtime import DictKeyValueStore, KvsFieldData
    from xblock.test.tools import TestRuntime
    from xblock_experiments.fakes import FakeServices
    from xblock_experiments.services import COURSE, UserInfoField

    @XBlock.needs("user_segmentation", "user_info")
    class Hint(XBlock):
        known = UserInfoField(List(default=[]), scope=COURSE)

        def student_view(self, context=None):
            return self.runtime.service(self, "user_segmentation").segmentations()

    fakes = FakeServices.of("hint")
    field_data = KvsFieldData(DictKeyValueStore())
    runtime = TestRuntime(services={"field-data": field_data, **fakes.by_name})
    block = Hint(runtime, scope_ids=ScopeIds("ann", "hint", "d", "u"))
    block.known.append("Joule")
    block.save()
    assert fakes.user_info.get(COURSE, "known") == ["Joule"]
    assert block.student_view() == ()
    """
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)], check=True, cwd=ROOT
    )


def test_the_pair_is_of_one_user() -> None:
    fakes = FakeServices.of("hint", [experiment(100)], user_id=None)

    assert fakes.user_segmentation.group(100) is None
    assert fakes.user_info.get(COURSE, "x", 5) == 5
    assert fakes.by_name == {
        "user_segmentation": fakes.user_segmentation,
        "user_info": fakes.user_info,
    }
