"""Database queries of a page full of experiments, and its behaviour if the database fails."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from xblock.core import XBlockAside

from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments import api as experiments
from xblock_experiments.testing import LoadedCourse, load_course, render
from xblock_experiments.workbench.hosting.placeholder import PlaceholderBlock

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

IDS = range(100, 125)


def course(*content: str) -> LoadedCourse:
    return load_course(course_xml(*content, segmentations=tuple(map(experiment, IDS))))


def units(parent: str) -> str:
    """Return a block with one unit for each experiment."""
    inside = "".join(
        f'<vertical url_name="unit_{id}">{split_test_xml(f"exp_{id}", id)}</vertical>' for id in IDS
    )
    return f'<{parent} url_name="page">{inside}</{parent}>'


def queries(course: LoadedCourse, url_name: str = "page", user_id: str = "ann") -> list[str]:
    """Return the queries on this project's tables that rendering the page makes."""
    with CaptureQueriesContext(connection) as captured:
        page = render(course, user_id, url_name)
    assert "Text of arm" in page
    return [query["sql"] for query in captured if "xblock_experiments_" in query["sql"]]


@pytest.mark.parametrize(("parent", "shown"), [("sequential", IDS[:1]), ("vertical", IDS)])
def test_a_page_of_25_experiments_takes_three_queries_first_and_then_two(
    parent: str, shown: range
) -> None:
    page = course(units(parent))

    assert len(queries(page)) == 3
    again = queries(page)
    assert len(again) == 2
    assert all(query.lstrip().startswith("SELECT") for query in again)
    for id in IDS:
        assert len(list(segmentations.get_members(COURSE_ID, id, type="experiment"))) == 1
        assert len(list(experiments.get_exposures(COURSE_ID, id))) == (id in shown)


def test_a_lesson_that_shows_no_arm_takes_two_queries_first_and_then_one() -> None:
    inside = '<vertical url_name="first"><html url_name="h">Text of arm no. 0</html></vertical>'
    page = course(units("sequential").replace('"page">', f'"page">{inside}'))

    assert [len(queries(page)) for _ in range(3)] == [2, 1, 1]


def test_an_experiment_on_its_own_page_takes_the_same_number_of_queries() -> None:
    page = course(split_test_xml("page"))

    assert len(queries(page)) == 3
    assert len(queries(page)) == 2


def nested() -> str:
    """Return an experiment whose first arm holds another one."""
    inner = split_test_xml("inner", 101)
    outer = split_test_xml("outer", 100)
    return outer.replace("</vertical>", f"{inner}</vertical>", 1)


@pytest.mark.parametrize(("group_id", "met"), [(1, True), (2, False)])
def test_an_experiment_inside_an_arm_is_settled_only_for_learners_of_that_arm(
    group_id: int, met: bool
) -> None:
    page = course(f'<vertical url_name="page">{nested()}</vertical>')
    segmentations.put_in_group(COURSE_ID, 100, "ann", group_id, type="experiment")
    queries(page)

    assert (experiments.get_group(COURSE_ID, 101, "ann") is not None) == met
    assert bool(list(experiments.get_exposures(COURSE_ID, 101))) == met


def test_a_page_searches_for_asides_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count searches for asides, which go through all installed packages."""
    page = course(units("sequential"))
    search = mock.Mock(wraps=XBlockAside.load_classes)
    monkeypatch.setattr(XBlockAside, "load_classes", search)
    render(page, "ann", "page")

    assert search.call_count == 1


def test_an_outline_reads_no_groups_and_assigns_nobody() -> None:
    page = course(f'<chapter url_name="chapter">{units("sequential")}</chapter>')
    for url_name in (None, "chapter"):
        with CaptureQueriesContext(connection) as captured:
            render(page, "ann", url_name)
        assert not [query for query in captured if "membership" in query["sql"]]


def cannot(*_: Any) -> None:
    msg = "the disk is full"
    raise NotStored(msg)


@pytest.mark.parametrize(
    ("content", "call"),
    [
        (units("sequential"), "settle"),
        (units("sequential"), "record_exposures"),
        (split_test_xml("page"), "settle_all"),
        (split_test_xml("page"), "record_exposures"),
    ],
    ids=["page-settle", "page-expose", "alone-settle", "alone-expose"],
)
def test_a_learner_is_asked_to_try_again_if_the_database_cannot_store_the_group(
    content: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = course(content)
    with monkeypatch.context() as patch:
        patch.setattr(experiments, call, cannot)
        text = render(page, "ann", "page")

    assert "try again in a moment" in text
    assert "Text of arm" not in text
    assert list(experiments.get_exposures(COURSE_ID, 100)) == []
    assert "Text of arm" in render(page, "ann", "page")
    assert len(list(experiments.get_exposures(COURSE_ID, 100))) == 1


def test_an_arm_that_was_replaced_by_an_error_message_is_not_exposed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Show a unit whose second block fails, so that a message replaces the whole unit."""
    unit = (
        f'<vertical url_name="unit">{split_test_xml("one", 100)}<broken url_name="b"/></vertical>'
    )
    page = course(f'<vertical url_name="page">{unit}{split_test_xml("other", 101)}</vertical>')
    monkeypatch.setattr(PlaceholderBlock, "student_view", cannot)
    text = render(page, "ann", "page")

    assert text.count("try again in a moment") == 1
    assert list(experiments.get_exposures(COURSE_ID, 100)) == []
    assert len(list(experiments.get_exposures(COURSE_ID, 101))) == 1


def test_a_page_reassigns_learners_whose_groups_were_removed() -> None:
    page = course(units("sequential"))
    queries(page)
    before = {id: experiments.get_group(COURSE_ID, id, "ann") for id in IDS}
    others = [experiment(id, *({1, 2} - {before[id].id})) for id in IDS]  # type: ignore[union-attr]
    segmentations.save_segmentations(COURSE_ID, others)
    queries(page)

    for id in IDS:
        history = segmentations.get_history(COURSE_ID, id, "ann", type="experiment")
        assert [change.why for change in history] == ["assigned", "group removed"]
    assert len(queries(page)) == 2


def test_staff_and_anonymous_users_are_not_assigned_and_not_exposed() -> None:
    page = course(units("sequential"))
    render(page, "staff", "page", staff=True)
    render(page, None, "page")

    for id in IDS:
        assert list(experiments.get_exposures(COURSE_ID, id)) == []
        assert list(segmentations.get_members(COURSE_ID, id, type="experiment")) == []
