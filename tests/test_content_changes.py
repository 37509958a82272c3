"""Authors learn what an edit does to the learners of an experiment before it is saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils.translation import override
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from tests.answers import send_json
from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from tests.recording import recording
from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.experiments import api
from xblock_experiments.experiments.models import ContentChange
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render
from xblock_experiments.user_tags.api import export_user, retire_user
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage import serving, versions

pytestmark = pytest.mark.django_db

NAME = "The experiment's own name"
KEPT = "Answers to content that learners lose are kept, but no longer count."
SWAPPED = [
    f"“{NAME}”: 2 learners of “Group 1” get “Unit of arm 2” instead of “Unit of arm 1”.",
    f"“{NAME}”: 1 learner of “Group 2” gets “Unit of arm 1” instead of “Unit of arm 2”.",
]
UNIT = '<vertical url_name="unit" display_name="A unit">{}</vertical>'


def course(*found: Any, xml: str = "") -> LoadedCourse:
    """Load a unit with an experiment, in which two learners are in group 1 and one is in 2."""
    content = UNIT.format(xml or split_test_xml())
    made = load_course(course_xml(content, segmentations=found or (experiment(),)))
    for user_id, group_id in (("ann", 1), ("bob", 1), ("cid", 2)):
        segmentations.put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")
    return made


def post(made: LoadedCourse, url_name: str, handler: str, sent: dict[str, Any]) -> Any:
    return send_json(made, "teacher", url_name, handler, sent, staff=True)


def submit(made: LoadedCourse, confirm: str | None = None, **values: Any) -> Any:
    sent: dict[str, Any] = {"values": values, "defaults": [], "confirm": confirm}
    return post(made, "exp", "submit_studio_edits", sent)


def write(made: LoadedCourse, url_name: str, olx: str, confirm: str | None = None) -> Any:
    return post(made, url_name, "save_olx", {"olx": olx, "confirm": confirm})


def olx_of(made: LoadedCourse, url_name: str) -> str:
    block = find_block(made, "teacher", url_name, staff=True)
    text: str = block.runtime.service(block, "olx").text(block)
    return text


def mapped(made: LoadedCourse, **arms: str) -> dict[str, str]:
    """Return the mapping of groups, `g1` and so on, to children by url_name."""
    children = find_block(made, "teacher", "exp", staff=True).children
    ids = {str(child_id).rpartition("@")[2]: str(child_id) for child_id in children}
    return {group.removeprefix("g"): ids[url_name] for group, url_name in arms.items()}


def swap(made: LoadedCourse, confirm: str | None = None) -> Any:
    return submit(made, confirm, group_id_to_child=mapped(made, g1="exp_b", g2="exp_a"))


def confirmed(save: Callable[[str | None], Any]) -> list[str]:
    """Save after reading the consequences, and return them."""
    asked = save(None)
    assert asked.status_code == 409, asked.body
    assert save(asked.json["confirm"]).status_code == 200
    return list(asked.json["consequences"])


def kinds() -> list[tuple[str, int]]:
    past = api.get_content_changes(COURSE_ID)
    return [(each.change.kind, each.change.group_id) for each in past]


def test_swapping_arms_says_how_many_learners_get_what_and_saves_nothing_yet() -> None:
    made = course()
    before = registry.with_id(COURSE_ID)

    answer = swap(made)

    assert answer.status_code == 409
    assert answer.json["error"] == "Nothing is saved yet. Saving changes what learners see."
    assert answer.json["consequences"] == [*SWAPPED, KEPT]
    assert registry.with_id(COURSE_ID) is before
    assert kinds() == []


def test_the_swap_is_saved_when_its_author_has_confirmed_it() -> None:
    made = course()

    assert confirmed(lambda confirm: swap(made, confirm)) == [*SWAPPED, KEPT]

    assert "Text of arm 2" in render(made, "ann", "exp")
    assert kinds() == [("replaced", 1), ("replaced", 2)]


@pytest.mark.every_database
def test_a_change_is_remembered_with_its_author_and_the_numbers_of_learners(
    django_capture_on_commit_callbacks: Any,
) -> None:
    made = course()
    render(made, "ann", "exp")
    with recording() as recorded, django_capture_on_commit_callbacks(execute=True):
        consequences = confirmed(lambda confirm: swap(made, confirm))

    assert f"1 learner has already seen “{NAME}”." in consequences
    first, _ = api.get_content_changes(COURSE_ID)
    change = first.change
    assert first.who == "teacher"
    assert (change.group_name, change.old, change.new) == (
        "Group 1",
        "Unit of arm 1",
        "Unit of arm 2",
    )
    assert (change.title, change.segmentation_name) == (NAME, "experiment 100")
    assert (change.assigned, change.exposed) == (2, 1)
    event, _ = recorded.of(events.ContentChanged)
    assert (event.user_id, event.change, event.assigned, event.exposed) == (
        *("teacher", "replaced"),
        *(2, 1),
    )
    assert (event.partition_id, event.group_id, event.usage_id) == (100, 1, change.usage_id)


@pytest.mark.parametrize("edit", ["swap", "rewrite", "remove"])
def test_nobody_is_asked_before_learners_have_joined(edit: str) -> None:
    made = load_course(course_xml(UNIT.format(split_test_xml())))
    edits = {
        "swap": lambda: swap(made),
        "rewrite": lambda: write(made, "exp_a", "<vertical><html>New</html></vertical>"),
        "remove": lambda: write(made, "unit", "<vertical/>"),
    }
    assert edits[edit]().status_code == 200
    assert kinds() == []


def test_selecting_another_configuration_names_the_one_that_is_no_longer_used() -> None:
    made = course(experiment(100), experiment(101, 7, 8))

    assert confirmed(lambda confirm: submit(made, confirm, user_partition_id=101)) == [
        f"“{NAME}” no longer uses “experiment 100”: 2 learners of “Group 1” lose “Unit of arm 1”.",
        f"“{NAME}” no longer uses “experiment 100”: 1 learner of “Group 2” loses “Unit of arm 2”.",
        KEPT,
    ]
    assert kinds() == [("deselected", 1), ("deselected", 2)]


def test_a_new_empty_unit_for_a_group_takes_its_content_away() -> None:
    made = course()
    mapping = {**mapped(made, g1="exp_a"), "2": ""}

    assert confirmed(lambda confirm: submit(made, confirm, group_id_to_child=mapping)) == [
        f"“{NAME}”: 1 learner of “Group 2” loses “Unit of arm 2”.",
        KEPT,
    ]
    assert kinds() == [("lost", 2)]


def test_editing_an_arm_concerns_the_learners_of_its_group_only() -> None:
    made = course()
    olx = olx_of(made, "exp_a").replace("Text of arm 1", "A better text")

    assert confirmed(lambda confirm: write(made, "exp_a", olx, confirm)) == [
        f"“{NAME}”: 2 learners of “Group 1” get the edited content.",
        KEPT,
    ]
    assert kinds() == [("edited", 1)]


def test_editing_content_that_both_arms_share_concerns_all_learners() -> None:
    arms = (
        '<vertical url_name="exp_a"><vertical url_name="both"><html url_name="text">Old</html>'
        '</vertical></vertical><vertical url_name="exp_b"><vertical url_name="both"/></vertical>'
    )
    head = split_test_xml().partition("<vertical")[0]
    made = course(xml=f"{head}{arms}</split_test>")

    answer = write(made, "both", '<vertical><html url_name="text">New</html></vertical>')

    assert [each.count("edited content") for each in answer.json["consequences"]] == [1, 1, 0]


def test_filling_the_empty_arm_of_a_group_with_learners_is_told_too() -> None:
    made = course()
    mapping = {**mapped(made, g1="exp_a"), "2": ""}
    confirmed(lambda confirm: submit(made, confirm, group_id_to_child=mapping))
    empty = str(find_block(made, "teacher", "exp", staff=True).children[-1]).rpartition("@")[2]
    olx = '<vertical display_name="Filled"><html>New</html></vertical>'

    assert confirmed(lambda confirm: write(made, empty, olx, confirm)) == [
        f"“{NAME}”: 1 learner of “Group 2” gets “Filled”, and had nothing before."
    ]


@pytest.mark.parametrize("olx", ["<vertical/>", "<vertical><html>Other</html></vertical>"])
def test_removing_the_experiment_from_its_unit_asks_as_well(olx: str) -> None:
    made = course()

    assert confirmed(lambda confirm: write(made, "unit", olx, confirm)) == [
        f"“{NAME}” is removed: 2 learners of “Group 1” lose “Unit of arm 1”.",
        f"“{NAME}” is removed: 1 learner of “Group 2” loses “Unit of arm 2”.",
        KEPT,
    ]
    assert kinds() == [("removed", 1), ("removed", 2)]


def test_the_olx_of_the_unit_around_an_experiment_is_compared_too() -> None:
    made = course()
    olx = olx_of(made, "unit").replace("Text of arm 2", "A better text")

    assert write(made, "unit", olx).json["consequences"] == [
        f"“{NAME}”: 1 learner of “Group 2” gets the edited content.",
        KEPT,
    ]


def nothing_changes(made: LoadedCourse) -> Any:
    return write(made, "unit", olx_of(made, "unit"))


def the_experiment_is_renamed(made: LoadedCourse) -> Any:
    return submit(made, display_name="Another name")


def content_beside_it_changes(made: LoadedCourse) -> Any:
    olx = olx_of(made, "unit").replace("<split_test", "<html>More</html><split_test", 1)
    return write(made, "unit", olx)


def another_experiment_is_added(made: LoadedCourse) -> Any:
    start, end, rest = olx_of(made, "unit").rpartition("</vertical>")
    return write(made, "unit", f"{start}{split_test_xml('another')}{end}{rest}")


def missing_groups_are_added(made: LoadedCourse) -> Any:
    return post(made, "exp", "add_missing_groups", {})


@pytest.mark.parametrize(
    "edit",
    [
        nothing_changes,
        the_experiment_is_renamed,
        content_beside_it_changes,
        another_experiment_is_added,
        missing_groups_are_added,
    ],
)
def test_edits_that_give_nobody_other_content_are_saved_at_once(
    edit: Callable[[LoadedCourse], Any],
) -> None:
    made = course()
    assert edit(made).status_code == 200
    assert kinds() == []


def test_deleting_content_that_no_group_sees_is_saved_at_once() -> None:
    inner = split_test_xml("inner")
    arm = f'<vertical url_name="unused" display_name="Unused">{inner}</vertical></split_test>'
    made = course(xml=split_test_xml().removesuffix("</split_test>") + arm)
    (unused,) = mapped(made, g9="unused").values()

    assert post(made, "exp", "delete_inactive_arm", {"child_id": unused}).status_code == 200
    assert kinds() == []


def test_an_experiment_inside_an_arm_is_compared_by_itself() -> None:
    inner = split_test_xml("inner", 200, display_name="Inside")
    xml = split_test_xml().replace("<html", f"{inner}<html", 1)
    made = course(experiment(100), experiment(200), xml=xml)
    segmentations.put_in_group(COURSE_ID, 200, "ann", 1, type="experiment")
    olx = olx_of(made, "exp_a").replace("inner_a", "?").replace("inner_b", "inner_a")

    answer = write(made, "exp_a", olx.replace("?", "inner_b"))

    assert answer.status_code == 409
    assert [each for each in answer.json["consequences"] if NAME in each] == []
    assert any("“Inside”: 1 learner of “Group 1”" in each for each in answer.json["consequences"])


MAPPINGS = st.dictionaries(
    st.sampled_from(["g1", "g2"]), st.sampled_from(["exp_a", "exp_b"]), min_size=1
)


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("map"), MAPPINGS),
            st.tuples(st.just("choose"), st.sampled_from([100, 101, -1])),
            st.tuples(st.just("rewrite"), st.sampled_from(["exp_a", "exp_b", "unit"])),
            st.tuples(st.just("empty"), st.sampled_from(["exp_a", "exp_b", "unit"])),
            st.tuples(st.just("add"), st.none()),
        ),
        max_size=5,
    )
)
def test_no_sequence_of_unconfirmed_edits_changes_what_a_learner_is_given(steps: Any) -> None:
    serving.forget()
    made = course(experiment(100), experiment(101, 7, 8))
    before = [render(made, user_id, "exp") for user_id in ("ann", "cid")]
    edits: dict[str, Callable[[Any], Any]] = {
        "map": lambda arms: submit(made, group_id_to_child=mapped(made, **arms)),
        "choose": lambda id: submit(made, user_partition_id=id),
        "rewrite": lambda name: write(
            made, name, olx_of(made, name).replace("Text of", "Another text of")
        ),
        "empty": lambda name: write(made, name, "<vertical/>"),
        "add": lambda _: missing_groups_are_added(made),
    }
    for kind, value in steps:
        edits[kind](value)
    assert [render(made, user_id, "exp") for user_id in ("ann", "cid")] == before
    assert kinds() == []


def test_agreeing_to_one_change_does_not_agree_to_another() -> None:
    made = course()
    agreed = swap(made).json["confirm"]

    assert write(made, "unit", "<vertical/>", agreed).status_code == 409
    assert kinds() == []


@pytest.mark.parametrize("confirm", [True, "", 1, [], {}])
def test_only_the_servers_own_answer_agrees(confirm: Any) -> None:
    assert swap(course(), confirm).status_code == 409


def test_learners_who_join_in_the_meantime_need_no_second_confirmation() -> None:
    made = course()
    agreed = swap(made).json["confirm"]
    segmentations.put_in_group(COURSE_ID, 100, "dan", 1, type="experiment")

    assert swap(made, agreed).status_code == 200
    assert api.get_content_changes(COURSE_ID)[0].change.assigned == 3


def test_a_change_that_cannot_be_saved_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    made = course()
    agreed = swap(made).json["confirm"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions, "activate", full)
    with pytest.raises(OSError, match="No space"):
        swap(made, agreed)
    assert kinds() == []


def test_the_form_of_another_package_is_saved_and_remembered() -> None:
    poll = '<poll url_name="poll" question="Old?"/>'
    made = course(xml=split_test_xml().replace("<html", f"{poll}<html", 1))
    answers = [{"key": key, "label": key, "img": "", "img_alt": ""} for key in "RB"]
    sent = {"question": "New?", "feedback": "", "private_results": False, "max_submissions": 1}

    answer = post(
        made, "poll", "studio_submit", {**sent, "answers": answers, "display_name": "Poll"}
    )

    assert answer.status_code == 200
    assert kinds() == [("edited", 1)]


def test_a_course_that_is_imported_again_is_compared_with_the_one_before(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [], "IMPORTED": tmp_path / "imported"}
    export = tmp_path / "export"
    export.mkdir()
    text = course_xml(UNIT.format(split_test_xml()))
    (export / "course.xml").write_text(text)
    call_command("import_course", str(export))
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    call_command("import_course", str(export))
    assert "learner" not in capsys.readouterr().out

    (export / "course.xml").write_text(text.replace("Text of arm 1", "A better text"))
    call_command("import_course", str(export))

    sentence = f"“{NAME}”: 1 learner of “Group 1” gets the edited content."
    assert sentence in capsys.readouterr().out
    assert kinds() == [("edited", 1)]


def test_staff_and_authors_see_what_was_changed_after_learners_had_joined() -> None:
    made = course()
    assert "Content changed" not in render(made, "teacher", "exp", staff=True)
    confirmed(lambda confirm: swap(made, confirm))

    when = api.get_content_changes(COURSE_ID)[0].when.astimezone(UTC)
    for view in ("student_view", "author_view"):
        page = render(made, "teacher", "exp", view=view, staff=True)
        assert "Content changed after learners joined" in page
        assert "“Unit of arm 2” instead of “Unit of arm 1”" in page
        assert "<bdi>teacher</bdi>" in page
        assert f">{when:%Y-%m-%d %H:%M} UTC</time>" in page
    with override("es"):
        page = render(made, "teacher", "exp", staff=True)
        assert "«Unit of arm 2» en lugar de «Unit of arm 1»" in page


@pytest.mark.parametrize("user_id", ["ann", None])
def test_learners_do_not_see_what_was_changed(user_id: str | None) -> None:
    made = course()
    confirmed(lambda confirm: swap(made, confirm))
    page = render(made, user_id, "exp")
    assert "Content changed" not in page
    assert "teacher" not in page


def test_an_experiment_shows_only_its_own_changes() -> None:
    made = course(xml=split_test_xml() + split_test_xml("other"))
    confirmed(lambda confirm: swap(made, confirm))
    assert "Content changed" not in render(made, "teacher", "other", staff=True)


def test_names_in_consequences_and_in_the_history_are_text_and_never_markup() -> None:
    hostile = "<script>alert('x')</script>{0}%s"
    made = course(xml=split_test_xml(display_name=hostile).replace("Unit of arm 1", "&lt;b>"))

    (first, *_) = confirmed(lambda confirm: swap(made, confirm))

    assert first.startswith(f"“{hostile}”: 2 learners")
    assert "<b>" not in render(made, "teacher", "exp", staff=True)


@pytest.mark.every_database
def test_the_history_names_no_learner_and_forgets_a_retired_author() -> None:
    made = course()
    confirmed(lambda confirm: swap(made, confirm))
    rows = json.dumps([*ContentChange.objects.values()], default=str)
    assert not [learner for learner in ("ann", "bob", "cid") if f'"{learner}"' in rows]
    assert export_user("teacher")["content_changes"][0]["change"] == "replaced"

    retire_user("teacher")

    assert [past.who for past in api.get_content_changes(COURSE_ID)] == ["", ""]
    assert "content_changes" not in export_user("teacher")
