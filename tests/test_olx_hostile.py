"""Malicious courses are refused or made harmless, without hangs, crashes or access to files."""

from __future__ import annotations

import gc
import gzip
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings
from xblock.core import XBlock
from xblock.fields import Integer, Scope
from xblock.plugin import PLUGIN_CACHE

from xblock_experiments.course_user_segmentation.api import get_segmentations
from xblock_experiments.course_user_segmentation.data import InvalidId
from xblock_experiments.olx.archives import unpack
from xblock_experiments.olx.export import Olx
from xblock_experiments.olx.untrusted import (
    CourseTooLarge,
    InvalidCourse,
    Limits,
    OlxError,
    parse_xml,
)
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.storage import serving

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("_without_openedx_blocks"),
    pytest.mark.one_django,
]

COURSE_ID = "course-v1:Org+Heat+2026"
POINTER = '<course org="Org" course="Heat" url_name="2026"/>'
SECRET = "the-secret-of-the-host"  # noqa: S105 - made up
MIB = 1 << 20
NOISE = hashlib.shake_256(b"noise").digest(5000)

HOSTILE_NAME = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"

Files = Mapping[str, str | bytes]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    def stop(signum: int, frame: object) -> None:
        pytest.fail(f"The test took longer than {seconds} s.")

    previous = signal.signal(signal.SIGALRM, stop)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    start = time.monotonic()
    try:
        yield
        took = time.monotonic() - start
        assert took < seconds, f"It took {took:.1f} s."
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, 1)
        signal.signal(signal.SIGALRM, previous)


@pytest.fixture(autouse=True)
def _isolation_and_time_limit(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [], "IMPORTED": tmp_path / "imported"}
    with time_limit(40):
        yield
    serving.forget()


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write_course(folder: Path, content: str = "", files: Files | None = None) -> Path:
    """Write a course `heat` whose root element has the content, and return its folder."""
    root = {"course.xml": POINTER, "course/2026.xml": f"<course>{content}</course>"}
    return write(folder / "heat", {**root, **(files or {})})


def load_and_render(source: str | Path, course_id: str | None = None) -> LoadedCourse | None:
    """Return the course after showing it to a learner and to staff, or None if it was refused."""
    try:
        course = load_course(source, course_id)
    except OlxError as error:
        assert str(error).encode()
        return None
    assert "\n".join(course.problems).encode().count(b"\n") == max(len(course.problems) - 1, 0)
    for staff in (False, True):
        page = render(course, "ada", staff=staff)
        assert page.encode()
        assert dangers_in(page) == []
    return course


def read(source: str | Path, course_id: str | None = None) -> LoadedCourse:
    """Return the course, which must not be refused."""
    course = load_and_render(source, course_id)
    assert course is not None
    return course


class _Dangers(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "") for name, value in attrs}
        if tag in {"iframe", "object", "embed", "base", "form", "meta", "style", "svg", "math"}:
            self.found.append(tag)
        if tag == "script" and not values.get("src", "").startswith("/"):
            self.found.append(tag)
        for name, value in values.items():
            scheme = "".join(value.split()).lower().partition(":")[0]
            if name.startswith("on") or name in {"style", "srcdoc", "formaction"}:
                self.found.append(name)
            if name in {"href", "src"} and scheme in {"javascript", "data", "vbscript"}:
                self.found.append(value)


def dangers_in(page: str) -> list[str]:
    parser = _Dangers()
    parser.feed(page)
    return parser.found


def partition(**changes: Any) -> dict[str, Any]:
    groups = [{"id": 0, "name": "A", "version": 1}, {"id": 1, "name": "B", "version": 1}]
    return {
        "id": 1,
        "name": "Style",
        "description": "",
        "scheme": "random",
        "parameters": {},
        "active": True,
        "version": 3,
        "groups": groups,
        **changes,
    }


def experiment(attributes: str = "", **changes: Any) -> str:
    """Return a course of one experiment whose arm for the learner says "Arm"."""
    partitions = json.dumps([partition(**changes)])
    return f"""
        <course user_partitions={quoteattr(partitions)}>
          <split_test url_name="split" {attributes}>
            <html url_name="arm_0">Arm</html><html url_name="arm_1">Arm</html>
          </split_test>
        </course>"""


