"""Problems of an experiment are shown to the people who can fix them and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override
from xblock.validation import ValidationMessage

from tests.builders import COURSE_ID, course_xml, experiment, segmentation, split_test_xml
from xblock_experiments.blocks.experiment.validation import ExperimentMessage
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.testing import find_block, load_course, render

pytestmark = pytest.mark.django_db

GENERAL = "This content experiment has issues that affect content visibility."
NOT_CONFIGURED = {
    "type": "not-configured",
    "text": "The experiment is not associated with a group configuration.",
    "action_class": "edit-button",
    "action_label": "Select a Group Configuration",
}
DELETED = {
    "type": "error",
    "text": "The experiment uses a deleted group configuration. "
    "Select a valid group configuration or delete this experiment.",
}
NOT_SUPPORTED = {
    "type": "error",
    "text": "The experiment uses a group configuration that is not supported for experiments. "
    "Select a valid group configuration or delete this experiment.",
}
MISSING = {
    "type": "error",
    "text": "The experiment does not contain all of the groups in the configuration.",
    "action_runtime_event": "add-missing-groups",
    "action_label": "Add Missing Groups",
}
INACTIVE = {
    "type": "warning",
    "text": "The experiment has an inactive group. "
    "Move content into active groups, then delete the inactive group.",
}
FIX_CONFIGURATION = {
    "action_class": "edit-configuration-button",
    "action_label": "Edit group configuration",
}
SWITCHED_OFF = {
    "type": "error",
    "text": "Paused: learners see nothing here.",
    **FIX_CONFIGURATION,
}
NO_WEIGHT = {
    "type": "error",
    "text": "No group has a weight above 0, so no learner can be assigned.",
    **FIX_CONFIGURATION,
}


ONE_GROUP = {
    "type": "warning",
    "text": "The group configuration has one group only, so all learners get the same content. "
    "Add a group to compare.",
    **FIX_CONFIGURATION,
}


def weightless(group: str) -> dict[str, str]:
    return {
        "type": "warning",
        "text": f"No learner is assigned to the group “{group}”, because its weight is 0. "
        "Increase its weight, or remove it from the group configuration.",
        **FIX_CONFIGURATION,
    }


def validation(xml: str = "", *found: UserSegmentation, url_name: str = "exp") -> dict[str, Any]:
    course = load_course(course_xml(xml or split_test_xml(), segmentations=found))
    block = find_block(course, "teacher", url_name, staff=True)
    validated: dict[str, Any] = json.loads(json.dumps(block.validate().to_json()))
    assert validated["empty"] == bool(block.validate())
    return validated


def messages(xml: str = "", *found: UserSegmentation, url_name: str = "exp") -> list[Any]:
    validated = validation(xml, *found, url_name=url_name)
    if validated["messages"]:
        is_error = any(message["type"] != "warning" for message in validated["messages"])
        assert validated["summary"] == {"type": "error" if is_error else "warning", "text": GENERAL}
    return list(validated["messages"])


def test_a_valid_experiment_has_no_messages() -> None:
    validated = validation()
    assert (validated["messages"], validated["empty"], "summary" in validated) == ([], True, False)


def test_a_missing_configuration_replaces_the_summary() -> None:
    validated = validation(split_test_xml(id=-1))
    assert validated["messages"] == []
    assert validated["summary"] == NOT_CONFIGURED


def test_an_invalid_id_counts_as_not_configured() -> None:
    assert messages(split_test_xml(id=-50)) == [NOT_CONFIGURED]


def test_a_deleted_configuration_is_an_error() -> None:
    assert messages(split_test_xml(id=7)) == [DELETED]


def test_a_deleted_configuration_that_has_members_is_still_deleted() -> None:
    validation()
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    assert messages("", experiment(101)) == [DELETED]


def test_a_configuration_of_another_type_is_an_error() -> None:
    cohorts = segmentation(100, "cohort", (Group(1, "One"), Group(2, "Two")))
    assert messages("", cohorts) == [NOT_SUPPORTED]


def test_an_experiment_takes_precedence_over_another_type_with_its_id() -> None:
    cohorts = segmentation(100, "cohort", (Group(1, "One"),))
    assert messages("", cohorts, experiment()) == []


def test_a_group_without_content_is_an_error_with_a_button() -> None:
    assert messages("", experiment(100, 1, 2, 3)) == [MISSING]


def test_content_without_a_group_is_a_warning() -> None:
    xml = split_test_xml().replace("</split_test>", '<vertical url_name="exp_c"/></split_test>')
    assert messages(xml) == [INACTIVE]


def test_a_single_group_is_a_warning() -> None:
    assert messages("", experiment(100, 1)) == [INACTIVE, ONE_GROUP]


def test_groups_with_equal_names_are_a_warning_for_each_name() -> None:
    names = ("Film", "A text", "film ", "a  TEXT", "FILM", "Atext")
    groups = tuple(Group(number, name) for number, name in enumerate(names, 1))
    texts = [each["text"] for each in messages("", segmentation(100, "experiment", groups))]
    assert [text for text in texts if "are named" in text] == [
        f"Several groups are named “{name}”, so reports cannot tell them apart. Rename one of them."
        for name in ("Film", "A text")
    ]


def test_an_import_with_equal_names_is_possible_and_named() -> None:
    groups = (Group(1, "Film"), Group(2, "FILM"))
    course = load_course(
        course_xml(split_test_xml(), segmentations=(segmentation(100, "experiment", groups),))
    )
    assert segmentations.get_segmentation(COURSE_ID, 100).groups == groups
    assert len([each for each in course.problems if "are named 'Film'" in each]) == 1


def test_missing_and_unused_content_are_both_reported() -> None:
    assert messages("", experiment(100, 2, 3)) == [MISSING, INACTIVE]


def test_a_configuration_that_is_switched_off_is_an_error() -> None:
    assert messages("", experiment(100, active=False)) == [SWITCHED_OFF]


def test_weights_that_are_all_zero_are_an_error() -> None:
    assert messages("", experiment(100, 1, 2, weights=(0, 0))) == [NO_WEIGHT]


def test_a_group_that_nobody_can_enter_is_a_warning() -> None:
    assert messages("", experiment(100, 1, 2, weights=(1, 0))) == [weightless("Group 2")]


def test_two_groups_that_share_one_child_are_a_warning() -> None:
    xml = split_test_xml(group_id_to_child='{"1": "exp_a", "2": "exp_a"}')
    assert messages(xml) == [
        INACTIVE,
        {
            "type": "warning",
            "text": "The groups “Group 1”, “Group 2” see the same content. "
            "Give each group its own content.",
        },
    ]


def test_an_arm_that_no_learner_can_reach_is_a_warning() -> None:
    inner = split_test_xml("inner")
    outer = split_test_xml().replace("<html", f"{inner}<html", 1)
    assert messages(outer) == []
    assert messages(outer, url_name="inner") == [
        {
            "type": "warning",
            "text": "No learner can reach the group “Group 2” here: the experiment is inside an "
            "arm of another experiment with the same group configuration. "
            "Select another group configuration, or move the experiment.",
        }
    ]


def test_learners_see_no_messages() -> None:
    course = load_course(course_xml(split_test_xml(), segmentations=(experiment(100, 1, 2, 3),)))
    for user_id in ("ann", "bob", None):
        assert MISSING["text"] not in render(course, user_id, "exp")


@pytest.mark.parametrize("view", ["student_view", "author_view", "studio_view"])
def test_staff_and_authors_see_the_messages(view: str) -> None:
    course = load_course(course_xml(split_test_xml(), segmentations=(experiment(100, 1, 2, 3),)))
    page = render(course, "teacher", "exp", view=view, staff=True)
    assert MISSING["text"] in page
    is_form = view == "studio_view"
    assert (MISSING["action_label"] in page) != is_form
    assert ('data-handler="add_missing_groups"' in page) != is_form


def test_messages_about_a_configuration_link_to_its_page() -> None:
    made = load_course(course_xml(split_test_xml(), segmentations=(experiment(100, active=False),)))
    page = render(made, "teacher", "exp", view="author_view", staff=True)
    link = page.split(f">{FIX_CONFIGURATION['action_label']}<")[0].rsplit('href="', 1)[1]
    assert link.startswith("/scenario/demox-tests-2026/studio_view/")


def test_messages_about_an_unused_arm_link_to_the_page_of_arms() -> None:
    made = load_course(course_xml(split_test_xml(), segmentations=(experiment(100, 1),)))
    page = render(made, "teacher", "exp", staff=True)
    link = page.split(">View group content<")[0].rsplit('href="', 1)[1]
    assert link.startswith("/scenario/demox-tests-2026.exp/author_view/")


def test_messages_are_in_the_language_of_the_page() -> None:
    with override("es"):
        validated = validation(split_test_xml(id=7))
    assert validated["messages"][0]["text"] != DELETED["text"]
    assert validated["summary"]["text"] != GENERAL


def test_messages_have_the_types_of_xblock() -> None:
    message = ExperimentMessage("not-configured", "Choose.")
    assert isinstance(message, ValidationMessage)
    assert message.to_json() == {"type": "not-configured", "text": "Choose."}


def export(tmp_path: Path, *found: UserSegmentation) -> Path:
    xml = course_xml(split_test_xml(), segmentations=found)
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "course.xml").write_text(xml)
    return folder


def test_an_export_is_checked_without_being_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = export(tmp_path, experiment(100, 1, 2, 3))
    with pytest.raises(CommandError, match=r"Errors: 1\. Warnings: 0\."):
        call_command("check_course", str(folder))
    assert capsys.readouterr().out == (
        f"error: A course / The experiment's own name: {MISSING['text']}\n"
    )
    assert segmentations.get_segmentations(COURSE_ID) == ()


def test_an_experiment_that_nobody_configured_is_an_error(tmp_path: Path) -> None:
    folder = export(tmp_path)
    text = (folder / "course.xml").read_text()
    unconfigured = text.replace('user_partition_id="100"', 'user_partition_id="-1"')
    (folder / "course.xml").write_text(unconfigured)
    with pytest.raises(CommandError, match=r"Errors: 1\. Warnings: 0\."):
        call_command("check_course", str(folder))


def test_warnings_alone_do_not_fail_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_course", str(export(tmp_path, experiment(100, 1))))
    out = capsys.readouterr().out
    assert out.startswith(f"warning: A course / The experiment's own name: {INACTIVE['text']}\n")
    assert "Errors: 0. Warnings: 2." in out


def test_a_path_that_is_no_course_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("check_course", str(tmp_path))
