"""The demo course as each learner should see it, read from its files without the tested package.

The package is used only for the assignment of learners to groups.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree, html

from acceptance.server import REPOSITORY
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.experiments.assignment import choose_group, salt_of

COURSE_ID = "course-v1:DemoX+Energy+2026"
COURSE_TITLE = "Heat from Cold Air: How a Heat Pump Works"
LESSONS = ("first_steps", "round_the_loop", "heat_per_unit", "at_home")
VIEWS = (
    ("first_steps", {"style": "Film"}),
    ("first_steps", {"style": "Text"}),
    ("round_the_loop", {"style": "Film"}),
    ("round_the_loop", {"style": "Text"}),
    ("heat_per_unit", {"hint": "Worked example"}),
    ("heat_per_unit", {"hint": "Hint only"}),
    ("at_home", {"style": "Film", "hint": "Worked example"}),
    ("at_home", {"style": "Film", "hint": "Hint only"}),
    ("at_home", {"style": "Text"}),
)
"""Each lesson with the groups whose learners see different versions of it."""

FOLDER = REPOSITORY / "workbench" / "energy"
_POLICY = json.loads((FOLDER / "policies/2026/policy.json").read_text(encoding="utf-8"))
SEGMENTATIONS = tuple(
    UserSegmentation.from_json(value) for value in _POLICY["course/2026"]["user_partitions"]
)
_STYLE, _HINT = SEGMENTATIONS


@dataclass(frozen=True)
class Piece:
    """A block of the course: its url_name, if its author gave it one, and its text."""

    url_name: str | None
    name: str | None
    texts: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Material:
    """Blocks of the course, with everything that could reveal them on a page."""

    url_names: frozenset[str]
    names: frozenset[str]
    texts: frozenset[str]
    later: frozenset[str]
    """Text that is loaded on demand: hints, solutions and the transcripts of videos."""

    def __sub__(self, other: Material) -> Material:
        return Material(
            self.url_names - other.url_names,
            self.names - other.names,
            self.texts - other.texts,
            self.later - other.later,
        )


@dataclass(frozen=True)
class Learner:
    """A learner with the groups that the course's experiments assign."""

    user_id: str

    @property
    def style(self) -> str:
        return _group(_STYLE, self.user_id).name

    @property
    def hint(self) -> str:
        return _group(_HINT, self.user_id).name

    @property
    def group_ids(self) -> frozenset[int]:
        return frozenset(_group(segmentation, self.user_id).id for segmentation in SEGMENTATIONS)


def new_learners() -> Iterator[Learner]:
    """Return learners whom no workbench has seen."""
    return (Learner(f"learner_{number}") for number in itertools.count(1))


def labels() -> frozenset[str]:
    """Return the names of segmentations and groups, which no learner should read."""
    groups = [group.name for segmentation in SEGMENTATIONS for group in segmentation.groups]
    return frozenset([*groups, *(segmentation.name for segmentation in SEGMENTATIONS)])


def given_to(learner: Learner, *lessons: str) -> Material:
    """Return the material that the learner is given in the lessons."""
    return _material(lessons, learner.group_ids)


def kept_from(learner: Learner, *lessons: str) -> Material:
    """Return the material for other groups only, and the names that no learner sees."""
    return _material(lessons, None) - given_to(learner, *lessons)


def inside_experiments() -> Material:
    """Return the material in the arms of all experiments."""
    return _material(LESSONS, None) - _material(LESSONS, frozenset())


def _group(segmentation: UserSegmentation, user_id: str) -> Group:
    return choose_group(segmentation.groups, salt_of(COURSE_ID, segmentation), user_id)


def _material(lessons: tuple[str, ...], group_ids: frozenset[int] | None) -> Material:
    pieces = [
        piece
        for lesson in lessons
        for piece in _pieces(etree.Element("sequential", url_name=lesson), group_ids)
    ]
    return Material(
        url_names=frozenset(piece.url_name for piece in pieces if piece.url_name),
        names=frozenset(piece.name for piece in pieces if piece.name),
        texts=frozenset().union(*(piece.texts for piece in pieces)),
        later=frozenset().union(*(piece.later for piece in pieces)),
    )


def _pieces(pointer: Any, group_ids: frozenset[int] | None) -> Iterator[Piece]:
    """Yield the block and its descendants.

    In an experiment, only the arms of the groups are included, or all arms if `group_ids` is None.
    """
    url_name = pointer.get("url_name")
    node = pointer
    if url_name is not None:
        node = etree.parse(FOLDER / pointer.tag / f"{url_name}.xml").getroot()
    if node.tag in _LEAVES:
        texts, later = _LEAVES[node.tag](node)
        yield Piece(url_name, node.get("display_name"), texts, later)
        return
    is_secret = node.tag == "split_test" and group_ids is not None
    yield Piece(url_name, None if is_secret else node.get("display_name"))
    arms = json.loads(node.get("group_id_to_child", "{}"))
    given = {
        usage_id.rpartition("@")[2]
        for group_id, usage_id in arms.items()
        if group_ids is None or int(group_id) in group_ids
    }
    for child in node:
        if node.tag != "split_test" or child.get("url_name") in given:
            yield from _pieces(child, group_ids)


def _of_html(node: Any) -> tuple[frozenset[str], frozenset[str]]:
    body = (FOLDER / "html" / f"{node.get('filename')}.html").read_text(encoding="utf-8")
    return _texts(html.fragment_fromstring(body, "x").itertext()), frozenset()


def _of_problem(node: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the question, and the texts that the learner is shown after answering."""
    question = copy.deepcopy(node)
    etree.strip_elements(question, *_TOLD_LATER, with_tail=False)
    texts = _texts(question.itertext())
    return texts, _texts(node.itertext()) - texts


def _of_video(node: Any) -> tuple[frozenset[str], frozenset[str]]:
    files = json.loads(node.get("transcripts")).values()
    transcripts = [(FOLDER / "static" / file).read_text(encoding="utf-8") for file in files]
    cues = [cue.splitlines() for text in transcripts for cue in text.split("\n\n")]
    return frozenset(), _texts(" ".join(lines) for _number, _time, *lines in cues)


def _texts(stretches: Iterable[str]) -> frozenset[str]:
    """Return the texts without markup, as in the source of a page."""
    texts = (" ".join(text.split()) for text in stretches)
    return frozenset(text for text in texts if len(text) >= 12)


_LEAVES = {"html": _of_html, "problem": _of_problem, "video": _of_video}
_TOLD_LATER = ("choicehint", "demandhint", "optionhint", "solution")
