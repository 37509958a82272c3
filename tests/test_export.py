"""An exported course is imported as the same course, here and on Open edX."""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock
from xml.sax.saxutils import quoteattr

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pytest_django import Settings
from xblock.core import XBlock

from tests.builders import course_xml, split_test_xml
from xblock_experiments.testing import LoadedCourse, find_block, load_course, runtime_for
from xblock_experiments.workbench.courses.course import AuthoredBlock, CourseBlocks
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.import_export.block_xml import NotWritten
from xblock_experiments.workbench.import_export.exporting import export_block, export_course
from xblock_experiments.workbench.import_export.files import FilesWriter

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

ROOT = Path(__file__).parents[1]
ENERGY = ROOT / "workbench" / "energy"
KINDS = ROOT / "tests" / "data" / "kinds"
REAL = ROOT.parent / "shared" / "courses" / "openedx-test-course"
NO_EXPORT = pytest.mark.skipif(not REAL.is_dir(), reason=f"there is no course export at {REAL}")
COURSES = [
    pytest.param(ENERGY, id="energy"),
    pytest.param(KINDS, id="kinds"),
    pytest.param(REAL, id="real", marks=NO_EXPORT),
]

POINTER = '<course org="Org" course="Heat" url_name="2026"/>'
COURSE_ID = "course-v1:Org+Heat+2026"
RUN = "course/2026.xml"
POLICY = "policies/2026/policy.json"
CONTAINERS = ["chapter", "sequential", "vertical", "split_test"]
STRUCTURES = {"course", "course.xml", "policies", *CONTAINERS}


def write_course(folder: Path, content: str = "", files: Mapping[str, str | bytes] = {}) -> Path:
    """Write a course whose root element has the content, and return its folder."""
    root = {"course.xml": POINTER, RUN: f"<course>{content}</course>"}
    for name, text in {**root, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def blocks_of(course: LoadedCourse) -> CourseBlocks:
    blocks = registry.course_of(course.usage_id)
    assert blocks is not None
    return blocks


def export(course: LoadedCourse, folder: Path) -> dict[str, bytes]:
    export_course(blocks_of(course), folder)
    return files_in(folder)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def content_of(course: LoadedCourse) -> dict[str, Any]:
    """Return all that authors wrote in the course, as JSON."""
    blocks = blocks_of(course)
    content = {
        "types": {str(id): block.type for id, block in blocks.blocks.items()},
        "values": {str(id): block.fields for id, block in blocks.blocks.items()},
        "inherited": {str(id): block.inherited for id, block in blocks.blocks.items()},
        "placeholders": sorted(
            str(id) for id, block in blocks.blocks.items() if block.is_placeholder
        ),
    }
    return dict(json.loads(json.dumps(content, default=str)))


def check_round_trip(source: Path, folder: Path) -> dict[str, bytes]:
    """Import, export, import and export again; check that courses and files are equal."""
    course = load_course(source)
    content = content_of(course)
    once = export(course, folder / "once")
    again = load_course(folder / "once")

    assert again.course_id == course.course_id
    assert content_of(again) == content
    assert export(again, folder / "twice") == once
    return once


@pytest.mark.parametrize("source", COURSES)
def test_an_exported_course_is_imported_unchanged_and_exported_to_the_same_bytes(
    source: Path, tmp_path: Path
) -> None:
    files = check_round_trip(source, tmp_path)

    assert files.keys() == files_in(source).keys()


@pytest.mark.parametrize("source", COURSES)
def test_a_second_import_has_no_new_problems(source: Path, tmp_path: Path) -> None:
    course = load_course(source)
    export(course, tmp_path / "course")

    assert set(load_course(tmp_path / "course").problems) <= set(course.problems)


@pytest.mark.parametrize("source", COURSES)
def test_files_other_than_structures_are_written_unchanged(source: Path, tmp_path: Path) -> None:
    files = export(load_course(source), tmp_path / "course")

    for name, data in files_in(source).items():
        if name.split("/")[0] not in STRUCTURES:
            assert as_read(name, files[name]) == as_read(name, data), name


def as_read(name: str, data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data)) if name.endswith(".xml") else data


@pytest.mark.parametrize("source", COURSES)
def test_a_course_exported_as_one_text_is_read_as_the_same_course(source: Path) -> None:
    course = load_course(source)
    content = content_of(course)
    text = export_block(blocks_of(course), course.usage_id)
    again = load_course(text)

    assert again.course_id == course.course_id
    assert content_of(again) == content
    assert export_block(blocks_of(again), again.usage_id) == text


@pytest.mark.parametrize("source", COURSES)
def test_every_block_is_exported_by_its_runtime(source: Path) -> None:
    course = load_course(source)
    for usage_id, block in list(blocks_of(course).blocks.items()):
        runtime = runtime_for(None)
        file = io.BytesIO()
        runtime.export_to_xml(runtime.get_block(usage_id), file)
        element = etree.fromstring(file.getvalue())

        assert (element.tag, element.get("url_name")) == (block.type, usage_id.block_id)


