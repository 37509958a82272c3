"""Text that authors and learners type is shown as text on every page and never becomes markup."""

from __future__ import annotations

import json
from collections import Counter
from html import escape
from typing import Any

import pytest
from django.test import Client
from lxml import html
from pytest_django import Settings

from tests.answers import send_json
from xblock_experiments.services.preview import AsLearner
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_staff")]

PLAIN = "plain"
HOSTILE = {
    "markup": "<b>bold</b><img src=x onerror=alert(1)>",
    "script": "</script><script>alert(1)</script>",
    "quotes": """"'><svg onload="alert(1)">""",
    "template": "{{ 7|add:7 }}{% load x %}{name}{0}%s%(x)s",
    "bidi": "\u202edlrow\u202c \u2066olleh\u2069",
    "entity": "&lt;b&gt;&amp;&#x27;",
    "long": "x" * 10_000,
    "comment": "--><!--[CDATA[]]>",
    "url": "javascript:alert(1)",
}
VIEWS = ("student_view", "author_view", "studio_view")


@pytest.fixture
def _staff(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}


def course(text: str) -> LoadedCourse:
    """Return a course that has the text as each name, in the mapping and in attributes."""
    partition = {
        "id": 100,
        "name": text,
        "description": text,
        "scheme": "random",
        "parameters": {"salt": "s", text: text},
        "version": 3,
        "groups": [{"id": number, "name": text, "version": 1} for number in (1, 2, 3)],
    }
    inert = {**partition, "id": 101, "scheme": "cohort"}
    mapping = {"1": "a", "2": text, text: "a"}
    name = escape(text)
    partitions, mapped = (escape(json.dumps(each)) for each in ([partition, inert], mapping))
    return load_course(
        f'<course org="DemoX" course="Tests" url_name="2026" display_name="{name}" '
        f'user_partitions="{partitions}" odd="{name}"><chapter url_name="c" display_name="{name}">'
        f'<sequential url_name="s" display_name="{name}"><vertical url_name="u" '
        f'display_name="{name}"><split_test url_name="exp" user_partition_id="100" '
        f'display_name="{name}" odd="{name}" group_id_to_child="{mapped}">'
        f'<vertical url_name="a" display_name="{name}"/><vertical url_name="b" '
        f'display_name="{name}"/></split_test></vertical></sequential></chapter></course>'
    )


def skeleton(page: str) -> Counter[tuple[str, tuple[str, ...]]]:
    """Each element of a page with the names of its attributes."""
    elements = html.document_fromstring(page).iter("*")
    return Counter((str(each.tag), tuple(sorted(map(str, each.attrib)))) for each in elements)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("url_name", ["2026", "c", "s", "u", "exp", "a"])
def test_a_name_adds_no_element_and_no_attribute(text: str, view: str, url_name: str) -> None:
    for user_id in ("teacher", "ann"):
        pages = [
            render(course(each), user_id, url_name, view=view, staff=user_id == "teacher")
            for each in (PLAIN, text)
        ]
        plain, hostile = map(skeleton, pages)
        assert hostile == plain


def test_a_name_with_direction_marks_does_not_change_the_direction_of_its_sentence() -> None:
    page = render(course(HOSTILE["bidi"]), "teacher", "exp", staff=True)
    assert f"“\u2068{HOSTILE['bidi']}\u2069”" in page


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_name_is_text_in_the_page_around_a_block_too(text: str, client: Client) -> None:
    addresses = [
        f"{block}{view}" for block in ("", ".exp", ".a") for view in ("/", "/studio_view/")
    ]
    found = []
    for each in (PLAIN, text):
        course(each)
        for preview in ("", str(AsLearner("ann"))):
            sent = {"student": "teacher", "preview": preview, "next": "/"}
            client.post("/courses/demox-tests-2026/preview/", sent)
            found += [
                skeleton(
                    client.get(
                        f"/scenario/demox-tests-2026{address}", {"student": "teacher"}
                    ).content.decode()
                )
                for address in addresses
            ]
    half = len(found) // 2
    assert found[half:] == found[:half]


@pytest.mark.parametrize("text", [HOSTILE[each] for each in ("markup", "quotes", "script")])
def test_the_id_of_a_learner_is_text(text: str, client: Client) -> None:
    course(PLAIN)
    sent = {"student": "teacher", "preview": f"learner.{text}", "next": "/"}
    assert client.post("/courses/demox-tests-2026/preview/", sent).status_code == 302
    for student in ("teacher", text):
        page = client.get("/scenario/demox-tests-2026.s/", {"student": student}).content.decode()
        assert "alert(1)" not in page.replace(escape(text), "")
        assert not any("onerror" in names for _, names in skeleton(page))


@pytest.mark.parametrize("text", [HOSTILE[each] for each in ("markup", "quotes", "script", "bidi")])
def test_a_name_saved_by_a_form_is_shown_as_text(text: str) -> None:
    made = course(PLAIN)
    before = [skeleton(render(made, "teacher", "exp", view=each, staff=True)) for each in VIEWS]
    sent: Any = {"values": {"display_name": text}, "defaults": []}
    response = send_json(made, "teacher", "exp", "submit_studio_edits", sent, staff=True)
    assert response.status_code == 200
    assert find_block(made, None, "exp").display_name == text
    after = [skeleton(render(made, "teacher", "exp", view=each, staff=True)) for each in VIEWS]
    assert after == before


def test_our_pages_have_no_inline_script_or_style() -> None:
    """Check for inline code and styles, which a strict Content-Security-Policy forbids."""
    made = course(PLAIN)
    for view in VIEWS:
        for url_name in ("2026", "s", "u", "exp", "a"):
            for staff in (True, False):
                page = html.fromstring(render(made, "x", url_name, view=view, staff=staff))
                for element in page.iter("*"):
                    assert element.tag != "style"
                    assert element.tag != "script" or element.get("src")
                    assert not [name for name in element.attrib if str(name).startswith("on")]
                    assert "style" not in element.attrib


def test_the_page_around_our_blocks_has_no_inline_script_or_style(client: Client) -> None:
    course(PLAIN)
    for address in ("", ".exp", ".exp/studio_view", "/studio_view", ".a/studio_view"):
        response = client.get(f"/scenario/demox-tests-2026{address}/", {"student": "teacher"})
        for element in html.document_fromstring(response.content.decode()).iter("*"):
            assert element.tag != "style"
            assert element.tag != "script" or element.get("src")
            assert "style" not in element.attrib
