"""Course exports are read as Open edX wrote them, and unusable parts are reported."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from opaque_keys.edx.keys import UsageKey
from pytest_django import Settings

from xblock_experiments.course_user_segmentation.api import get_segmentation, get_segmentations
from xblock_experiments.course_user_segmentation.data import NoSuchSegmentation
from xblock_experiments.experiments.api import assign_group
from xblock_experiments.olx.archives import unpack
from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.folders import course_folder
from xblock_experiments.olx.untrusted import InvalidCourse, Limits, OlxError
from xblock_experiments.testing import (
    LoadedCourse,
    find_block,
    load_course,
    override_group,
    render,
    runtime_for,
)
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage import serving
from xblock_experiments.workbench.storage.serving import load

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

COURSE_ID = "course-v1:Org+Heat+2026"
ROOT = '<course org="Org" course="Heat" url_name="2026"/>'
FILM, TEXT = 7, 0


@pytest.fixture(autouse=True)
def _no_other_courses(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [], "IMPORTED": tmp_path / "imported"}
    yield
    serving.forget()


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_course(
    folder: Path, content: str = "", files: Mapping[str, str] | None = None, attributes: str = ""
) -> Path:
    """Write a course whose root has the content and the attributes, and return its folder."""
    root = {"course.xml": ROOT, "course/2026.xml": f"<course {attributes}>{content}</course>"}
    return write(folder, {**root, **(files or {})})


def pack(folder: Path, archive: Path, prefix: str) -> Path:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, prefix)
    return archive


def policy(**values: Any) -> dict[str, str]:
    return {"policies/2026/policy.json": json.dumps({"course/2026": values})}


def partition(id: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": f"Style {id}",
        "description": "",
        "scheme": "random",
        "parameters": {},
        "active": True,
        "version": 3,
        "groups": [
            {"id": FILM, "name": "Film", "version": 1},
            {"id": TEXT, "name": "Text", "version": 1},
        ],
        **changes,
    }


def partitions(*values: dict[str, Any]) -> str:
    return f"user_partitions={quoteattr(json.dumps(values))}"


def names(blocks: list[Any]) -> list[str]:
    return [block.scope_ids.usage_id.block_id for block in blocks]


def root_of(course: LoadedCourse) -> Any:
    return runtime_for("ada").get_block(course.usage_id)


def usage_ids(course: LoadedCourse) -> list[str]:
    blocks = registry.course_of(course.usage_id)
    assert blocks is not None
    return [str(usage_id) for usage_id in blocks.blocks]


def test_pointers_are_resolved_to_files(tmp_path: Path) -> None:
    files = {
        "chapter/a.xml": '<chapter display_name="Chapter A"><sequential url_name="b"/></chapter>',
        "sequential/b.xml": '<sequential><vertical url_name="c"/></sequential>',
        "vertical/c.xml": '<vertical><html url_name="d"/></vertical>',
        "html/d.xml": '<html filename="d" display_name="Words"/>',
        "html/d.html": "<p>At the end of the way</p>",
    }

    course = load_course(write_course(tmp_path, '<chapter url_name="a"/>', files))

    assert course.problems == ()
    assert names(root_of(course).get_children()) == ["a"]
    assert find_block(course, "ada", "a").display_name == "Chapter A"
    assert names(find_block(course, "ada", "b").get_children()) == ["c"]
    assert "At the end of the way" in render(course, "ada", "c")


def test_blocks_may_be_written_inline(tmp_path: Path) -> None:
    content = """
        <chapter display_name="Inside">
          <sequential url_name="lesson">
            <vertical><html>In <b>here</b>.</html></vertical>
          </sequential>
        </chapter>"""

    course = load_course(write_course(tmp_path, content))

    assert course.problems == ()
    assert "In <b>here</b>." in render(course, "ada", "lesson")


def test_a_colon_in_a_pointer_separates_folders(tmp_path: Path) -> None:
    files = {"vertical/week/one.xml": '<vertical display_name="Week one"/>'}

    course = load_course(write_course(tmp_path, '<vertical url_name="week:one"/>', files))

    assert find_block(course, "ada", "week:one").display_name == "Week one"


def test_a_pointer_keeps_its_url_name_whatever_the_file_says(tmp_path: Path) -> None:
    files = {"vertical/a.xml": '<vertical url_name="other" display_name="A"/>'}

    course = load_course(write_course(tmp_path, '<vertical url_name="a"/>', files))

    assert find_block(course, "ada", "a").display_name == "A"


def test_a_pointer_without_a_file_is_reported_and_the_rest_is_loaded(tmp_path: Path) -> None:
    content = '<vertical url_name="gone"/><vertical url_name="here"/>'
    files = {"vertical/here.xml": "<vertical><html>Still here</html></vertical>"}

    course = load_course(write_course(tmp_path, content, files))

    assert [line.partition(":")[0] for line in course.problems] == ["vertical/gone.xml"]
    assert "Still here" in render(course, "ada")


def test_the_policy_wins_over_the_attribute_and_the_difference_is_reported(tmp_path: Path) -> None:
    source = write_course(
        tmp_path, files=policy(display_name="Policy"), attributes='display_name="Attribute"'
    )

    course = load_course(source)

    assert root_of(course).display_name == "Policy"
    assert course.problems == (
        "course/2026.xml: its display_name differs from the policy's, which is used",
    )


def test_a_policy_that_says_the_same_is_no_problem(tmp_path: Path) -> None:
    indented = json.dumps([partition()], indent=4)
    source = write_course(
        tmp_path,
        files=policy(display_name="Heat", user_partitions=[partition()]),
        attributes=f'display_name="Heat" user_partitions={quoteattr(indented)}',
    )

    assert load_course(source).problems == ()


def test_the_policy_of_any_block_is_used(tmp_path: Path) -> None:
    policies = {"policies/2026/policy.json": json.dumps({"vertical/a": {"display_name": "Named"}})}
    files = {"vertical/a.xml": '<vertical display_name="Old"/>', **policies}

    course = load_course(write_course(tmp_path, '<vertical url_name="a"/>', files))

    assert find_block(course, "ada", "a").display_name == "Named"


def test_a_policy_file_may_be_named_after_the_run(tmp_path: Path) -> None:
    files = {"policies/2026.json": json.dumps({"course/2026": {"display_name": "By run"}})}

    assert root_of(load_course(write_course(tmp_path, files=files))).display_name == "By run"


def test_null_in_the_policy_does_not_become_a_name(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path, files=policy(display_name=None)))

    assert not root_of(course).display_name


def test_the_policy_cannot_change_a_url_name(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path, files=policy(url_name="other")))

    assert str(course.usage_id) == "block-v1:Org+Heat+2026+type@course+block@2026"


@pytest.mark.parametrize(
    ("in_attribute", "in_policy", "expected", "problems"),
    [
        pytest.param([partition(5)], None, [5], 0, id="attribute"),
        pytest.param(None, [partition(6)], [6], 0, id="policy"),
        pytest.param([partition(5)], [partition(6)], [6], 1, id="both, different"),
        pytest.param([partition(5)], [partition(5)], [5], 0, id="both, equal"),
        pytest.param([], [partition(6)], [6], 1, id="attribute empty"),
        pytest.param([partition(5)], [], [], 1, id="policy empty"),
        pytest.param(None, None, [], 0, id="neither"),
    ],
)
def test_segmentations_come_from_the_policy_else_from_the_attribute(
    tmp_path: Path,
    in_attribute: list[dict[str, Any]] | None,
    in_policy: list[dict[str, Any]] | None,
    expected: list[int],
    problems: int,
) -> None:
    source = write_course(
        tmp_path,
        files={} if in_policy is None else policy(user_partitions=in_policy),
        attributes="" if in_attribute is None else partitions(*in_attribute),
    )

    course = load_course(source)

    assert [segmentation.id for segmentation in get_segmentations(COURSE_ID)] == expected
    assert len(course.problems) == problems
    assert all("user_partitions" in problem for problem in course.problems)


def test_weights_and_salt_reach_the_segmentation(tmp_path: Path) -> None:
    parameters = {"weights": {str(FILM): 3, str(TEXT): 1}, "salt": "pepper"}

    load_course(write_course(tmp_path, attributes=partitions(partition(parameters=parameters))))

    segmentation = get_segmentation(COURSE_ID, 1)
    assert [(group.id, group.weight) for group in segmentation.groups] == [(FILM, 3), (TEXT, 1)]
    assert segmentation.parameters == {"salt": "pepper"}


def test_an_unusable_segmentation_is_reported_and_the_others_are_loaded(
    tmp_path: Path,
) -> None:
    broken = partition(2, version=0)

    course = load_course(write_course(tmp_path, attributes=partitions(broken, partition(1))))

    assert len(course.problems) == 1
    assert course.problems[0].endswith(
        ": a segmentation is not used: Segmentation 2 has unexpected version 0."
    )
    assert [segmentation.id for segmentation in get_segmentations(COURSE_ID)] == [1]


def test_a_course_inside_the_course_publishes_no_segmentations(tmp_path: Path) -> None:
    content = f"<vertical><course {partitions(partition(2))}/></vertical>"

    load_course(write_course(tmp_path, content, attributes=partitions(partition(1))))

    assert [segmentation.id for segmentation in get_segmentations(COURSE_ID)] == [1]


def test_drafts_are_ignored_and_reported(tmp_path: Path) -> None:
    files = {
        "vertical/a.xml": "<vertical><html>Published</html></vertical>",
        "drafts/vertical/a.xml": "<vertical><html>Unfinished</html></vertical>",
        "drafts/vertical/b.xml": "<vertical/>",
    }

    course = load_course(write_course(tmp_path, '<vertical url_name="a"/>', files))

    assert course.problems == ("drafts/: ignored: drafts are not published",)
    assert "Unfinished" not in render(course, "ada")


@pytest.mark.parametrize(
    ("pointer", "files"),
    [
        pytest.param(
            '<html url_name="a"/>',
            {"html/a.xml": '<html filename="words"/>', "html/words.html": "<p>Read me</p>"},
            id="pointer to xml that names the file",
        ),
        pytest.param(
            '<html url_name="a"/>', {"html/a.html": "<p>Read me</p>"}, id="pointer to html only"
        ),
        pytest.param(
            '<html url_name="a" filename="words"/>',
            {"html/words.html": "<p>Read me</p>"},
            id="inline with filename",
        ),
        pytest.param(
            '<html url_name="a" filename="words">\n</html>',
            {"html/words.html": "<p>Read me</p>"},
            id="inline with filename and a line break",
        ),
        pytest.param(
            '<html url_name="a"/>', {"html/a.xml": "<html><p>Read me</p></html>"}, id="xml only"
        ),
        pytest.param('<html url_name="a"><p>Read me</p></html>', {}, id="inline"),
        pytest.param(
            '<html url_name="a"><![CDATA[<p>Read me</p>]]></html>', {}, id="inline as CDATA"
        ),
    ],
)
def test_text_is_found_inline_and_in_files(
    tmp_path: Path, pointer: str, files: dict[str, str]
) -> None:
    course = load_course(write_course(tmp_path, f"<vertical>{pointer}</vertical>", files))

    assert course.problems == ()
    assert "<p>Read me</p>" in render(course, "ada", "a")


def test_text_without_a_file_is_reported_once(tmp_path: Path) -> None:
    course = load_course(write_course(tmp_path, '<html url_name="a"/>'))

    assert len(course.problems) == 1
    assert course.problems[0].startswith("html/a.html: ")
    assert course.problems[0].count("html/a.html") == 1
    assert str(tmp_path) not in course.problems[0]


def test_static_files_are_served_and_linked_to(tmp_path: Path) -> None:
    html = '<img src="/static/img/loop.svg"><a href="/static/notes%20one.txt">notes</a>'
    files = {
        "html/a.html": html,
        "static/img/loop.svg": "<svg/>",
        "static/notes one.txt": "Notes",
    }
    course = load_course(write_course(tmp_path / "heat", '<html url_name="a"/>', files))

    page = render(course, "ada", "a")
    picture = Client().get("/courses/heat/static/img/loop.svg")

    assert 'src="/courses/heat/static/img/loop.svg"' in page
    assert b"".join(picture) == b"<svg/>"
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture["Content-Security-Policy"]


def test_a_link_to_a_static_file_with_an_encoded_name_is_not_encoded_again(tmp_path: Path) -> None:
    files = {"html/a.html": '<a href="/static/a%20b.txt">a</a>', "static/a b.txt": "Found"}
    course = load_course(write_course(tmp_path / "heat", '<html url_name="a"/>', files))

    address = render(course, "ada", "a").partition('href="/courses')[2].partition('"')[0]

    assert b"".join(Client().get(f"/courses{address}")) == b"Found"


@pytest.mark.parametrize("path", ["missing.svg", "img", "img/"])
def test_a_path_that_is_no_static_file_is_not_found(tmp_path: Path, path: str) -> None:
    load_course(write_course(tmp_path / "heat", files={"static/img/loop.svg": "<svg/>"}))

    assert Client().get(f"/courses/heat/static/{path}").status_code == 404


def test_courses_with_the_same_folder_name_have_their_own_static_files(tmp_path: Path) -> None:
    pages = []
    for org in ("One", "Two"):
        files = {
            "course.xml": f'<course org="{org}" course="Heat" url_name="2026"/>',
            "html/a.html": '<img src="/static/who.txt">',
            "static/who.txt": org,
        }
        source = write_course(tmp_path / org / "heat", '<html url_name="a"/>', files)
        pages.append(render(load_course(source), "ada", "a"))

    addresses = [page.partition('<img src="')[2].partition('"')[0] for page in pages]
    assert [b"".join(Client().get(address)) for address in addresses] == [b"One", b"Two"]


def test_a_link_to_an_id_leads_to_the_page_of_that_block(tmp_path: Path) -> None:
    files = {
        "html/a.html": '<a href="/jump_to_id/there">there</a> <a href="/jump_to_id/no">no</a>',
        "vertical/there.xml": "<vertical/>",
    }
    content = '<html url_name="a"/><vertical url_name="there"/>'

    page = render(load_course(write_course(tmp_path / "heat", content, files)), "ada", "a")

    assert 'href="/scenario/heat.there/?student=ada"' in page
    assert 'href="/jump_to_id/no"' in page


@pytest.mark.parametrize(
    "usage_id",
    [
        "i4x://Org/Heat/vertical/{}",
        "i4x://Elsewhere/Before/vertical/{}",
        "block-v1:Org+Heat+2026+type@vertical+block@{}",
        "block-v1:Elsewhere+Before+2013+type@vertical+block@{}",
        "{}",
    ],
)
@pytest.mark.parametrize("course_id", [COURSE_ID, "demo"])
def test_a_mapping_refers_to_the_children_of_the_loaded_course(
    tmp_path: Path, usage_id: str, course_id: str
) -> None:
    mapping = {str(FILM): usage_id.format("film"), str(TEXT): usage_id.format("text")}
    content = f"""
        <split_test url_name="split" user_partition_id="1"
                    group_id_to_child={quoteattr(json.dumps(mapping))}>
          <vertical url_name="film"/><vertical url_name="text"/>
        </split_test>"""
    files = {
        "vertical/film.xml": "<vertical><html>Watch this</html></vertical>",
        "vertical/text.xml": "<vertical><html>Read this</html></vertical>",
    }
    source = write_course(tmp_path, content, files, partitions(partition()))

    course = load_course(source, course_id)

    for group_id, seen, unseen in ((FILM, "Watch", "Read"), (TEXT, "Read", "Watch")):
        with override_group(1, group_id):
            page = render(course, "ada", "split")
        assert f"{seen} this" in page
        assert f"{unseen} this" not in page


@pytest.mark.parametrize(
    ("block_type", "icon"), [("video", "video"), ("problem", "problem"), ("poll_question", "other")]
)
@pytest.mark.usefixtures("_without_openedx_blocks")
def test_a_type_that_is_not_installed_becomes_a_placeholder(
    tmp_path: Path, block_type: str, icon: str
) -> None:
    xml = (
        f'<{block_type} display_name="Loop" deep="1"><a b="c">text<!-- kept --></a></{block_type}>'
    )
    files = {f"{block_type}/x.xml": xml}
    content = f'<sequential url_name="s"><{block_type} url_name="x"/></sequential>'

    course = load_course(write_course(tmp_path, content, files))
    block = find_block(course, "ada", "x")
    page = render(course, "ada", "s")

    assert block.display_name == "Loop"
    assert block.get_icon_class() == icon
    assert f"seq_{icon}" in page
    assert "Loop" in page
    assert '<a b="c">text<!-- kept --></a>' in block.olx
    assert 'deep="1"' in block.olx
    assert len(course.problems) == 1
    assert course.problems[0].startswith(f"{block_type}/x.xml: ")
    assert "placeholder" in course.problems[0]


def test_elements_inside_a_placeholder_are_not_blocks(tmp_path: Path) -> None:
    content = '<library_content url_name="l"><vertical url_name="inner"/></library_content>'
    course = load_course(write_course(tmp_path, content))

    with pytest.raises(LookupError):
        find_block(course, "ada", "inner")


@pytest.mark.parametrize("prefix", ["", ".", "course", "./course"])
def test_an_archive_may_have_the_course_one_level_down(tmp_path: Path, prefix: str) -> None:
    folder = write_course(tmp_path / "source", attributes='display_name="Packed"')

    course = load_course(pack(folder, tmp_path / "export.tar.gz", prefix or "/"))

    assert course.course_id == COURSE_ID
    assert course.problems == ()
    assert root_of(course).display_name == "Packed"


def test_a_tar_that_is_not_compressed_is_read_too(tmp_path: Path) -> None:
    folder = write_course(tmp_path / "source")
    with tarfile.open(tmp_path / "export.tar", "w") as tar:
        tar.add(folder, "course")

    assert load_course(tmp_path / "export.tar").course_id == COURSE_ID


def test_the_course_is_found_in_the_folder_or_one_level_down(tmp_path: Path) -> None:
    folder = write_course(tmp_path / "course")

    assert course_folder(folder) == folder
    assert course_folder(tmp_path) == folder
    with pytest.raises(InvalidCourse):
        course_folder(folder / "course")


def test_a_block_pointed_to_twice_is_one_block(tmp_path: Path) -> None:
    content = '<vertical url_name="a"><scorm url_name="v"/></vertical><vertical url_name="b"/>'
    files = {
        "scorm/v.xml": '<scorm display_name="Once"/>',
        "vertical/b.xml": '<vertical><scorm url_name="v"/></vertical>',
    }

    course = load_course(write_course(tmp_path, content, files))

    assert sum("type@scorm" in usage_id for usage_id in usage_ids(course)) == 1
    for parent in ("a", "b"):
        assert names(find_block(course, "ada", parent).get_children()) == ["v"]
    assert len(course.problems) == 1


def test_the_second_of_two_blocks_with_one_name_gets_another_name(tmp_path: Path) -> None:
    content = '<html url_name="a">First</html><html url_name="a">Second</html>'

    course = load_course(write_course(tmp_path, content))

    first, second = names(root_of(course).get_children())
    assert (first, second[:7]) == ("a", "html_a_")
    (problem,) = course.problems
    assert problem.endswith(f": <html> 'a' is defined twice; the second is named {second!r}")
    assert "First" in render(course, "ada", first)
    assert "Second" in render(course, "ada", second)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"vertical/a.xml": '<vertical><vertical url_name="a"/></vertical>'}, id="itself"
        ),
        pytest.param(
            {
                "vertical/a.xml": '<vertical><vertical url_name="b"/></vertical>',
                "vertical/b.xml": '<vertical><vertical url_name="a"/></vertical>',
            },
            id="each other",
        ),
    ],
)
def test_a_block_that_contains_itself_is_left_out_at_the_second_level(
    tmp_path: Path, files: dict[str, str]
) -> None:
    course = load_course(write_course(tmp_path, '<vertical url_name="a"/>', files))

    assert len(course.problems) == 1
    assert course.problems[0].endswith("<vertical> 'a' is inside itself; left out")
    render(course, "ada")


@pytest.mark.parametrize("block_type", ["course", "chapter", "vertical", "split_test", "html"])
def test_unknown_attributes_are_preserved(block_type: str) -> None:
    course = load_course(f'<{block_type} url_name="a" graded="true" rerandomize="never"/>')

    kept = find_block(course, "ada", "a").xml_attributes
    assert {"graded": "true", "rerandomize": "never"}.items() <= kept.items()


def test_an_attribute_with_an_unusable_value_is_reported_and_preserved() -> None:
    course = load_course('<split_test url_name="a" user_partition_id="none yet"/>')

    assert len(course.problems) == 1
    assert course.problems[0].startswith("the text: the user_partition_id of <split_test> ")
    assert find_block(course, "ada", "a").xml_attributes["user_partition_id"] == "none yet"


def test_restricted_access_is_reported_once_as_not_enforced(tmp_path: Path) -> None:
    files = {"vertical/a.xml": '<vertical group_access="{&quot;1&quot;: [7]}"/>'}
    source = write_course(
        tmp_path, '<vertical url_name="a"/>', files, 'group_access="{&quot;1&quot;: [0]}"'
    )

    reported = [line.partition(": ")[0] for line in load_course(source).problems]

    assert reported == ["course/2026.xml", "vertical/a.xml"]


def test_each_problem_is_a_line_with_file_and_reason(tmp_path: Path) -> None:
    content = """
        <wiki slug="x"/> <textbook title="Book"/>
        <vertical url_name="gone"/> <vertical url_name="broken"/> <vertical url_name="other"/>
        <html url_name="silent"/> <video display_name="Loop"/>
        <split_test group_id_to_child="nothing"/>"""
    files = {
        "vertical/broken.xml": "<vertical>",
        "vertical/other.xml": "<html/>",
        "vertical/unused.xml": "<vertical/>",
        "assets/assets.xml": "<assets/>",
        "notes.txt": "",
        "drafts/vertical/x.xml": "<vertical/>",
        "policies/2026/policy.json": "[]",
    }

    problems = load_course(write_course(tmp_path, content, files)).problems

    assert all("\n" not in problem for problem in problems)
    found = {problem.partition(": ")[0] for problem in problems}
    assert all(problem.partition(": ")[2] for problem in problems)
    assert found == {
        "assets/",
        "course/2026.xml",
        "drafts/",
        "html/silent.html",
        "notes.txt",
        "policies/2026/policy.json",
        "vertical/broken.xml",
        "vertical/gone.xml",
        "vertical/other.xml",
        "vertical/unused.xml",
    }


def test_loading_twice_changes_nothing(tmp_path: Path) -> None:
    content = '<vertical/><html>Text</html><video url_name="v" display_name="Loop"/>'
    source = write_course(tmp_path, content, attributes=partitions(partition()))

    first = load_course(source)
    segmentations, group = get_segmentations(COURSE_ID), assign_group(COURSE_ID, 1, "ada")
    page = render(first, "ada")
    second = load_course(source)

    assert second == first
    assert len(registry.courses()) == 1
    assert get_segmentations(COURSE_ID) == segmentations
    assert assign_group(COURSE_ID, 1, "ada") == group
    assert render(second, "ada") == page


def test_usage_ids_are_the_same_at_each_load_even_without_url_names(tmp_path: Path) -> None:
    content = """
        <chapter><sequential><vertical><html>One</html><html>Two</html></vertical></sequential>
        </chapter><vertical url_name="a"/><vertical/>"""
    source = write_course(tmp_path, content, {"vertical/a.xml": "<vertical><html/></vertical>"})

    first = usage_ids(load_course(source))
    serving.forget()

    assert usage_ids(load_course(source)) == first
    assert len(set(first)) == len(first) == 9


def test_a_changed_course_replaces_the_old_one(tmp_path: Path) -> None:
    old = load_course(
        write_course(
            tmp_path, '<html url_name="old">Old</html>', attributes=partitions(partition(1))
        )
    )
    new = load_course(
        write_course(
            tmp_path, '<html url_name="new">New</html>', attributes=partitions(partition(2))
        )
    )

    assert new.usage_id == old.usage_id
    assert "New" in render(new, "ada")
    assert "Old" not in render(old, "ada")
    with pytest.raises(LookupError):
        find_block(new, "ada", "old")
    assert [segmentation.id for segmentation in get_segmentations(COURSE_ID)] == [2]


def too_deep(content: str = "") -> str:
    return f"{'<vertical>' * 40}{content}{'</vertical>' * 40}"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"course.xml": "<course"}, id="no XML"),
        pytest.param({"course.xml": "<course/>"}, id="no key"),
        pytest.param(
            {
                "course/2026.xml": f"<course {partitions(partition(2))}>"
                f"<course {partitions(partition(3))}/>{too_deep()}</course>"
            },
            id="too deep after segmentations",
        ),
    ],
)
def test_a_load_that_fails_changes_nothing(tmp_path: Path, broken: dict[str, str]) -> None:
    content = '<html url_name="a">Still served</html>'
    old = load_course(write_course(tmp_path, content, attributes=partitions(partition(1))))

    with pytest.raises(OlxError):
        load_course(write(tmp_path, broken))

    assert "Still served" in render(old, "ada")
    assert [segmentation.id for segmentation in get_segmentations(COURSE_ID)] == [1]


def test_a_first_load_that_fails_leaves_nothing(tmp_path: Path) -> None:
    source = write_course(
        tmp_path, f"<course {partitions(partition(1))}/>{too_deep()}", attributes=partitions()
    )

    with pytest.raises(OlxError):
        load_course(source)

    assert registry.courses() == ()
    with pytest.raises(NoSuchSegmentation):
        get_segmentation(COURSE_ID, 1)


def test_org_course_and_run_make_the_course_key(tmp_path: Path) -> None:
    course = load_course(
        write_course(tmp_path, '<vertical url_name="a"/>', {"vertical/a.xml": "<vertical/>"})
    )

    assert course.course_id == COURSE_ID
    assert course.usage_id == UsageKey.from_string("block-v1:Org+Heat+2026+type@course+block@2026")
    assert find_block(course, "ada", "a").scope_ids.usage_id == UsageKey.from_string(
        "block-v1:Org+Heat+2026+type@vertical+block@a"
    )


@pytest.mark.parametrize("course_id", ["course-v1:Other+Key+1", "Other/Key/1", "a-slug"])
def test_a_given_course_id_is_used(tmp_path: Path, course_id: str) -> None:
    source = write_course(tmp_path, attributes=partitions(partition()))

    course = load_course(source, course_id)

    assert course.course_id == course_id
    assert get_segmentation(course_id, 1).name == "Style 1"
    assert get_segmentations(COURSE_ID) == ()


@pytest.mark.parametrize("course_id", ["two words", "a.b", "a/b", "block-v1:A+B+C+type@d+block@e"])
def test_a_course_id_that_is_neither_key_nor_slug_is_refused(course_id: str) -> None:
    with pytest.raises(InvalidCourse):
        load_course("<vertical/>", course_id)


def test_a_text_with_a_slug_has_usage_ids_of_the_workbench() -> None:
    course = load_course(
        '<vertical url_name="unit"><html url_name="a.b">Dots</html></vertical>', "demo"
    )

    assert course.course_id == "demo"
    assert course.usage_id == "demo.vertical.unit.d0.u0"
    assert "Dots" in render(course, "ada", "a.b")


def test_a_text_without_an_id_gets_one_from_its_content() -> None:
    text = "<vertical/>"

    assert load_course(text) == load_course(f"{text}")
    assert load_course(text).course_id != load_course("<vertical />").course_id


def test_a_text_of_a_whole_course_has_its_key() -> None:
    course = load_course(
        f'<course org="Org" course="Heat" url_name="2026" {partitions(partition())}/>'
    )

    assert course.course_id == COURSE_ID
    assert course.usage_id.block_id == "2026"
    assert get_segmentation(COURSE_ID, 1).id == 1


def test_a_text_of_a_course_without_its_key_is_read_too() -> None:
    course = load_course(f"<course {partitions(partition())}/>", "demo")

    assert get_segmentation("demo", 1).id == 1
    assert root_of(course).scope_ids.block_type == "course"


@pytest.mark.parametrize("course_id", ["demo", COURSE_ID])
def test_a_text_has_no_static_files_and_may_link_to_some(course_id: str) -> None:
    course = load_course('<html url_name="a"><img src="/static/x.png"/></html>', course_id)

    assert 'static/x.png"' in render(course, "ada", "a")


@pytest.mark.parametrize(
    "text",
    [
        '\n  <vertical display_name="Größe"/>',
        '\ufeff<vertical display_name="Größe"/>',
        '<!-- a comment --><vertical display_name="Größe"/>',
        '<?xml version="1.0" encoding="utf-8"?><vertical display_name="Größe"/>',
        '<?xml version="1.0" encoding="iso-8859-1"?><vertical display_name="Größe"/>',
    ],
)
def test_a_text_may_start_with_an_xml_declaration(text: str) -> None:
    assert root_of(load_course(text, "demo")).display_name == "Größe"


def test_blocks_are_counted_while_they_are_read(tmp_path: Path) -> None:
    counts: list[int] = []

    load(write_course(tmp_path, "<chapter><vertical/></chapter>"), progress=counts.append)

    assert counts == [1, 2, 3] or counts == [3, 3, 3] or sorted(counts) == counts
    assert counts[-1] == 3


def test_a_course_is_opened_without_being_loaded(tmp_path: Path) -> None:
    olx = Olx.open(write_course(tmp_path, "<chapter/>", attributes='display_name="Heat"'))

    assert olx.course_id == COURSE_ID
    assert olx.root.get("display_name") == "Heat"
    assert registry.courses() == ()


def test_callers_can_set_the_limits(tmp_path: Path) -> None:
    source = write_course(tmp_path / "source")

    for limits in (Limits(files=1), Limits(bytes=10)):
        with pytest.raises(OlxError):
            unpack(source, tmp_path / "copy", limits)
    with pytest.raises(OlxError):
        Olx.open(source, limits=Limits(file_bytes=10))


def test_a_failed_import_reports_the_reason_and_keeps_the_old_course(tmp_path: Path) -> None:
    source = write_course(
        tmp_path / "heat", files={"static/a.txt": "Old"}, attributes=partitions(partition(1))
    )
    call_command("import_course", str(source), stdout=io.StringIO())
    write_course(source, too_deep(), {"static/a.txt": "New"}, partitions(partition(2)))

    with pytest.raises(CommandError, match="deep"):
        call_command("import_course", str(source))

    names = {path.name for path in (tmp_path / "imported").iterdir()}
    assert names == {".lock", "org-heat-2026"}
    assert b"".join(Client().get("/courses/org-heat-2026/static/a.txt")) == b"Old"
    assert [segmentation.id for segmentation in get_segmentations(COURSE_ID)] == [1]


def test_an_unreadable_course_does_not_prevent_others_from_being_served(
    tmp_path: Path, settings: Settings
) -> None:
    broken = write(tmp_path / "a-broken", {"course.xml": "<course"})
    good = write_course(tmp_path / "good", files={"static/a.txt": "Good"})
    settings.XBLOCK_EXPERIMENTS = {
        "COURSES": [broken, tmp_path / "missing", good],
        "IMPORTED": tmp_path / "imported",
    }

    assert b"".join(Client().get("/courses/good/static/a.txt")) == b"Good"


def test_a_changed_archive_in_the_settings_is_read_again(
    tmp_path: Path, settings: Settings
) -> None:
    archive = tmp_path / "heat.tar.gz"
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [archive], "IMPORTED": tmp_path / "imported"}
    for number in range(2):
        folder = write_course(tmp_path / "source", files={"static/a.txt": f"State {number}"})
        pack(folder, archive, "course")
        changed = 1_700_000_000 + number
        os.utime(archive, (changed, changed))

        answer = Client().get("/courses/heat/static/a.txt")

        assert b"".join(answer) == f"State {number}".encode()
