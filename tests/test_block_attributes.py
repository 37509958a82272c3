"""Attributes that every block has on Open edX, and therefore in a course here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from webob import Request

from tests.builders import COURSE_ID, course_xml, split_test_xml
from tests.packages import MODULE, Install
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.testing import find_block, load_course, override_group

pytestmark = pytest.mark.django_db

CODE = """
    from datetime import datetime, timezone
    from xblock.core import XBlock
    from web_fragments.fragment import Fragment

    class Tool(XBlock):
        def student_view(self, context=None):
            return Fragment(f"{self.location}, {self.course_id}, {self.category}")

        @XBlock.json_handler
        def answer(self, data, suffix=""):
            end = self.due and self.due + self.graceperiod
            if end and end < datetime.now(timezone.utc):
                return {"late": True}
            self.runtime.publish(self, "grade", {"value": 1, "max_value": 1})
            return {"late": False}

    class Own(XBlock):
        category = "my own"
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.location = "set by the block"
"""


@pytest.fixture(autouse=True)
def _packages(install: Install) -> None:
    install(CODE, tool=f"{MODULE}:Tool", own=f"{MODULE}:Own")


def block_of(content: str, **attributes: str) -> Any:
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    unit = f'<vertical url_name="unit" {written}>{content}</vertical>'
    return find_block(load_course(course_xml(unit)), "ann", "k")


def test_a_block_knows_its_place() -> None:
    block = block_of('<tool url_name="k"/>')

    assert block.location == block.usage_key == block.scope_ids.usage_id
    assert str(block.course_id) == COURSE_ID
    assert block.course_id == block.location.course_key
    assert (block.category, block.url_name) == ("tool", "k")


def test_a_block_in_a_course_without_a_key_knows_its_place_too() -> None:
    course = load_course(course_xml('<vertical><tool url_name="k"/></vertical>'), "demo")
    block = find_block(course, "ann", "k")

    assert (str(block.course_id), block.category) == ("demo", "tool")
    assert block.location.html_id()


SETTINGS: dict[str, tuple[str, Any, Any]] = {
    "days_early_for_beta": ("2.5", 2.5, None),
    "due": ("2031-02-03T04:05:06Z", datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), None),
    "graceperiod": ("2 days", timedelta(days=2), None),
    "graded": ("true", True, False),
    "max_attempts": ("3", 3, None),
    "rerandomize": ("always", "always", "never"),
    "self_paced": ("true", True, False),
    "show_correctness": ("past_due", "past_due", "always"),
    "show_reset_button": ("true", True, False),
    "showanswer": ("never", "never", "finished"),
    "start": ("2031-02-03", datetime(2031, 2, 3, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
    "static_asset_path": ("files", "files", ""),
}
"""Each setting with its text in OLX, the value of the text, and the default."""


@pytest.mark.parametrize("name", SETTINGS)
def test_a_block_has_the_settings_of_the_unit_around_it(name: str) -> None:
    text, value, default = SETTINGS[name]

    assert getattr(block_of('<tool url_name="k"/>', **{name: text}), name) == value
    assert getattr(block_of('<tool url_name="k"/>'), name) == default


def test_a_setting_of_the_block_itself_applies() -> None:
    assert block_of('<tool url_name="k" max_attempts="1"/>', max_attempts="3").max_attempts == 1


@pytest.mark.parametrize(
    "due", ["soon", "99999-01-01", 10**15, 10**18, 67768036191676796000, 10**400]
)
def test_a_setting_without_a_usable_value_is_the_default(due: str | int) -> None:
    assert block_of(f'<tool url_name="k" due="{due}"/>').due is None


def test_attributes_that_a_block_defines_or_sets_are_its_own() -> None:
    block = block_of('<own url_name="k"/>')

    assert (block.category, block.location) == ("my own", "set by the block")


@pytest.mark.parametrize(("due", "points"), [("2001-01-01", 0), ("2101-01-01", 1)])
def test_a_block_of_another_package_is_graded_until_it_is_due(due: str, points: int) -> None:
    arm = '<tool url_name="k"/><html url_name="exp_a_text">Text of arm 1</html>'
    content = split_test_xml().replace('<html url_name="exp_a_text">Text of arm 1</html>', arm)
    unit = f'<vertical due="{due}" graceperiod="1 day">{content}</vertical>'
    course = load_course(course_xml(unit))
    with override_group(100, 1):
        block = find_block(course, "ann", "k")
        response = block.handle("answer", Request.blank("/", method="POST", body=b"{}"))

    assert response.status_code == 200
    assert [each.earned for each in get_scores(COURSE_ID, "ann").values()] == [1] * points


def test_scenarios_of_the_sdk_keep_its_mocks(client: Client) -> None:
    from workbench.runtime import WorkbenchRuntime
    from workbench.scenarios import SCENARIOS, add_xml_scenario

    client.get("/")
    add_xml_scenario("mine", "Mine", "<tool/>")
    runtime = WorkbenchRuntime("ann")
    block = runtime.get_block(SCENARIOS["mine"].usage_id)
    block.render("student_view")

    assert isinstance(block.location, mock.Mock)
    assert block.graceperiod == timedelta(0)
