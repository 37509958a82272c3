"""Authors edit experiments and units without losing content or learner data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from webob import Request

from tests.answers import send_json
from tests.builders import COURSE_ID, course_xml, experiment, segmentation, split_test_xml
from xblock_experiments.blocks.experiment import edits
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.experiments.api import get_group
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage import serving, versions

pytestmark = pytest.mark.django_db

HANDLERS = ("add_missing_groups", "delete_inactive_arm", "submit_studio_edits")


def course(*found: Any, xml: str = "") -> LoadedCourse:
    return load_course(course_xml(xml or split_test_xml(), segmentations=found))


def block(course: LoadedCourse, url_name: str = "exp") -> Any:
    return find_block(course, "teacher", url_name, staff=True)


def submit(course: LoadedCourse, **values: Any) -> Any:
    sent = {"values": values, "defaults": []}
    return send_json(course, "teacher", "exp", "submit_studio_edits", sent, staff=True)


def submit_form(course: LoadedCourse, revision: str, **values: Any) -> Any:
    sent = {"values": values, "defaults": [], "revision": revision}
    return send_json(course, "teacher", "exp", "submit_studio_edits", sent, staff=True)


def add_missing(course: LoadedCourse) -> Any:
    return send_json(course, "teacher", "exp", "add_missing_groups", {}, staff=True)


def revision_in(page: str) -> str:
    return page.split('data-revision="')[1].split('"')[0]


def arms(course: LoadedCourse) -> dict[str, str]:
    """Return the display name of each group's child, by group id."""
    experiment = block(course)
    titles = {
        str(child.scope_ids.usage_id): child.display_name for child in experiment.get_children()
    }
    return {key: titles[str(child)] for key, child in experiment.group_id_to_child.items()}


def children(course: LoadedCourse) -> list[str]:
    return [child.display_name for child in block(course).get_children()]


def test_each_group_of_a_newly_chosen_configuration_gets_a_unit_of_its_own() -> None:
    made = course(experiment(100), experiment(101, 7, 8), xml='<split_test url_name="exp"/>')
    assert submit(made, user_partition_id=101).status_code == 200

    assert block(made).user_partition_id == 101
    assert arms(made) == {"7": "Group ID 7", "8": "Group ID 8"}
    assert [child.scope_ids.block_type for child in block(made).get_children()] == ["vertical"] * 2


def test_the_children_of_the_previous_configuration_are_preserved() -> None:
    made = course(experiment(100), experiment(101, 7, 8, 9))
    submit(made, user_partition_id=101)

    assert children(made) == [
        *("Unit of arm 1", "Unit of arm 2"),
        *("Group ID 7", "Group ID 8", "Group ID 9"),
    ]
    assert len(block(made).group_id_to_child) == 5
    active, inactive = block(made).active_and_inactive_children()
    assert [child.display_name for child in active] == children(made)[2:]
    assert [child.display_name for child in inactive] == children(made)[:2]


def test_groups_with_the_same_ids_get_new_units_and_the_old_units_become_inactive() -> None:
    made = course(experiment(100), experiment(101, 1, 2, 3))
    submit(made, user_partition_id=101)

    assert arms(made) == {"1": "Group ID 1", "2": "Group ID 2", "3": "Group ID 3"}
    assert len(children(made)) == 5


def test_saving_again_changes_nothing() -> None:
    made = course(experiment(100), experiment(101, 7, 8))
    submit(made, user_partition_id=101)
    before = registry.with_id(COURSE_ID)
    for _ in range(2):
        submit(made, user_partition_id=101)
        add_missing(made)
    after = registry.with_id(COURSE_ID)
    assert before is not None
    assert after is not None
    assert before.blocks == after.blocks


def test_selecting_an_unknown_id_changes_only_the_id() -> None:
    made = course()
    submit(made, user_partition_id=-50)
    assert block(made).user_partition_id == -50
    assert len(children(made)) == 2


def test_a_configuration_of_another_type_gets_no_units() -> None:
    made = course(experiment(100), segmentation(101, "cohort", (Group(7, "Seven"),)))
    submit(made, user_partition_id=101)
    assert len(children(made)) == 2