def test_the_xml_of_one_block_contains_its_children() -> None:
    course = load_course(course_xml(split_test_xml()))
    file = io.BytesIO()
    block = find_block(course, None, "exp_a")
    block.runtime.export_to_xml(block, file)

    assert file.getvalue().decode() == (
        '<vertical url_name="exp_a" display_name="Unit of arm 1">\n'
        '  <html url_name="exp_a_text">Text of arm 1</html>\n'
        "</vertical>\n"
    )


def test_a_block_of_an_sdk_scenario_is_exported_by_the_sdk() -> None:
    runtime = runtime_for(None)
    usage_id = runtime.parse_xml_string("<vertical><html_demo>Words</html_demo></vertical>")
    file = io.BytesIO()
    runtime.export_to_xml(runtime.get_block(usage_id), file)

    assert b"<html_demo" in file.getvalue()


def test_an_experiment_is_written_as_open_edx_writes_it(tmp_path: Path) -> None:
    mapping = {"2": "i4x://Old/Heat/vertical/b", "1": "block-v1:O+H+1+type@vertical+block@a"}
    mapping["9"] = "gone"
    attributes = (
        f'xblock_x="&lt;&amp;&quot;" display_name="Hints A/B" user_partition_id="1001" '
        f"group_id_to_child={quoteattr(json.dumps(mapping))}"
    )
    files = {
        "split_test/exp.xml": f"<split_test {attributes}>"
        '<vertical url_name="a"/><vertical url_name="b"/></split_test>',
        "vertical/a.xml": "<vertical/>",
        "vertical/b.xml": "<vertical/>",
    }
    source = write_course(tmp_path / "source", '<split_test url_name="exp"/>', files)
    key = "block-v1:Org+Heat+2026+type@vertical+block@"
    exported = check_round_trip(source, tmp_path)["split_test/exp.xml"].decode()

    assert exported == (
        f'<split_test group_id_to_child="{{&quot;2&quot;: &quot;{key}b&quot;, '
        f'&quot;1&quot;: &quot;{key}a&quot;, &quot;9&quot;: &quot;gone&quot;}}" '
        'user_partition_id="1001" display_name="Hints A/B" xblock_x="&lt;&amp;&quot;">\n'
        '  <vertical url_name="a"/>\n'
        '  <vertical url_name="b"/>\n'
        "</split_test>\n"
    )


def test_structures_have_a_line_for_each_child_and_leaves_are_unchanged(tmp_path: Path) -> None:
    leaf = '<html url_name="c">Some\n\t<b>bold\n</b>   words</html>'
    film = '<video display_name="D" url_name="d"/>'
    content = f'<chapter url_name="a"><vertical url_name="b">{leaf}{film}</vertical></chapter>'
    files = check_round_trip(write_course(tmp_path / "source", content), tmp_path)

    assert files[RUN].decode() == (
        "<course>\n"
        '  <chapter url_name="a">\n'
        '    <vertical url_name="b">\n'
        f"      {leaf}\n"
        f"      {film}\n"
        "    </vertical>\n"
        "  </chapter>\n"
        "</course>\n"
    )
    assert files["course.xml"] == b'<course url_name="2026" org="Org" course="Heat"/>\n'
    assert files.keys() == {"course.xml", RUN}


def test_the_data_of_a_problem_does_not_depend_on_the_text_after_it() -> None:
    def data(after: str) -> Any:
        problem = f'<problem url_name="p"><p>Why?</p></problem>{after}'
        return find_block(load_course(course_xml(problem)), None, "p").data

    assert data("") == data("\n      \n") == data("text")


@pytest.mark.parametrize(
    ("pointer", "files"),
    [
        ('<html url_name="a"/>', {"html/a.xml": '<html filename="words"/>'}),
        ('<html url_name="a"/>', {"html/a.xml": '<html filename="words">\n</html>'}),
        ('<html url_name="words"/>', {}),
        ('<html url_name="a" filename="words"/>', {}),
        ('<html filename="words"/>', {}),
    ],
)
def test_text_is_written_to_its_own_file_again(
    pointer: str, files: Mapping[str, str], tmp_path: Path
) -> None:
    words = "<p>Größe &amp; <br> 5 < 6\r\n</p>]]>\n".encode()
    source = write_course(tmp_path / "source", pointer, {**files, "html/words.html": words})
    exported = check_round_trip(source, tmp_path)

    assert exported["html/words.html"] == words
    assert exported.keys() == files_in(source).keys()
    assert b"Gr" not in b"".join(t for name, t in exported.items() if name.endswith(".xml"))


def test_text_from_a_separate_file_is_included_in_the_export_as_one_text() -> None:
    course = load_course(ENERGY)
    usage_id = blocks_of(course).find("welcome_text")
    text = export_block(blocks_of(course), usage_id)

    assert "heat" in (etree.fromstring(text).text or "")


