"""The paths of files that elements name, in today's form and in those from before 2014."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from lxml import etree

_POINTER_ATTRIBUTES = frozenset({"url_name", "org", "course", "slug"})
_OLD_FOLDERS = {"problem": "problems"}
_NO_DEFINITION = "course.xml"


def label_of(node: etree._Element) -> str:
    """Return the element's tag and its url_name, if it has one, for messages."""
    url_name = node.get("url_name")
    return f"<{node.tag}> {url_name!r}" if url_name else f"<{node.tag}>"


def is_bare(node: etree._Element) -> bool:
    """Return whether the element has only a url_name."""
    attributes = set(node.attrib) - {"xblock-family"}
    return "url_name" in attributes and attributes <= _POINTER_ATTRIBUTES and not has_content(node)


def has_content(node: etree._Element) -> bool:
    return len(node) > 0 or bool((node.text or "").strip())


def file_of(node: etree._Element) -> str:
    """Return the path of the definition that the node points to."""
    return f"{node.tag}/{path_of(node)}.xml"


def path_of(node: etree._Element) -> str:
    """Return the url_name as a path, in which colons separate folders."""
    return node.get("url_name", "").replace(":", "/")


def text_files(node: etree._Element) -> Iterator[str]:
    """Yield the paths of the text that an html element may mean by its filename, best first.

    The filename is relative to the folder of the url_name. Old ones are complete paths, end in
    `.html`, or are relative to `html`.
    """
    filename = node.get("filename", "")
    yield from _forms(f"{dirname(f'html/{path_of(node)}')}/{filename}", ".html")
    yield from _forms(f"html/{filename}", ".html")


def definition_files(node: etree._Element) -> Iterator[str]:
    """Yield the paths of the definition that any element may mean by its filename, best first."""
    filename = node.get("filename", "")
    for folder in (str(node.tag), _OLD_FOLDERS.get(str(node.tag))):
        if folder is not None:
            forms = _forms(f"{folder}/{filename}", ".xml")
            yield from (path for path in forms if path != _NO_DEFINITION)


def filename_of(url_path: str, text_file: str) -> str | None:
    """Return the filename for the text of the html block with this path, or None.

    Returns None if the text is not in the folder of the block, where Open edX looks for it.
    """
    folder = f"{dirname(f'html/{url_path}')}/"
    name = text_file.removeprefix(folder).removesuffix(".html")
    return name if text_file == f"{folder}{name}.html" else None


def _forms(path: str, suffix: str) -> Iterator[str]:
    """Yield the path with the suffix, and then without its first folders."""
    complete = path if path.endswith(suffix) else f"{path}{suffix}"
    yield f"{path}{suffix}"
    yield complete
    while "/" in complete:
        complete = complete.partition("/")[2]
        yield complete
