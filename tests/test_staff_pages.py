"""An experiment as staff and authors see it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStaff
from xblock_experiments.experiments.api import assign_group, get_exposures
from xblock_experiments.services import SegmentationStaffService
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render

pytestmark = pytest.mark.django_db


def course(*found: Any, xml: str = "") -> LoadedCourse:
    return load_course(course_xml(xml or split_test_xml(), segmentations=found))


def page(made: LoadedCourse, url_name: str = "exp", view: str = "student_view") -> Any:
    return html.fromstring(render(made, "teacher", url_name, view=view, staff=True))


def texts(node: Any, path: str) -> list[str]:
    return [" ".join(each.text_content().split()) for each in node.xpath(path)]


def with_class(name: str) -> str:
    return f"contains(concat(' ', @class, ' '), ' {name} ')"


ARM = f"//*[{with_class('xbx-arm')}]"


def test_staff_see_every_arm_one_at_a_time_in_the_order_of_the_groups() -> None:
    made = course(experiment(100, 2, 1))
    seen = page(made)
    options = texts(seen, "//select/option")
    assert [option.removesuffix(" (yours as a learner)") for option in options] == [
        "Group 2",
        "Group 1",
    ]
    assert texts(seen, f"{ARM}//h4") == ["Group 2", "Group 1"]
    assert [arm.get("hidden") for arm in seen.xpath(ARM)] == [None, ""]
    assert "Text of arm 2" in seen.xpath(ARM)[0].text_content()
    assert "Text of arm 1" in seen.xpath(ARM)[1].text_content()


def test_the_arm_that_staff_would_see_as_learners_is_marked() -> None:
    seen = page(course())
    (own,) = (text for text in texts(seen, "//select/option") if "yours" in text)
    assert assign_group(COURSE_ID, 100, "teacher").name in own


def test_an_inactive_arm_comes_last_and_is_marked() -> None:
    seen = page(course(experiment(100, 2)))
    assert texts(seen, "//select/option")[-1] == "Unit of arm 1 (inactive)"
    assert "Inactive: no learner sees this." in seen.xpath(ARM)[-1].text_content()


def test_the_kind_of_assignment_is_shown() -> None:
    seen = page(course(experiment(100, 1, 2, weights=(3, 1), name="Style")))
    assert "Group configuration “Style”, of type Experiment." in seen.text_content()
    assert "75 % of new learners" in seen.xpath(ARM)[0].text_content()
    assert "25 % of new learners" in seen.xpath(ARM)[1].text_content()


def test_learners_are_counted_by_arm() -> None:
    made = course(xml=split_test_xml("one") + split_test_xml("two"))
    for number in range(9):
        render(made, f"user {number}", "one")
    for number in range(9, 14):
        assign_group(COURSE_ID, 100, f"user {number}")
    counts = segmentations.count_members(COURSE_ID, 100)
    exposed = [each.group_id for each in get_exposures(COURSE_ID, 100)]
    for url_name, factor in (("one", 1), ("two", 0)):
        arms = page(made, url_name).xpath(ARM)
        for arm, group_id in zip(arms, (1, 2), strict=True):
            text = arm.text_content()
            assert f"{counts[group_id]} learner" in text
            assert f"{factor * exposed.count(group_id)} learner" in text


def test_looking_assigns_nobody() -> None:
    made = course()
    for view in ("student_view", "author_view", "studio_view"):
        for url_name in ("exp", "exp_a", "2026"):
            render(made, "teacher", url_name, view=view, staff=True)
    assert list(segmentations.get_members(COURSE_ID, 100, type="experiment")) == []
    assert list(get_exposures(COURSE_ID, 100)) == []


def test_a_page_of_many_experiments_takes_few_queries_for_each() -> None:
    def queries(number: int) -> int:
        made = course(xml="".join(split_test_xml(f"e{each}") for each in range(number)))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            render(made, "teacher", staff=True)
        return len(captured)

    assert queries(5) - queries(1) == 4 * 6


def test_the_tab_of_an_experiment_shows_its_name_only_to_staff() -> None:
    made = course(xml=f'<sequential url_name="s">{split_test_xml()}</sequential>')
    (tab,) = page(made, "s").xpath("//*[@role='tab']")
    assert tab.get("title") == "The experiment's own name"
    assert "own name" not in render(made, "ann", "s")


def test_an_experiment_without_content_says_so() -> None:
    made = course(xml='<split_test url_name="exp" user_partition_id="100"/>')
    assert "This experiment has no content yet." in page(made).text_content()


def test_interactive_content_is_initialized_on_the_page() -> None:
    problem = (
        '<problem url_name="p"><stringresponse answer="a"><textline/></stringresponse></problem>'
    )
    made = course(xml=split_test_xml().replace("<html", f"{problem}<html", 1))
    seen = page(made)
    assert seen.xpath(f"{ARM}//*[@data-block-type='problem']")


def test_authors_see_active_and_inactive_groups_separately() -> None:
    seen = page(course(experiment(100, 2)), view="author_view")
    sections = f"//section[{with_class('xbx-active')}]", f"//section[{with_class('xbx-inactive')}]"
    assert [texts(seen, f"{section}//h3") for section in sections] == [
        ["Active Groups"],
        ["Inactive Groups"],
    ]
    assert texts(seen, f"{sections[0]}//h4") == ["Group 2"]
    assert texts(seen, f"{sections[1]}//h4") == ["Unit of arm 1"]


def test_without_inactive_groups_there_is_no_section_for_them() -> None:
    assert "Inactive Groups" not in page(course(), view="author_view").text_content()


def test_in_a_unit_authors_see_a_summary_of_the_experiment_and_a_link_to_its_groups() -> None:
    made = course(xml=f'<vertical url_name="unit">{split_test_xml()}</vertical>')
    seen = page(made, "unit", "author_view")
    assert "The experiment's own name" in seen.text_content()
    assert "Text of arm" not in seen.text_content()
    (link,) = seen.xpath("//a[contains(., 'View the content of the groups')]/@href")
    assert "exp/author_view/" in link


def test_groups_are_shown_with_their_current_names() -> None:
    made = course()
    segmentations.save_segmentations(
        COURSE_ID, [experiment(100, name="Renamed"), experiment(101, 1)]
    )
    for view in ("student_view", "author_view"):
        assert "Renamed" in page(made, view=view).text_content()


def test_learners_never_see_the_generated_names_of_units() -> None:
    xml = split_test_xml().replace("Unit of arm", "Group ID")
    made = course(xml=f'<sequential url_name="s">{xml}</sequential>')
    assert "Group ID" not in render(made, "ann", "s")


@pytest.mark.parametrize("user_id", ["ann", None])
def test_only_staff_see_facts_about_the_experiment(user_id: str | None) -> None:
    block = find_block(course(), user_id, "exp")
    service = block.runtime.service(block, "segmentation_staff")
    assert isinstance(service, SegmentationStaffService)
    for ask in (service.assigned, service.exposed, service.own_group):
        with pytest.raises(NotStaff, match=r"Only staff may do this to .*@exp"):
            ask(100)
    with pytest.raises(NotStaff):
        service.preview_edit([])


def test_a_learners_page_contains_no_text_for_staff() -> None:
    made = course(xml=f'<sequential url_name="s">{split_test_xml()}</sequential>')
    seen = unescape(render(made, "ann", "s"))
    assert not re.search("staff|author|studio|assigned", seen.replace("author_", ""), re.IGNORECASE)
