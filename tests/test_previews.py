"""Staff preview a course as a group or as a learner, and leave no trace."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from web_fragments.fragment import Fragment
from workbench.models import XBlockState
from xblock.core import XBlock
from xblock.fields import ScopeIds

from tests.builders import COURSE_ID, course_xml, experiment, segmentation, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.experiments.api import assign_group, get_exposures, get_group
from xblock_experiments.experiments.assignment import choose_group, salt_of
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.services import COURSE
from xblock_experiments.services.preview import AsGroup, AsLearner, parse
from xblock_experiments.testing import load_course, render
from xblock_experiments.user_tags import api as user_tags
from xblock_experiments.workbench.requests.runtime import ExperimentsRuntime as Runtime

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

NAME = "demox-tests-2026"
PROBLEM = (
    '<problem url_name="{url_name}"><stringresponse answer="yes"><label>Ready?</label>'
    "<textline/></stringresponse></problem>"
)


@pytest.fixture(autouse=True)
def _staff(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}


@pytest.fixture
def client() -> Client:
    xml = split_test_xml()
    for arm in "ab":
        problem = PROBLEM.format(url_name=f"exp_{arm}_problem")
        xml = xml.replace(f'<html url_name="exp_{arm}', f'{problem}<html url_name="exp_{arm}')
    load_course(course_xml(f'<sequential url_name="s">{xml}</sequential>'))
    return Client()


def page(client: Client, address: str = "s", user_id: str = "teacher") -> str:
    response = client.get(f"/scenario/{NAME}.{address}/", {"student": user_id})
    assert response.status_code == 200
    return unescape(response.content.decode())


def preview(client: Client, wanted: object, user_id: str = "teacher") -> int:
    sent = {"student": user_id, "preview": str(wanted), "next": "/there"}
    response = client.post(f"/courses/{NAME}/preview/", sent)
    return response.status_code


def answer(client: Client, url_name: str, user_id: str = "teacher") -> Any:
    usage_id = f"block-v1:DemoX+Tests+2026+type@problem+block@{url_name}"
    sent = {f"input_{url_name}_2_1": "yes"}
    address = f"/handler/{usage_id}/xmodule_handler/problem_check?student={user_id}"
    return client.post(address, sent)


def traces(user_id: str) -> list[object]:
    """Return all stored data of a user."""
    states = XBlockState.objects.filter(user_id=user_id)
    group = get_group(COURSE_ID, 100, user_id)
    exposures = [each for each in get_exposures(COURSE_ID, 100) if each.user_id == user_id]
    scores = get_scores(COURSE_ID, user_id)
    return [*filter(None, [*states, group, *exposures, scores])]


@pytest.mark.parametrize(("group_id", "other"), [(1, 2), (2, 1)])
def test_a_preview_of_a_group_shows_the_arm_of_that_group(
    client: Client, group_id: int, other: int
) -> None:
    assert f"Text of arm {other}" in page(client)

    assert preview(client, AsGroup("experiment", 100, group_id)) == 302
    seen = page(client)
    assert f"Text of arm {group_id}" in seen
    assert f'title="Unit of arm {group_id}"' in seen
    assert f"arm {other}" not in seen
    assert (
        f"You are viewing the course as a learner in group “Group {group_id}” of “experiment 100”."
        in seen
    )


def test_a_preview_of_a_group_does_not_change_the_arm_of_other_experiments(client: Client) -> None:
    xml = split_test_xml("one", id=100) + split_test_xml("two", id=101)
    found = (experiment(100), experiment(101, parameters={"salt": "another"}))
    load_course(course_xml(f'<vertical url_name="u">{xml}</vertical>', segmentations=found))
    shown = set()
    for group_id in (1, 2):
        preview(client, AsGroup("experiment", 100, group_id))
        seen = page(client, "u")
        assert ("@one_a_text" in seen) == (group_id == 1)
        shown.add("@two_a_text" in seen)
    assert len(shown) == 1


def test_requests_from_a_preview_are_sent_as_the_member_of_staff(client: Client) -> None:
    preview(client, AsLearner("ann"))
    seen = page(client)
    assert "/learner/teacher/handler/" in seen
    assert "/learner/ann/" not in seen
    assert "student=ann" not in seen


def test_a_preview_of_a_learner_shows_the_learners_arm_and_answers(client: Client) -> None:
    page(client, user_id="ann")
    group = get_group(COURSE_ID, 100, "ann")
    assert group is not None
    arm = "ab"[group.id - 1]
    assert is_correct(answer(client, f"exp_{arm}_problem", "ann"))

    preview(client, AsLearner("ann"))
    seen = page(client)
    assert f"Text of arm {group.id}" in seen
    assert f"Text of arm {3 - group.id}" not in seen
    assert 'value="yes"' in seen
    assert "You are viewing the course as learner “ann”." in seen


def test_a_preview_of_an_unassigned_learner_shows_the_group_they_would_be_assigned(
    client: Client,
) -> None:
    for number in range(10):
        user_id = f"user {number}"
        preview(client, AsLearner(user_id))
        seen = page(client)
        assert traces(user_id) == []
        assert f"Text of arm {assign_group(COURSE_ID, 100, user_id).id}" in seen


@pytest.mark.parametrize("wanted", [AsLearner("ann"), AsGroup("experiment", 100, 1)])
def test_a_preview_leaves_no_trace(client: Client, wanted: object) -> None:
    preview(client, wanted)
    seen = page(client)
    arm = "a" if "Text of arm 1" in seen else "b"
    for address in ("s", "exp", f"exp_{arm}", f"exp_{arm}_problem"):
        page(client, address)
    assert is_correct(answer(client, f"exp_{arm}_problem"))
    child_render = "block-v1:DemoX+Tests+2026+type@split_test+block@exp/log_child_render"
    assert client.post(f"/handler/{child_render}?student=teacher").status_code == 200
    position = "block-v1:DemoX+Tests+2026+type@sequential+block@s/goto_position"
    address = f"/handler/{position}?student=teacher"
    sent = {"position": 1}
    assert client.post(address, sent, content_type="application/json").status_code == 200

    assert traces("ann") == traces("teacher") == []


def test_a_preview_emits_no_event(
    client: Client, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    preview(client, AsLearner("ann"))
    caplog.clear()
    with django_capture_on_commit_callbacks(execute=True):
        page(client)
        usage_id = "block-v1:DemoX+Tests+2026+type@split_test+block@exp"
        client.post(f"/handler/{usage_id}/log_child_render?student=teacher")
    events = [each for each in caplog.records if each.name == "xblock_experiments.events"]
    assert events == []


def test_a_preview_does_not_show_the_own_answers_of_staff(client: Client) -> None:
    assert is_correct(answer(client, "exp_a_problem"))
    assert 'value="yes"' in page(client, "exp_a_problem")

    preview(client, AsGroup("experiment", 100, 1))
    assert 'value="yes"' not in page(client, "exp_a_problem")


def test_arms_of_other_groups_than_the_previewed_one_are_refused(client: Client) -> None:
    preview(client, AsGroup("experiment", 100, 1))
    assert "There is nothing for you to do here." in page(client, "exp_b")
    assert answer(client, "exp_b_problem").status_code == 403


def test_a_preview_ends_if_staff_end_it_or_start_editing(client: Client) -> None:
    for end in (
        lambda: preview(client, ""),
        lambda: client.get(f"/scenario/{NAME}.exp/studio_view/", {"student": "teacher"}),
    ):
        preview(client, AsGroup("experiment", 100, 1))
        assert "Text of arm 2" not in page(client)
        end()
        assert "Text of arm 2" in page(client)


def test_a_preview_applies_to_one_course_and_one_member_of_staff(
    client: Client, settings: Settings
) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher", "head"]}
    load_course(course_xml(split_test_xml()).replace('"2026"', '"2027"'))
    preview(client, AsGroup("experiment", 100, 1))

    assert "Text of arm 2" in page(client, user_id="head")
    other = client.get("/scenario/demox-tests-2027/", {"student": "teacher"})
    assert "Text of arm 2" in other.content.decode()


def test_learners_see_their_own_arm_even_if_they_request_a_preview(client: Client) -> None:
    page(client, user_id="ann")
    own = get_group(COURSE_ID, 100, "ann")
    assert own is not None
    other = AsGroup("experiment", 100, 3 - own.id)

    assert preview(client, other, user_id="ann") == 403
    session = client.session
    session["xblock_experiments_previews"] = {f"ann\n{COURSE_ID}": str(other)}
    session.save()
    for query in ("", f"&preview={other}", "&staff=1"):
        seen = client.get(f"/scenario/{NAME}.s/?student=ann{query}").content.decode()
        assert f"Text of arm {own.id}" in seen
        assert f"Text of arm {other.group_id}" not in seen
        assert "xbx-preview" not in seen


def test_an_invalid_preview_is_refused(client: Client) -> None:
    for wanted in ("x", "group.experiment.100", "group.experiment.-1.1", "learner.", "learner.\0"):
        assert preview(client, wanted) == 400
    assert client.get(f"/courses/{NAME}/preview/").status_code == 405
    assert client.post("/courses/nowhere/preview/").status_code == 404


def test_a_preview_never_redirects_to_another_site(client: Client) -> None:
    for there in ("https://example.com/", "//example.com", "javascript:alert(1)"):
        sent = {"student": "teacher", "preview": "", "next": there}
        response: Any = client.post(f"/courses/{NAME}/preview/", sent)
        assert response.url == "/"


def test_a_preview_of_a_removed_group_shows_the_course_as_to_a_new_learner(client: Client) -> None:
    salt = salt_of(COURSE_ID, experiment())
    newcomer = choose_group(experiment().groups, salt, "teacher").id
    for group_id in range(70, 80):
        preview(client, AsGroup("experiment", 100, group_id))
        seen = page(client)
        assert f"Text of arm {newcomer}" in seen
        assert f"Text of arm {3 - newcomer}" not in seen
    assert "This group no longer exists. You are viewing the course as a new learner." in seen
    segmentations.save_segmentations(COURSE_ID, [experiment(100, weights=(0, 0))])
    assert "There is nothing for you to do here." in page(client)


def test_a_preview_puts_nobody_into_a_group_that_only_staff_or_a_list_decides(
    block_in: Callable[[Runtime], CountingBlock],
) -> None:
    cohorts = segmentation(7, "cohort", (Group(1, "One"), Group(2, "Two")))
    segmentations.save_segmentations("demo", [cohorts, experiment(100)])
    segmentations.put_in_group("demo", 7, "bob", 2, type="cohort")

    def groups(user_id: str) -> list[int]:
        block = block_in(Runtime("teacher", preview=AsLearner(user_id)))
        service = block.runtime.service(block, "user_segmentation")
        return [group.id for group in service.groups(7, "cohort")]

    assert groups("ann") == []
    assert groups("bob") == [2]
    segmentations.put_in_group("demo", 7, "bob", 1, type="cohort")
    segmentations.save_segmentations("demo", [segmentation(7, "cohort", (Group(3, "Three"),))])
    assert groups("bob") == []


@pytest.mark.parametrize(
    "written",
    ["learner.ann", "learner.a.b c", "group.experiment.0.0", "group.a.b.1.2147483647"],
)
def test_a_preview_survives_a_round_trip_through_text(written: str) -> None:
    assert str(parse(written)) == written


@XBlock.needs("user_info", "user_segmentation")
class CountingBlock(XBlock):
    """Counts its calls in a tag."""

    def count(self) -> int:
        user_info = self.runtime.service(self, "user_info")
        counted = user_info.get(COURSE, "count", 0) + 1
        user_info.set(COURSE, "count", counted)
        return int(counted)


def test_tags_that_blocks_write_in_a_preview_are_discarded(
    block_in: Callable[[Runtime], CountingBlock],
) -> None:
    assert block_in(Runtime("ann")).count() == 1

    previewing = block_in(Runtime("teacher", preview=AsLearner("ann")))
    assert [previewing.count(), previewing.count()] == [2, 3]
    user_info = previewing.runtime.service(previewing, "user_info")
    assert user_info.items(COURSE) == {"counting.count": 3}
    assert user_info.delete(COURSE, "count")
    assert not user_info.delete(COURSE, "count")
    assert user_info.items(COURSE) == {}
    assert user_tags.get_tags("ann", "demo") == {"counting.count": 1}
    assert block_in(Runtime("ann")).count() == 2


def test_a_preview_of_a_group_starts_without_tags(
    block_in: Callable[[Runtime], CountingBlock],
) -> None:
    assert block_in(Runtime("teacher")).count() == 1
    previewing = block_in(Runtime("teacher", preview=AsGroup("experiment", 100, 1)))
    assert [previewing.count(), previewing.count()] == [1, 2]
    assert block_in(Runtime("teacher")).count() == 2


def test_a_preview_of_a_group_shows_state_shared_by_learners(client: Client) -> None:
    cloud = '<word_cloud url_name="cloud"/>'
    load_course(course_xml(f'<vertical url_name="u">{cloud}</vertical>'))
    address = "/handler/block-v1:DemoX+Tests+2026+type@word_cloud+block@cloud/handle_submit_state"
    sent = {"student_words": ["hello"]}
    response = client.post(f"{address}?student=ann", sent, content_type="application/json")
    assert response.status_code == 200
    preview(client, AsGroup("experiment", 100, 1))

    runtime = Runtime("teacher", preview=AsGroup("experiment", 100, 1))
    usage_id = address.split("/")[2]
    assert runtime.get_block(usage_id).all_words == {"hello": 1}


def test_a_page_without_frame_has_the_banner_too(client: Client) -> None:
    preview(client, AsGroup("experiment", 100, 1))
    seen = client.get(f"/view/{NAME}.s/", {"student": "teacher"}).content.decode()
    assert "Exit preview" in seen


@pytest.fixture
def block_in() -> Callable[[Runtime], CountingBlock]:
    def make(runtime: Runtime) -> CountingBlock:
        usage_id = "demo.counting.c.d0.u0"
        ids = ScopeIds(runtime.user_id, "counting", usage_id, usage_id)
        block: CountingBlock = runtime.construct_xblock_from_class(CountingBlock, ids)
        return block

    return make


def is_correct(response: Any) -> bool:
    return bool(response.json()["success"] == "correct")


@XBlock.needs("user_segmentation")
class AssigningBlock(XBlock):
    """A block of another package that assigns whoever looks at it."""

    def student_view(self, context: Any = None) -> Fragment:
        group = self.runtime.service(self, "user_segmentation").assign(100)
        return Fragment(group.name)

    author_view = student_view


@XBlock.register_temp_plugin(AssigningBlock, "assigning")
def test_an_author_who_looks_at_a_block_that_assigns_is_not_assigned() -> None:
    course = load_course(course_xml('<assigning url_name="a"/>'))

    shown = render(course, "teacher", "a", view="author_view", staff=True)
    assert get_group(COURSE_ID, 100, "teacher") is None

    render(course, "ann", "a")
    assert get_group(COURSE_ID, 100, "ann") is not None
    assert "Group" in shown
