"""Which types of segmentation authors can make and edit, and what each type's form has.

A type is added by an entry in FORMS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from xblock_experiments.course_user_segmentation.data import EXPERIMENT


@dataclass(frozen=True, slots=True)
class Parameter:
    """One text among a segmentation's parameters."""

    name: str
    label: str
    help: str


@dataclass(frozen=True, slots=True)
class Form:
    """Of one type. Texts are translated when they are shown."""

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
    """A type that authors cannot make has no name but its own."""
    return gettext(FORMS[type].label) if type in FORMS else type