def test_an_empty_text_file_stays_empty(tmp_path: Path) -> None:
    content = '<html url_name="a" filename="b"/>'
    source = write_course(tmp_path / "source", content, {"html/b.html": ""})
    course = load_course(source)

    assert check_round_trip(source, tmp_path)["html/b.html"] == b""
    assert content in export_block(blocks_of(course), course.usage_id)


@pytest.mark.parametrize("name", ["../../outside", "../../../outside", "/outside", "a/../../x"])
@pytest.mark.parametrize(
    "element",
    [
        '<html url_name="a" filename="{}"/>',
        '<html url_name="{}"/>',
        '<html url_name="{}">Text</html>',
        '<vertical url_name="{}"/>',
        '<vertical url_name="{}" display_name="A"/>',
        '<vertical url_name="{}"><video/></vertical>',
        '<nothing url_name="{}"/>',
        '<nothing url_name="{}" x="y"/>',
    ],
)
@pytest.mark.parametrize("separator", ["/", ":"])
def test_names_that_point_outside_the_folder_write_nothing_there_and_are_preserved(
    name: str, element: str, separator: str, tmp_path: Path
) -> None:
    written = element.format(name.replace("/", separator))
    for outside in ("outside.html", "outside.xml", "x.xml", "x.html"):
        (tmp_path / outside).write_text("<vertical>outside</vertical>")
    source = write_course(tmp_path / "in" / "source", written)
    before = files_in(tmp_path)
    files = check_round_trip(source, tmp_path / "in")
    exported = {name for name in files_in(tmp_path) if not name.startswith(("in/once", "in/twice"))}

    assert exported == before.keys()
    assert all(
        path.read_bytes() == before[str(path.relative_to(tmp_path))]
        for path in tmp_path.glob("*.*")
    )
    if not element.startswith("<vertical"):
        assert f'"{name.replace("/", separator)}"' in files[RUN].decode()
    assert b"outside</vertical>" not in b"".join(files.values())


@pytest.mark.parametrize("url_name", ["..:..:x", "漢" * 100, "a:" * 40, ":", "..:course:2026", "."])
def test_blocks_with_names_that_no_file_can_have_are_exported(
    url_name: str, tmp_path: Path
) -> None:
    verticals = f'<vertical url_name="{url_name}"/><nothing url_name="{url_name}" x="y"/>'
    text = f'<course org="Org" course="Heat" url_name="2026">{verticals}</course>'
    (tmp_path / "in").mkdir()
    course = load_course(text)
    content = content_of(course)
    files = export(course, tmp_path / "in" / "once")
    again = load_course(tmp_path / "in" / "once")

    assert content_of(again) == content
    assert export(again, tmp_path / "in" / "twice") == files
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("url_names", [("a", "a.xml:b"), ("a.xml:b", "a"), ("a:b", "a::b")])
def test_blocks_whose_file_names_collide_are_exported(
    url_names: tuple[str, str], tmp_path: Path
) -> None:
    verticals = [f'<vertical url_name="{name}" format="{name}"/>' for name in url_names]
    course = load_course(course_xml(*verticals))
    blocks = blocks_of(course)
    for usage_id in blocks.blocks[course.usage_id].fields["children"]:
        blocks.blocks[usage_id].file, blocks.blocks[usage_id].is_new = None, True
    content = content_of(course)
    files = export(course, tmp_path / "course")

    assert len(files) == 3
    assert content_of(load_course(tmp_path / "course")) == content


@pytest.mark.parametrize("other", ["vertical/a.xml/picture.png", "vertical"])
def test_a_new_block_does_not_overwrite_other_files(other: str, tmp_path: Path) -> None:
    source = write_course(tmp_path / "source", '<vertical url_name="a" x="y"/>', {other: "other"})
    course = load_course(source)
    blocks = blocks_of(course)
    blocks.blocks[blocks.find("a")].file, blocks.blocks[blocks.find("a")].is_new = None, True
    content = content_of(course)
    files = export(course, tmp_path / "course")

    assert files[other] == b"other"
    assert content_of(load_course(tmp_path / "course")) == content


def test_a_course_loaded_from_text_is_exported_as_a_folder_that_open_edx_imports(
    tmp_path: Path,
) -> None:
    course = load_course(course_xml(split_test_xml()))
    content = content_of(course)
    files = export(course, tmp_path / "course")
    again = load_course(tmp_path / "course")

    assert files["course.xml"] == b'<course url_name="2026" org="DemoX" course="Tests"/>\n'
    assert files.keys() == {"course.xml", RUN}
    assert again.course_id == course.course_id
    assert content_of(again) == content


def test_exporting_a_course_without_a_key_gives_it_one(tmp_path: Path) -> None:
    files = export(load_course("<course><vertical/></course>", "scenario"), tmp_path / "course")
    url_name = etree.fromstring(files["course.xml"]).get("url_name")

    course_id = load_course(tmp_path / "course").course_id
    assert course_id == f"course-v1:scenario+scenario+{url_name}"


