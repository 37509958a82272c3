"""Files of exports that are older than 2014, or in folders of their own."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.answers import body_of, send
from tests.panels import all_of
from tests.test_export import check_round_trip, write_course
from xblock_experiments.olx.archives import unpack
from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.untrusted import Limits, OlxError
from xblock_experiments.testing import load_course, render
from xblock_experiments.workbench.import_export.reading import read

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]


@pytest.mark.parametrize(
    ("element", "files"),
    [
        (
            '<html url_name="moon:ebb"/>',
            {"html/moon/ebb.xml": '<html filename="ebb"/>', "html/moon/ebb.html": ""},
        ),
        ('<html url_name="moon:ebb"/>', {"html/moon/ebb.html": ""}),
        ('<html url_name="moon:ebb" filename="ebb"/>', {"html/ebb.html": ""}),
        ('<html url_name="neap" filename="neap.html"/>', {"html/neap.html": ""}),
        ('<html url_name="spring" filename="html/spring"/>', {"html/spring.html": ""}),
        ('<html url_name="spring" filename="html/spring.html"/>', {"html/spring.html": ""}),
        ('<html url_name="slack" filename="old/text/slack"/>', {"text/slack.html": ""}),
    ],
)
def test_a_text_is_found_by_each_form_of_its_filename(
    element: str, files: Mapping[str, str], tmp_path: Path
) -> None:
    files = {name: text or "<p>The words</p>" for name, text in files.items()}
    source = write_course(
        tmp_path / "source", f'<vertical url_name="u">{element}</vertical>', files
    )
    course = load_course(source)

    assert course.problems == () or "text/: not used" in course.problems
    assert "The words" in render(course, "ann", "u")
    exported = check_round_trip(source, tmp_path)
    assert any(b"The words" in text for name, text in exported.items() if name.endswith(".html"))


def test_an_element_may_name_the_file_of_its_definition(tmp_path: Path) -> None:
    question = "<stringresponse answer='yes'><label>{}</label><textline/></stringresponse>"
    files = {
        "sequential/lesson.xml": (
            '<sequential display_name="In the file">'
            '<vertical url_name="u" filename="unit"/></sequential>'
        ),
        "vertical/unit.xml": (
            "<vertical><html>The words</html>"
            '<problem url_name="p" filename="tide" display_name="Own"/>'
            '<problem url_name="q" filename="old"/></vertical>'
        ),
        "problem/tide.xml": f'<problem display_name="Other">{question.format("Tide?")}</problem>',
        "problems/old.xml": f"<problem>{question.format('Old?')}</problem>",
    }
    source = write_course(
        tmp_path / "source", '<sequential url_name="s" filename="lesson"/>', files
    )
    course = load_course(source)

    assert course.problems == ()
    page = "".join(all_of(course, "ann", "s"))
    assert "The words" in page
    assert "Own" in page
    assert "Tide?" in body_of(send(course, "ann", "p", "problem_get"))["html"]
    assert "Old?" in body_of(send(course, "ann", "q", "problem_get"))["html"]
    exported = check_round_trip(source, tmp_path)
    assert b"Tide?" in exported["problem/p.xml"]


def test_a_missing_definition_is_named(tmp_path: Path) -> None:
    source = write_course(tmp_path, '<problem url_name="p" filename="gone"/>')

    (problem,) = load_course(source).problems
    assert problem == "problem/gone.xml: it is missing, but course/2026.xml points to it"


@pytest.mark.parametrize("root", ["video", "problemset", "section"])
def test_the_pointer_decides_about_the_type_of_a_file(root: str, tmp_path: Path) -> None:
    files = {"vertical/a.xml": f'<{root} display_name="A"><html>The words</html></{root}>'}
    source = write_course(tmp_path / "source", '<vertical url_name="a"/>', files)
    course = load_course(source)

    assert "The words" in render(course, "ann", "a")
    assert course.problems == (f"vertical/a.xml: it holds a <{root}>, read as a <vertical>",)
    check_round_trip(source, tmp_path)


@pytest.mark.parametrize("element", ['<html filename="big"/>', '<problem filename="big"/>'])
def test_one_file_that_many_elements_name_does_not_exceed_the_limits(
    element: str, tmp_path: Path
) -> None:
    files = {"html/big.html": "x" * 1000, "problem/big.xml": f"<problem>{'x' * 1000}</problem>"}
    source = write_course(tmp_path, element * 100, files)

    with pytest.raises(OlxError, match="The course has more than 50000 bytes"):
        read(Olx.open(source, limits=Limits(bytes=50_000)), "name")


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_a_course_is_found_at_any_depth_of_an_archive(depth: int, tmp_path: Path) -> None:
    source = write_course(tmp_path / "course", '<html url_name="h">The words</html>')
    archive = tmp_path / "course.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, "/".join(["folder"] * depth) or ".")
    unpack(archive, tmp_path / "unpacked")

    for path in (archive, tmp_path / "unpacked"):
        assert "The words" in render(load_course(path), "ann", "h")


def test_the_highest_course_of_an_archive_is_read(tmp_path: Path) -> None:
    write_course(tmp_path / "a" / "b" / "c", '<html url_name="h">Deep</html>')
    write_course(tmp_path / "z", '<html url_name="h">High</html>')

    assert "High" in render(load_course(tmp_path), "ann", "h")