def test_a_mapping_entry_without_a_child_is_dropped() -> None:
    mapping = json.dumps({"1": "exp_a", "2": "exp_b", "9": "gone"})
    made = course(xml=split_test_xml(group_id_to_child=mapping))
    submit(made, display_name="New name")
    assert set(block(made).group_id_to_child) == {"1", "2"}
    assert block(made).display_name == "New name"


def test_missing_groups_are_added_in_order_and_once() -> None:
    made = course(experiment(100, 1, 2, 3, 4))
    for _ in range(2):
        response = add_missing(made)
        assert (response.status_code, response.body) == (200, b"")
    assert arms(made) == {
        "1": "Unit of arm 1",
        "2": "Unit of arm 2",
        "3": "Group ID 3",
        "4": "Group ID 4",
    }


def test_a_group_whose_child_was_deleted_counts_as_missing() -> None:
    mapping = json.dumps({"1": "exp_a", "2": "gone"})
    made = course(xml=split_test_xml(group_id_to_child=mapping))
    add_missing(made)
    assert arms(made) == {"1": "Unit of arm 1", "2": "Group ID 2"}


def test_an_author_maps_groups_to_children() -> None:
    made = course()
    first, second = (str(child_id) for child_id in block(made).children)
    submit(made, user_partition_id=100, group_id_to_child={"1": second, "2": first})
    assert arms(made) == {"1": "Unit of arm 2", "2": "Unit of arm 1"}


def test_an_author_can_request_a_new_unit_for_one_group() -> None:
    made = course()
    first = str(block(made).children[0])
    submit(made, user_partition_id=100, group_id_to_child={"1": first, "2": ""})
    assert arms(made) == {"1": "Unit of arm 1", "2": "Group ID 2"}
    assert children(made) == ["Unit of arm 1", "Unit of arm 2", "Group ID 2"]


@pytest.mark.parametrize(
    "values",
    [
        {"user_partition_id": "ten"},
        {"user_partition_id": 1.5},
        {"user_partition_id": [1]},
        {"display_name": 7},
        {"display_name": "x" * 256},
        {"group_id_to_child": {"1": "block-v1:DemoX+Tests+2026+type@vertical+block@other"}},
        {"group_id_to_child": {"one": ""}, "user_partition_id": "x"},
        {"group_id_to_child": {"-1": "exp_a"}},
        {"group_id_to_child": {"1": {"a": 1}}},
        {"group_id_to_child": ["exp_a"]},
    ],
)
def test_invalid_values_change_nothing(values: dict[str, Any]) -> None:
    made = course()
    before = registry.with_id(COURSE_ID)
    assert submit(made, **values).status_code == 400
    assert registry.with_id(COURSE_ID) is before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b'{"values": 1}', b'{"values": {}, "defaults": 1}', b"\xff"]
)
def test_an_unreadable_request_body_is_refused(body: bytes) -> None:
    made = course()
    request = Request.blank("/", method="POST", body=body)
    for handler in ("submit_studio_edits", "delete_inactive_arm"):
        edited = block(made)
        assert edited.runtime.handle(edited, handler, request).status_code == 400


def test_only_a_child_that_no_group_sees_can_be_deleted() -> None:
    made = course(experiment(100, 1))
    first, second = (str(child_id) for child_id in block(made).children)
    for wanted in (first, "x", None, 7):
        sent = {"child_id": wanted}
        response = send_json(made, "teacher", "exp", "delete_inactive_arm", sent, staff=True)
        assert response.status_code == 400
    sent = {"child_id": second}
    response = send_json(made, "teacher", "exp", "delete_inactive_arm", sent, staff=True)
    assert response.status_code == 200
    assert arms(made) == {"1": "Unit of arm 1"}
    with pytest.raises(LookupError):
        find_block(made, "teacher", "exp_b_text", staff=True)


def test_the_handler_that_studio_calls_after_its_form_adds_missing_groups() -> None:
    made = course(experiment(100), experiment(101, 7, 8))
    edited = block(made)
    edited.user_partition_id = 101
    edited.editor_saved("teacher", {}, {"user_partition_id": 100})
    edited.save()
    assert {"7", "8"} < set(arms(made))


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("user_id", ["ann", None])
def test_learners_cannot_edit(handler: str, user_id: str | None) -> None:
    made = course(experiment(100, 1, 2, 3))
    before = registry.with_id(COURSE_ID)
    sent = {"values": {"display_name": "Mine"}, "defaults": [], "child_id": "x"}
    edited = find_block(made, user_id, "exp")
    request = Request.blank("/", method="POST", body=json.dumps(sent).encode())
    assert edited.runtime.handle(edited, handler, request).status_code == 403
    assert registry.with_id(COURSE_ID) is before