def test_a_course_that_is_served_under_another_id_is_exported_with_that_id(tmp_path: Path) -> None:
    course = load_course(ENERGY, "course-v1:Other+Energy+2026")
    content = content_of(course)
    export(course, tmp_path / "course")
    again = load_course(tmp_path / "course")

    assert again.course_id == "course-v1:Other+Energy+2026"
    assert content_of(again) == content


@pytest.mark.parametrize("ids", [("scenario", "other"), ("scenario", None), (None, "other")])
def test_the_arms_of_an_experiment_are_found_under_another_course_id(
    ids: tuple[str | None, str | None],
) -> None:
    first = load_course(course_xml(split_test_xml()), ids[0])
    text = export_block(blocks_of(first), first.usage_id)
    second = load_course(text, ids[1])
    arms = find_block(second, None, "exp").group_id_to_child

    assert dict(arms) == {
        "1": blocks_of(second).find("exp_a"),
        "2": blocks_of(second).find("exp_b"),
    }


def test_an_arm_with_an_invalid_name_is_found_under_another_course_id() -> None:
    arm = '<nothing url_name="a b" x=""/>'
    course = load_course(course_xml(f'<split_test url_name="exp">{arm}</split_test>'))
    blocks = blocks_of(course)
    experiment = blocks.blocks[blocks.find("exp")].fields
    experiment["group_id_to_child"] = {"1": experiment["children"][0]}
    again = load_course(export_block(blocks, course.usage_id), "other")
    block = find_block(again, None, "exp")

    assert block.group_id_to_child == {"1": block.children[0]}


def test_a_value_set_by_an_author_replaces_one_that_could_not_be_read(tmp_path: Path) -> None:
    course = load_course(course_xml(split_test_xml(user_partition_id="none")))
    blocks_of(course).blocks[blocks_of(course).find("exp")].fields["user_partition_id"] = 100
    text = export_block(blocks_of(course), course.usage_id)

    assert find_block(load_course(text), None, "exp").user_partition_id == 100


def test_elements_and_files_that_are_not_blocks_stay_in_place(tmp_path: Path) -> None:
    content = (
        '<textbook title="T" book_url="u"><entry page="1" name="n"/></textbook>'
        '<vertical url_name="a"/>'
        '<vertical url_name="gone"/>'
        '<html url_name="broken"/>'
        '<vertical url_name="b"/>'
        '<wiki slug="Org.Heat"/>'
    )
    vertical = '<vertical><html url_name="t">One</html><html url_name="t">Two</html></vertical>'
    files: dict[str, str | bytes] = {
        "vertical/a.xml": vertical,
        "vertical/b.xml": '<vertical><vertical url_name="b"/></vertical>',
        "html/broken.xml": "<html>",
        "html/unused.xml": "<html/>",
        "about/overview.html": "<p>About</p>",
        "info/updates.html": "<p>News</p>",
        "tabs/page.html": "<p>Page</p>",
        "assets/assets.xml": "<assets/>",
        "drafts/vertical/a.xml": "<vertical/>",
        "policies/assets.json": "{}",
        "policies/2026/grading_policy.json": "{ }",
        "static/a b/ü.bin": bytes(range(256)),
        "README": "read",
    }
    source = write_course(tmp_path / "source", content, files)
    exported = check_round_trip(source, tmp_path)

    assert exported.keys() == files_in(source).keys()
    for name in files.keys() - {"vertical/a.xml", "vertical/b.xml"}:
        assert exported[name] == files_in(source)[name]
    lines = map(str.strip, exported[RUN].decode().split("\n"))
    assert "".join(lines) == f"<course>{content}</course>"
    assert exported["vertical/a.xml"].decode().split("\n  ")[1:] == [
        '<html url_name="t">One</html>',
        '<html url_name="html_t_0654c0f57a11">Two</html>\n</vertical>\n',
    ]


def test_an_element_that_its_package_cannot_read_is_exported_unchanged(tmp_path: Path) -> None:
    broken = '<poll url_name="x" children="1" xblock-family="xblock.v1" tally="{"><p>a</p></poll>'
    source = write_course(tmp_path / "source", f'<vertical url_name="v">{broken}</vertical>')

    with mock.patch("poll.poll.PollBlock.parse_xml", side_effect=ValueError("no")):
        files = check_round_trip(source, tmp_path)

    assert broken.encode() in files[RUN]


class Failing(XBlock):
    has_children = True

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        super().parse_xml(node, runtime, keys)
        raise ValueError


@XBlock.register_temp_plugin(Failing, "failing")
def test_blocks_inside_an_unreadable_element_keep_their_files(tmp_path: Path) -> None:
    content = '<failing xblock-family="xblock.v1" url_name="f"><html url_name="t"/></failing>'
    files = {"html/t.xml": '<html filename="t" display_name="T"/>', "html/t.html": "Text"}
    exported = check_round_trip(write_course(tmp_path / "source", content, files), tmp_path)

    assert content.encode() in exported[RUN]
    assert files.keys() <= exported.keys()


