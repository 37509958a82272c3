"""An Open edX course export, read: folder, .tar.gz, or the text of one XML element.

Exports come from anywhere, so nothing in them is believed: XML is read without entities, paths stay
inside the folder, links are not followed, and there are limits to everything that can be many.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Self, cast

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

from xblock_experiments.errors import ExperimentsError

_SLUG = re.compile(r"[\w-]{1,40}")
_URL_NAME = re.compile(r"[\w~.:-]{1,100}")
_POINTER_ATTRIBUTES = frozenset({"url_name", "org", "course", "slug"})
NO_BLOCKS = frozenset({"textbook", "wiki"})
"""What a course holds besides blocks."""

_READ_FOLDERS = frozenset({"course.xml", "static", "policies"})
_CHUNK_BYTES = 1 << 16


class OlxError(ExperimentsError):
    """A course cannot be read; nothing of it was kept."""


class InvalidCourse(OlxError, ValueError):
    """What was given is no course export, or one that tries to do harm."""


class CourseTooLarge(OlxError, ValueError):
    """A course that goes over one of the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of anything is read, so that no file can keep a reader busy for ever."""

    blocks: int = 30_000
    depth: int = 30
    files: int = 100_000
    bytes: int = 512 * 1024 * 1024
    file_bytes: int = 16 * 1024 * 1024


LIMITS = Limits()


@dataclass(slots=True)
class Olx:
    """An opened course: its root element, and the way from pointers to what they point to."""

    course_id: str
    root: etree._Element
    folder: Path | None = None
    limits: Limits = LIMITS
    problems: list[str] = field(default_factory=list)
    _policy: dict[str, Any] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    @classmethod
    def open(
        cls, source: str | Path, course_id: str | None = None, limits: Limits = LIMITS
    ) -> Self:
        """Open a folder, or the text of one XML element.

        Raises InvalidCourse, CourseTooLarge.
        """
        if isinstance(source, str) and source.lstrip().startswith("<"):
            return cls._open_text(source, course_id, limits)
        return cls._open_folder(course_folder(Path(source)), course_id, limits)

    def usage_id(self, block_type: str, url_name: str) -> Any:
        """The id of a block of this course: an opaque key, where the course has one."""
        return usage_id(self.course_id, block_type, url_name)

    def definition(self, node: etree._Element, file: str) -> tuple[etree._Element, str] | None:
        """What a node stands for, with the file it was found in: itself, or what it points to.

        None, and a problem more, where it points to nothing that can be used.
        """
        if self.folder is None or not _is_pointer(node):
            return self._complete(node, file), file
        path = f"{node.tag}/{node.get('url_name', '').replace(':', '/')}.xml"
        if not (self.folder / path).is_file():
            return self._without_file(node, file, path)
        definition = self._read_xml(path)
        if definition is None:
            return None
        if definition.tag != node.tag:
            self.report(path, f"it holds a <{definition.tag}>, not a <{node.tag}>")
            return None
        definition.set("url_name", node.get("url_name", ""))
        return self._complete(definition, path), path

    def report(self, file: str, reason: str) -> None:
        self.problems.append(f"{file}: {reason}")

    def report_unused(self) -> None:
        """Name what the export has and nothing read. To be called when all is read."""
        if self.folder is None:
            return
        types = {path.partition("/")[0] for path in self._used}
        for entry in sorted(self.folder.iterdir()):
            if entry.name == "drafts":
                self.report("drafts/", "ignored: drafts are not published")
            elif entry.is_dir() and entry.name in types:
                self._report_unused_in(entry)
            elif entry.name not in _READ_FOLDERS:
                self.report(f"{entry.name}{'/' if entry.is_dir() else ''}", "not used")

    @classmethod
    def _open_text(cls, text: str, course_id: str | None, limits: Limits) -> Self:
        root = parse_xml(text.encode(), "the text", limits)
        key = _course_key(root) if root.tag == "course" else None
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return cls(_checked_course_id(course_id or key or f"course-{digest}"), root, limits=limits)

    @classmethod
    def _open_folder(cls, folder: Path, course_id: str | None, limits: Limits) -> Self:
        pointer = parse_xml(_read(folder, "course.xml", limits), "course.xml", limits)
        key = course_id or _course_key(pointer)
        if key is None:
            msg = "course.xml: its org, course and url_name make no course key."
            raise InvalidCourse(msg)
        olx = cls(_checked_course_id(key), pointer, folder, limits)
        olx._read_policy(pointer.get("url_name", ""))
        found = olx.definition(pointer, "course.xml")
        if found is None:
            raise InvalidCourse(olx.problems[-1])
        olx.root, _ = found
        return olx

    def _complete(self, node: etree._Element, file: str) -> etree._Element:
        """With what the policy says of it, and the text of the file that it names."""
        policy = self._policy.get(f"{node.tag}/{node.get('url_name')}", {})
        for name, value in policy.items():
            text = value if isinstance(value, str) else json.dumps(value)
            if name in ("user_partitions", "display_name") and _differ(node.get(name), value):
                self.report(file, f"its {name} is not the policy's, which is used")
            if _is_attribute(name, text):
                node.set(name, text)
        if node.tag == "html" and node.get("filename") and not node.text:
            self._include_html(node, f"html/{node.get('filename')}.html")
        if node.get("group_access") not in (None, "", "{}"):
            self.report(file, "its group_access is kept, not enforced: every learner sees it")
        return node

    def _without_file(
        self, node: etree._Element, file: str, path: str
    ) -> tuple[etree._Element, str] | None:
        if "xblock-family" in node.attrib:
            return self._complete(node, file), file
        if node.tag == "html":
            node.set("filename", node.get("url_name", ""))
            self._include_html(node, f"html/{node.get('filename')}.html")
            return self._complete(node, file), file
        self.report(path, f"it is missing, but {file} points to it")
        return None

    def _include_html(self, node: etree._Element, path: str) -> None:
        try:
            node.text = _read_text(self._read(path)) if self.folder else None
        except (OlxError, ValueError) as error:
            self.report(path, str(error))

    def _read_xml(self, path: str) -> etree._Element | None:
        try:
            return parse_xml(self._read(path), path, self.limits)
        except OlxError as error:
            self.problems.append(str(error))
            return None

    def _read(self, path: str) -> bytes:
        if self.folder is None:
            raise AssertionError
        self._used.add(path)
        return _read(self.folder, path, self.limits)

    def _read_policy(self, run: str) -> None:
        for path in (f"policies/{run}/policy.json", f"policies/{run}.json"):
            if self.folder is None or not (self.folder / path).is_file():
                continue
            try:
                policy = json.loads(self._read(path))
            except (OlxError, ValueError, RecursionError) as error:
                self.report(path, f"it is no JSON: {error}")
                return
            if not isinstance(policy, dict) or not all(
                isinstance(v, dict) for v in policy.values()
            ):
                self.report(path, "it is no JSON object of objects")
                return
            self._policy = policy
            return

    def _report_unused_in(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.is_file() and name not in self._used:
                self.report(name, "no block that can run here refers to it")


def usage_id(course_id: str, block_type: str, url_name: str) -> Any:
    """An opaque key where the course id is one, else the workbench's dotted text.

    Raises ValueError for a type or a name that cannot be part of an id. Hosts write ids into pages
    and addresses as they are.
    """
    if not _SLUG.fullmatch(block_type) or not _URL_NAME.fullmatch(url_name):
        msg = f"{block_type!r} and {url_name!r} make no id."
        raise ValueError(msg)
    try:
        course_key = CourseKey.from_string(course_id)
    except InvalidKeyError:
        return f"{course_id}.{block_type}.{url_name}.d0.u0"
    return course_key.make_usage_key(block_type, url_name)


def parse_usage_id(text: str) -> Any:
    """The key that the text stands for, else the text itself."""
    try:
        return UsageKey.from_string(text)
    except InvalidKeyError:
        return text


def course_folder(folder: Path) -> Path:
    """Where in `folder` the course is: archives have it one level down. Raises InvalidCourse."""
    if not folder.is_dir():
        msg = f"{folder}: there is no such folder."
        raise InvalidCourse(msg)
    candidates = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    for candidate in candidates:
        if (candidate / "course.xml").is_file():
            return candidate
    msg = f"{folder}: it holds no course.xml, so it is no course export."
    raise InvalidCourse(msg)


def unpack(source: Path, target: Path, limits: Limits = LIMITS) -> None:
    """Copy the files of an export, folder or .tar.gz, to the new folder `target`.

    Takes regular files only. Raises InvalidCourse for a link, a path that leaves, or what is no
    archive; CourseTooLarge. What was copied by then is left to the caller.
    """
    if not source.exists():
        msg = f"{source}: there is no such file or folder."
        raise InvalidCourse(msg)
    if source.is_dir():
        _copy(source, target, limits)
        return
    try:
        with source.open("rb") as file, _bounded(file, limits) as archive:
            _extract(archive, target, limits)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        msg = f"{source.name}: it cannot be unpacked: {error}."
        raise InvalidCourse(msg) from error


def parse_xml(data: bytes, file: str, limits: Limits = LIMITS) -> etree._Element:
    """Raises InvalidCourse, CourseTooLarge."""
    if len(data) > limits.file_bytes:
        msg = f"{file}: it has {len(data)} bytes, {limits.file_bytes} are allowed."
        raise CourseTooLarge(msg)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        msg = f"{file}: it is not well-formed XML: {error}."
        raise InvalidCourse(msg) from error
    if root.getroottree().docinfo.internalDTD is not None:
        msg = f"{file}: it declares a document type, which may hold entities; refused."
        raise InvalidCourse(msg)
    return root


def _is_pointer(node: etree._Element) -> bool:
    attributes = set(node.attrib) - {"xblock-family"}
    has_content = len(node) > 0 or (node.text or "").strip()
    return "url_name" in attributes and attributes <= _POINTER_ATTRIBUTES and not has_content


def _course_key(node: etree._Element) -> str | None:
    org, course, run = (node.get(name) for name in ("org", "course", "url_name"))
    try:
        return str(CourseLocator(org, course, run)) if org and course and run else None
    except InvalidKeyError:
        return None


def _checked_course_id(course_id: str) -> str:
    try:
        CourseKey.from_string(course_id)
    except InvalidKeyError as error:
        if not _SLUG.fullmatch(course_id):
            msg = f"{course_id!r} is neither a course key nor a slug."
            raise InvalidCourse(msg) from error
    return course_id


def _differ(attribute: str | None, value: Any) -> bool:
    if attribute is None:
        return False
    if isinstance(value, str):
        return attribute != value
    try:
        return bool(json.loads(attribute) != value)
    except (ValueError, RecursionError):
        return True


def _is_attribute(name: str, value: str) -> bool:
    """Whether XML can hold it."""
    try:
        etree.Element("probe").set(name, value)
    except ValueError:
        return False
    return True


def _read_text(data: bytes) -> str:
    """HTML files are UTF-8. What XML cannot hold, a block cannot either, and is left out."""
    text = data.decode("utf-8", "replace")
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _read(folder: Path, path: str, limits: Limits) -> bytes:
    """Raises InvalidCourse, also for a path that leaves the folder, by `..` or by a link."""
    root = folder.resolve()
    try:
        file = (root / path).resolve()
        if not file.is_relative_to(root):
            msg = f"{path}: it leads out of the course."
            raise InvalidCourse(msg)
        with file.open("rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, OlxError):
            raise
        msg = f"{path}: it cannot be read: {error}."
        raise InvalidCourse(msg) from error
    if len(data) > limits.file_bytes:
        msg = f"{path}: it has more than {limits.file_bytes} bytes."
        raise CourseTooLarge(msg)
    return data


def _copy(source: Path, target: Path, limits: Limits) -> None:
    budget = _Budget(limits)
    for path in sorted(source.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            msg = f"{path.relative_to(source)}: it is a link or no ordinary file; refused."
            raise InvalidCourse(msg)
        if path.is_file():
            budget.spend(path.stat().st_size)
            destination = target / path.relative_to(source)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination)


def _extract(archive: tarfile.TarFile, target: Path, limits: Limits) -> None:
    budget = _Budget(limits)
    for member in archive:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or "\x00" in member.name:
            msg = f"{member.name}: it leads out of the course; refused."
            raise InvalidCourse(msg)
        if member.isdir():
            continue
        if not member.isreg():
            msg = f"{member.name}: it is a link or no ordinary file; refused."
            raise InvalidCourse(msg)
        budget.spend(member.size)
        stream = archive.extractfile(member)
        if stream is None:
            continue
        destination = target.joinpath(*path.parts)
        destination.parent.mkdir(parents=True, exist_ok=True)
        with destination.open("wb") as copy:
            shutil.copyfileobj(stream, copy, _CHUNK_BYTES)


def _bounded(file: BinaryIO, limits: Limits) -> tarfile.TarFile:
    """Read as a stream that ends: headers too can be made to stand for gigabytes."""
    is_gzip = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream = gzip.GzipFile(fileobj=file) if is_gzip else file
    bounded = cast(IO[bytes], _BoundedStream(stream, limits))
    return tarfile.open(fileobj=bounded, mode="r|")


class _BoundedStream:
    """As much of a file as an archive within the limits can have."""

    def __init__(self, stream: gzip.GzipFile | BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._left = limits.bytes + limits.files * tarfile.BLOCKSIZE * 2 + tarfile.RECORDSIZE

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            msg = "The archive unpacks to more bytes than are allowed."
            raise CourseTooLarge(msg)
        return data


class _Budget:
    """Counts what is unpacked against the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.files = 0
        self.bytes = 0

    def spend(self, size: int) -> None:
        self.files += 1
        self.bytes += size
        if self.files > self.limits.files:
            msg = f"The course has more than {self.limits.files} files."
            raise CourseTooLarge(msg)
        if self.bytes > self.limits.bytes:
            msg = f"The course has more than {self.limits.bytes} bytes unpacked."
            raise CourseTooLarge(msg)
