"""The types of segmentation: each says what it promises and which form authors fill in.

Another package adds a type by an entry point in the group `xblock_experiments.segmentation_type`.
The entry point's object is a `SegmentationType`, and its name is the type's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

ENTRY_POINT = "xblock_experiments.segmentation_type"
EXPERIMENT = "experiment"
"""The type that promises exactly one group for each user who met it."""


def gettext_noop(text: str) -> str:
    """Mark a text for translation. It is translated when it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Parameter:
    """A text among a segmentation's parameters that authors may enter."""

    name: str
    label: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationType:
    """A type of segmentation. Its texts are marked for translation."""

    name: str
    label: str
    scheme: str | None = None
    """Open edX's name for it; None if Open edX has no such type."""
    is_exclusive: bool = False
    """Says that a user is in at most one group."""
    has_weights: bool = False
    """Says that authors set the weights of its groups."""
    parameters: tuple[Parameter, ...] = ()


_EXPERIMENT = SegmentationType(
    name=EXPERIMENT,
    label=gettext_noop("Experiment"),
    scheme="random",
    is_exclusive=True,
    has_weights=True,
    parameters=(
        Parameter(
            name="salt",
            label=gettext_noop("Salt"),
            help=gettext_noop(
                "Advanced. Experiments with the same salt assign learners alike. "
                "Leave empty for an independent experiment."
            ),
        ),
    ),
)


@cache
def all_types() -> dict[str, SegmentationType]:
    """Return our types and those of other packages, by name. Ours cannot be replaced."""
    others = {each.name: each.load() for each in entry_points(group=ENTRY_POINT)}
    return {**others, _EXPERIMENT.name: _EXPERIMENT}


def type_of_scheme(scheme: str) -> str:
    """Return the name of the type with Open edX's scheme, or the scheme itself if there is none."""
    return next((each.name for each in all_types().values() if each.scheme == scheme), scheme)


def scheme_of_type(type: str) -> str:
    """Return Open edX's scheme of the type, or the type's own name."""
    known = all_types().get(type)
    return known.scheme if known and known.scheme else type


def is_exclusive(type: str) -> bool:
    """Return whether a user is in at most one group of a segmentation of the type."""
    known = all_types().get(type)
    return known is not None and known.is_exclusive


def label_of(type: str, gettext: Callable[[str], str]) -> str:
    """Return the translated label of the type, or the name of a type that is not installed."""
    known = all_types().get(type)
    return gettext(known.label) if known else type
