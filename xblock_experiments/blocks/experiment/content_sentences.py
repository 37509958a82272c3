"""Sentences that tell an author what an edit of an experiment does to its learners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xblock_experiments.experiments.data import ContentChange, ContentChangeKind

type _Ngettext = Callable[[str, str, int], str]


def consequences_of(changes: Sequence[ContentChange], i18n: Any) -> list[str]:
    """Return a sentence for each group, then what that means for what learners have done."""
    sentences = [_sentence(change, i18n.ngettext) for change in changes]
    exposed: dict[str, int] = {}
    for change in changes:
        if change.exposed:
            exposed[change.title] = exposed.get(change.title, 0) + change.exposed
    for title, count in exposed.items():
        seen = i18n.ngettext(
            "{count} learner has already seen “{experiment}”.",
            "{count} learners have already seen “{experiment}”.",
            count,
        )
        sentences.append(seen.format(count=count, experiment=title))
    if any(change.old for change in changes):
        sentences.append(
            i18n.gettext("Answers to content that learners lose are kept, but no longer count.")
        )
    return sentences


def _sentence(change: ContentChange, ngettext: _Ngettext) -> str:
    return _SENTENCES[change.kind](ngettext, change.assigned).format(
        count=change.assigned,
        experiment=change.title,
        configuration=change.segmentation_name,
        group=change.group_name,
        old=change.old,
        new=change.new,
    )


def _edited(ngettext: _Ngettext, count: int) -> str:
    return ngettext(
        "“{experiment}”: {count} learner of “{group}” gets the edited content.",
        "“{experiment}”: {count} learners of “{group}” get the edited content.",
        count,
    )


def _replaced(ngettext: _Ngettext, count: int) -> str:
    return ngettext(
        "“{experiment}”: {count} learner of “{group}” gets “{new}” instead of “{old}”.",
        "“{experiment}”: {count} learners of “{group}” get “{new}” instead of “{old}”.",
        count,
    )


def _lost(ngettext: _Ngettext, count: int) -> str:
    return ngettext(
        "“{experiment}”: {count} learner of “{group}” loses “{old}”.",
        "“{experiment}”: {count} learners of “{group}” lose “{old}”.",
        count,
    )


def _gained(ngettext: _Ngettext, count: int) -> str:
    return ngettext(
        "“{experiment}”: {count} learner of “{group}” gets “{new}”, and had nothing before.",
        "“{experiment}”: {count} learners of “{group}” get “{new}”, and had nothing before.",
        count,
    )


def _deselected(ngettext: _Ngettext, count: int) -> str:
    return ngettext(
        "“{experiment}” no longer uses “{configuration}”: "
        "{count} learner of “{group}” loses “{old}”.",
        "“{experiment}” no longer uses “{configuration}”: "
        "{count} learners of “{group}” lose “{old}”.",
        count,
    )


def _removed(ngettext: _Ngettext, count: int) -> str:
    return ngettext(
        "“{experiment}” is removed: {count} learner of “{group}” loses “{old}”.",
        "“{experiment}” is removed: {count} learners of “{group}” lose “{old}”.",
        count,
    )


_SENTENCES: Mapping[ContentChangeKind, Callable[[_Ngettext, int], str]] = {
    "edited": _edited,
    "replaced": _replaced,
    "lost": _lost,
    "gained": _gained,
    "deselected": _deselected,
    "removed": _removed,
}