@pytest.mark.parametrize("handler", HANDLERS)
def test_only_post_requests_can_edit(handler: str) -> None:
    edited = block(course(experiment(100, 1, 2, 3)))
    for method in ("GET", "PUT", "DELETE"):
        request = Request.blank("/", method=method)
        assert edited.runtime.handle(edited, handler, request).status_code == 405
    assert len(edited.children) == 2


def test_the_later_of_two_editors_is_warned_and_overwrites_nothing() -> None:
    made = course()
    opened = revision_in(render(made, "teacher", "exp", view="studio_view", staff=True))
    assert submit_form(made, opened, display_name="First").status_code == 200

    response = submit_form(made, opened, display_name="Second")
    assert response.status_code == 409
    assert "This changed since you opened it" in response.json["error"]
    assert block(made).display_name == "First"
    opened = revision_in(render(made, "teacher", "exp", view="studio_view", staff=True))
    assert submit_form(made, opened, display_name="Second").status_code == 200


def test_the_later_of_two_concurrent_requests_is_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    made = course()
    real = edits.clean

    def save_first(*arguments: Any) -> None:
        monkeypatch.setattr(edits, "clean", real)
        assert submit(made, display_name="In between").status_code == 200
        real(*arguments)

    monkeypatch.setattr(edits, "clean", save_first)
    assert submit(made, display_name="Second").status_code == 409
    assert block(made).display_name == "In between"


def test_only_usable_configurations_can_be_selected() -> None:
    made = course(
        experiment(100, name="Usable"),
        experiment(101, name="Off", active=False),
        segmentation(102, "cohort", (Group(7, "Seven"),), name="Cohorts"),
    )
    page = render(made, "teacher", "exp", view="studio_view", staff=True)
    assert '<option value="100" selected>Usable</option>' in page
    assert "Off" not in page
    assert "Cohorts" not in page
    assert "Not selected" not in page


@pytest.mark.parametrize("id", [-1, 7, 101])
def test_not_selected_is_offered_if_the_current_configuration_is_unusable(id: int) -> None:
    made = course(experiment(100), experiment(101, active=False), xml=split_test_xml(id=id))
    page = render(made, "teacher", "exp", view="studio_view", staff=True)
    assert '<option value="-1" selected>Not selected</option>' in page


def test_the_form_shows_weights() -> None:
    made = course(experiment(100, 1, 2, weights=(3, 1)))
    page = render(made, "teacher", "exp", view="studio_view", staff=True)
    assert "Weight 3 (75% of new learners)" in page
    assert "Weight 1 (25% of new learners)" in page


# Units


def unit(course: LoadedCourse, olx: str, **more: Any) -> Any:
    sent = {"olx": olx, **more}
    return send_json(course, "teacher", "exp_a", "save_olx", sent, staff=True)


def test_an_author_writes_a_unit_as_olx() -> None:
    made = course()
    content = '<html url_name="h">Fresh</html><problem url_name="p"/>'
    olx = f'<vertical display_name="New">{content}</vertical>'
    response = unit(made, olx)
    assert response.json["problems"] == []
    assert block(made, "exp_a").display_name == "New"
    page = render(made, "teacher", "exp", staff=True)
    assert "Fresh" in page
    assert "Text of arm 1" not in page
    assert "Text of arm 2" in page
    assert arms(made) == {"1": "New", "2": "Unit of arm 2"}


def test_the_olx_that_the_form_shows_is_the_olx_that_it_saves() -> None:
    made = course()
    edited = block(made, "exp_a")
    text = edited.runtime.service(edited, "olx").text(edited)
    before = registry.with_id(COURSE_ID)
    assert unit(made, text).status_code == 200
    after = registry.with_id(COURSE_ID)
    assert before is not None
    assert after is not None
    assert before.blocks == after.blocks


