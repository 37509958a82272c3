"""The reader of Open edX course exports: a folder, or the text of one XML element."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename
from typing import Any, NamedTuple, Self

from lxml import etree

from xblock_experiments.keys.usage import usage_id
from xblock_experiments.olx.course_files import Files
from xblock_experiments.olx.files import (
    definition_files,
    file_of,
    has_content,
    is_bare,
    label_of,
    path_of,
    text_files,
)
from xblock_experiments.olx.folders import course_folder
from xblock_experiments.olx.ids import (
    NAMES_OF_RUNS,
    checked_course_id,
    course_key_of,
    take_names,
)
from xblock_experiments.olx.policy import apply_policy, first_json
from xblock_experiments.olx.restrictions import unenforced
from xblock_experiments.olx.sentences import Sentence, in_file
from xblock_experiments.olx.untrusted import (
    LIMITS,
    InvalidCourse,
    Limits,
    OlxError,
    parse_xml,
    read_file,
)
from xblock_experiments.olx.values import without_invalid_xml_characters

NO_BLOCKS = frozenset({"textbook", "wiki"})
"""The elements of a course that are not blocks."""

THE_TEXT = Sentence("the text")
"""The file of elements that were read from a text."""

_XML_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_HAVE_FILES = frozenset({"chapter", "course", "problem", "sequential", "vertical", "video"})
"""Types whose `filename` names their definition. Blocks of others may have a field of that name."""


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
    problems: list[Sentence] = field(default_factory=list)
    """The problems found, each as a line with file and reason."""
    names: dict[str, str] = field(default_factory=dict)
    """The root's org and course, which are not settings."""
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    policy_file: str | None = None
    grading_policy: Any = None
    """The content of the file with the grading policy, or None without one."""
    grading_policy_file: str | None = None
    _files: Files = field(init=False)

    def __post_init__(self) -> None:
        self._files = Files(self.folder, self.limits)

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

    def file_behind(self, node: etree._Element) -> str | None:
        """Return the path of the file to which the node points, or None if there is none."""
        path = file_of(node) if self.is_pointer(node) else None
        return path if path is not None and self._files.has(path) else None

    def definition(self, node: etree._Element, file: str) -> Found | None:
        """Return the node itself, or the definition that it points to.

        Returns None after reporting a problem if it points to nothing usable. Raises
        CourseTooLarge.
        """
        self._files.check_size()
        if not self.is_pointer(node):
            return self._named(node, file) or self._complete(node, file)
        path = file_of(node)
        if self._files.has(path):
            return self._pointed_to(node, path)
        if "xblock-family" in node.attrib:
            return self._complete(node, file)
        text_path = f"html/{path_of(node)}.html"
        if node.tag == "html" and self._files.has(text_path):
            node.set("filename", basename(path_of(node)))
            return self._complete(node, file)
        missing = text_path if node.tag == "html" else path
        self.report(missing, Sentence("it is missing, but {file} points to it", file=file))
        return None

    def report(self, file: str, reason: str) -> None:
        self.problems.append(in_file(file, reason))

    def report_unused(self) -> None:
        """Report files and folders that were not read. Call it after reading all blocks."""
        for file, reason in self._files.unused():
            self.report(file, reason)

    @classmethod
    def open_text(cls, text: str, course_id: str | None = None, limits: Limits = LIMITS) -> Self:
        """Open the text of one XML element. Raises InvalidCourse or CourseTooLarge."""
        # The text is decoded already, whatever its declaration says.
        text = _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            reason = Sentence("The text contains half a surrogate pair: {error}.", error=str(error))
            raise InvalidCourse(reason) from error
        root = parse_xml(data, THE_TEXT, limits)
        key = course_key_of(root) if root.tag == "course" else None
        course_id = course_id or key or f"course-{hashlib.sha256(data).hexdigest()[:12]}"
        names = take_names(root)
        olx = cls(checked_course_id(course_id), root, THE_TEXT, limits=limits, names=names)
        olx._complete(root, THE_TEXT)
        return olx

    @classmethod
    def _open_folder(cls, folder: Path, course_id: str | None, limits: Limits) -> Self:
        pointer = parse_xml(read_file(folder, "course.xml", limits), "course.xml", limits)
        key = course_id or course_key_of(pointer)
        if key is None:
            reason = Sentence("its org, course and url_name are not a valid course key.")
            raise InvalidCourse(reason, "course.xml")
        olx = cls(checked_course_id(key), pointer, "course.xml", folder, limits)
        names = {name: pointer.get(name, "") for name in NAMES_OF_RUNS if name in pointer.attrib}
        olx._read_policies(pointer.get("url_name", ""))
        found = olx.definition(pointer, "course.xml")
        if found is None:
            raise InvalidCourse(olx.problems[-1])
        olx.root, olx.file, _ = found
        olx.names = {**take_names(olx.root), **names}
        return olx

    def _pointed_to(self, node: etree._Element, path: str) -> Found | None:
        definition = self._parsed(node, path)
        if definition is None:
            return None
        definition.set("url_name", node.get("url_name", ""))
        return self._named(definition, path) or self._complete(definition, path)

    def _named(self, node: etree._Element, file: str) -> Found | None:
        """Return the definition that the node's filename names, as before 2014, or None.

        The node's own attributes take precedence.
        """
        if self.folder is None or node.tag == "html" or not node.get("filename"):
            return None
        path = self._files.first(definition_files(node))
        if path is None:
            if node.tag in _HAVE_FILES and not has_content(node):
                missing = next(definition_files(node))
                self.report(missing, Sentence("it is missing, but {file} points to it", file=file))
            return None
        definition = self._parsed(node, path)
        if definition is None:
            return None
        definition.attrib.update(node.attrib)
        del definition.attrib["filename"]
        return self._complete(definition, path)

    def _parsed(self, node: etree._Element, path: str) -> etree._Element | None:
        """Return the file's root as an element of the node's type, or None.

        The type of a block is that of the element that points to the file, as on Open edX.
        """
        try:
            definition = parse_xml(self._files.read(path), path, self.limits)
        except OlxError as error:
            self.problems.append(error.sentence)
            return None
        if definition.tag != node.tag:
            found, wanted = definition.tag, node.tag
            reason = Sentence(
                "it holds a <{found}>, read as a <{wanted}>", found=found, wanted=wanted
            )
            self.report(path, reason)
            definition.tag = node.tag
        return definition

    def _complete(self, node: etree._Element, file: str) -> Found:
        """Apply the policy to the node, and include the text file that it names."""
        policy = self.policy.get(f"{node.tag}/{node.get('url_name')}", {})
        apply_policy(node, policy, lambda reason: self.report(file, reason))
        names_text = node.tag == "html" and node.get("filename") and not has_content(node)
        text_file = self._include_html(node) if self.folder and names_text else None
        for name in unenforced(node):
            reason = Sentence(
                "the {name} of {label} is not enforced: every learner sees it",
                name=name,
                label=label_of(node),
            )
            self.report(file, reason)
        return Found(node, file, text_file)

    def _include_html(self, node: etree._Element) -> str | None:
        path = self._files.first(text_files(node)) or next(text_files(node))
        try:
            data = self._files.read(path)
        except OlxError as error:
            self.problems.append(error.sentence)
            return None
        # HTML files are UTF-8.
        node.text = without_invalid_xml_characters(data.decode("utf-8", "replace")) or None
        return path

    def _read_policies(self, run: str) -> None:
        names = f"policies/{run}/policy.json", f"policies/{run}.json"
        path, policy = first_json(self._files, names, self.problems.append)
        if isinstance(policy, dict) and all(isinstance(v, dict) for v in policy.values()):
            self.policy, self.policy_file = policy, path
        elif path is not None and policy is not None:
            self.report(path, Sentence("it is not a JSON object of objects"))
        names = f"policies/{run}/grading_policy.json", "policies/grading_policy.json"
        found = first_json(self._files, names, self.problems.append)
        self.grading_policy_file, self.grading_policy = found


def is_text(source: str | Path) -> bool:
    """Return whether the source is XML text instead of a path. An empty text is no path either."""
    text = source.lstrip("\ufeff \t\r\n") if isinstance(source, str) else "path"
    return not text or text.startswith("<")
