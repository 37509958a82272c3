"""The forms in which authors create and edit segmentations, by segmentation type.

To let authors edit another type, add an entry to FORMS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from xblock_experiments.course_user_segmentation.data import EXPERIMENT


@dataclass(frozen=True, slots=True)
class Parameter:
    """A text field for one of a segmentation's parameters."""

    name: str
    label: str
    help: str


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one segmentation type. Its texts are translated when they are displayed."""

    label: str
    has_weights: bool
    parameters: tuple[Parameter, ...] = ()


FORMS = {
    EXPERIMENT: Form(
        label=gettext_noop("Experiment"),
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
}


def label_of(type: str, gettext: Callable[[str], str]) -> str:
    """Return the type's translated label, or the type itself if authors cannot create it."""
    return gettext(FORMS[type].label) if type in FORMS else type
