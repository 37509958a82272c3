"""The page that lists a course's group configurations."""

from __future__ import annotations

from typing import Any

from web_fragments.fragment import Fragment

from xblock_experiments.blocks.base.language import Name, isolated
from xblock_experiments.blocks.base.rendering import render
from xblock_experiments.blocks.base.revision import revision_of
from xblock_experiments.blocks.configurations.edits import listed, removed_groups, usages_in
from xblock_experiments.blocks.experiment.arms import share_of
from xblock_experiments.course_user_segmentation.data import (
    Group,
    SegmentationEdit,
    UserSegmentation,
)
from xblock_experiments.course_user_segmentation.types import EXPERIMENT, all_types, label_of

_SCRIPTS = (
    "drafts.js",
    "faults.js",
    "forms.js",
    "consequences.js",
    "group_list.js",
    "configurations.js",
)


def configurations_view(course: Any) -> Fragment:
    fragment = Fragment()
    usages = usages_in(course)
    removed = removed_groups(course)
    _ = course.gettext
    blank = UserSegmentation(
        0, EXPERIMENT, "", "", (Group(0, _("Group A")), Group(1, _("Group B")))
    )
    fragment.content = render(
        "configurations.html",
        {
            "blank": _card(course, blank, [], is_new=True),
            "cards": [
                {
                    **_card(course, each, usages.get(each.id, [])),
                    "removed": removed.get((each.type, each.id), ()),
                }
                for each in listed(course.user_partitions)
            ],
            "revision": revision_of(course.user_partitions),
        },
        course,
    )
    course.add_files(fragment, "forms.css", *_SCRIPTS)
    fragment.initialize_js("XBlockExperimentsConfigurations")
    return fragment


def consequences(course: Any, edit: SegmentationEdit, edited: UserSegmentation | None) -> list[str]:
    """Return one sentence for each effect of saving the edit on learners.

    `edited` is the segmentation after the edit, or None if the edit removes it.
    """
    ngettext = course.i18n.ngettext
    sentences = []
    if edited is None:
        kept = ngettext(
            "{count} learner has a group here. The record is kept; nobody is assigned any more.",
            "{count} learners have a group here. Their records are kept; "
            "nobody is assigned any more.",
            edit.stay,
        )
        return [kept.format(count=edit.stay)]
    if not edited.active:
        off = course.gettext("While it is paused, learners do not see its experiments.")
        sentences.append(off)
    if edit.stay:
        stay = ngettext(
            "{count} learner keeps the current group.",
            "{count} learners keep their current group.",
            edit.stay,
        )
        sentences.append(stay.format(count=edit.stay))
    if edit.leave:
        leave = ngettext(
            "{count} learner of “{name}” gets another group at the next visit.",
            "{count} learners of “{name}” get another group at their next visit.",
            edit.leave,
        )
        sentences.append(leave.format(count=edit.leave, name=isolated(edit.name)))
    weighty = [group.name for group in edit.empty if group.weight]
    if weighty and (edit.stay or edit.leave):
        empty = course.gettext("Only learners not yet assigned can get {groups}.")
        quoted = course.gettext("“{name}”")
        groups = ", ".join(quoted.format(name=isolated(name)) for name in weighty)
        sentences.append(empty.format(groups=groups))
    if not sentences:
        sentences.append(course.gettext("No learner has a group yet, so nobody's group changes."))
    if edited.type == EXPERIMENT and len(edited.groups) == 1:
        sentences.append(course.gettext("With one group only, all learners get the same content."))
    return sentences


def _card(
    course: Any, segmentation: UserSegmentation, usages: list[Any], *, is_new: bool = False
) -> dict[str, Any]:
    form = all_types().get(segmentation.type)
    return {
        "key": "new" if is_new else f"{segmentation.type}-{segmentation.id}",
        "id": None if is_new else segmentation.id,
        "type": segmentation.type,
        "type_label": label_of(segmentation.type, course.gettext),
        "name": segmentation.name,
        "description": segmentation.description,
        "active": segmentation.active,
        "is_new": is_new,
        "is_editable": form is not None,
        "has_weights": form is not None and form.has_weights,
        "groups": [
            {
                "id": None if is_new else group.id,
                "name": Name(group.name, None if is_new else course.course_language),
                "weight": group.weight,
                "share": share_of(group.weight, segmentation.groups),
            }
            for group in segmentation.groups
        ],
        "parameters": [
            {
                "name": parameter.name,
                "label": course.gettext(parameter.label),
                "help": course.gettext(parameter.help),
                "value": segmentation.parameters.get(parameter.name, ""),
            }
            for parameter in (form.parameters if form else ())
        ],
        "usages": usages,
    }