def header(name: str, size: int, type: bytes = tarfile.REGTYPE) -> bytes:
    """Return the header of a member that claims the size."""
    info = tarfile.TarInfo(name)
    info.type = type
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (size % 256**12 if size < 0 else 0x80 * 256**11 + size).to_bytes(12, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(name: str, data: bytes = b"", type: bytes = tarfile.REGTYPE) -> bytes:
    return header(name, len(data), type) + data + b"\0" * (-len(data) % tarfile.BLOCKSIZE)


def pax(**values: str) -> bytes:
    """Return a pax header for the member after it; `__` stands for a dot."""
    records = b""
    for name, value in values.items():
        rest = f" {name.replace('__', '.')}={value}\n".encode()
        length = len(rest)
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        records += str(length).encode() + rest
    return member("pax", records, tarfile.XHDTYPE)


END = b"\0" * tarfile.RECORDSIZE
COURSE_XML = member("course.xml", POINTER.encode())
ROOT_XML = member("course/2026.xml", b"<course/>")


def archive(folder: Path, *members: bytes) -> Path:
    path = folder / "heat.tar.gz"
    data = b"".join(members)
    path.write_bytes(gzip.compress(data + END + b"\0" * (-len(data) % tarfile.RECORDSIZE), 1))
    return path


def long_archive(folder: Path, start: bytes, filling: bytes, mebibytes: int) -> Path:
    """Write a small file that unpacks to `start` and the given MiB of `filling`."""
    piece = gzip.compress(filling * (16 * MIB // len(filling)), 1)
    path = folder / "heat.tar.gz"
    path.write_bytes(gzip.compress(start) + piece * (mebibytes // 16))
    return path


_APART = """
import resource, sys
from pathlib import Path
{setup}
from xblock_experiments.olx.archives import unpack
from xblock_experiments.olx.untrusted import OlxError
resource.setrlimit(resource.RLIMIT_DATA, (700 << 20, 700 << 20))
try:
    {call}
except OlxError as error:
    print(type(error).__name__)
else:
    print("read")
"""
_UNPACK = _APART.format(setup="", call="unpack(Path(sys.argv[1]), Path(sys.argv[2]))")
_LOAD = _APART.format(
    setup="""
import django
django.setup()
from django.core.management import call_command
from xblock_experiments.testing import load_course, render
call_command("migrate", verbosity=0)
""",
    call='render(load_course(sys.argv[1]), "ada")',
)


def run_in_limited_process(program: str, *arguments: Path, seconds: float) -> str:
    """Run the program in a process with 700 MiB of memory, and return its output."""
    data = arguments[0].parent / "data"
    environment = {**os.environ, "XBLOCK_EXPERIMENTS_DATA": str(data), "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"The test took longer than {seconds} s.")
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def entities(count: int) -> str:
    """Return entity declarations of which the last expands to 10**count times the first."""
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, count)]
    return f'<!DOCTYPE course [<!ENTITY e0 "ha">{"".join(lines)}]>'


def document_types(secret: Path) -> dict[str, str]:
    """Return document types, each with the element that uses them; `{}` is its type."""
    uri = secret.as_uri()
    external = f'<!DOCTYPE course [<!ENTITY x SYSTEM "{uri}">]>'
    parameter = f'<!DOCTYPE course [<!ENTITY % x SYSTEM "{uri}"> %x;]>'
    return {
        "external entity": external + "<{0}><html>&x;</html></{0}>",
        "external entity in an attribute": external + '<{0} display_name="&x;"/>',
        "parameter entity": parameter + "<{0}/>",
        "external subset": f'<!DOCTYPE course SYSTEM "{uri}"><' + "{0}/>",
        "public subset": f'<!DOCTYPE course PUBLIC "-//X//Y" "{uri}"><' + "{0}/>",
        "billion laughs": entities(10) + "<{0}><html>&e9;</html></{0}>",
        "billion laughs in an attribute": entities(10) + '<{0} display_name="&e9;"/>',
        "quadratic blowup": f'<!DOCTYPE course [<!ENTITY x "{"ha" * 50_000}">]>'
        + "<{0}><html>"
        + "&x;" * 50_000
        + "</html></{0}>",
        "entity that contains itself": '<!DOCTYPE course [<!ENTITY x "&x;">]><{0}>&x;</{0}>',
        "empty document type": "<!DOCTYPE course><{0}/>",
        "default attribute": "<!DOCTYPE course [<!ATTLIST {0} display_name CDATA 'x'>]><{0}/>",
    }


DOCUMENT_TYPES = sorted(document_types(Path("/secret")))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a file that no course may read."""
    path = tmp_path / "outside" / "secret.html"
    write(path.parent, {path.name: SECRET})
    return path


@pytest.mark.parametrize("attack", DOCUMENT_TYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("file", ["course.xml", "course/2026.xml"])
def test_a_course_with_a_document_type_is_refused(
    tmp_path: Path, secret: Path, attack: str, encoding: str, file: str
) -> None:
    text = document_types(secret)[attack].replace("{0}", "course")
    source = write_course(tmp_path, files={file: text.encode(encoding)})

    with time_limit(12), pytest.raises(InvalidCourse) as refused:
        load_course(source)

    assert str(refused.value).startswith(f"{file}: ")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("attack", DOCUMENT_TYPES)
def test_a_file_with_a_document_type_is_reported_and_left_out(
    tmp_path: Path, secret: Path, attack: str
) -> None:
    text = document_types(secret)[attack].replace("{0}", "vertical")
    content = '<vertical url_name="bad"/><html url_name="good">Still here</html>'
    source = write_course(tmp_path, content, {"vertical/bad.xml": text})

    course = read(source)

    assert [problem.partition(":")[0] for problem in course.problems] == ["vertical/bad.xml"]
    page = render(course, "ada")
    assert "Still here" in page
    assert SECRET not in page


@pytest.mark.parametrize("attack", DOCUMENT_TYPES)
def test_a_text_with_a_document_type_is_refused(secret: Path, attack: str) -> None:
    with pytest.raises(InvalidCourse):
        load_course(document_types(secret)[attack].replace("{0}", "course"), "demo")


def test_no_file_outside_the_course_is_included(tmp_path: Path, secret: Path) -> None:
    content = f"""
        <vertical xmlns:xi="http://www.w3.org/2001/XInclude">
          <xi:include href="{secret.as_uri()}" parse="text"/>
          <html><xi:include href="{secret.as_uri()}" parse="text"/></html>
        </vertical>"""

    course = read(write_course(tmp_path, f"<?xml-stylesheet href='{secret}'?>{content}"))

    assert SECRET not in render(course, "ada")


def nested(block_type: str, depth: int) -> str:
    return f"<{block_type}>" * depth + f"</{block_type}>" * depth


@pytest.mark.parametrize("block_type", ["vertical", "video", "html"])
@pytest.mark.parametrize("depth", [31, 200, 300, 100_000])
def test_deep_xml_is_refused_or_read(block_type: str, depth: int) -> None:
    with time_limit(12):
        course = load_and_render(nested(block_type, depth), "demo")

    assert (course is None) == (block_type == "vertical" or depth > 256)


@pytest.mark.parametrize(
    ("data", "is_read"),
    [
        pytest.param("<a b='é'/>".encode("utf-8-sig"), True, id="byte order mark"),
        pytest.param("<a b='é'/>".encode("utf-16"), True, id="UTF-16"),
        pytest.param(
            '<?xml version="1.0" encoding="iso-8859-1"?><a b="é"/>'.encode("latin-1"),
            True,
            id="Latin 1",
        ),
        pytest.param(
            '<?xml version="1.0" encoding="ascii"?><a b="é"/>'.encode(), False, id="wrong: ASCII"
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-16"?><a/>', None, id="wrong: UTF-16 that is not"
        ),
        pytest.param(b'<?xml version="1.0" encoding="utf-7"?><a/>', None, id="UTF-7"),
        pytest.param(b'<?xml version="1.0" encoding="no-such"?><a/>', None, id="unknown"),
        pytest.param("<a b='é'/>".encode("latin-1"), False, id="invalid UTF-8"),
        pytest.param("<a b='é'/>".encode("utf-16")[:-3], False, id="truncated UTF-16"),
        pytest.param(b"<a b='\xed\xa0\x80'/>", False, id="half a surrogate pair"),
        pytest.param(b"<a b='\0'/>", False, id="NUL"),
        pytest.param(b"<a b='&#0;'/>", False, id="NUL by reference"),
        pytest.param(b"<a b='&#xd800;'/>", False, id="surrogate by reference"),
        pytest.param(b"", False, id="nothing"),
        pytest.param(b"   ", False, id="blank"),
        pytest.param(b"\xff\xfe", False, id="only a byte order mark"),
        pytest.param(NOISE[:1000], False, id="noise"),
        pytest.param(b"<a>&nbsp;</a>", False, id="entity of HTML"),
        pytest.param(b"<a/><a/>", False, id="two roots"),
        pytest.param(b"<a b='1' b='2'/>", False, id="attribute twice"),
        pytest.param(b"<x:a/>", None, id="prefix of nothing"),
    ],
)
def test_xml_in_any_encoding_is_read_or_refused(data: bytes, is_read: bool | None) -> None:
    try:
        root = parse_xml(data, "a.xml")
    except InvalidCourse as error:
        assert str(error).startswith("a.xml: ")
        assert not is_read
    else:
        assert is_read in (True, None)
        assert root.get("b") in ("é", None)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("Größe".encode("utf-8-sig"), id="byte order mark"),
        pytest.param("Größe".encode("latin-1"), id="Latin 1"),
        pytest.param("Größe".encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xff\xfe\xfd\x80\xed\xa0\x80", id="invalid UTF-8"),
        pytest.param(b"a\0b\x01\x1b\x7f\xc2\x85\xef\xbf\xbf", id="control characters"),
        pytest.param("\u202etxet\u2028\u2029\ufdd0".encode(), id="directions"),
        pytest.param(NOISE[:1000], id="noise"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_an_html_file_in_any_encoding_is_shown(tmp_path: Path, data: bytes) -> None:
    content = '<html url_name="a"/><html url_name="b" filename="a"/>'

    course = read(write_course(tmp_path, content, {"html/a.html": data + b"<p>The end</p>"}))

    assert render(course, "ada").count("The end") == 2 or data.startswith(b"\xff\xfeG")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("no course", InvalidCourse, id="words"),
        pytest.param("x" * 10_000, InvalidCourse, id="a long word"),
        pytest.param("a\0b", InvalidCourse, id="NUL"),
        pytest.param("", InvalidCourse, id="nothing"),
        pytest.param("<", InvalidCourse, id="less-than"),
        pytest.param("<a>\ud800</a>", InvalidCourse, id="half a surrogate pair"),
        pytest.param("<a>\0</a>", InvalidCourse, id="NUL in XML"),
        pytest.param("/dev/zero", InvalidCourse, id="a device"),
        pytest.param("<a>" + "x" * 17 * MIB + "</a>", CourseTooLarge, id="17 MiB"),
    ],
)
def test_a_source_that_is_no_course_is_refused(text: str, error: type[OlxError]) -> None:
    with pytest.raises(error):
        load_course(text, "demo")


@pytest.mark.parametrize(
    "course_id",
    [
        pytest.param("x" * 300, id="slug"),
        pytest.param("course-v1:A+B+" + "C" * 300, id="course key"),
    ],
)
def test_a_course_id_that_cannot_be_stored_is_refused(course_id: str) -> None:
    with pytest.raises(InvalidId):
        load_course(experiment(), course_id)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param("x" * 300, id="long"),
        pytest.param("x" * 10_000, id="very long"),
        *("../..", "a/b", "a b", ".", "..", "é"),
    ],
)
def test_a_run_of_any_name_is_read_or_refused(tmp_path: Path, run: str) -> None:
    pointer = f'<course org="Org" course="Heat" url_name={quoteattr(run)}/>'

    assert load_and_render(write(tmp_path, {"course.xml": pointer})) is None
    load_and_render(
        f'<course org="Org" course="Heat" url_name={quoteattr(run)}><html>x</html></course>'
    )


URL_NAMES = [
    pytest.param("../../outside/secret", id="dots"),
    pytest.param("..:..:outside:secret", id="dots by colons"),
    pytest.param("/outside/secret", id="absolute"),
    pytest.param("a/b", id="slash"),
    pytest.param("a\\b", id="backslash"),
    pytest.param("a b", id="space"),
    pytest.param("a\"b'c", id="quotes"),
    pytest.param("a'><script>alert(1)</script>", id="script"),
    pytest.param("a'onclick='alert(1)", id="handler"),
    pytest.param("a?b#c&d", id="query"),
    pytest.param("a\nb\tc", id="line break"),
    pytest.param("a%2e%2e%2fb%00", id="encoded"),
    pytest.param("x" * 300, id="300 characters"),
    pytest.param("x" * 10_000, id="10000 characters"),
    pytest.param("Größe", id="umlaut"),
    pytest.param("\u202egnp.exe", id="right to left"),
    pytest.param("\u200b\u2028\ufeff", id="invisible"),
    pytest.param("\U0001f600", id="emoji"),
    pytest.param("a.b.d0.u0", id="dotted"),
    pytest.param(".", id="dot"),
    pytest.param("..", id="two dots"),
    pytest.param("a@b+c:d", id="parts of keys"),
    pytest.param("-", id="hyphen"),
]


@pytest.mark.parametrize("url_name", URL_NAMES)
@pytest.mark.parametrize("course_id", ["demo", COURSE_ID])
@pytest.mark.parametrize("block_type", ["sequential", "video"])
def test_a_block_of_any_name_is_shown(url_name: str, course_id: str, block_type: str) -> None:
    xml = f'<{block_type} display_name="Found" url_name={quoteattr(url_name)}/>'

    course = read(f"<course><vertical>{xml}</vertical>{xml}</course>", course_id)

    assert "block" in render(course, "ada")


@pytest.mark.parametrize("url_name", URL_NAMES)
def test_a_pointer_of_any_name_stays_inside(tmp_path: Path, secret: Path, url_name: str) -> None:
    name = quoteattr(url_name)
    content = f"""
        <vertical url_name={name}/><html url_name={name}/><html url_name="x" filename={name}/>
        <{"video"} url_name={name}/><html url_name="good">Still here</html>"""
    write(secret.parent, {"secret.xml": f"<vertical><html>{SECRET}</html></vertical>"})

    course = read(write_course(tmp_path, content))

    page = render(course, "ada")
    assert "Still here" in page
    assert SECRET not in page + "".join(course.problems)
    assert len(course.problems) >= 4


@pytest.mark.parametrize("url_name", URL_NAMES)
@pytest.mark.parametrize("course_id", ["demo", COURSE_ID])
def test_an_arm_of_any_name_is_shown_and_its_exposure_recorded(
    url_name: str, course_id: str
) -> None:
    mapping = quoteattr(json.dumps({"0": url_name, "1": url_name}))
    partitions = quoteattr(json.dumps([partition()]))
    course = read(
        f"""
        <course user_partitions={partitions}>
          <split_test url_name={quoteattr(url_name)} user_partition_id="1"
                      group_id_to_child={mapping}>
            <html url_name={quoteattr(url_name)}>Arm</html>
          </split_test>
        </course>""",
        course_id,
    )

    assert "Arm" in render(course, "ada") or course.problems


BLOCK_TYPES = [
    "a.b",
    "a-b",
    "_",
    "é",
    pytest.param("x" * 300, id="long"),
    pytest.param("x" * 10_000, id="very long"),
    "static",
    "drafts",
    "policies",
    "p:vertical",
    "p:html",
    "p:wiki",
    "q:video",
    "r:x",
    "option:display_name",
    "option:children",
    "option:user_partitions",
]


@pytest.mark.parametrize("block_type", BLOCK_TYPES)
@pytest.mark.parametrize("course_id", ["demo", COURSE_ID])
def test_a_block_of_any_type_is_shown_or_left_out(block_type: str, course_id: str) -> None:
    course = read(
        f"""
        <vertical xmlns:p="urn:x" xmlns:q="../../outside/" xmlns:r="urn:a'onclick='alert(1)'x='"
                  xmlns:option="http://code.edx.org/xblock/option">
          <{block_type} url_name="x">1</{block_type}><{block_type}/>
          <html url_name="good">Still here</html>
        </vertical>""",
        course_id,
    )

    assert "Still here" in render(course, "ada")


@pytest.mark.parametrize(
    "block_type", ["a.b", "static", "policies", "drafts", "p:x", pytest.param("x" * 300, id="long")]
)
def test_a_pointer_of_any_type_stays_inside(tmp_path: Path, secret: Path, block_type: str) -> None:
    content = f"""
        <vertical xmlns:p="../../outside" url_name="v">
          <{block_type} url_name="secret"/><{block_type} url_name="../secret"/>
        </vertical>"""

    course = read(write_course(tmp_path, content, {"static/secret.xml": "<static/>"}))

    assert SECRET not in render(course, "ada")


def test_blocks_whose_names_differ_only_in_dots_are_different() -> None:
    text = """
        <vertical>
          <a.b url_name="c" display_name="One"/><a url_name="b.c" display_name="Two"/>
        </vertical>"""

    course = read(text, "demo")

    page = render(course, "ada")
    assert "Two" in page
    assert "One" in page or any("a.b" in problem for problem in course.problems)


def test_comments_and_processing_instructions_are_not_blocks(tmp_path: Path) -> None:
    noise = "<!-- <vertical/> --><?php echo 1 ?>"
    content = f"""
        {noise}<vertical>{noise}<html>Be{noise}fore</html>{noise}</vertical>{noise}
        <split_test>{noise}</split_test><video>{noise}</video>
        <html>{noise}After<b>wards</b>{noise}</html><html>{noise}</html>"""
    files = {
        "course.xml": f"{noise}{POINTER}{noise}",
        "course/2026.xml": f"{noise}<course>{content}</course>{noise}",
    }

    course = read(write_course(tmp_path, files=files))

    page = render(course, "ada")
    assert "Before" in page
    assert "After<b>wards</b>" in page
    assert registry.courses()[0].blocks
    assert len(registry.courses()[0].blocks) == 7


@pytest.mark.parametrize(
    "name", ["children", "parent", "xml_attributes", "name", "tags", "content", "olx", "runtime"]
)
@pytest.mark.parametrize(
    "value",
    ["", "[1]", "{", "[: ]", '{"a": 1}', pytest.param("[" * 5000, id="deep")],
)
@pytest.mark.parametrize("block_type", ["vertical", "split_test", "html"])
def test_an_attribute_with_the_name_of_a_block_member_is_only_stored(
    name: str, value: str, block_type: str
) -> None:
    inner = "Still here" if block_type == "html" else "<html>Still here</html>"
    xml = f'<{block_type} url_name="a" {name}={quoteattr(value)}>{inner}</{block_type}>'

    course = read(f"<vertical>{xml}</vertical>", "demo")

    shown = "Still here" in render(course, "ada")
    assert shown or block_type == "split_test"
    kept = find_block(course, "ada", "a").xml_attributes
    assert kept.get(name) == value or name in {"name", "tags"}


@pytest.mark.parametrize(
    "field",
    [
        "children",
        "display_name",
        "group_id_to_child",
        "tags",
        "user_partition_id",
        "user_partitions",
        "xml_attributes",
    ],
)
@pytest.mark.parametrize("value", ["", "[]", "{}", "null"])
@pytest.mark.parametrize("attributes", ['none="true"', ""])
@pytest.mark.parametrize("block_type", ["course", "split_test", "html"])
def test_an_element_may_set_a_field_to_an_empty_value(
    field: str, value: str, attributes: str, block_type: str
) -> None:
    read(
        f"""
        <{block_type} xmlns:option="http://code.edx.org/xblock/option">
          <option:{field} {attributes}>{value}</option:{field}><html>Still here</html>
        </{block_type}>""",
        "demo",
    )


class Fussy(XBlock):
    """A block of another package that expects well-formed input."""

    number = Integer(scope=Scope.settings, default=0)
    has_children = True

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        if node.get("fail"):
            raise {"key": KeyError, "recursion": RecursionError, "type": TypeError}[
                node.get("fail")
            ]
        return super().parse_xml(node, runtime, keys)


@pytest.mark.parametrize(
    "attributes",
    [
        'number="abc"',
        'number="{"',
        'tags="x"',
        'children="x"',
        'children="[1]"',
        'parent="{"',
        'fail="key"',
        'fail="recursion"',
        'fail="type"',
    ],
)
def test_a_block_that_its_package_cannot_read_does_not_affect_other_blocks(
    monkeypatch: pytest.MonkeyPatch, attributes: str
) -> None:
    entry_point = EntryPoint("fussy", f"{__name__}:Fussy", XBlock.entry_point)
    registered = [*XBlock.extra_entry_points, ("fussy", entry_point)]
    monkeypatch.setattr(XBlock, "extra_entry_points", registered)
    monkeypatch.delitem(PLUGIN_CACHE, (XBlock.entry_point, "fussy"), raising=False)
    text = f'<vertical><fussy url_name="f" {attributes}/><html>Still here</html></vertical>'

    course = read(text, "demo")

    assert "Still here" in render(course, "ada")
    assert any("fussy" in problem for problem in course.problems)


DEEP = [pytest.param(depth, id=f"depth {depth}") for depth in (200, 600, 990, 100_000)]


def deep_json(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="list"),
        pytest.param("5", id="number"),
        pytest.param("NaN", id="NaN"),
        pytest.param("{", id="no JSON"),
        pytest.param('{"course/2026": []}', id="list inside"),
        pytest.param('{"course/2026": {"display_name": NaN, "x": Infinity}}', id="NaN inside"),
        pytest.param('{"course/2026": {"display_name": ' + "1" * 5000 + "}}", id="long number"),
        pytest.param('{"course/2026": {"display_name": {"a": [1, null]}}}', id="object for text"),
        pytest.param('{"course/2026": {"display_name": "\\ud800\\u0000"}}', id="surrogate, NUL"),
        pytest.param('{"course/2026": {"": 1, "a b": 2, "\\u0000": 3, "{": 4, "{n}x": 5, "<": 6}}'),
        pytest.param('{"course/2026": {"children": [1], "parent": "x", "tags": "{"}}', id="fields"),
        pytest.param('{"html/a": {"filename": "../../outside/secret"}}', id="path outside"),
        pytest.param('{"html/a": {"filename": ["x"]}}', id="list for path"),
        pytest.param('{"course/2026": {"url_name": "other", "org": "Other"}}', id="other name"),
        pytest.param('{"vertical/v": {"url_name": "2026"}}', id="name of another"),
        pytest.param(b"\xff\xfe{}", id="invalid UTF-8"),
        pytest.param("\ufeff{}", id="byte order mark"),
        pytest.param('{"course/2026": {}, "course/2026": 1}', id="key twice"),
    ],
)
def test_any_policy_is_used_or_reported(tmp_path: Path, secret: Path, policy: str | bytes) -> None:
    content = '<html url_name="a"/><vertical url_name="v"><html>Still here</html></vertical>'
    files = {"policies/2026/policy.json": policy, "html/a.html": "Words"}

    course = read(write_course(tmp_path, content, files))

    page = render(course, "ada")
    assert "Still here" in page
    assert SECRET not in page


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize("key", ["display_name", "user_partitions", "unknown"])
def test_a_deep_policy_is_used_or_reported(tmp_path: Path, depth: int, key: str) -> None:
    policy = f'{{"course/2026": {{"{key}": {deep_json(depth)}}}}}'
    files = {"policies/2026/policy.json": policy}

    assert "Here" in render(read(write_course(tmp_path, "<html>Here</html>", files)), "ada")


MAPPINGS = [
    pytest.param("", id="nothing"),
    pytest.param("no JSON", id="no JSON"),
    pytest.param("[]", id="list"),
    pytest.param("5", id="number"),
    pytest.param("null", id="null"),
    pytest.param('{"0": ["arm_0"], "1": {"a": "arm_1"}}', id="values are no text"),
    pytest.param('{"0": null, "1": 5}', id="values are null"),
    pytest.param('{"0": NaN, "1": Infinity}', id="NaN"),
    pytest.param('{"0": "\\ud800", "1": "\\u0000"}', id="surrogate, NUL"),
    pytest.param('{"": "", "-1": "arm_0", "1e400": "arm_1"}', id="odd keys"),
    pytest.param('{"0": ' + "1" * 5000 + "}", id="long number"),
    pytest.param(json.dumps({"0": "x" * MIB, "1": "/" * MIB}), id="long values"),
    pytest.param(json.dumps({str(n): "arm_0" for n in range(100_000)}), id="huge"),
    pytest.param('{"0": "split", "1": "split"}', id="itself"),
    pytest.param("[&a [*a]]", id="YAML"),
]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_any_mapping_is_used_or_reported(mapping: str) -> None:
    attributes = f'user_partition_id="1" group_id_to_child={quoteattr(mapping)}'

    with time_limit(20):
        read(experiment(attributes), "demo")


@pytest.mark.parametrize("depth", DEEP)
def test_a_deep_mapping_is_used_or_reported(depth: int) -> None:
    mapping = f'{{"0": {deep_json(depth)}}}'

    read(experiment(f"group_id_to_child={quoteattr(mapping)}"), "demo")


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        "",
        " ",
        "-5",
        "9" * 30,
        "1" * 5000,
        "1e400",
        "1.5",
        "0x10",
        "1_0",
        "٣",
        "true",
        "~",
        "2001-01-01",
        "[1]",
        pytest.param("[" * 5000, id="deep"),
        "{",
        "[: ]",
        "&a [*a]",
        "!!python/object/apply:os.system [x]",
        "%",
    ],
)
def test_any_segmentation_id_is_used_or_reported(value: str) -> None:
    attributes = f'user_partition_id={quoteattr(value)} group_id_to_child="{{}}"'

    course = read(experiment(attributes), "demo")

    assert "There is nothing for you to do here." in render(course, "ada")


def test_an_id_that_is_a_long_list_is_rejected_quickly() -> None:
    attributes = f'user_partition_id="[{"1," * 400_000}]"'

    with time_limit(12):
        load_and_render(experiment(attributes), "demo")


PARTITIONS: dict[str, Any] = {
    "an object": partition(),
    "a number": 5,
    "items that are no objects": [1, None, "x", [], True],
    "an empty object": [{}],
    "version 0": [partition(version=0)],
    "version as text": [partition(version="3")],
    "version true": [partition(version=True)],
    "no version": [{key: value for key, value in partition().items() if key != "version"}],
    "a negative id": [partition(id=-1)],
    "a huge id": [partition(id=2**31)],
    "a long id": [partition(id="1" * 5000)],
    "an id of digits that are not ASCII": [partition(id="٣")],
    "a fraction as id": [partition(id=1.5)],
    "a list as id": [partition(id=[])],
    "a negative weight": [partition(parameters={"weights": {"0": -1}})],
    "a weight as text": [partition(parameters={"weights": {"0": "3"}})],
    "a huge weight": [partition(parameters={"weights": {"0": 2**31}})],
    "weights as a list": [partition(parameters={"weights": [1, 2]})],
    "a salt that is no text": [partition(parameters={"salt": 5})],
    "NaN as a weight": [partition(parameters={"weights": {"0": float("nan")}})],
    "NaN in the parameters": [partition(parameters={"x": float("nan")})],
    "NaN in a group": [partition(groups=[{"id": 0, "name": "A", "version": 1, "x": float("nan")}])],
    "infinity in unknown keys": [partition(unknown=float("inf"))],
    "parameters as a list": [partition(parameters=[])],
    "no parameters": [partition(parameters=None)],
    "groups as text": [partition(groups="ab")],
    "groups that are no objects": [partition(groups=[1])],
    "two groups of one id": [partition(groups=[{"id": 0, "name": "A", "version": 1}] * 2)],
    "a group without a name": [partition(groups=[{"id": 0, "version": 1}])],
    "a group of version 2": [partition(groups=[{"id": 0, "name": "A", "version": 2}])],
    "an object as a group's id": [partition(groups=[{"id": {}, "name": "A", "version": 1}])],
    "a list as name": [partition(name=[])],
    "a list as scheme": [partition(scheme=[])],
    "a long scheme": [partition(scheme="x" * 33)],
}


@pytest.mark.parametrize("source", ["attribute", "policy"])
@pytest.mark.parametrize("wrong", PARTITIONS)
def test_unusable_segmentations_are_reported(tmp_path: Path, wrong: str, source: str) -> None:
    value = PARTITIONS[wrong]
    good = partition(id=2)
    listed = [*value, good] if isinstance(value, list) else value
    files: dict[str, str | bytes] = {}
    if source == "policy":
        policy = {"course/2026": {"user_partitions": listed}}
        files["policies/2026/policy.json"] = json.dumps(policy)
    else:
        attribute = f"user_partitions={quoteattr(json.dumps(listed))}"
        files["course/2026.xml"] = f"<course {attribute}/>"

    course = read(write_course(tmp_path, files=files))

    assert course.problems
    saved = [segmentation.id for segmentation in get_segmentations(COURSE_ID)]
    assert saved == ([2] if isinstance(value, list) else [])


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param([partition(), partition(name="Again")], id="one id twice"),
        pytest.param([partition(groups=[])], id="no groups"),
        pytest.param([partition(parameters={"weights": {"0": 0, "1": 0}})], id="no weight"),
        pytest.param([partition(parameters={"weights": {"9": 1}})], id="weight of no group"),
        pytest.param([partition(name="\0", description="\ud800")], id="NUL, surrogate"),
        pytest.param(
            [partition(groups=[{"id": 0, "name": "\ud800\0", "version": 1}])], id="surrogate shown"
        ),
        pytest.param(
            [partition(groups=[{"id": 0, "name": HOSTILE_NAME, "version": 1}])], id="script"
        ),
        pytest.param([partition(parameters={"x": 10**4000})], id="a huge number"),
        pytest.param([partition(parameters={"salt": "\0\ud800" * 1000})], id="salt"),
        pytest.param([partition(name="x" * MIB)], id="a long name"),
        pytest.param([partition(id=n) for n in range(1000)], id="many"),
        pytest.param(
            [partition(groups=[{"id": n, "name": "x", "version": 1} for n in range(20_000)])],
            id="many groups",
        ),
    ],
)
def test_pages_can_be_shown_with_unusual_segmentations(listed: list[Any]) -> None:
    mapping = json.dumps({"0": "arm_0", "1": "arm_1"})
    read(
        f"""
        <course user_partitions={quoteattr(json.dumps(listed))}>
          <split_test user_partition_id="1" group_id_to_child={quoteattr(mapping)}>
            <html url_name="arm_0">Arm</html><html url_name="arm_1">Arm</html>
          </split_test>
        </course>""",
        "demo",
    )


@pytest.mark.parametrize("depth", DEEP)
def test_deep_segmentations_are_used_or_reported(depth: int) -> None:
    json_text = json.dumps([partition(parameters={"x": "DEEP"})])
    json_text = json_text.replace('"DEEP"', deep_json(depth))

    read(f"<course user_partitions={quoteattr(json_text)}/>", "demo")


@pytest.mark.parametrize(
    "name",
    [HOSTILE_NAME, "x" * 10_000, "\u202e\u2066" * 100, "{{ 1|add:1 }}{% debug %}", "%s %(x)s {0}"],
)
def test_names_are_shown_as_they_are_written(name: str) -> None:
    mapping = quoteattr(json.dumps({"0": "arm", "1": "arm"}))
    groups = [{"id": n, "name": name, "version": 1} for n in (0, 1)]
    partitions = quoteattr(json.dumps([partition(name=name, groups=groups)]))
    attribute = f"display_name={quoteattr(name)}"
    units = f"""
        <vertical {attribute}><video {attribute}/><problem {attribute}/></vertical>
        <split_test {attribute} user_partition_id="1" group_id_to_child={mapping}>
          <vertical url_name="arm" {attribute}><html {attribute}>Arm</html></vertical>
        </split_test>
        <html {attribute}/><video {attribute}/><problem {attribute}/>"""
    course = read(
        f"""
        <course {attribute} user_partitions={partitions}>
          <chapter url_name="chapter" {attribute}>
            <sequential url_name="lesson" {attribute}>{units}</sequential>
          </chapter>
          {units}
        </course>""",
        "demo",
    )

    for url_name in ("chapter", "lesson"):
        for staff in (False, True):
            page = render(course, "ada", url_name, staff=staff)
            assert dangers_in(page) == []
            assert escape(name, {'"': "&quot;", "'": "&#x27;"}) in page


HTML_ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x oNeRrOr\n=\nalert(1)//>",
    '<img src="/static/x" onload="alert(1)">',
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='&lt;script>alert(1)&lt;/script>'></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript&colon;alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<p style='position:fixed;background:url(//evil.example)'>x</p>",
    "<style>@import '//evil.example';</style>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mi><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mi></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><img src=x onerror=alert(1)></template>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><a title='</title><img src=x onerror=alert(1)>'></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "<details open ontoggle=alert(1)><input autofocus onfocus=alert(1)>",
    "</div></div></div></body><script>alert(1)</script>",
    "<p title='\"><script>alert(1)</script>'>x</p>",
    "<a href='/jump_to_id/\"><script>alert(1)</script>'>x</a>",
    "<a href='/static/\"><script>alert(1)</script>'>x</a>",
    "<div\x00onclick=alert(1)>\x00</div>",
]


@pytest.mark.parametrize("html", HTML_ATTACKS)
@pytest.mark.parametrize("place", ["file", "CDATA", "escaped"])
def test_html_is_shown_without_harmful_parts(tmp_path: Path, html: str, place: str) -> None:
    text = html + "<p>The end</p>"
    printable = "".join(character for character in text if character >= " " or character in "\t\n")
    inline = {
        "file": "",
        "CDATA": f"<![CDATA[{printable.replace(']]>', ']]]]><![CDATA[>')}]]>",
        "escaped": escape(printable),
    }[place]
    files = {"html/a.html": text} if place == "file" else {}

    course = read(write_course(tmp_path, f'<html url_name="a">{inline}</html>', files))

    page = render(course, "ada", "a")
    assert dangers_in(page) == []
    assert "evil.example" not in page


@pytest.mark.parametrize(
    "xml",
    [
        "<script>alert(1)</script>",
        "<img src='x' onerror='alert(1)'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
        "<iframe src='javascript:alert(1)'/>",
        "<style><!-- </style><script>alert(1)</script> --></style>",
        "<xmp><p title='&lt;/xmp>&lt;script>alert(1)&lt;/script>'/></xmp>",
    ],
)
def test_html_written_as_xml_is_shown_without_harmful_parts(xml: str) -> None:
    read(f"<html>{xml}</html>", "demo")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "..",
        "../../etc/passwd",
        "a\nb",
        "a\u2028b",
        "%",
        "%00",
        "%2e%2e%2f",
        "?x#y",
        "//evil.example/x",
        "x" * 10_000,
        "\u202e",
        "2026",
        "a/b",
    ],
)
@pytest.mark.parametrize("prefix", ["/static/", "/jump_to_id/"])
@pytest.mark.parametrize("course_id", [COURSE_ID, "demo"])
def test_a_link_to_anything_is_shown(
    tmp_path: Path, target: str, prefix: str, course_id: str
) -> None:
    html = f'<a href="{prefix}{target}">Somewhere</a><img src="{prefix}{target}">'
    source = write_course(tmp_path, '<html url_name="a"/>', {"html/a.html": html})

    assert "Somewhere" in render(read(source, course_id), "ada", "a")
    assert "Somewhere" in render(read(f"<html><![CDATA[{html}]]></html>", course_id), "ada")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 40_000, id="deep"),
        pytest.param("<a><div>" * 30_000, id="links in each other"),
        pytest.param("<table><tr><td>" * 20_000, id="tables in each other"),
        pytest.param("<svg><desc>" * 20_000, id="drawings in each other"),
        pytest.param("<p>" * 300_000, id="wide"),
        pytest.param("<" * 300_000, id="less-than"),
        pytest.param("&" * 300_000, id="ampersand"),
        pytest.param("<!--" * 100_000, id="comments"),
    ],
)
def test_html_of_any_shape_is_shown_quickly(tmp_path: Path, html: str) -> None:
    course = load_course(
        write_course(tmp_path, '<html url_name="a"/>', {"html/a.html": html + "<p>The end</p>"})
    )

    with time_limit(12):
        render(course, "ada", "a")


def test_rendering_does_not_multiply_html(tmp_path: Path) -> None:
    """Repeat elements that are left open: each paragraph opens those of the first one again."""
    opened = "".join(f"<b title={number}>" for number in range(600))
    html = f"<p>{opened}</p>{'<p>x' * 600}"
    course = load_course(write_course(tmp_path, '<html url_name="a"/>', {"html/a.html": html}))

    assert len(render(course, "ada", "a")) < 20 * len(html)


def status_of(address: str) -> int:
    answer = Client().get(address)
    answer.close()
    return answer.status_code


@pytest.mark.parametrize(
    "path",
    [
        "../course.xml",
        "..%2fcourse.xml",
        "..%5ccourse.xml",
        "%2e%2e/course.xml",
        "%252e%252e/course.xml",
        "a/../../course.xml",
        "....//course.xml",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "//etc/passwd",
        "a.txt%00.png",
        "a.txt/..",
        "a.txt%0a",
        "%ff%fe",
        "%ed%a0%80",
        pytest.param("x" * 300, id="long"),
        pytest.param("x/" * 3000, id="deep"),
        ".",
        "loop",
        "link.html",
        "linked/secret.html",
        "pipe",
    ],
)
def test_the_url_of_a_static_file_gives_no_access_to_other_files(
    tmp_path: Path, secret: Path, path: str
) -> None:
    source = write_course(tmp_path, files={"static/a.txt": "A"})
    (source / "static" / "loop").symlink_to(source / "static" / "loop")
    (source / "static" / "link.html").symlink_to(secret)
    (source / "static" / "linked").symlink_to(secret.parent)
    os.mkfifo(source / "static" / "pipe")
    load_course(source)

    assert status_of(f"/courses/heat/static/{path}") == 404


def test_a_symlinked_folder_of_static_files_is_not_followed(tmp_path: Path, secret: Path) -> None:
    source = write_course(tmp_path)
    (source / "static").symlink_to(secret.parent)
    load_course(source)

    assert status_of(f"/courses/heat/static/{secret.name}") == 404


@pytest.mark.parametrize(
    "link", ["html/a.html", "html/b.html", "html", "vertical/c.xml", "vertical", "policies"]
)
@pytest.mark.parametrize("target", ["outside", "itself", "nothing", "pipe"])
def test_a_symlink_in_a_folder_is_not_followed(tmp_path: Path, link: str, target: str) -> None:
    outside = {
        "a.html": SECRET,
        "b.html": SECRET,
        "c.xml": f"<vertical><html>{SECRET}</html></vertical>",
        f"{SECRET}.html": "",
        "2026/policy.json": json.dumps({"course/2026": {"display_name": SECRET}}),
    }
    write(tmp_path / "outside", outside)
    content = """
        <vertical url_name="c"/><html url_name="a"/><html url_name="x" filename="b"/>
        <html url_name="good">Still here</html>"""
    source = write_course(tmp_path, content)
    path = source / link
    path.parent.mkdir(exist_ok=True)
    if target == "pipe":
        os.mkfifo(path)
    else:
        there = tmp_path / "outside" / (path.name if path.suffix else "")
        path.symlink_to({"outside": there, "itself": path, "nothing": tmp_path / "no"}[target])

    with time_limit(12):
        course = load_and_render(source)

    if course is not None:
        page = render(course, "ada")
        assert "Still here" in page
        assert SECRET not in page + "".join(course.problems)
    with pytest.raises(InvalidCourse):
        unpack(source, tmp_path / "copy")


@pytest.mark.parametrize("link", ["course.xml", "course/2026.xml", "heat"])
def test_a_course_that_is_a_symlink_to_another_place_is_refused(tmp_path: Path, link: str) -> None:
    other = write_course(tmp_path / "outside", f"<html>{SECRET}</html>")
    source = tmp_path / "source"
    if link == "heat":
        source.mkdir()
        (source / "heat").symlink_to(other)
    else:
        (write_course(source) / link).unlink()
        (source / "heat" / link).symlink_to(other / link)

    with pytest.raises(InvalidCourse):
        load_course(source)


def test_a_file_name_that_is_not_valid_text_is_reported(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    (source / os.fsdecode(b"\xff\xfe.txt")).write_text("")
    (source / "two\nlines: ok").write_text("")

    assert len(read(source).problems) == 2


@pytest.mark.parametrize(
    "name",
    [
        "{}/outside.xml",
        "../outside.xml",
        "a/../../outside.xml",
        "./../outside.xml",
        "a/..",
        "..",
        "a\\..\\..\\..\\outside.xml",
        "a\0b",
    ],
)
def test_a_path_in_an_archive_stays_inside(tmp_path: Path, name: str) -> None:
    path = pax(path=name.format(tmp_path / "outside"))
    source = archive(tmp_path, COURSE_XML, ROOT_XML, path, member("x", b"Out"))

    for target in (tmp_path / "box" / "course", tmp_path / "other" / "box" / "course"):
        try:
            unpack(source, target)
        except InvalidCourse:
            continue
        assert "\\" in name

    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert written <= {"heat.tar.gz", "box", "other"}
    assert not [path for path in tmp_path.rglob("*outside.xml") if "course" not in path.parts]


@pytest.mark.parametrize(
    "type",
    [
        pytest.param(tarfile.SYMTYPE, id="symbolic link"),
        pytest.param(tarfile.LNKTYPE, id="hard link"),
        pytest.param(tarfile.CHRTYPE, id="character device"),
        pytest.param(tarfile.BLKTYPE, id="block device"),
        pytest.param(tarfile.FIFOTYPE, id="pipe"),
    ],
)
@pytest.mark.parametrize("name", ["static/x", "course.xml", "html"])
def test_archive_members_other_than_files_and_folders_are_refused(
    tmp_path: Path, secret: Path, type: bytes, name: str
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type, str(secret)
    through = member(f"{name}/y", b"Out")
    source = archive(tmp_path, info.tobuf(), through, COURSE_XML, ROOT_XML)

    with pytest.raises(InvalidCourse, match="refused"):
        unpack(source, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()
    assert secret.read_text() == SECRET


@pytest.mark.parametrize(
    ("members", "is_read"),
    [
        pytest.param([COURSE_XML, COURSE_XML, ROOT_XML], True, id="a file twice"),
        pytest.param([COURSE_XML, member("course.xml/x"), ROOT_XML], False, id="file, then folder"),
        pytest.param([member("a/x"), member("a"), COURSE_XML], False, id="folder, then file"),
        pytest.param([member(""), COURSE_XML, ROOT_XML], None, id="no name"),
        pytest.param([pax(path=""), COURSE_XML, ROOT_XML], None, id="no name by header"),
        pytest.param([member("x/" * 40), COURSE_XML, ROOT_XML], None, id="only folders"),
        pytest.param([pax(path="x" * 5000), COURSE_XML, ROOT_XML], False, id="a long name"),
        pytest.param([pax(path="x/" * 5000 + "y"), COURSE_XML, ROOT_XML], False, id="a deep name"),
        pytest.param([member("./course.xml", POINTER.encode()), ROOT_XML], True, id="dot"),
        pytest.param([COURSE_XML, ROOT_XML, member("a", b"", b"5")], True, id="folder as such"),
        pytest.param([pax(mtime="nan", uid="x"), COURSE_XML, ROOT_XML], True, id="odd numbers"),
        pytest.param([header("a", -1), COURSE_XML, ROOT_XML], None, id="size -1"),
        pytest.param([COURSE_XML, header("a", -512), ROOT_XML], None, id="size -512"),
        pytest.param([COURSE_XML, header("a", -1024), ROOT_XML], None, id="size -1024"),
        pytest.param([COURSE_XML, header("a", -(2**63)), ROOT_XML], None, id="size -2**63"),
        pytest.param([pax(size="-512"), COURSE_XML, ROOT_XML], None, id="size -512 by header"),
        pytest.param([COURSE_XML, ROOT_XML, header("a", 2**80)], False, id="size 2**80"),
        pytest.param([], False, id="nothing"),
        pytest.param([END], False, id="only zeros"),
        *(
            pytest.param([pax(**{key: value}), COURSE_XML, ROOT_XML], None, id=f"{key} {value[:9]}")
            for key in ("GNU__sparse__size", "GNU__sparse__realsize", "GNU__sparse__map", "size")
            for value in ("x", "", "-1", "1,x", "1" * 5000, "nan")
        ),
        pytest.param(
            [pax(GNU__sparse__major="1", GNU__sparse__minor="0"), COURSE_XML], None, id="sparse 1.0"
        ),
        pytest.param([pax(path="y") * 2000, COURSE_XML, ROOT_XML], None, id="2000 headers"),
        pytest.param(
            [member("././@LongLink", b"y\0", tarfile.GNUTYPE_LONGNAME) * 2000, COURSE_XML],
            None,
            id="2000 long names",
        ),
        pytest.param([member("././@LongLink", b"", b"L"), COURSE_XML], None, id="empty long name"),
        pytest.param([pax(path="y")], False, id="header of nothing"),
    ],
)
def test_an_odd_archive_is_read_or_refused(
    tmp_path: Path, members: list[bytes], is_read: bool | None
) -> None:
    source, copy = archive(tmp_path, *members), tmp_path / "copy"

    with time_limit(20):
        try:
            unpack(source, copy)
        except OlxError:
            course = None
        else:
            assert not copy.is_file()
            course = load_and_render(copy) if copy.exists() else None

    assert is_read is None or is_read == (course is not None)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x1f", id="one byte"),
        pytest.param(b"\x1f\x8b", id="two bytes"),
        pytest.param(b"\x1f\x8bhello", id="gzip that is not"),
        pytest.param(b"PK\x03\x04" * 500, id="zip"),
        pytest.param(b"<course/>", id="XML"),
        pytest.param(NOISE, id="noise"),
        pytest.param(gzip.compress(b""), id="gzip of nothing"),
        pytest.param(gzip.compress(NOISE), id="gzip of noise"),
        pytest.param(gzip.compress(gzip.compress(COURSE_XML + END)), id="gzip of gzip"),
        pytest.param((COURSE_XML + ROOT_XML)[:700], id="truncated tar"),
    ],
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, {"heat.tar.gz": data})

    with pytest.raises(InvalidCourse):
        unpack(tmp_path / "heat.tar.gz", tmp_path / "copy")


def test_an_archive_truncated_at_any_byte_is_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path, COURSE_XML, ROOT_XML).read_bytes()

    for length in range(len(whole)):
        write(tmp_path, {"cut.tar.gz": whole[:length]})
        with pytest.raises(InvalidCourse):
            unpack(tmp_path / "cut.tar.gz", tmp_path / str(length))


def test_an_archive_with_a_wrong_byte_is_refused_or_reads_the_same(tmp_path: Path) -> None:
    data = COURSE_XML + ROOT_XML
    whole = gzip.compress(data + END + b"\0" * (-len(data) % tarfile.RECORDSIZE), 0)

    for position in (*range(0, 700, 5), *range(len(whole) - 20, len(whole))):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        write(tmp_path, {"damaged.tar.gz": bytes(damaged)})
        target = tmp_path / str(position)
        try:
            unpack(tmp_path / "damaged.tar.gz", target)
        except InvalidCourse:
            continue
        assert (target / "course.xml").read_bytes() == POINTER.encode()


def test_a_gibibyte_of_zeros_is_refused(tmp_path: Path) -> None:
    start = COURSE_XML + header("static/zeros", 1024 * MIB)
    source = long_archive(tmp_path, start, b"\0", 1024)
    target = tmp_path / "copy"

    assert run_in_limited_process(_UNPACK, source, target, seconds=20) == "CourseTooLarge"
    assert not (target / "static" / "zeros").exists()


def test_many_files_that_are_large_together_are_refused(tmp_path: Path) -> None:
    limits = Limits(bytes=MIB)
    source = archive(tmp_path, *(member(f"{n}", b"x" * (MIB // 4)) for n in range(5)))

    with pytest.raises(CourseTooLarge):
        unpack(source, tmp_path / "copy", limits)
    with pytest.raises(CourseTooLarge):
        unpack(write(tmp_path / "folder", {"x": b"x" * 2 * MIB}), tmp_path / "other", limits)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    limits = Limits(files=20)
    folder = write(tmp_path / "folder", {f"{n}": "" for n in range(30)})

    with pytest.raises(CourseTooLarge):
        unpack(folder, tmp_path / "copy", limits)
    with pytest.raises(CourseTooLarge):
        unpack(archive(tmp_path, *(member(f"{n}") for n in range(30))), tmp_path / "other", limits)


def test_too_many_folders_are_refused(tmp_path: Path) -> None:
    members = [member(f"{n}/", b"", tarfile.DIRTYPE) for n in range(5000)]

    with time_limit(12), pytest.raises(OlxError):
        unpack(archive(tmp_path, *members), tmp_path / "copy", Limits(files=20, bytes=MIB))


@pytest.mark.parametrize(
    ("type", "mebibytes"),
    [
        pytest.param(tarfile.GNUTYPE_LONGNAME, 10 << 10, id="long name of 10 GiB"),
        pytest.param(tarfile.XHDTYPE, 10 << 10, id="pax of 10 GiB"),
        pytest.param(tarfile.GNUTYPE_LONGNAME, 480, id="long name of 480 MiB"),
        pytest.param(tarfile.GNUTYPE_LONGLINK, 480, id="long link of 480 MiB"),
        pytest.param(tarfile.XHDTYPE, 480, id="pax of 480 MiB"),
        pytest.param(tarfile.XGLTYPE, 480, id="global pax of 480 MiB"),
    ],
)
def test_a_huge_header_is_refused_in_little_memory(
    tmp_path: Path, type: bytes, mebibytes: int
) -> None:
    size = mebibytes * MIB
    source = long_archive(tmp_path, header("long", size, type), b"a", mebibytes)

    result = run_in_limited_process(_UNPACK, source, tmp_path / "copy", seconds=20)

    assert result in {"CourseTooLarge", "InvalidCourse"}


@pytest.mark.parametrize("records", [b"1" * 100_000, b"20 hdrcharset=" + b"1" * 100_000])
def test_a_header_of_many_digits_is_rejected_quickly(tmp_path: Path, records: bytes) -> None:
    source = archive(tmp_path, member("pax", records, tarfile.XHDTYPE), COURSE_XML, ROOT_XML)

    run_in_limited_process(_UNPACK, source, tmp_path / "copy", seconds=10)


@pytest.mark.parametrize("key", ["GNU__sparse__size", "GNU__sparse__realsize"])
def test_no_header_raises_the_size_limit(tmp_path: Path, key: str) -> None:
    """Check sizes: a negative size adds no allowance, and holes of a sparse file count as bytes."""
    hole = pax(GNU__sparse__map="0,0", GNU__sparse__size=str(16 * MIB))
    credit = pax(**{key: str(-(10**18))})
    source = archive(tmp_path, credit, COURSE_XML, hole, member("hole"))

    with pytest.raises(OlxError):
        unpack(source, tmp_path / "copy", Limits(bytes=MIB))


def test_a_sparse_file_of_a_tebibyte_is_refused(tmp_path: Path) -> None:
    hole = pax(GNU__sparse__map="0,0", GNU__sparse__size=str(1 << 40))

    with time_limit(12), pytest.raises(OlxError):
        unpack(archive(tmp_path, hole, member("hole")), tmp_path / "copy")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"course.xml": POINTER}, id="no course"),
        pytest.param({"course.xml": "<!DOCTYPE x>" + POINTER}, id="document type"),
        pytest.param({"x": ""}, id="nothing"),
    ],
)
def test_an_archive_that_is_refused_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    source = archive(tmp_path, *(member(name, text.encode()) for name, text in files.items()))

    with pytest.raises(OlxError):
        load_course(source)
    gc.collect()

    assert list(temporary.iterdir()) == []
    assert registry.courses() == ()


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([COURSE_XML, pax(GNU__sparse__size="x"), ROOT_XML], id="odd header"),
        pytest.param([COURSE_XML, member("../x", b"Out"), ROOT_XML], id="path"),
        pytest.param([COURSE_XML, member("course/2026.xml", b"<!DOCTYPE x><course/>")], id="type"),
        pytest.param([COURSE_XML, header("a", 10 << 30)], id="truncated"),
    ],
)
def test_importing_a_hostile_archive_reports_the_reason_and_leaves_no_files(
    tmp_path: Path, members: list[bytes]
) -> None:
    source = archive(tmp_path, *members)

    with pytest.raises(CommandError):
        call_command("import_course", str(source), stdout=io.StringIO())

    assert list((tmp_path / "imported").iterdir()) == []


def test_an_unreadable_course_does_not_stop_the_workbench(
    tmp_path: Path, settings: Settings
) -> None:
    texts = ['<course tags="{"/>', f"<course user_partitions='{deep_json(800)}'/>", "<course"]
    sources = [
        write_course(tmp_path / str(number), files={"course/2026.xml": text})
        for number, text in enumerate(texts)
    ]
    good = write(tmp_path / "good", {"course.xml": POINTER, "course/2026.xml": "<course/>"})
    write(good, {"static/a.txt": "Good"})
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [*sources, good], "IMPORTED": tmp_path / "imported"}

    assert b"".join(Client().get("/courses/heat/static/a.txt")) == b"Good"


def test_a_course_of_100000_blocks_is_refused() -> None:
    units = ("<vertical>" + "<video/>" * 99 + "</vertical>") * 1000

    with time_limit(60), pytest.raises(CourseTooLarge):
        load_course(f"<vertical>{units}</vertical>", COURSE_ID)


def wide(count: int, xml: Callable[[int], str]) -> str:
    return "".join(xml(number) for number in range(count))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"<vertical>{wide(3000, lambda n: f'<vertical url_name="v{n}"/>')}</vertical>",
            id="3000 children of one block",
        ),
        pytest.param(
            f"<vertical {wide(30_000, lambda n: f'a{n}="" ')}/>", id="30000 attributes of one block"
        ),
        pytest.param(f"<vertical>{'<wiki/>' * 300_000}</vertical>", id="300000 elements not used"),
        pytest.param(
            f"<vertical>{'<video url_name="v">x</video>' * 50_000}</vertical>",
            id="50000 blocks of one name",
        ),
        pytest.param(f"<html>{'<b/>' * 300_000}</html>", id="300000 elements of text"),
        pytest.param(f"<video>{'<b/>' * 300_000}</video>", id="300000 elements in a placeholder"),
        pytest.param(f"<vertical>{'<!-- x -->' * 300_000}</vertical>", id="300000 comments"),
        pytest.param(f'<html filename="{"x" * 9 * MIB}"/>', id="9 MiB of an attribute"),
    ],
)
def test_a_wide_course_is_read_or_refused_quickly(text: str) -> None:
    with time_limit(30):
        try:
            load_course(text, COURSE_ID)
        except OlxError as error:
            assert len(str(error)) < 1000


def test_a_course_that_shares_blocks_at_every_level_is_shown_or_refused(tmp_path: Path) -> None:
    """Share blocks so that the course would have 2**25 leaves when expanded."""
    levels = 25
    files = {
        f"vertical/{name}{n}.xml": f'<vertical><vertical url_name="v{n + 1}"/>'
        f'<vertical url_name="w{n + 1}"/></vertical>'
        for name in "vw"
        for n in range(levels)
    }
    files |= {f"vertical/{name}{levels}.xml": "<vertical/>" for name in "vw"}
    source = write_course(tmp_path, '<vertical url_name="v0"/>', files)

    with time_limit(20):
        load_and_render(source)


def test_a_file_that_many_blocks_point_to_is_read_once(tmp_path: Path) -> None:
    files = {"vertical/v.xml": f"<vertical>{'<!-- x --><wiki/>' * 20_000}</vertical>"}
    source = write_course(tmp_path, '<vertical url_name="v"/>' * 5000, files)

    with time_limit(12):
        load_and_render(source)


def test_a_long_chain_of_pointers_is_refused(tmp_path: Path) -> None:
    files = {
        f"vertical/v{n}.xml": f'<vertical><vertical url_name="v{n + 1}"/></vertical>'
        for n in range(1000)
    }

    with time_limit(12), pytest.raises(CourseTooLarge):
        load_course(write_course(tmp_path, '<vertical url_name="v0"/>', files))


def test_a_cycle_of_pointers_ends(tmp_path: Path) -> None:
    files = {
        f"vertical/v{n}.xml": wide(20, lambda m: f'<vertical url_name="v{m}"/>').join(
            ("<vertical>", "</vertical>")
        )
        for n in range(20)
    }

    with time_limit(12), suppress(CourseTooLarge):
        load_course(write_course(tmp_path, '<vertical url_name="v0"/>', files))


def repeated(start: bytes, piece: bytes, end: bytes, size: int = 16 * MIB) -> bytes:
    return start + piece * ((size - len(start) - len(end)) // len(piece)) + end


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(
            "policies/2026/policy.json",
            (b'{"course/2026": {"user_partitions": [', b"[],", b"[]]}}"),
            id="segmentations",
        ),
        pytest.param("course/2026.xml", (b"<course>", b"<wiki/>", b"</course>"), id="not used"),
        pytest.param(
            "course/2026.xml", (b"<course><html>", b"<b/>", b"</html></course>"), id="text"
        ),
        pytest.param("html/a.html", (b"", b"<p>", b""), id="html"),
    ],
)
def test_the_largest_file_is_read_or_refused_in_little_memory(
    tmp_path: Path, name: str, data: tuple[bytes, bytes, bytes]
) -> None:
    source = write_course(tmp_path, '<html url_name="a"/>', {name: repeated(*data)})

    assert run_in_limited_process(_LOAD, source, seconds=30) in {
        "read",
        "CourseTooLarge",
        "InvalidCourse",
    }


def test_a_file_that_is_too_large_is_reported_and_the_rest_is_loaded(tmp_path: Path) -> None:
    content = '<html url_name="big"/><vertical url_name="big"/><html url_name="a">Still here</html>'
    files = {
        "html/big.html": b"x" * (17 * MIB),
        "vertical/big.xml": b"<vertical>" + b" " * (17 * MIB) + b"</vertical>",
    }

    course = read(write_course(tmp_path, content, files))

    found = {problem.partition(":")[0] for problem in course.problems}
    assert found == {"html/big.html", "vertical/big.xml"}
    assert "Still here" in render(course, "ada")


def test_smaller_limits_are_respected(tmp_path: Path) -> None:
    source = write_course(tmp_path, files={"course/2026.xml": f"<course>{' ' * 5000}</course>"})

    with pytest.raises(OlxError):
        Olx.open(source, limits=Limits(file_bytes=1000))
    with pytest.raises(CourseTooLarge):
        Olx.open(f"<course>{' ' * 5000}</course>", limits=Limits(file_bytes=1000))


def test_random_bytes_in_place_of_any_file_do_not_crash_the_import(tmp_path: Path) -> None:
    content = '<vertical url_name="v"/><html url_name="h"/><html url_name="i"/>'
    files: dict[str, bytes] = {
        "course.xml": POINTER.encode(),
        "course/2026.xml": f"<course>{content}</course>".encode(),
        "vertical/v.xml": b"<vertical/>",
        "html/h.xml": b'<html filename="h"/>',
        "html/h.html": b"<p>x</p>",
        "html/i.html": b"<p>x</p>",
        "policies/2026/policy.json": b"{}",
    }
    for name, data in files.items():
        for damage in damaged(data):
            load_and_render(write(tmp_path / "heat", {**files, name: damage}))


def damaged(data: bytes) -> Iterable[bytes]:
    yield from (b"", b"\0" * 100, NOISE[:100], data * 2, data[: len(data) // 2])
    for position in range(0, len(data), 7):
        changed = bytearray(data)
        changed[position] ^= 0x15
        yield bytes(changed)
