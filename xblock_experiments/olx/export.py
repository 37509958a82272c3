"""The reader of Open edX course exports: a folder, or the text of one XML element."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from opaque_keys.edx.locator import CourseLocator

from xblock_experiments.keys.usage import SLUG, usage_id
from xblock_experiments.olx.untrusted import (
    LIMITS,
    InvalidCourse,
    Limits,
    OlxError,
    is_file,
    is_folder,
    parse_xml,
    read_file,
    shown,
)

NO_BLOCKS = frozenset({"textbook", "wiki"})
"""The elements of a course that are not blocks."""

NAMES_OF_COURSES = frozenset({"url_name", "org", "course"})
"""Attributes that are not settings."""

_COURSE_ID_CHARACTERS = 100
_XML_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_POINTER_ATTRIBUTES = frozenset({"url_name", "org", "course", "slug"})
_NAMES_OF_RUNS = ("org", "course")
_NOT_IN_TYPE_FOLDERS = frozenset({"course.xml", "static", "policies"})


class Found(NamedTuple):
    """The definition that a node contains or points to."""

    node: etree._Element
    file: str
    """The file of the definition."""
    text_file: str | None = None
    """The file of the definition's text, if it is another one."""


@dataclass(slots=True)
class Olx:
    """An opened course: its root element, and access to the definitions that pointers name."""

    course_id: str
    root: etree._Element
    file: str
    """The file of the root."""
    folder: Path | None = None
    limits: Limits = LIMITS
    problems: list[str] = field(default_factory=list)
    """The problems found, each as a line with file and reason."""
    names: dict[str, str] = field(default_factory=dict)
    """The root's org and course, which are not settings."""
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    policy_file: str | None = None
    _used: set[str] = field(default_factory=set)

    @classmethod
    def open(
        cls, source: str | Path, course_id: str | None = None, limits: Limits = LIMITS
    ) -> Self:
        """Open a folder, or the text of one XML element.

        Raises InvalidCourse or CourseTooLarge.
        """
        if is_text(source):
            return cls.open_text(str(source), course_id, limits)
        return cls._open_folder(course_folder(Path(source)), course_id, limits)

    def usage_id(self, block_type: str, url_name: str) -> Any:
        """Return the id of a block in this course, which is an opaque key if the course has one."""
        return usage_id(self.course_id, block_type, url_name)

    def is_pointer(self, node: etree._Element) -> bool:
        """Return whether the node may be a pointer to a file with the definition."""
        return self.folder is not None and is_bare(node)

    def definition(self, node: etree._Element, file: str) -> Found | None:
        """Return the node itself, or the definition that it points to.

        Returns None after reporting a problem if it points to nothing usable.
        """
        if not self.is_pointer(node):
            return self._complete(node, file)
        path = file_of(node)
        if self._has(path):
            return self._pointed_to(node, path)
        if "xblock-family" in node.attrib:
            return self._complete(node, file)
        url_name = node.get("url_name", "").replace(":", "/")
        if node.tag == "html" and self._has(f"html/{url_name}.html"):
            node.set("filename", url_name)
            return self._complete(node, file)
        missing = f"html/{url_name}.html" if node.tag == "html" else path
        self.report(missing, f"it is missing, but {file} points to it")
        return None

    def report(self, file: str, reason: str) -> None:
        self._note(f"{file}: {reason}")

    def report_unused(self) -> None:
        """Report files and folders that were not read. Call it after reading all blocks."""
        if self.folder is None:
            return
        types = {path.partition("/")[0] for path in self._used}
        for entry in sorted(self.folder.iterdir()):
            if entry.is_symlink():
                self.report(entry.name, "a link, not followed")
            elif entry.name == "drafts":
                self.report("drafts/", "ignored: drafts are not published")
            elif entry.is_dir() and entry.name in types:
                self._report_unused_in(entry)
            elif entry.name not in _NOT_IN_TYPE_FOLDERS:
                self.report(f"{entry.name}{'/' if entry.is_dir() else ''}", "not used")

    @classmethod
    def open_text(cls, text: str, course_id: str | None = None, limits: Limits = LIMITS) -> Self:
        """Open the text of one XML element. Raises InvalidCourse or CourseTooLarge."""
        # The text is decoded already, whatever its declaration says.
        text = _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            msg = f"The text contains half a surrogate pair: {error}."
            raise InvalidCourse(msg) from error
        root = parse_xml(data, "the text", limits)
        key = _course_key(root) if root.tag == "course" else None
        course_id = course_id or key or f"course-{hashlib.sha256(data).hexdigest()[:12]}"
        names = _take_names(root)
        return cls(_checked_course_id(course_id), root, "the text", limits=limits, names=names)

    @classmethod
    def _open_folder(cls, folder: Path, course_id: str | None, limits: Limits) -> Self:
        pointer = parse_xml(read_file(folder, "course.xml", limits), "course.xml", limits)
        key = course_id or _course_key(pointer)
        if key is None:
            msg = "course.xml: its org, course and url_name are not a valid course key."
            raise InvalidCourse(msg)
        olx = cls(_checked_course_id(key), pointer, "course.xml", folder, limits)
        names = {name: pointer.get(name, "") for name in _NAMES_OF_RUNS if name in pointer.attrib}
        olx._read_policy(pointer.get("url_name", ""))
        found = olx.definition(pointer, "course.xml")
        if found is None:
            raise InvalidCourse(olx.problems[-1])
        olx.root, olx.file, _ = found
        olx.names = {**_take_names(olx.root), **names}
        return olx

    def _pointed_to(self, node: etree._Element, path: str) -> Found | None:
        try:
            definition = parse_xml(self._read(path), path, self.limits)
        except OlxError as error:
            self._note(error)
            return None
        if definition.tag != node.tag:
            self.report(path, f"it holds a <{definition.tag}>, not a <{node.tag}>")
            return None
        definition.set("url_name", node.get("url_name", ""))
        return self._complete(definition, path)

    def _complete(self, node: etree._Element, file: str) -> Found:
        """Apply the policy to the node, and include the text file that it names."""
        self._apply_policy(node, file)
        names_text = node.tag == "html" and node.get("filename") and not has_content(node)
        text_file = self._include_html(node) if self.folder and names_text else None
        if node.get("group_access") not in (None, "", "{}"):
            self.report(file, "its group_access is not enforced: every learner sees it")
        if node.get("visible_to_staff_only", "").lower() == "true":
            self.report(file, "its visible_to_staff_only is not enforced: every learner sees it")
        return Found(node, file, text_file)

    def _apply_policy(self, node: etree._Element, file: str) -> None:
        """Set attributes from the policy, except names. It takes precedence, as on Open edX."""
        policy = self.policy.get(f"{node.tag}/{node.get('url_name')}", {})
        for name, value in policy.items():
            if value is None or name in NAMES_OF_COURSES:
                continue
            if name in ("user_partitions", "display_name") and _differ(node.get(name), value):
                self.report(file, f"its {name} differs from the policy's, which is used")
            try:
                node.set(name, attribute_of(value))
            except (RecursionError, ValueError) as error:
                self.report(file, f"the policy's {name} cannot be used: {error}")

    def _include_html(self, node: etree._Element) -> str | None:
        path = f"html/{node.get('filename')}.html"
        try:
            data = self._read(path)
        except OlxError as error:
            self._note(error)
            return None
        # HTML files are UTF-8.
        node.text = without_invalid_xml_characters(data.decode("utf-8", "replace")) or None
        return path

    def _has(self, path: str) -> bool:
        return self.folder is not None and is_file(self.folder / path)

    def _read(self, path: str) -> bytes:
        if self.folder is None:
            raise AssertionError
        self._used.add(path)
        return read_file(self.folder, path, self.limits)

    def _read_policy(self, run: str) -> None:
        for path in filter(self._has, (f"policies/{run}/policy.json", f"policies/{run}.json")):
            try:
                policy = json.loads(self._read(path))
            except OlxError as error:
                self._note(error)
                return
            except (ValueError, RecursionError) as error:
                self.report(path, f"it is not valid JSON: {error}")
                return
            if isinstance(policy, dict) and all(isinstance(v, dict) for v in policy.values()):
                self.policy, self.policy_file = policy, path
            else:
                self.report(path, "it is not a JSON object of objects")
            return

    def _note(self, problem: object) -> None:
        self.problems.append(shown(problem))

    def _report_unused_in(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.is_file() and name not in self._used:
                self.report(name, "no block that can run here refers to it")


def is_bare(node: etree._Element) -> bool:
    """Return whether the element has only a url_name."""
    attributes = set(node.attrib) - {"xblock-family"}
    return "url_name" in attributes and attributes <= _POINTER_ATTRIBUTES and not has_content(node)


def has_content(node: etree._Element) -> bool:
    return len(node) > 0 or bool((node.text or "").strip())


def file_of(node: etree._Element) -> str:
    """Return the path of the definition that the node points to."""
    return f"{node.tag}/{node.get('url_name', '').replace(':', '/')}.xml"


def attribute_of(setting: Any) -> str:
    """Return the attribute's text for a policy's value."""
    return setting if isinstance(setting, str) else json.dumps(setting)


def without_invalid_xml_characters(text: str) -> str:
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def course_folder(folder: Path) -> Path:
    """Return the course's folder: `folder`, or one level below it as in archives.

    Raises InvalidCourse if there is none.
    """
    if not is_folder(folder):
        msg = f"{shown(folder.name)}: there is no such folder."
        raise InvalidCourse(msg)
    inside = (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    for candidate in [folder, *sorted(inside)]:
        if is_file(candidate / "course.xml"):
            return candidate
    msg = f"{shown(folder.name)}: it holds no course.xml, so it is not a course export."
    raise InvalidCourse(msg)


def is_text(source: str | Path) -> bool:
    """Return whether the source is XML text instead of a path."""
    return isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("<")


def _course_key(node: etree._Element) -> str | None:
    org, course, run = (node.get(name) for name in ("org", "course", "url_name"))
    try:
        return str(CourseLocator(org, course, run)) if org and course and run else None
    except InvalidKeyError:
        return None


def _take_names(root: etree._Element) -> dict[str, str]:
    if root.tag != "course":
        return {}
    return {name: str(root.attrib.pop(name)) for name in _NAMES_OF_RUNS if name in root.attrib}


def _checked_course_id(course_id: str) -> str:
    if len(course_id) > _COURSE_ID_CHARACTERS:
        msg = f"A course's id has up to {_COURSE_ID_CHARACTERS} characters, not {len(course_id)}."
        raise InvalidCourse(msg)
    try:
        CourseKey.from_string(course_id)
    except InvalidKeyError as error:
        if not SLUG.fullmatch(course_id):
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