@pytest.mark.parametrize(
    ("olx", "reason"),
    [
        ("<vertical>\n<html>\n</vertical>", "Line 2: <html> is not closed."),
        ("<vertical>\n<html>", "Line 2: <html> is not closed."),
        ("<vertical>\n&nbsp;</vertical>", "Line 2: Entity 'nbsp' not defined."),
    ],
)
def test_the_line_of_broken_xml_is_named(olx: str, reason: str) -> None:
    assert unit(course(), olx).json["error"] == f"Not saved. {reason}"


@pytest.mark.parametrize(
    "olx", ["", "text", "<vertical>", "<html>x</html>", "<!DOCTYPE x><vertical/>", "<a/><b/>"]
)
def test_unreadable_olx_is_reported_and_the_unit_stays_unchanged(olx: str) -> None:
    made = course()
    before = registry.with_id(COURSE_ID)
    response = unit(made, olx)
    assert response.status_code == 400
    assert "Not saved." in response.json["error"]
    assert registry.with_id(COURSE_ID) is before


def test_unusable_parts_of_a_unit_are_reported() -> None:
    made = course()
    response = unit(made, '<vertical><wiki slug="w"/><course url_name="c"/><no_such/></vertical>')
    assert response.json["problems"] == [
        "the text: <wiki> is not used",
        "the text: <course> is not used",
        "the text: <no_such> is shown as a placeholder. Its package is not installed.",
    ]


def test_a_component_is_defined_once_and_only_referenced_in_a_second_place() -> None:
    made = course()
    twice = '<vertical><html url_name="exp_b_text">Twice</html></vertical>'
    response = unit(made, twice)
    assert response.status_code == 400
    assert "is already in another place" in response.json["error"]

    assert unit(made, '<vertical><html url_name="exp_b_text"/></vertical>').status_code == 200
    assert "Text of arm 2" in render(made, "teacher", "exp_a", staff=True)
    for _ in range(2):
        shown = olx_of(made, "exp_a")
        assert '<html url_name="exp_b_text"/>' in shown
        assert unit(made, shown).json["problems"] == []


def test_html_is_shown_to_its_author_as_html() -> None:
    made = course()
    unit(made, '<vertical><html url_name="h">&lt;p&gt;A &amp;amp; B&lt;/p&gt;</html></vertical>')
    shown = olx_of(made, "exp_a")
    assert "<![CDATA[<p>A &amp; B</p>]]>" in shown
    assert unit(made, shown).json["problems"] == []
    assert olx_of(made, "exp_a") == shown
    assert "<p>A &amp; B</p>" in render(made, "teacher", "exp_a", staff=True)


def test_a_unit_cannot_contain_one_of_its_ancestors() -> None:
    xml = f'<chapter url_name="c">{split_test_xml()}</chapter>'
    made = course(xml=xml)
    response = unit(
        made, '<vertical><chapter url_name="c"/><split_test url_name="exp"/></vertical>'
    )
    assert len(response.json["problems"]) == 2
    assert "is inside itself" in response.json["problems"][0]
    render(made, "ann", "c")


def test_a_component_without_a_url_name_keeps_the_state_of_its_learners() -> None:
    question = "<stringresponse answer='a'><textline/></stringresponse>"
    problem = f"<problem display_name='{{}}'>{question}</problem>"
    made = course(xml=split_test_xml().replace("<html", f"{problem.format('Old')}<html", 1))
    old = find_block(made, "ann", "exp_a", staff=True).children[0]
    shown = olx_of(made, "exp_a")
    assert f'url_name="{old.block_id}"' in shown

    new = problem.format("New")
    assert unit(made, shown.replace("<problem", f"{new}<problem", 1)).status_code == 200
    first, second, _ = block(made, "exp_a").get_children()
    assert (first.display_name, second.display_name) == ("New", "Old")
    assert second.scope_ids.usage_id == old


def test_the_olx_of_a_unit_is_never_treated_as_a_path(tmp_path: Path) -> None:
    (tmp_path / "course.xml").write_text('<vertical><html url_name="h">Secret</html></vertical>')
    made = course()
    for path in (str(tmp_path), "/etc", ""):
        response = unit(made, path)
        assert response.status_code == 400
        assert "course.xml" not in response.json["error"]


def olx_of(made: LoadedCourse, url_name: str) -> str:
    edited = block(made, url_name)
    text: str = edited.runtime.service(edited, "olx").text(edited)
    return text


