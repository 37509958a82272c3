"""Authors create, edit and delete group configurations on the page of a course."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.answers import send_json
from tests.builders import COURSE_ID, course_xml, experiment, segmentation, split_test_xml
from xblock_experiments.blocks.configurations import edits as configurations
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.experiments.api import assign_group, get_group
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render
from xblock_experiments.workbench.courses.registry import registry

pytestmark = pytest.mark.django_db

WRONG_WEIGHT = "A weight must be a whole number from 0 to 2147483647."
IN_USE = "This group configuration cannot be deleted, because experiments use it: "


def course(*found: Any, xml: str | None = None) -> LoadedCourse:
    return load_course(course_xml(split_test_xml() if xml is None else xml, segmentations=found))


def configuration(**values: Any) -> dict[str, Any]:
    groups = [{"id": None, "name": "A", "weight": 1}, {"id": None, "name": "B", "weight": 3}]
    return {
        "type": "experiment",
        "id": None,
        "name": "Hints",
        "description": "Which are better?",
        "groups": groups,
        "parameters": {},
        **values,
    }


def present(id: int = 100, **values: Any) -> dict[str, Any]:
    """Return an existing configuration as the form sends it."""
    found = segmentations.get_segmentation(COURSE_ID, id)
    groups = [{"id": g.id, "name": g.name, "weight": g.weight} for g in found.groups]
    return configuration(**{"id": id, "name": found.name, "groups": groups, **values})


def post(made: LoadedCourse, handler: str, sent: Any, user_id: str = "teacher") -> Any:
    return send_json(made, user_id, "2026", handler, sent, staff=user_id == "teacher")


def save(made: LoadedCourse, configuration: Any, **more: Any) -> Any:
    return post(made, "save_configuration", {"configuration": configuration, **more})


def consequences_of(made: LoadedCourse, **sent: Any) -> list[str]:
    response = post(made, "preview_configuration", sent)
    assert response.status_code == 200, response.body
    return list(response.json["consequences"])


def delete(made: LoadedCourse, id: int = 100, type: str = "experiment") -> Any:
    return post(made, "save_configuration", {"delete": {"type": type, "id": id}})


def listed(made: LoadedCourse) -> list[UserSegmentation]:
    return configurations.listed(find_block(made, None, "2026").user_partitions)


def page(made: LoadedCourse) -> str:
    return render(made, "teacher", "2026", view="studio_view", staff=True)


def test_an_author_creates_a_configuration() -> None:
    made = course()
    response = save(made, configuration(parameters={"salt": "pepper"}))
    assert response.status_code == 200

    new = segmentations.get_segmentation(COURSE_ID, response.json["id"])
    assert listed(made) == [experiment(), new]
    assert (new.name, new.description, new.type) == ("Hints", "Which are better?", "experiment")
    assert [(group.name, group.weight) for group in new.groups] == [("A", 1), ("B", 3)]
    assert new.parameters == {"salt": "pepper"}
    versions = segmentations.get_versions(COURSE_ID, new.id)
    assert [version.who for version in versions] == ["teacher"]


def test_new_ids_are_at_least_100_and_unique_in_the_course() -> None:
    made = course()
    for _ in range(5):
        save(made, configuration())
    found = listed(made)
    ids = [each.id for each in found]
    group_ids = [group.id for each in found[1:] for group in each.groups]
    assert len(set(ids)) == 6
    assert len(set(group_ids)) == 10
    assert min(*ids, *group_ids) >= 100


def test_an_id_that_is_in_use_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([0, 0, 5])
    monkeypatch.setattr(secrets, "randbelow", lambda limit: next(drawn))
    assert configurations.unused_id({100}) == 105


def test_editing_a_configuration_moves_no_learner() -> None:
    made = course()
    groups = {user: assign_group(COURSE_ID, 100, user).id for user in map(str, range(20))}
    edited = present(name="New name")
    edited["groups"][0]["name"] = "First"
    edited["groups"].append({"id": None, "name": "Third", "weight": 5})
    assert save(made, edited).status_code == 200

    found = segmentations.get_segmentation(COURSE_ID, 100)
    assert found.name == "New name"
    assert [group.name for group in found.groups] == ["First", "Group 2", "Third"]
    assert [group.id for group in found.groups][:2] == [1, 2]
    now = {user: get_group(COURSE_ID, 100, user) for user in groups}
    assert {user: group and group.id for user, group in now.items()} == groups


def test_the_consequences_of_saving_are_shown_before_anything_changes() -> None:
    made = course()
    for user in map(str, range(20)):
        assign_group(COURSE_ID, 100, user)
    counts = segmentations.count_members(COURSE_ID, 100)
    before = registry.with_id(COURSE_ID)
    edited = present()
    gone = edited["groups"].pop(0)["id"]
    edited["groups"].append({"id": None, "name": "Third", "weight": 1})

    assert consequences_of(made, configuration=edited) == [
        f"{counts[2]} learners keep their current group.",
        f"{counts[gone]} learners of “experiment 100” get another group at their next visit.",
        "Only learners not yet assigned can get “Third”.",
    ]
    assert registry.with_id(COURSE_ID) is before
    assert segmentations.get_versions(COURSE_ID, 100)[-1].version == 1


def without_group(made: LoadedCourse, group_id: int) -> dict[str, Any]:
    """Remove a group, and return it as the form sends it to bring it back."""
    edited = present()
    (removed,) = (group for group in edited["groups"] if group["id"] == group_id)
    edited["groups"].remove(removed)
    assert save(made, edited).status_code == 200
    return dict(removed)


def test_a_group_that_is_brought_back_has_its_content_and_its_learners() -> None:
    made = course()
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    page_before = render(made, "ann", "exp")
    removed = without_group(made, 1)
    assert 'data-id="1" data-name="Group 1"' in page(made)
    assert "Bring back “Group 1”" in page(made)

    back = present(groups=[*present()["groups"], removed])
    assert consequences_of(made, configuration=back)[0] == "1 learner keeps the current group."
    assert save(made, back).status_code == 200

    assert [group.id for group in segmentations.get_segmentation(COURSE_ID, 100).groups] == [2, 1]
    assert render(made, "ann", "exp") == page_before
    assert "Bring back “Group 1”" not in page(made)


def test_a_removed_group_can_be_brought_back_under_another_name() -> None:
    made = course()
    removed = without_group(made, 1)
    renamed = {**removed, "name": "Film", "weight": 7}
    assert save(made, present(groups=[*present()["groups"], renamed])).status_code == 200
    assert segmentations.get_segmentation(COURSE_ID, 100).group(1) == Group(1, "Film", 7)


def test_a_group_of_another_configuration_cannot_be_brought_back() -> None:
    made = course(experiment(100), experiment(101, 7, 8))
    edited = present(101)
    removed = edited["groups"].pop()
    save(made, edited)
    response = save(made, present(groups=[*present()["groups"], removed]))
    assert response.status_code == 400
    assert response.json["error"] == "This group no longer exists."


def test_a_new_group_never_gets_the_id_of_a_removed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = course(experiment(100, 1, 2, 105))
    without_group(made, 105)
    drawn = iter([5, 6, 7])
    monkeypatch.setattr(secrets, "randbelow", lambda limit: next(drawn))
    new = {"id": None, "name": "New", "weight": 1}
    assert save(made, present(groups=[*present()["groups"], new])).status_code == 200
    assert 105 not in {g.id for g in segmentations.get_segmentation(COURSE_ID, 100).groups}


def test_a_later_edit_does_not_announce_an_earlier_loss_again() -> None:
    made = course()
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    without_group(made, 1)
    sentences = consequences_of(made, configuration=present(name="New name"))
    assert not [each for each in sentences if "another group" in each]


@pytest.mark.parametrize("name", ["group 2", "  Group   2", "GROUP\t2"])
def test_two_groups_cannot_have_the_same_name_whatever_their_case_and_spaces(name: str) -> None:
    made = course()
    edited = present()
    edited["groups"][0]["name"] = name
    response = save(made, edited)
    assert response.status_code == 400
    assert response.json["error"] == (
        f"Two groups are named “{name.strip()}”. Give each group a name of its own."
    )
    assert listed(made) == [experiment()]


def test_groups_of_two_configurations_may_have_the_same_name() -> None:
    made = course(experiment(100), experiment(101))
    assert save(made, present(101, name="Renamed")).status_code == 200


def test_the_form_warns_of_a_single_group() -> None:
    made = course()
    edited = present()
    del edited["groups"][1]
    warning = "With one group only, all learners get the same content."
    assert consequences_of(made, configuration=edited)[-1] == warning
    assert warning not in consequences_of(made, configuration=present())


def test_the_form_says_if_no_learner_is_affected() -> None:
    assert consequences_of(course(), configuration=configuration()) == [
        "No learner has a group yet, so nobody's group changes."
    ]


def test_the_consequences_of_switching_off_are_shown() -> None:
    made = course()
    assign_group(COURSE_ID, 100, "ann")
    assert consequences_of(made, configuration=present(active=False)) == [
        "While it is paused, learners do not see its experiments.",
        "1 learner keeps the current group.",
        *consequences_of(made, configuration=present())[1:],
    ]


def test_an_unused_configuration_can_be_deleted_and_its_memberships_stay_stored() -> None:
    made = course(experiment(100), experiment(101, 7, 8))
    assign_group(COURSE_ID, 101, "ann")
    assert consequences_of(made, delete={"type": "experiment", "id": 101}) == [
        "1 learner has a group here. The record is kept; nobody is assigned any more."
    ]
    assert delete(made, 101).status_code == 200

    assert [each.id for each in listed(made)] == [100]
    assert not segmentations.get_segmentation(COURSE_ID, 101).active
    assert len(list(segmentations.get_members(COURSE_ID, 101, type="experiment"))) == 1


def test_a_configuration_in_use_is_not_deleted_and_the_units_that_use_it_are_named() -> None:
    unit = f'<vertical display_name="A unit">{split_test_xml("one")}</vertical>'
    made = course(xml=unit + split_test_xml("two", display_name="Other"))
    for handler in ("preview_configuration", "save_configuration"):
        response = post(made, handler, {"delete": {"type": "experiment", "id": 100}})
        assert response.status_code == 400
        assert response.json["error"] == (
            f"{IN_USE}A unit / The experiment's own name, A course / Other"
        )
    assert len(listed(made)) == 1
    assert "xbx-delete" not in page(made)


def test_the_page_lists_each_configuration_with_groups_shares_and_usages() -> None:
    made = course(experiment(100, 1, 2, weights=(3, 1), name="Style"), experiment(101, 7, 8))
    shown = page(made)
    assert '<h3 id="title-experiment-100"><bdi>Style</bdi></h3>' in shown
    assert "<td>3</td><td>75%</td>" in shown
    assert "A course / The experiment&#x27;s own name" in shown
    assert shown.count("No experiment uses it yet.") == 1


def test_a_page_without_configurations_says_what_to_do() -> None:
    made = load_course('<course org="DemoX" course="Tests" url_name="2026"/>')
    assert "There are no group configurations yet." in page(made)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": " "}, "Enter a name for the group configuration."),
        ({"name": None}, "Enter a name for the group configuration."),
        ({"groups": []}, "Add at least one group."),
        ({"groups": "A"}, "Add at least one group."),
        ({"groups": ["A"]}, "Add at least one group."),
        ({"groups": [{"name": "", "weight": 1}]}, "Enter a name for each group."),
        ({"groups": [{"name": 7, "weight": 1}]}, "Enter a name for each group."),
        ({"groups": [{"name": "A", "weight": -1}]}, WRONG_WEIGHT),
        ({"groups": [{"name": "A", "weight": 1.5}]}, WRONG_WEIGHT),
        ({"groups": [{"name": "A", "weight": True}]}, WRONG_WEIGHT),
        ({"groups": [{"name": "A", "weight": None}]}, WRONG_WEIGHT),
        ({"groups": [{"name": "A", "weight": 2**31}]}, WRONG_WEIGHT),
        (
            {"groups": [{"name": "A", "weight": 0}]},
            "At least one group must have a weight of 1 or more.",
        ),
        ({"groups": [{"name": "A", "id": 1}]}, "This group no longer exists."),
        ({"groups": [{"name": "A"}] * 101}, "At most 100 groups."),
        ({"name": "x" * 1001}, "Enter at most 1000 characters in each field."),
        ({"id": 7}, "This group configuration no longer exists."),
        ({"id": "100"}, "This group configuration no longer exists."),
        ({"type": "cohort"}, "This group configuration no longer exists."),
        ({"type": ["experiment"]}, "This group configuration no longer exists."),
        ({"name": "\ud800"}, "These values cannot be saved."),
        ({"parameters": {"salt": "x" * 1001}}, "Enter at most 1000 characters in each field."),
    ],
)
def test_an_invalid_configuration_is_reported_and_changes_nothing(
    values: dict[str, Any], message: str
) -> None:
    made = course()
    before = registry.with_id(COURSE_ID)
    response = save(made, configuration(**values))
    assert (response.status_code, response.json["error"]) == (400, message)
    assert registry.with_id(COURSE_ID) is before


@pytest.mark.parametrize(
    "sent", [{}, {"delete": 7}, {"delete": {}}, {"delete": {"type": [], "id": {}}}]
)
def test_a_malformed_request_is_refused(sent: Any) -> None:
    made = course()
    for handler in ("preview_configuration", "save_configuration"):
        assert post(made, handler, sent).status_code == 400
    assert len(listed(made)) == 1


def test_two_groups_cannot_have_the_same_id() -> None:
    made = course()
    edited = present()
    edited["groups"][1]["id"] = 1
    assert save(made, edited).status_code == 400


@pytest.mark.parametrize("handler", ["preview_configuration", "save_configuration"])
def test_learners_cannot_call_the_handlers(handler: str) -> None:
    made = course()
    response = post(made, handler, {"configuration": configuration()}, user_id="ann")
    assert response.status_code == 403
    assert len(listed(made)) == 1


def test_the_later_of_two_editors_is_warned() -> None:
    made = course()
    opened = page(made).split('data-revision="')[1].split('"')[0]
    assert save(made, configuration(), revision=opened).status_code == 200
    for handler in ("preview_configuration", "save_configuration"):
        sent = {"configuration": configuration(), "revision": opened}
        assert post(made, handler, sent).status_code == 409
    assert len(listed(made)) == 2


def test_saving_preserves_values_that_the_form_does_not_show() -> None:
    partition = experiment(100, parameters={"salt": "s", "later": [1]}).to_json()
    partition["new_key"] = {"a": 1}
    partition["groups"][0]["colour"] = "blue"
    unreadable = {"id": "x", "of": "a newer kind"}
    cohort = segmentation(100, "cohort", (Group(1, "One"),)).to_json()
    xml = course_xml(split_test_xml()).split("user_partitions=")[0]
    found = json.dumps([unreadable, cohort, partition]).replace('"', "&quot;")
    made = load_course(f'{xml}user_partitions="{found}">{split_test_xml()}</course>')
    save(made, present(name="New name", parameters={"salt": ""}))

    saved = find_block(made, None, "2026").user_partitions
    assert saved[:2] == [unreadable, cohort]
    assert saved[2]["name"] == "New name"
    assert saved[2]["new_key"] == {"a": 1}
    assert saved[2]["groups"][0]["colour"] == "blue"
    assert saved[2]["parameters"] == {"later": [1]}
    assert "of this type cannot be edited here" in page(made)


def test_only_staff_can_open_the_page(client: Client, settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
    course()
    for view in ("studio_view", "author_view"):
        address = f"/scenario/demox-tests-2026/{view}/"
        assert client.get(address, {"student": "ann"}).status_code == 403
        assert client.get(address, {"student": "teacher"}).status_code == 200


def test_a_form_from_another_site_is_refused(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
    made = course()
    client = Client(enforce_csrf_checks=True)
    usage_id = "block-v1:DemoX+Tests+2026+type@course+block@2026"
    for address in (
        f"/handler/{usage_id}/save_configuration",
        f"/learner/teacher/handler/{usage_id}/save_configuration",
    ):
        response = client.post(
            f"{address}?student=teacher",
            {"configuration": configuration()},
            content_type="application/json",
        )
        assert response.status_code == 403
    assert len(listed(made)) == 1
    assert (
        client.post("/courses/demox-tests-2026/preview/", {"student": "teacher"}).status_code == 403
    )
