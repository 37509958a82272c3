"""Threads and tasks that share one runtime."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from opaque_keys.edx.keys import CourseKey
from xblock.fields import ScopeIds

from tests.blocks import ServiceUser
from tests.builders import COURSE_ID, experiment
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.services import COURSE, UserInfoService, UserSegmentationService
from xblock_experiments.services.preview import AsLearner
from xblock_experiments.testing import runtime_for
from xblock_experiments.user_tags import api as user_tags
from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]

THREADS = 6


@pytest.fixture(autouse=True)
def _course() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100), experiment(200)])


def service(runtime: Any, name: str, number: int = 0, user_id: str = "ann") -> Any:
    key = CourseKey.from_string(COURSE_ID).make_usage_key("hint", f"block{number}")
    block: Any = ServiceUser(runtime, scope_ids=ScopeIds(user_id, "hint", key, key))
    return block.runtime.service(block, name)


def segmentation_of(runtime: Any, number: int = 0, user_id: str = "ann") -> UserSegmentationService:
    found: UserSegmentationService = service(runtime, "user_segmentation", number, user_id)
    return found


def info_of(runtime: Any) -> UserInfoService:
    found: UserInfoService = service(runtime, "user_info")
    return found


def in_threads[T](work: Callable[[int], T], threads: int = THREADS) -> list[T]:
    def call(number: int) -> T:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(threads)))


def exposed(id: int = 100) -> list[str]:
    return sorted(f"{each.user_id} {each.usage_id[-6:]}" for each in get_exposures(COURSE_ID, id))


ALL = [f"ann block{number}" for number in range(THREADS)]


def test_each_thread_keeps_the_exposures_of_its_own_page() -> None:
    runtime = runtime_for("ann")
    all_inside = Barrier(THREADS)

    def show(number: int) -> None:
        segmentation = segmentation_of(runtime, number)
        segmentation.assign(100)
        with segmentation.together():
            all_inside.wait()
            segmentation.record_exposure(100)
            # The pages end one after the other.
            time.sleep(0.01 * number)

    in_threads(show)

    assert exposed() == ALL


def test_a_page_that_fails_takes_no_other_threads_exposures_along() -> None:
    runtime = runtime_for("ann")
    all_inside, all_recorded = Barrier(THREADS), Barrier(THREADS)

    def show(number: int) -> None:
        segmentation = segmentation_of(runtime, number)
        segmentation.assign(100)
        with segmentation.together():
            all_inside.wait()
            segmentation.record_exposure(100)
            all_recorded.wait()
            if number % 2:
                raise KeyError(number)

    def show_or_fail(number: int) -> None:
        if number % 2:
            with pytest.raises(KeyError):
                show(number)
        else:
            show(number)

    in_threads(show_or_fail)

    assert exposed() == ALL[::2]


def test_the_threads_of_one_page_are_recorded_with_the_page_or_not_at_all() -> None:
    runtime = runtime_for("ann")
    page = segmentation_of(runtime)
    page.assign_all([100, 200])

    def show_in_threads(id: int) -> None:
        contexts = [copy_context() for _ in range(THREADS)]
        in_threads(
            lambda number: contexts[number].run(
                segmentation_of(runtime, number).record_exposure, id
            )
        )

    with page.together():
        show_in_threads(100)
        assert exposed() == []
    with pytest.raises(KeyError), page.together():
        show_in_threads(200)
        raise KeyError

    assert exposed() == ALL
    assert exposed(200) == []


def test_a_thread_that_outlives_its_page_records_what_it_shows() -> None:
    runtime = runtime_for("ann")
    page = segmentation_of(runtime)
    page.assign(100)
    with page.together():
        late = copy_context()

    def show_late() -> None:
        with page.together():
            page.record_exposure(100)

    late.run(show_late)

    assert exposed() == ["ann block0"]


def test_tasks_of_one_thread_keep_the_exposures_of_their_own_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    runtime = runtime_for("ann")
    segmentation_of(runtime).assign(100)

    async def show(number: int) -> None:
        segmentation = segmentation_of(runtime, number)
        try:
            with segmentation.together():
                segmentation.record_exposure(100)
                await asyncio.sleep(0.01 * number)
                if number % 2:
                    raise KeyError(number)
        finally:
            connection.close()

    async def show_all() -> None:
        shown = map(show, range(THREADS))
        failed = await asyncio.gather(*shown, return_exceptions=True)
        assert [type(each) for each in failed[1::2]] == [KeyError] * (THREADS // 2)

    asyncio.run(show_all())

    assert exposed() == ALL[::2]


def test_threads_with_different_learners_keep_them_apart() -> None:
    runtime = runtime_for("ann")
    all_inside = Barrier(THREADS)

    def show(number: int) -> int:
        segmentation = segmentation_of(runtime, number, f"ann{number}")
        with segmentation.together():
            all_inside.wait()
            group = segmentation.assign(100)
            segmentation.record_exposure(100)
        return group.id

    groups = in_threads(show)

    assert exposed() == [f"ann{number} block{number}" for number in range(THREADS)]
    for number, group_id in enumerate(groups):
        assert segmentations.get_group_ids(COURSE_ID, 100, f"ann{number}") == {group_id}


def test_the_learners_groups_are_read_once_for_all_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = runtime_for("ann")
    read = segmentations.get_all_standings
    readings: list[str] = []

    def read_slowly(course_id: str, user_id: str) -> Any:
        readings.append(user_id)
        time.sleep(0.05)
        return read(course_id, user_id)

    monkeypatch.setattr(segmentations, "get_all_standings", read_slowly)
    all_ready = Barrier(THREADS)

    def meet(number: int) -> bool:
        all_ready.wait()
        segmentation = segmentation_of(runtime, number)
        return segmentation.assign(100) == segmentation.group(100)

    assert all(in_threads(meet))
    assert readings == ["ann"]


def test_a_counter_shows_the_increments_of_all_threads() -> None:
    runtime = runtime_for("ann")
    info_of(runtime).set(COURSE, "other", "x")

    def count(_: int) -> list[int]:
        return [info_of(runtime).increment(COURSE, "turned") for _ in range(5)]

    counted = [each for some in in_threads(count) for each in some]

    assert sorted(counted) == list(range(1, 5 * THREADS + 1))
    assert info_of(runtime).items(COURSE) == {"hint.other": "x", "hint.turned": 5 * THREADS}


def test_a_tag_shows_the_last_of_two_overlapping_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = runtime_for("ann")
    both_written = Barrier(2)
    write = user_tags.set_tag

    def write_and_wait(*place: Any, **options: Any) -> None:
        write(*place, **options)
        both_written.wait()

    monkeypatch.setattr(user_tags, "set_tag", write_and_wait)
    in_threads(lambda number: info_of(runtime).set(COURSE, "pace", number), threads=2)

    stored = user_tags.get_tag("ann", COURSE_ID, "hint.pace")
    assert info_of(runtime).get(COURSE, "pace") == stored


def test_a_previews_counter_counts_in_all_threads() -> None:
    runtime = ExperimentsRuntime("teacher", preview=AsLearner("ann"))

    def count(_: int) -> None:
        for _ in range(20):
            info_of(runtime).increment(COURSE, "turned")

    in_threads(count)

    assert info_of(runtime).get(COURSE, "turned") == 20 * THREADS
    assert user_tags.get_tags("ann", COURSE_ID) == {}


def test_a_page_collects_no_exposures_of_another_user_or_runtime() -> None:
    one, other = (
        segmentation_of(runtime_for(user_id), user_id=user_id) for user_id in ("ann", "bob")
    )
    one.assign(100)
    other.assign(100)
    with pytest.raises(KeyError), one.together():
        other.record_exposure(100)
        assert exposed() == ["bob block0"]
        raise KeyError

    assert exposed() == ["bob block0"]