def test_the_later_of_two_editors_of_a_unit_is_warned() -> None:
    made = course()
    opened = revision_in(render(made, "teacher", "exp_a", view="studio_view", staff=True))
    assert unit(made, "<vertical><html>1</html></vertical>", revision=opened).status_code == 200
    assert unit(made, "<vertical><html>2</html></vertical>", revision=opened).status_code == 409


def test_learners_cannot_edit_units() -> None:
    made = course()
    response = send_json(made, "ann", "exp_a", "save_olx", {"olx": "<vertical/>"})
    assert response.status_code == 403


def test_an_edit_moves_no_learner_and_deletes_no_answer() -> None:
    made = course(experiment(100), experiment(101, 7, 8))
    page = render(made, "ann", "exp")
    group = get_group(COURSE_ID, 100, "ann")
    submit(made, display_name="New name")
    add_missing(made)
    assert get_group(COURSE_ID, 100, "ann") == group
    assert render(made, "ann", "exp") == page


# Storage


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Path:
    """Write a course that the settings list, and return its folder."""
    folder = tmp_path / "listed"
    folder.mkdir()
    (folder / "course.xml").write_text(course_xml(split_test_xml()))
    settings.XBLOCK_EXPERIMENTS = {
        **settings.XBLOCK_EXPERIMENTS,
        "COURSES": [folder],
        "IMPORTED": tmp_path / "kept",
        "STAFF": ["teacher"],
    }
    return folder


def save_name(client: Client, name: str) -> int:
    usage_id = "block-v1:DemoX+Tests+2026+type@split_test+block@exp"
    sent = {"values": {"display_name": name}, "defaults": []}
    address = f"/handler/{usage_id}/submit_studio_edits?student=teacher"
    return client.post(address, sent, content_type="application/json").status_code


def name_in(client: Client) -> str:
    page = client.get("/scenario/listed.exp/author_view/", {"student": "teacher"})
    return page.content.decode().split('<h2 class="xbx-author-title"><bdi>')[1].split("<")[0]


def test_authors_changes_survive_a_restart_and_leave_the_listed_course_unchanged(
    served: Path, client: Client
) -> None:
    before = (served / "course.xml").read_bytes()
    assert client.get("/scenario/listed/").status_code == 200
    assert save_name(client, "Edited") == 200
    serving.forget()

    assert name_in(client) == "Edited"
    assert (served / "course.xml").read_bytes() == before
    assert save_name(client, "Edited again") == 200
    serving.forget()
    assert name_in(client) == "Edited again"
    (edits,) = (served.parent / "kept").glob("*.edited")
    assert sorted(path.name for path in edits.iterdir()) == ["1", "2"]


def test_an_imported_course_is_replaced_by_the_version_that_authors_edit(
    served: Path, client: Client
) -> None:
    kept = served.parent / "kept"
    kept.mkdir()
    served.rename(kept / "listed")
    client.get("/scenario/listed/")
    for name in ("Edited", "Edited again"):
        assert save_name(client, name) == 200
        serving.forget()
        assert name_in(client) == name
    (edits,) = kept.glob("*.edited")
    assert sorted(path.name for path in edits.iterdir()) == ["1", "2"]


def test_changes_saved_by_the_form_of_another_package_are_stored(
    served: Path, client: Client
) -> None:
    poll = '<poll url_name="poll" question="Old?"/>'
    text = (served / "course.xml").read_text().replace("<html", f"{poll}<html", 1)
    (served / "course.xml").write_text(text)
    client.get("/scenario/listed/")
    address = "/handler/block-v1:DemoX+Tests+2026+type@poll+block@poll/studio_submit"
    answers = [{"key": "R", "label": "Red", "img": "", "img_alt": ""}] * 2
    answers[1] = {**answers[1], "key": "B", "label": "Blue"}
    sent = {
        "question": "New?",
        "feedback": "",
        "private_results": False,
        "max_submissions": 1,
        "answers": answers,
        "display_name": "Poll",
    }
    refused = client.post(f"{address}?student=ann", sent, content_type="application/json")
    assert refused.status_code == 403
    saved = client.post(f"{address}?student=teacher", sent, content_type="application/json")
    assert saved.json()["success"], saved.json()
    serving.forget()

    page = client.get("/scenario/listed.poll/", {"student": "teacher"}).content.decode()
    assert "New?" in page
    assert "Old?" not in page