def test_types_that_are_not_installed_are_exported_unchanged(tmp_path: Path) -> None:
    content = (
        '<nothing url_name="a" xblock-family="xblock.v1" z="1"><!-- why --><x y="&amp;"/></nothing>'
        '<nothing xblock-family="xblock.v1" url_name="b"/>'
        '<nothing url_name="c"/>'
    )
    file = '<nothing z="1" b="2">\n\t<x>  </x><![CDATA[<]]></nothing>'
    source = write_course(tmp_path / "source", content, {"nothing/c.xml": file})
    files = check_round_trip(source, tmp_path)

    assert files[RUN].decode().split("\n  ")[1:] == [
        content.split("<nothing xblock")[0],
        '<nothing xblock-family="xblock.v1" url_name="b"/>',
        '<nothing url_name="c"/>\n</course>\n',
    ]
    assert files["nothing/c.xml"].decode() == file.replace("<![CDATA[<]]>", "&lt;") + "\n"


def test_a_block_in_two_places_is_written_once(tmp_path: Path) -> None:
    content = (
        '<vertical url_name="a"><nothing url_name="n" x="y"/></vertical>'
        '<vertical url_name="b"><nothing url_name="n"/><html url_name="h"/></vertical>'
        '<vertical url_name="c"><html url_name="h"/></vertical>'
    )
    source = write_course(tmp_path / "source", content, {"html/h.xml": "<html>Twice</html>"})
    files = check_round_trip(source, tmp_path)
    course = load_course(source)
    text = export_block(blocks_of(course), course.usage_id)

    assert files["html/h.xml"] == b"<html>Twice</html>\n"
    assert files[RUN].count(b'<nothing url_name="n" x="y"/>') == 1
    assert text.count("Twice") == 1
    assert content_of(load_course(text)) == content_of(load_course(source))


def test_the_policy_does_not_undo_what_authors_change(tmp_path: Path) -> None:
    policy = {
        "course/2026": {
            "display_name": "Old",
            "graded": True,
            "start": "2026-01-05T00:00:00Z",
            "language": "2",
            "tabs": [{"type": "courseware"}],
            "nothing": None,
            "user_partitions": [],
            "not a name": 1,
        },
        "vertical/a": {"display_name": "Old", "due": "2026-02-01"},
        "html/t": {"display_name": "Text"},
        "vertical/elsewhere": {"display_name": "Kept"},
    }
    files = {
        POLICY: json.dumps(policy),
        "vertical/a.xml": '<vertical><html url_name="t">T</html></vertical>',
    }
    source = write_course(tmp_path / "source", '<vertical url_name="a"/>', files)
    exported = json.loads(check_round_trip(source, tmp_path)[POLICY])

    assert list(exported.items()) == [
        ("course/2026", policy["course/2026"]),
        ("vertical/elsewhere", policy["vertical/elsewhere"]),
    ]

    course = load_course(source)
    blocks = blocks_of(course)
    partitions = [{"id": 1, "name": "é", "groups": []}]
    root, vertical = blocks.blocks[course.usage_id].fields, blocks.blocks[blocks.find("a")].fields
    root.update(display_name="New", user_partitions=partitions)
    root["xml_attributes"] = {**root["xml_attributes"], "graded": "false"}
    del root["xml_attributes"]["start"]
    vertical["display_name"] = "New"
    values = content_of(course)["values"]
    exported = json.loads(export(course, tmp_path / "new")[POLICY])

    assert content_of(load_course(tmp_path / "new"))["values"] == values
    assert exported["course/2026"] == {
        "display_name": "New",
        "graded": False,
        "language": "2",
        "tabs": [{"type": "courseware"}],
        "nothing": None,
        "user_partitions": partitions,
        "not a name": 1,
    }


def test_a_policy_that_is_nested_too_deeply_is_exported_unchanged(tmp_path: Path) -> None:
    deep = "[" * 1000 + "]" * 1000
    policy = f'{{"course/2026": {{"tabs": {deep}, "display_name": "A"}}}}'
    files = check_round_trip(write_course(tmp_path / "source", files={POLICY: policy}), tmp_path)

    assert files[POLICY].decode().strip() == policy


def test_an_unreadable_policy_is_exported_unchanged(tmp_path: Path) -> None:
    source = write_course(tmp_path / "source", files={POLICY: "{"})

    assert check_round_trip(source, tmp_path)[POLICY] == b"{"


def test_authors_changes_of_a_structure_are_written(tmp_path: Path) -> None:
    course = load_course(ENERGY)
    blocks = blocks_of(course)
    vertical = blocks.blocks[blocks.find("welcome")].fields
    vertical["display_name"] = '"<&>" \x00 ü'
    vertical["children"].reverse()
    export(course, tmp_path / "course")
    again = load_course(tmp_path / "course")

    assert find_block(again, None, "welcome").display_name == '"<&>"  ü'
    assert find_block(again, None, "welcome").children == vertical["children"]


