"""Authors' texts keep their language and direction on pages in another language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from lxml import html
from pytest_django import Settings

from tests.builders import course_xml, segmentation, split_test_xml
from tests.panels import open_panel
from xblock_experiments.blocks.base.language import isolated
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.testing import LoadedCourse, load_course, render

pytestmark = pytest.mark.django_db

MARK = "§"
"""The beginning of each text that an author wrote."""
ARABIC = re.compile("[\u0600-\u06ff]")
NAME = "demox-tests-2026"
PAGES = (
    *((user, view) for user in ("ann", "teacher") for view in ("",)),
    ("teacher", "author_view/"),
    ("teacher", "studio_view/"),
)
BLOCKS = ("", ".chapter", ".lesson", ".unit", ".text", ".exp", ".exp_a")


@pytest.fixture(autouse=True)
def _staff(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "STAFF": ["teacher"]}


def spanish(language: str = ' language="es"') -> LoadedCourse:
    """Return a course whose texts all begin with a mark, with and without names of its blocks."""
    groups = (Group(1, f"{MARK}grupo 1"), Group(2, f"{MARK}grupo 2"))
    text = '<html url_name="text" display_name="§Texto">&lt;ul&gt;&lt;li&gt;§¿Qué?&lt;/li&gt;'
    unit = f'<vertical url_name="unit" display_name="§Unidad">{text}&lt;/ul&gt;</html></vertical>'
    arms = split_test_xml(display_name="§Prueba").replace("Unit of", "§Brazo")
    lesson = f'{unit}{arms.replace("Text of", "§Texto")}<vertical url_name="empty"/>'
    content = (
        f'<chapter url_name="chapter" display_name="§Capítulo">'
        f'<sequential url_name="lesson" display_name="§Lección">{lesson}</sequential>'
        f'<sequential url_name="nameless"/></chapter>'
    )
    found = segmentation(100, EXPERIMENT, groups, name="§Configuración", description="§Sí")
    xml = course_xml(content, segmentations=(found,)).replace("A course", "§Curso")
    return load_course(xml.replace("<course ", f"<course{language} ", 1))


def texts_of(page: str) -> Iterator[tuple[str, Any]]:
    """Yield each text of the page with its element."""
    tree: Any = html.document_fromstring(page)
    for element in tree.xpath("//body//*"):
        if element.tag not in ("script", "style"):
            texts = [element.text, *(child.tail for child in element)]
            yield from ((text.strip(), element) for text in texts if text and text.strip())


def lang(element: Any) -> str:
    """Return the language that is in effect for the element."""
    return str(element.xpath("ancestor-or-self::*[@lang][1]/@lang")[0])


def direction(element: Any) -> str:
    """Return the direction that is in effect for the element."""
    (nearest,) = element.xpath("ancestor-or-self::*[@dir or self::bdi][1]")
    return str(nearest.get("dir", "auto"))


def arabic(address: str, user: str) -> str:
    client = Client(headers={"accept-language": "ar"})
    return client.get(f"/scenario/{address}", {"student": user}).content.decode()


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(("user", "view"), PAGES)
def test_each_text_of_an_author_is_in_the_language_of_the_course(
    user: str, view: str, block: str
) -> None:
    spanish()
    page = arabic(f"{NAME}{block}/{view}", user)
    authors = [
        (text, lang(each), direction(each))
        for text, each in texts_of(page)
        if MARK in text and not ARABIC.search(text)
    ]

    assert authors
    assert [
        each for each in authors if each[1:] != ("es", "ltr") and each[1:] != ("es", "auto")
    ] == []


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(("user", "view"), PAGES)
def test_each_sentence_of_a_page_is_in_the_language_of_the_page(
    user: str, view: str, block: str
) -> None:
    spanish()
    page = arabic(f"{NAME}{block}/{view}", user)
    sentences = [
        (text, lang(each), direction(each))
        for text, each in texts_of(page)
        if ARABIC.search(text) and each.get("value") != "ar"
    ]

    assert sentences
    assert [each for each in sentences if each[1:] not in (("ar", "rtl"), ("ar", "auto"))] == []


def test_a_unit_that_comes_later_is_in_the_language_of_the_course() -> None:
    course = spanish()
    unit = "block-v1:DemoX+Tests+2026+type@vertical+block@unit"
    with translation.override("ar"):
        panel = open_panel(course, "ann", "lesson", unit)
    (element,) = (each for text, each in texts_of(panel) if text == "§¿Qué?")

    assert (lang(element), direction(element)) == ("es", "ltr")


def test_names_that_no_author_gave_are_in_the_language_of_the_page() -> None:
    spanish()
    named = {text: lang(each) for text, each in texts_of(arabic(f"{NAME}/", "ann"))}

    assert (named["§Lección"], named["درس"]) == ("es", "ar")


@pytest.mark.parametrize(
    ("written", "attributes"),
    [
        ("es", 'lang="es" dir="ltr"'),
        ("ar", 'lang="ar" dir="rtl"'),
        ("fa-IR", 'lang="fa-IR" dir="rtl"'),
        ("zh_HANT", 'lang="zh-HANT" dir="ltr"'),
        ("pa-Arab", 'lang="pa-Arab" dir="rtl"'),
        ("ar-Latn", 'lang="ar-Latn" dir="ltr"'),
        ("", 'lang="en-us"'),
        ("2", 'lang="en-us"'),
        ("es&quot; onclick=&quot;alert(1)", 'lang="en-us"'),
    ],
)
def test_the_language_of_a_course_decides_the_direction_of_its_texts(
    written: str, attributes: str
) -> None:
    course = spanish(f' language="{written}"')

    with translation.override("eo"):
        assert f"<bdi {attributes}>§Lección</bdi>" in render(course, "ann", "lesson")


def test_a_course_that_names_no_language_lets_each_text_show_its_own_direction() -> None:
    course = spanish(language="")
    with translation.override("es"):
        assert '<div lang="en-us" dir="auto">' in render(course, "ann", "unit")
    assert '<div dir="auto">' in render(course, "ann", "unit")


def test_a_page_in_the_language_of_the_course_is_not_marked() -> None:
    course = spanish()
    with translation.override("es"):
        page = render(course, "ann", "lesson")

    assert '<bdi dir="ltr">§Lección</bdi>' in page
    assert "lang=" not in page


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("en", "C++", "C++"),
        ("en", "مجموعة", "\u2068مجموعة\u2069"),
        ("es", "مجموعة (3)", "\u2068مجموعة (3)\u2069"),
        ("en", "a\u202eb", "\u2068a\u202eb\u2069"),
        ("ar", "C++", "\u2068C++\u2069"),
        ("ar", "مجموعة", "\u2068مجموعة\u2069"),
    ],
)
def test_a_name_in_a_sentence_is_isolated_if_its_direction_may_be_another(
    page: str, text: str, expected: str
) -> None:
    with translation.override(page):
        assert isolated(text) == expected
