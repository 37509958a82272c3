"""Every event of a request has its user's context."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from tests.recording import RecordedEvents, recording
from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.events.middleware import course_id_in, knows_the_user
from xblock_experiments.testing import load_course

pytestmark = pytest.mark.django_db

UNIT = (
    f'<chapter><sequential><vertical url_name="unit">{split_test_xml()}</vertical>'
    "</sequential></chapter>"
)


@pytest.fixture
def recorded(client: Client) -> Iterator[RecordedEvents]:
    client.get("/")  # publishes the demo course
    with recording() as recorded:
        yield recorded


@pytest.mark.parametrize(
    ("path", "course_id"),
    [
        ("/courses/course-v1:edX+DemoX+1/courseware/", "course-v1:edX+DemoX+1"),
        ("/api/courseware/course/course-v1:edX+DemoX+1", "course-v1:edX+DemoX+1"),
        ("/xblock/block-v1:edX+DemoX+1+type@vertical+block@a", "course-v1:edX+DemoX+1"),
        (
            "/courses/course-v1:edX+DemoX+1/xblock/block-v1:edX+DemoX+1+type@html+block@a/handler",
            "course-v1:edX+DemoX+1",
        ),
        (
            "/xblock/block-v1:edX+DemoX+1+branch@draft-branch+type@vertical+block@a",
            "course-v1:edX+DemoX+1",
        ),
        ("/courses/edX/DemoX/2014/progress", "edX/DemoX/2014"),
        ("/courses/edX/101/", None),
        ("/courses/", None),
        ("/xblock/block-v1:nonsense", None),
        ("/account/a:b", None),
        ("/", None),
    ],
)
def test_the_course_of_a_request_is_found_in_its_path(path: str, course_id: str | None) -> None:
    assert course_id_in(path) == course_id


@pytest.mark.parametrize(
    ("user", "user_id"),
    [
        (SimpleNamespace(is_authenticated=True, pk=17), "17"),
        (SimpleNamespace(is_authenticated=False, pk=None), None),
        (None, None),
    ],
)
def test_on_a_site_with_accounts_the_context_has_the_requests_user(
    user: Any, user_id: str | None
) -> None:
    found = []

    def respond(request: Any) -> HttpResponse:
        found.append(events.current())
        return HttpResponse()

    request = RequestFactory().get(f"/courses/{COURSE_ID}/")
    if user:
        request.user = user
    knows_the_user(respond)(request)

    assert found[0] is not None
    assert (found[0].course_id, found[0].user_id) == (COURSE_ID, user_id)
    assert events.current() is None


def test_a_request_outside_courses_has_no_context() -> None:
    def respond(request: Any) -> HttpResponse:
        assert events.current() is None
        return HttpResponse()

    knows_the_user(respond)(RequestFactory().get("/dashboard"))


def test_events_of_a_workbench_page_have_the_learners_full_context(
    recorded: RecordedEvents, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    load_course(course_xml(UNIT, segmentations=(experiment(100), experiment(200))))
    segmentations.put_in_group(COURSE_ID, 200, "ann", 2, type="experiment")
    recorded.entries.clear()
    with django_capture_on_commit_callbacks(execute=True):
        client.get("/scenario/demox-tests-2026.unit/?student=ann")

    assert recorded.names == [events.ASSIGNED, events.EXPOSED]
    (assigned,) = recorded.of(events.AssignedUserToPartition)
    for _, context in recorded.entries:
        assert (context["course_id"], context["user_id"]) == (COURSE_ID, "ann")
        assert context["course_user_groups"] == {
            "experiment.100": [assigned.group_id],
            "experiment.200": [2],
        }


def test_events_sent_by_a_browser_have_the_learners_groups(
    recorded: RecordedEvents, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    load_course(course_xml(UNIT))
    segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
    usage_id = f"{COURSE_ID.replace('course', 'block')}+type@split_test+block@exp"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/learner/ann/handler/{usage_id}/log_child_render/", {})
        client.post(f"/handler/{usage_id}/log_child_render/?student=ann", {})

    assert [each["course_user_groups"] for each in recorded.contexts(events.ChildRender)] == [
        {"experiment.100": [2]},
        {"experiment.100": [2]},
    ]


def test_one_event_is_emitted_when_staff_start_a_preview_and_none_for_learners(
    recorded: RecordedEvents, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    load_course(course_xml(UNIT))
    recorded.entries.clear()
    with django_capture_on_commit_callbacks(execute=True):
        for student, preview in [
            ("teacher", "group.experiment.100.2"),
            ("teacher", ""),
            ("ann", "group.experiment.100.2"),
        ]:
            client.post(
                "/courses/demox-tests-2026/preview/",
                {"student": student, "preview": preview, "next": "/scenario/demox-tests-2026/"},
            )

    (entered,) = recorded.of(events.PreviewEntered)
    assert (entered.course_id, entered.user_id) == (COURSE_ID, "teacher")
    assert entered.preview == "group.experiment.100.2"
    assert recorded.names == [events.PREVIEW_ENTERED]