def test_new_structures_get_files_and_deleted_blocks_have_none(tmp_path: Path) -> None:
    course = load_course(ENERGY)
    blocks = blocks_of(course)
    lesson = blocks.blocks[blocks.blocks[blocks.find("welcome")].fields["parent"]].fields
    gone = blocks.find("welcome")
    new = gone.context_key.make_usage_key("vertical", "new")
    lesson["children"] = [new if id == gone else id for id in lesson["children"]]
    blocks.blocks[new] = AuthoredBlock("vertical", {"parent": None, "display_name": "New"})
    text = blocks.blocks[gone].fields["children"]
    for usage_id in [gone, *text]:
        blocks.forget(usage_id)
    files = export(course, tmp_path / "once")

    assert files["vertical/new.xml"] == b'<vertical display_name="New"/>\n'
    assert [name for name in files if "/welcome" in name] == []

    blocks.folder = tmp_path / "once"
    lesson["children"].remove(new)
    blocks.forget(new)
    assert "vertical/new.xml" not in export(course, tmp_path / "twice")


@pytest.mark.parametrize("source", COURSES)
@pytest.mark.parametrize("as_text", [False, True])
def test_blocks_that_authors_have_changed_are_written_by_their_packages(
    source: Path, as_text: bool, tmp_path: Path
) -> None:
    course = load_course(source)
    blocks = blocks_of(course)
    before = content_of(course)
    for block in blocks.blocks.values():
        block.source = None
    if as_text:
        again = load_course(export_block(blocks, course.usage_id))
    else:
        export(course, tmp_path / "course")
        again = load_course(tmp_path / "course")
    after = content_of(again)

    assert [*after["types"].items()] == [*before["types"].items()]
    assert after["inherited"] == before["inherited"]
    assert after["placeholders"] == before["placeholders"]
    for usage_id, values in before["values"].items():
        assert _without_empty(after["values"][usage_id]) == _without_empty(values)


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values without empty ones, which equal the fields' defaults."""
    return {name: value for name, value in values.items() if value not in ("", {}, [], None)}


def test_a_changed_text_is_written_to_its_file(tmp_path: Path) -> None:
    course = load_course(ENERGY)
    blocks = blocks_of(course)
    usage_id = blocks.find("welcome_text")
    blocks.blocks[usage_id].fields["data"] = "<p>New & <b>ü</b></p>"
    blocks.blocks[usage_id].source = None
    files = export(course, tmp_path / "course")

    assert files["html/welcome_text.html"].decode() == "<p>New & <b>ü</b></p>"
    assert files["html/welcome_text.xml"] == (
        b'<html display_name="Welcome" filename="welcome_text"/>\n'
    )
    assert find_block(load_course(tmp_path / "course"), None, "welcome_text").data == (
        "<p>New & <b>ü</b></p>"
    )


@pytest.mark.usefixtures("_without_openedx_blocks")
def test_a_course_can_be_exported_without_open_edxs_blocks(tmp_path: Path) -> None:
    check_round_trip(ENERGY, tmp_path)
    course = load_course(ENERGY)
    blocks = blocks_of(course)
    for block in blocks.blocks.values():
        block.source = None
    before = content_of(course)
    files = export(course, tmp_path / "changed")

    assert content_of(load_course(tmp_path / "changed")) == before
    assert files["html/welcome_text.html"] == files_in(ENERGY)["html/welcome_text.html"]


def test_a_block_that_an_author_has_emptied_keeps_its_display_name(tmp_path: Path) -> None:
    course = load_course(course_xml('<problem url_name="p" display_name="P"><p>Why?</p></problem>'))
    blocks = blocks_of(course)
    usage_id = blocks.find("p")
    blocks.blocks[usage_id].fields["data"] = ""
    blocks.blocks[usage_id].source = None
    export(course, tmp_path / "course")

    assert find_block(load_course(tmp_path / "course"), None, "p").display_name == "P"


def test_a_block_that_its_package_cannot_write_is_named_in_the_error(tmp_path: Path) -> None:
    course = load_course(course_xml('<html url_name="h">Text</html>'))
    blocks = blocks_of(course)
    blocks.blocks[blocks.find("h")].source = None
    failing = mock.patch("xblocks_contrib.HtmlBlock.add_xml_to_node", side_effect=ValueError("no"))

    with failing, pytest.raises(NotWritten, match=r"block@h cannot be written: no"):
        export_course(blocks, tmp_path / "course")
    assert not (tmp_path / "course").exists()


def test_blocks_without_a_url_name_keep_their_usage_ids_when_they_are_moved(tmp_path: Path) -> None:
    unnamed = "".join(f'<nothing x="{name}"/>' for name in "abc")
    course = load_course(course_xml(f"<vertical>{unnamed}<html>Text</html></vertical>"))
    blocks = blocks_of(course)
    vertical = next(id for id, block in blocks.blocks.items() if block.type == "vertical")
    a, b, c, text = blocks.blocks[vertical].fields["children"]
    blocks.blocks[vertical].fields["children"] = [text, a, c]
    blocks.forget(b)
    export(course, tmp_path / "course")
    again = blocks_of(load_course(tmp_path / "course"))

    assert again.blocks[vertical].fields["children"] == [text, a, c]
    assert [etree.fromstring(again.blocks[id].fields["olx"]).get("x") for id in (a, c)] == [
        "a",
        "c",
    ]


