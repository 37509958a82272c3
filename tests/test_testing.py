"""Tools that XBlock developers use in their own tests."""

from __future__ import annotations

import pytest

from tests.blocks import user_segmentation
from tests.builders import COURSE_ID, course_xml, experiment, segmentation, split_test_xml
from xblock_experiments.course_user_segmentation import api
from xblock_experiments.course_user_segmentation.data import (
    Group,
    NoSuchGroup,
    NoSuchSegmentation,
)
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.testing import (
    find_block,
    load_course,
    override_group,
    render,
    runtime_for,
)

pytestmark = pytest.mark.django_db

LIST = segmentation(7, "list", (Group(1, "early"), Group(2, "late")))


def save() -> None:
    api.save_segmentations(COURSE_ID, [experiment(100), experiment(200), LIST])


def test_override_group_puts_everybody_in_a_group_and_stores_nothing() -> None:
    save()
    with override_group(100, 2):
        for user_id in ("ann", "bob", None):
            service = user_segmentation(user_id)
            assert service.assign(100).id == 2
            assert service.group(100) == Group(2, "Group 2")
            assert service.groups(100, "experiment") == (Group(2, "Group 2"),)
            assert service.assign_all([100])[100].id == 2
            service.record_exposure(100)

    assert user_segmentation("ann").group(100) is None
    assert list(api.get_members(COURSE_ID, 100, type="experiment")) == []
    assert list(get_exposures(COURSE_ID, 100)) == []


def test_override_group_leaves_other_segmentations_alone() -> None:
    save()
    with override_group(100, 2):
        service = user_segmentation("ann")
        groups = service.assign_all([100, 200])

        assert groups == {100: Group(2, "Group 2"), 200: service.assign(200)}
        assert service.groups(7, "list") == ()
        service.record_exposure(200)
    assert len(list(get_exposures(COURSE_ID, 200))) == 1


def test_override_group_accepts_a_type_and_can_be_nested() -> None:
    save()
    with override_group(7, 1, type="list"), override_group(100, 1), override_group(100, 2):
        service = user_segmentation("ann")

        assert service.groups(7, "list") == (Group(1, "early"),)
        assert service.assign(100).id == 2


@override_group(100, 2)
def test_override_group_is_a_decorator_too() -> None:
    save()

    assert user_segmentation("ann").assign(100).id == 2


def test_override_group_raises_an_error_for_an_unknown_group() -> None:
    save()
    with override_group(100, 9), pytest.raises(NoSuchGroup):
        user_segmentation("ann").assign(100)
    with override_group(999, 1), pytest.raises(NoSuchSegmentation):
        user_segmentation("ann").assign(999)


def test_a_course_is_loaded_from_text_under_its_own_id() -> None:
    one = load_course("<vertical><html_demo>One</html_demo></vertical>")
    other = load_course("<vertical><html_demo>Other</html_demo></vertical>")

    assert one.course_id != other.course_id
    assert "One" in render(one, "ann")
    assert "Other" in render(other, "ann")
    assert one.problems == ()


@pytest.mark.parametrize("course_id", ["my-course", "course-v1:Org+Course+Run"])
def test_a_course_is_loaded_under_a_given_id(course_id: str) -> None:
    xml = f'<vertical url_name="v">{split_test_xml()}</vertical>'
    course = load_course(xml, course_id)
    api.save_segmentations(course_id, [experiment(100)])

    assert course.course_id == course_id
    assert "Text of arm" in render(course, "ann")
    assert [m.user_id for m in api.get_members(course_id, 100, type="experiment")] == ["ann"]


def test_a_block_is_found_by_its_url_name_for_a_user() -> None:
    course = load_course(course_xml(split_test_xml()))

    assert find_block(course, "ann", "exp").scope_ids.user_id == "ann"
    with pytest.raises(LookupError, match="has no block 'nowhere'"):
        find_block(course, "ann", "nowhere")


def test_staff_are_set_by_the_test_or_the_settings(settings: object) -> None:
    def is_staff(user_id: str, *, staff: bool = False) -> bool:
        user = runtime_for(user_id, staff=staff)._services["user"].get_current_user()
        return bool(user.opt_attrs["edx-platform.user_is_staff"])

    settings.XBLOCK_EXPERIMENTS = {"STAFF": ["teacher"]}  # type: ignore[attr-defined]
    assert [is_staff("teacher"), is_staff("ann"), is_staff("ann", staff=True)] == [
        True,
        False,
        True,
    ]
