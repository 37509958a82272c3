"""The pages of tags in Django's admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from tests.blocks import user_info
from tests.builders import COURSE_ID
from tests.recording import recording
from xblock_experiments.events import TagChanged
from xblock_experiments.services import COURSE, GLOBAL
from xblock_experiments.user_tags import api
from xblock_experiments.user_tags.data import MAX_VALUE_BYTES

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

APP = "xblock_experiments_user_tags"
PAGES = f"/admin/{APP}/tag/"
HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(autouse=True)
def _tags() -> None:
    for user_id in ("ann", "Ann", "ann lee", "annabel"):
        user_info(user_id).set(COURSE, "name", f"of {user_id}")
    user_info("ann").set(GLOBAL, "speed", 3)


@pytest.fixture
def _with_writes(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {"ADMIN_WRITES": True}


def page_of(key: str, user_id: str = "ann") -> str:
    return f"{PAGES}{apps.get_model(APP, 'Tag').objects.get(key=key, user_id=user_id).pk}/change/"


def listed(client: Client, search: str) -> list[tuple[str, str]]:
    text = client.get(PAGES, {"q": search}).content.decode()
    cells = r'field-user_id">(?:<a[^>]*>)?([^<]*)<.*?field-key">([^<]*)<'
    return re.findall(cells, text, re.DOTALL)


def test_searching_for_a_user_id_lists_that_users_tags(admin_client: Client) -> None:
    assert listed(admin_client, "ann") == [("ann", "hint.speed"), ("ann", "hint.name")]
    assert listed(admin_client, "ann lee") == [("ann lee", "hint.name")]
    assert listed(admin_client, "an") == []


def test_tags_are_not_listed_without_a_user_id(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    # The first page of a process loads the scenarios of all packages.
    listed(admin_client, "")
    with django_assert_max_num_queries(20) as queries:
        assert listed(admin_client, "") == []
    assert not [each for each in queries.captured_queries if "tag" in each["sql"].split("WHERE")[0]]


def test_the_contents_of_a_tag_are_shown_as_text(admin_client: Client) -> None:
    api.set_tag(HOSTILE, COURSE_ID, f"hint.{HOSTILE}", {HOSTILE: HOSTILE})
    pages = [
        admin_client.get(PAGES, {"q": HOSTILE}),
        admin_client.get(page_of(f"hint.{HOSTILE}", HOSTILE)),
    ]

    for page in pages:
        assert HOSTILE not in page.content.decode()
        assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page.content.decode()


def test_tags_are_read_only_unless_the_site_allows_writes(admin_client: Client) -> None:
    page = page_of("hint.name")
    shown = admin_client.get(page).content.decode()
    assert "of ann" in shown
    assert 'name="value"' not in shown
    for address, sent in (
        (page, {"value": "1"}),
        (page.replace("change", "delete"), {"post": "yes"}),
        (f"{PAGES}add/", {"value": "1"}),
    ):
        assert admin_client.post(address, sent).status_code == 403

    assert user_info().items(COURSE) == {"hint.name": "of ann"}


@pytest.mark.usefixtures("_with_writes")
def test_with_writes_allowed_a_value_is_changed_as_by_a_block(
    admin_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    sent = {"value": '{"b": [1], "a": null}', "key": "hint.other", "user_id": "bob"}
    with recording() as recorded, django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(page_of("hint.name"), sent).status_code == 302

    assert user_info().items(COURSE) == {"hint.name": {"a": None, "b": [1]}}
    user_info().set(COURSE, "name", "new", expected={"b": [1], "a": None})
    (changed,) = recorded.of(TagChanged)
    assert (changed.course_id, changed.user_id, changed.key) == (COURSE_ID, "ann", "hint.name")


@pytest.mark.usefixtures("_with_writes")
@pytest.mark.parametrize(
    "value", ["", "text", "{", "NaN", "[" * 100_000, '"' + "x" * MAX_VALUE_BYTES + '"']
)
def test_a_value_that_no_block_could_set_is_refused(admin_client: Client, value: str) -> None:
    answer = admin_client.post(page_of("hint.name"), {"value": value})

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert user_info().get(COURSE, "name") == "of ann"


@pytest.mark.usefixtures("_with_writes")
def test_tags_are_deleted_one_by_one_or_together(
    admin_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    chosen = [page_of("hint.name", user_id).split("/")[-3] for user_id in ("ann lee", "annabel")]
    sent = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    with recording() as recorded, django_capture_on_commit_callbacks(execute=True):
        admin_client.post(page_of("hint.speed").replace("change", "delete"), {"post": "yes"})
        for user_id in ("ann lee", "annabel"):
            admin_client.post(f"{PAGES}?q={user_id}", sent)

    left = apps.get_model(APP, "Tag").objects.order_by("user_id").values_list("user_id", "key")
    assert sorted(left) == [("Ann", "hint.name"), ("ann", "hint.name")]
    assert [(each.course_id, each.user_id, each.deleted) for each in recorded.of(TagChanged)] == [
        (None, "ann", True),
        (COURSE_ID, "ann lee", True),
        (COURSE_ID, "annabel", True),
    ]


@pytest.mark.usefixtures("_with_writes")
def test_the_admin_log_does_not_name_the_user(admin_client: Client) -> None:
    admin_client.post(page_of("hint.name", "annabel"), {"value": "1"})
    admin_client.post(page_of("hint.name", "annabel").replace("change", "delete"), {"post": "yes"})
    chosen = page_of("hint.name", "ann lee").split("/")[-3]
    sent = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    admin_client.post(f"{PAGES}?q=ann lee", sent)

    noted = list(LogEntry.objects.values())
    assert len(noted) == 3
    assert "ann" not in str(noted)


@pytest.mark.usefixtures("_with_writes")
def test_the_pages_require_djangos_permissions(client: Client) -> None:
    member = User.objects.create_user("member", is_staff=True)
    client.force_login(member)
    assert client.get(page_of("hint.name")).status_code == 403
    member.user_permissions.add(Permission.objects.get(codename="view_tag"))

    assert client.get(page_of("hint.name")).status_code == 200
    assert client.post(page_of("hint.name"), {"value": "1"}).status_code == 403