def test_containers_of_other_packages_are_exported(tmp_path: Path) -> None:
    content = (
        '<vertical_demo url_name="a"><html_demo url_name="b">B</html_demo>'
        '<vertical url_name="c"/></vertical_demo>'
    )
    files = {"vertical/c.xml": '<vertical><html url_name="d">D</html></vertical>'}
    source = write_course(tmp_path / "source", content, files)
    exported = check_round_trip(source, tmp_path)
    course = load_course(source)
    before = content_of(course)

    assert content.encode() in exported[RUN]
    assert "vertical/c.xml" in exported
    assert content_of(load_course(export_block(blocks_of(course), course.usage_id))) == before


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    source = write_course(tmp_path / "source", files={"static/a.txt": "a"})
    (source / "static" / "secret.txt").symlink_to(tmp_path / "secret.txt")
    (source / "static" / "folder").symlink_to(tmp_path)

    files = export(load_course(source), tmp_path / "course")

    assert files.keys() == {"course.xml", RUN, "static/a.txt"}


@pytest.mark.parametrize("may_link", [True, False])
def test_large_files_are_hard_linked_only_if_that_is_allowed(
    may_link: bool, tmp_path: Path
) -> None:
    files = {"static/large.bin": bytes(1 << 20), "static/small.bin": b"small"}
    source = write_course(tmp_path / "source", files=files)
    export_course(blocks_of(load_course(source)), tmp_path / "course", may_link=may_link)
    are_linked = {name: (source / name).samefile(tmp_path / "course" / name) for name in files}

    assert are_linked == {"static/large.bin": may_link, "static/small.bin": False}


def test_large_files_are_copied_if_they_cannot_be_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", fail)
    source = write_course(tmp_path / "source", files={"static/large.bin": bytes(1 << 20)})

    assert len(export(load_course(source), tmp_path / "course")["static/large.bin"]) == 1 << 20


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    course = load_course(ENERGY)
    (tmp_path / "course").mkdir()

    with pytest.raises(FileExistsError):
        export_course(blocks_of(course), tmp_path / "course")


NAMES = st.text("ab1é._~-", min_size=1, max_size=4).filter(lambda name: name.strip("."))
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("<>&\"'\n\t\r ]")
)
SETTINGS = st.dictionaries(
    st.sampled_from(["display_name", "due", "format", "graded", "xx-y", "visible_to_staff_only"]),
    TEXTS,
    max_size=3,
)
LEAVES = ["html", "html with filename", "nothing", "problem", "poll", "wiki"]


