"""Sessions that expire, previews that outlive them, and pages that browsers must not keep."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from workbench.models import XBlockState

from tests.builders import COURSE_ID, course_xml, experiment, split_test_xml
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.experiments.api import get_group
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.services.preview import AsGroup, AsLearner
from xblock_experiments.testing import load_course

pytestmark = pytest.mark.django_db

NAME = "demox-tests-2026"
PROBLEM = (
    '<problem url_name="{url_name}"><stringresponse answer="yes"><label>Ready?</label>'
    "<textline/></stringresponse></problem>"
)
NOBODY = "Nobody with this ID has been here yet."
EXPIRED = "Your session had expired, so nothing was saved. Please try again."


@pytest.fixture(autouse=True)
def _course(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}
    xml = split_test_xml()
    for arm in "ab":
        problem = PROBLEM.format(url_name=f"exp_{arm}_problem")
        xml = xml.replace(f'<html url_name="exp_{arm}', f'{problem}<html url_name="exp_{arm}')
    load_course(course_xml(f'<sequential url_name="s">{xml}</sequential>'))


def get(client: Client, address: str, user_id: str = "teacher") -> Any:
    return client.get(f"/scenario/{NAME}.{address}/", {"student": user_id})


def page(client: Client, address: str = "s", user_id: str = "teacher") -> str:
    return unescape(get(client, address, user_id).content.decode())


def preview(client: Client, wanted: object, there: str = "/there") -> Any:
    sent = {"student": "teacher", "preview": str(wanted), "next": there}
    return client.post(f"/courses/{NAME}/preview/", sent)


def handlers_in(seen: str) -> str:
    (base,) = re.findall('data-handlers="(.*?)"', seen)
    return str(base)


# The session


def test_a_script_whose_session_expired_is_told_so_and_succeeds_with_its_next_attempt() -> None:
    client = Client(enforce_csrf_checks=True)
    address = "/handler/block-v1:DemoX+Tests+2026+type@sequential+block@s/goto_position"

    def send() -> Any:
        token = client.cookies["csrftoken"].value if client.cookies else ""
        headers = {"X-CSRFToken": token, "Accept": "application/json, */*; q=0.01"}
        sent = {"position": 1}
        return client.post(address, sent, content_type="application/json", headers=headers)

    refused = send()
    assert (refused.status_code, refused.json()) == (403, {"error": EXPIRED, "is_expired": True})
    assert send().status_code == 200


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        (f"http://testserver/scenario/{NAME}.s/?student=ann", f"/scenario/{NAME}.s/?student=ann"),
        ("https://example.com/", "/"),
        ("", "/"),
    ],
)
def test_a_form_whose_session_expired_leads_back_to_its_page(referer: str, back: str) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Accept": "text/html,*/*;q=0.8", "Referer": referer, "Accept-Language": "es"}
    refused = client.post("/language/", {"language": "es"}, headers=headers)
    seen = refused.content.decode()

    assert refused.status_code == 403
    assert "Su sesión ha caducado." in seen
    assert f'{back}">Volver a abrir la página</a>' in seen


@pytest.mark.parametrize(
    ("address", "user_id", "is_kept"),
    [("s", "teacher", False), ("exp/studio_view", "teacher", False), ("s", "ann", True)],
)
def test_browsers_get_the_pages_of_staff_anew_when_they_go_back(
    client: Client, address: str, user_id: str, is_kept: bool
) -> None:
    response = get(client, address, user_id)

    assert ("no-store" not in response.headers.get("Cache-Control", "")) == is_kept


# Previews


@pytest.mark.parametrize("wanted", [AsLearner("a/b"), AsGroup("experiment", 100, 1)])
def test_a_page_in_a_preview_stores_nothing_when_its_session_has_expired(
    client: Client, wanted: object
) -> None:
    preview(client, wanted)
    seen = page(client)
    client.cookies.clear()
    arm = "a" if "Text of arm 1" in seen else "b"
    url_name = f"exp_{arm}_problem"
    usage_id = f"block-v1:DemoX+Tests+2026+type@problem+block@{url_name}"
    answered = client.post(
        f"{handlers_in(seen)}{usage_id}/xmodule_handler/problem_check?student=teacher",
        {f"input_{url_name}_2_1": "yes"},
    )
    (problem_url,) = re.findall(f'data-url="([^"]*{url_name}[^"]*)"', seen)[:1]
    answered_by_url = client.post(f"{problem_url}/problem_check", {f"input_{url_name}_2_1": "yes"})

    assert answered.json()["success"] == answered_by_url.json()["success"] == "correct"
    assert list(XBlockState.objects.exclude(user_id=None).exclude(state="{}")) == []
    assert get_group(COURSE_ID, 100, "teacher") is None
    assert not get_scores(COURSE_ID, "teacher")


def test_only_staff_can_use_the_addresses_of_a_preview(client: Client) -> None:
    preview(client, AsLearner("ann"))
    base = handlers_in(page(client))
    usage_id = "block-v1:DemoX+Tests+2026+type@sequential+block@s"

    def status(base: str, user_id: str) -> int:
        address = f"{base}{usage_id}/goto_position?student={user_id}"
        return client.post(address, {"position": 1}, content_type="application/json").status_code

    assert status(base, "teacher") == 200
    assert status(base, "bob") == 403
    assert status("/preview/nonsense/handler/", "teacher") == 404


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (
            f"/scenario/{NAME}.exp/author_view/?student=teacher",
            f"/scenario/{NAME}.exp/?student=teacher",
        ),
        (f"/scenario/{NAME}/studio_view/?student=teacher#x", f"/scenario/{NAME}/?student=teacher"),
        (f"/scenario/{NAME}.s/?student=teacher", f"/scenario/{NAME}.s/?student=teacher"),
        ("/there?x=1", "/there?x=1"),
    ],
)
def test_a_preview_from_a_page_of_authors_goes_to_the_page_of_learners(
    client: Client, here: str, there: str
) -> None:
    assert preview(client, AsGroup("experiment", 100, 1), here)["Location"] == there


def test_a_preview_by_an_id_that_nobody_has_says_so(client: Client) -> None:
    preview(client, AsLearner("anne"))
    assert NOBODY in page(client)

    page(client, user_id="ann")
    preview(client, AsLearner("ann"))
    assert NOBODY not in page(client)
    preview(client, AsLearner("teacher"))
    assert NOBODY not in page(client)
    preview(client, AsGroup("experiment", 100, 1))
    assert NOBODY not in page(client)


def test_a_learner_is_known_by_anything_that_is_stored(client: Client) -> None:
    segmentations.save_segmentations("elsewhere", [experiment(7)])
    segmentations.put_in_group("elsewhere", 7, "member", 1, type="experiment")
    XBlockState.objects.create(scope="usage", scope_id="x", user_id="answered", state='{"a": 1}')

    for user_id in ("member", "answered"):
        preview(client, AsLearner(user_id))
        assert NOBODY not in page(client)


# The language


def test_a_visitor_can_switch_the_language_of_all_pages(client: Client) -> None:
    address = f"/scenario/{NAME}.s/?student=ann"
    switched = client.post("/language/", {"language": "es", "next": address})
    seen = client.get(switched["Location"]).content.decode()

    assert switched["Location"] == address
    assert '<html lang="es" dir="ltr"' in seen
    assert re.findall('value="(..)" lang="(..)"', seen) == [("en",) * 2, ("es",) * 2, ("ar",) * 2]
    assert (
        '<button name="language" value="es" lang="es" aria-current="true">Español</button>' in seen
    )


@pytest.mark.parametrize("there", ["https://example.com/", "//example.com", "javascript:alert(1)"])
def test_a_switch_of_the_language_never_leads_to_another_site(client: Client, there: str) -> None:
    assert client.post("/language/", {"language": "es", "next": there})["Location"] == "/"


def test_the_page_for_users_who_are_not_staff_has_the_switch_too(client: Client) -> None:
    refused = get(client, "s/author_view", "ann")

    assert refused.status_code == 403
    assert 'name="language" value="ar"' in refused.content.decode()
