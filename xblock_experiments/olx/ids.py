"""The id of a course, and the names in its root element from which it is made."""

from __future__ import annotations

from lxml import etree
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from opaque_keys.edx.locator import CourseLocator

from xblock_experiments.keys.usage import SLUG
from xblock_experiments.olx.sentences import Sentence
from xblock_experiments.olx.untrusted import InvalidCourse

NAMES_OF_RUNS = ("org", "course")
_CHARACTERS = 100


def course_key_of(root: etree._Element) -> str | None:
    """Return the course key that the root's names make, or None."""
    org, course, run = (root.get(name) for name in ("org", "course", "url_name"))
    try:
        return str(CourseLocator(org, course, run)) if org and course and run else None
    except InvalidKeyError:
        return None


def take_names(root: etree._Element) -> dict[str, str]:
    """Remove the names of the run, which are not settings, and return them."""
    if root.tag != "course":
        return {}
    return {name: str(root.attrib.pop(name)) for name in NAMES_OF_RUNS if name in root.attrib}


def checked_course_id(course_id: str) -> str:
    """Return the id. Raises InvalidCourse if it cannot be one."""
    if len(course_id) > _CHARACTERS:
        reason = Sentence(
            "A course's id has up to {limit} characters, not {count}.",
            limit=_CHARACTERS,
            count=len(course_id),
        )
        raise InvalidCourse(reason)
    try:
        CourseKey.from_string(course_id)
    except InvalidKeyError as error:
        if not SLUG.fullmatch(course_id):
            reason = Sentence("{id} is neither a course key nor a slug.", id=repr(course_id))
            raise InvalidCourse(reason) from error
    return course_id