def test_a_change_is_served_immediately_and_only_other_processes_read_it_from_disk(
    served: Path, client: Client
) -> None:
    client.get("/scenario/listed/")
    save_name(client, "Edited")
    kept = registry.with_id(COURSE_ID)
    assert name_in(client) == "Edited"
    assert registry.with_id(COURSE_ID) is kept


def test_a_page_requested_while_a_change_is_saved_publishes_no_new_version(
    served: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/scenario/listed/")
    assert save_name(client, "Edited") == 200
    before = segmentations.get_versions(COURSE_ID, 100)
    seen: list[str] = []
    real = versions.activate

    def request_pages(draft: Any) -> None:
        seen.append(name_in(Client()))
        real(draft)
        seen.append(name_in(Client()))

    monkeypatch.setattr(versions, "activate", request_pages)
    assert save_name(client, "Edited again") == 200
    assert seen == ["Edited", "Edited"]
    assert name_in(client) == "Edited again"
    assert segmentations.get_versions(COURSE_ID, 100) == before


def test_two_processes_cannot_change_courses_at_the_same_time(served: Path, client: Client) -> None:
    client.get("/scenario/listed/")
    with versions.locked(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "_LOCK_TIMEOUT", 0.05)
        assert save_name(client, "Edited") == 503
    assert save_name(client, "Edited") == 200


def test_a_later_change_by_another_process_is_not_overwritten(served: Path, client: Client) -> None:
    client.get("/scenario/listed/")
    assert save_name(client, "Edited") == 200
    (edits,) = (served.parent / "kept").glob("*.edited")
    edited = find_block(
        LoadedCourse(COURSE_ID, registry.courses()[0].usage_id, ()), "t", "exp", staff=True
    )
    shutil.copytree(edits / "1", edits / "2")
    sent = {"values": {"display_name": "Overwriting"}, "defaults": []}
    request = Request.blank("/", method="POST", json=sent)
    assert edited.runtime.handle(edited, "submit_studio_edits", request).status_code == 409


def test_importing_a_course_again_replaces_the_changes_of_its_authors(
    served: Path, client: Client, tmp_path: Path
) -> None:
    call_command("import_course", str(served))
    served.rename(tmp_path / "elsewhere")
    serving.forget()
    client.get("/scenario/listed/")
    name = registry.courses()[0].name
    usage_id = "block-v1:DemoX+Tests+2026+type@split_test+block@exp"
    sent = {"values": {"display_name": "Edited"}, "defaults": []}
    address = f"/handler/{usage_id}/submit_studio_edits?student=teacher"
    assert client.post(address, sent, content_type="application/json").status_code == 200
    call_command("import_course", str(tmp_path / "elsewhere"))
    page = client.get(f"/scenario/{name}.exp/author_view/", {"student": "teacher"})
    assert "own name" in page.content.decode()
    assert not list((tmp_path / "kept").glob("*.edited"))


def test_a_change_that_cannot_be_stored_is_not_served(
    served: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/scenario/listed/")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions, "export_course", full)
    with pytest.raises(OSError, match="No space"):
        save_name(client, "Edited")
    assert name_in(client) == "The experiment&#x27;s own name"


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("choose"), st.sampled_from([100, 101, 102, -1, 7])),
            st.tuples(st.just("add"), st.none()),
            st.tuples(st.just("name"), st.text(max_size=5)),
        ),
        max_size=6,
    )
)
def test_no_sequence_of_edits_loses_a_child_or_leaves_a_group_without_one(steps: Any) -> None:
    serving.forget()
    made = course(experiment(100), experiment(101, 1, 2, 3), experiment(102, 8, 9))
    for kind, value in steps:
        before = children(made)
        if kind == "choose":
            submit(made, user_partition_id=value)
        elif kind == "name":
            submit(made, display_name=value)
        else:
            add_missing(made)
        after = children(made)
        assert after[: len(before)] == before
        edited = block(made)
        child_ids = {str(child_id) for child_id in edited.children}
        assert {str(child) for child in edited.group_id_to_child.values()} <= child_ids
        if edited.read_experiment().groups:
            assert not edited.read_experiment().missing