class CourseMaker:
    """Draws the files of a course, part by part."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.files: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []

    def course(self) -> dict[str, str]:
        root = self.element("course", self.draw(SETTINGS), None)
        root.set("user_partitions", json.dumps(self.partitions()))
        self.fill(root, depth=0)
        self.files |= {"course.xml": POINTER, RUN: _text(root), "static/a.txt": "a"}
        if self.draw(st.booleans()):
            self.files[POLICY] = json.dumps(self.policy())
        return self.files

    def partitions(self) -> list[dict[str, Any]]:
        names = self.draw(st.lists(TEXTS, min_size=1, max_size=3))
        groups = [{"id": id, "name": name, "version": 1} for id, name in enumerate(names)]
        weights = {str(group["id"]): self.draw(st.integers(0, 5)) for group in groups}
        partition = {"id": 7, "name": self.draw(TEXTS), "description": "", "scheme": "random"}
        return [{**partition, "version": 3, "parameters": {"weights": weights}, "groups": groups}]

    def policy(self) -> dict[str, Any]:
        keys = st.sampled_from([("course", "2026"), ("vertical", "nowhere"), *self.seen])
        values = TEXTS | st.booleans() | st.integers() | st.none() | st.lists(st.integers())
        names = st.sampled_from(["display_name", "due", "graded", "start", "tabs", "no name"])
        entries = self.draw(st.dictionaries(keys, st.dictionaries(names, values), max_size=4))
        return {"/".join(key): settings for key, settings in entries.items()}

    def element(self, tag: str, attributes: dict[str, str], name: str | None) -> etree._Element:
        items = [*attributes.items(), *([("url_name", name)] if name else [])]
        return etree.Element(tag, dict(self.draw(st.permutations(items))))

    def fill(self, parent: etree._Element, depth: int) -> None:
        kinds = [*LEAVES, "again"] + (CONTAINERS if depth < 4 else [])
        for kind in self.draw(st.lists(st.sampled_from(kinds), max_size=4)):
            parent.append(self.child(kind, depth))
            parent[-1].tail = self.draw(st.sampled_from(["", "\n  ", "text"]))
        if parent.tag == "split_test":
            names = [child.get("url_name", "x") for child in parent] or ["gone"]
            ids = {str(group): name for group, name in enumerate(names)}
            parent.set("user_partition_id", self.draw(st.sampled_from(["7", "8", "x"])))
            parent.set("group_id_to_child", json.dumps(ids))

    def child(self, kind: str, depth: int) -> etree._Element:
        if kind == "again" and self.seen:
            tag, name = self.draw(st.sampled_from(self.seen))
            return self.element(tag, {}, name)
        name = self.draw(st.none() | NAMES)
        tag = kind.partition(" ")[0] if kind != "again" else "nothing"
        element = self.element(tag, self.draw(SETTINGS), name)
        if kind in CONTAINERS:
            self.fill(element, depth + 1)
        elif kind == "html with filename":
            self.take_out_text(element)
        else:
            element.text = self.draw(TEXTS)
        if name is None or tag == "wiki":
            return element
        self.seen.append((tag, name))
        return self.in_file(element, name) if self.draw(st.booleans()) else element

    def take_out_text(self, element: etree._Element) -> None:
        filename = self.draw(NAMES | st.sampled_from(["../../x", "missing", "/etc/x"]))
        element.set("filename", filename)
        if "/" not in filename and filename != "missing":
            self.files[f"html/{filename}.html"] = self.draw(TEXTS)

    def in_file(self, element: etree._Element, name: str) -> etree._Element:
        if self.draw(st.booleans()):
            del element.attrib["url_name"]
        self.files.setdefault(f"{element.tag}/{name}.xml", _text(element))
        return self.element(str(element.tag), {}, name)


def _text(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode")


COURSE_FILES = st.composite(lambda draw: CourseMaker(draw).course())()


@given(COURSE_FILES)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_exported_course_is_imported_unchanged(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = write_course(Path(folder) / "source", files=files)
        exported = check_round_trip(source, Path(folder))

        assert {path.name for path in Path(folder).iterdir()} == {"source", "once", "twice"}
        assert files.keys() <= exported.keys()


@given(COURSE_FILES)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_course_exported_as_one_text_is_read_as_the_same_course(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        course = load_course(write_course(Path(folder) / "source", files=files))
        content = content_of(course)
        text = export_block(blocks_of(course), course.usage_id)
        again = load_course(text)

        assert content_of(again) == content
        assert export_block(blocks_of(again), again.usage_id) == text


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _served(self, settings: Settings, tmp_path: Path) -> None:
        settings.XBLOCK_EXPERIMENTS = {"COURSES": [ENERGY], "IMPORTED": tmp_path / "imported"}

    def run(self, *arguments: object) -> str:
        out = io.StringIO()
        call_command("export_course", *map(str, arguments), stdout=out, no_color=True)
        return out.getvalue()

    @pytest.mark.parametrize("name", ["energy", "course-v1:DemoX+Energy+2026"])
    def test_writes_a_folder(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / "course"

        assert (
            self.run(name, path) == f"course-v1:DemoX+Energy+2026: 69 blocks exported to {path}.\n"
        )
        assert files_in(path).keys() == files_in(ENERGY).keys()
        assert {each.name for each in tmp_path.iterdir()} == {"course", "imported"}

    def test_writes_an_archive_that_can_be_imported(self, tmp_path: Path) -> None:
        path = tmp_path / "course.tar.gz"
        self.run("energy", path)
        content = content_of(load_course(ENERGY))

        with tarfile.open(path) as tar:
            assert all(member.isdir() or member.isreg() for member in tar)
        assert content_of(load_course(path)) == content

    @pytest.mark.parametrize("kind", ["folder", "file", "link"])
    def test_overwrites_nothing(self, kind: str, tmp_path: Path) -> None:
        path = tmp_path / "there"
        make: dict[str, Callable[[], object]] = {
            "folder": path.mkdir,
            "file": path.touch,
            "link": lambda: path.symlink_to(tmp_path / "nowhere"),
        }
        make[kind]()

        with pytest.raises(CommandError, match="already exists"):
            self.run("energy", path)

    def test_an_unknown_course_is_answered_with_the_available_courses(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError) as error:
            self.run("heat", tmp_path / "course")
        assert str(error.value) == (
            "Course 'heat' does not exist. Courses in this workbench: energy."
        )

    def test_names_a_path_that_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match=r"Cannot write .*: No such file or directory\."):
            self.run("energy", tmp_path / "no" / "where")

    def test_leaves_nothing_behind_when_it_fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object) -> None:
            raise NotWritten("no")

        monkeypatch.setattr(FilesWriter, "files", fail)
        with pytest.raises(CommandError, match="Cannot export"):
            self.run("energy", tmp_path / "course")
        assert [each.name for each in tmp_path.iterdir()] == ["imported"]

    def test_reports_a_database_without_tables(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object, **kwargs: object) -> None:
            raise OperationalError("no such table")

        monkeypatch.setattr("xblock_experiments.workbench.storage.serving.save_segmentations", fail)
        with pytest.raises(CommandError, match="Run `migrate` first"):
            self.run("energy", tmp_path / "course")
