"""Segmentations and groups as immutable values, and the errors about them.

The values have the shape of Open edX's user partitions, so that one JSON format serves both. Only
an experiment's groups hold weights; `parameters["weights"]` exists in the JSON only. Keys that a
newer version of the format adds are preserved in `extra` and written out again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from xblock_experiments.course_user_segmentation.frozen import deep_freeze
from xblock_experiments.course_user_segmentation.types import EXPERIMENT as EXPERIMENT
from xblock_experiments.course_user_segmentation.types import scheme_of_type, type_of_scheme
from xblock_experiments.errors import ExperimentsError, WrongId
from xblock_experiments.keys.ids import MAX_ID as MAX_ID
from xblock_experiments.keys.ids import is_id as is_id
from xblock_experiments.olx.sentences import Sentence

NOT_SELECTED = -1
"""The segmentation id of a split_test for which the author has not selected one yet."""

MAX_WEIGHT = 2**31 - 1

MAX_SEGMENTATIONS = 1000
"""The number of a course's segmentations that are read, to bound the work for malformed lists."""

_HALF_SURROGATE = re.compile("[\ud800-\udfff]")
_GROUP_VERSION = 1
_VERSION = 3
_GROUP_KEYS = frozenset({"id", "name", "version"})
_KEYS = frozenset(
    {"id", "name", "description", "scheme", "parameters", "active", "version", "groups"}
)


class SegmentationError(ExperimentsError):
    """The base class of errors that keep a call from completing. The call changed nothing."""


class InvalidSegmentation(SegmentationError, ValueError):
    """A segmentation that no course can have."""


class NoSuchSegmentation(SegmentationError, LookupError):
    """The course has no segmentation of that id and type."""


class NoSuchGroup(SegmentationError, LookupError):
    """The segmentation has no group of that id."""


class NotAssignable(SegmentationError):
    """Raised if an experiment is inactive, or has no group with a weight, so it cannot assign."""


class InvalidId(SegmentationError, WrongId):
    """An id of a course, a user or a block that cannot be stored."""


def freeze(value: Any) -> Any:
    """Return a copy of the JSON value that cannot be changed. Raises InvalidSegmentation."""
    try:
        return deep_freeze(value)
    except RecursionError as error:
        msg = "A segmentation is nested too deeply."
        raise InvalidSegmentation(msg) from error


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a segmentation. `weight` is its share relative to its siblings, 0 or more."""

    id: int
    name: str
    weight: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "extra", freeze(self.extra))
        _check_id(self.id, "group")
        _check_text(self.name, "name", f"group {self.id}")
        if not _is_int(self.weight) or not 0 <= self.weight <= MAX_WEIGHT:
            msg = (
                f"The weight of group {self.id} must be an integer from 0 to {MAX_WEIGHT}, "
                f"not {self.weight!r}."
            )
            raise InvalidSegmentation(msg)

    def to_json(self) -> dict[str, Any]:
        return {**self.extra, "id": self.id, "name": self.name, "version": _GROUP_VERSION}

    @classmethod
    def from_json(cls, value: Any, *, weight: int = 1) -> Self:
        """Read a group. Raises InvalidSegmentation."""
        _require(value, ("id", "name", "version"), "group")
        if value["version"] != _GROUP_VERSION:
            msg = f"Group {value['id']!r} has unexpected version {value['version']!r}."
            raise InvalidSegmentation(msg)
        return cls(_int(value["id"]), value["name"], weight, _rest(value, _GROUP_KEYS))


@dataclass(frozen=True, slots=True)
class UserSegmentation:
    """A named way to divide users into groups. Its type determines how users get into groups."""

    id: int
    type: str
    name: str
    description: str
    groups: tuple[Group, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    active: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(self.groups))
        _check_id(self.id, "segmentation")
        for text, what in (
            (self.type, "type"),
            (self.name, "name"),
            (self.description, "description"),
        ):
            _check_text(text, what, f"segmentation {self.id}")
        if not is_type(self.type):
            msg = f"The type of segmentation {self.id} must have 1 to 32 printable characters."
            raise InvalidSegmentation(msg)
        ids = [group.id for group in self.groups]
        if len(set(ids)) < len(ids):
            msg = f"Segmentation {self.id} has two groups with the same id: {ids!r}."
            raise InvalidSegmentation(msg)
        if not isinstance(self.parameters, Mapping):
            msg = f"The parameters of segmentation {self.id} must be a mapping."
            raise InvalidSegmentation(msg)
        object.__setattr__(self, "parameters", freeze(self.parameters))
        object.__setattr__(self, "extra", freeze(self.extra))
        if "weights" in self.parameters:
            msg = f"Segmentation {self.id} has weights in its parameters: set them on its groups."
            raise InvalidSegmentation(msg)
        _check_text(self.parameters.get("salt", ""), "salt", f"segmentation {self.id}")

    def group(self, group_id: int) -> Group:
        """Return the group with this id. Raises NoSuchGroup."""
        for group in self.groups:
            if group.id == group_id and is_id(group_id):
                return group
        msg = f"Segmentation {self.id} ({self.type}) has no group {group_id!r}."
        raise NoSuchGroup(msg)

    @property
    def repeated_names(self) -> list[str]:
        """Return each name that several groups have, as the first of them writes it.

        Ignores case and spaces, because people do.
        """
        by_name: dict[str, list[str]] = {}
        for group in self.groups:
            by_name.setdefault(" ".join(group.name.split()).casefold(), []).append(group.name)
        return [names[0] for names in by_name.values() if len(names) > 1]

    def to_json(self) -> dict[str, Any]:
        """Return the segmentation as Open edX's UserPartition, version 3."""
        return {
            **self.extra,
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "scheme": scheme_of_type(self.type),
            "parameters": {**self.parameters, **self._weights_json()},
            "active": self.active,
            "version": _VERSION,
            "groups": [group.to_json() for group in self.groups],
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a user partition of version 1 or newer. Raises InvalidSegmentation.

        Version 1 had no schemes; all its partitions were random. Newer versions may add keys, which
        are preserved. By agreement they never change the meaning of an existing key.
        """
        _require(value, ("id", "name", "description", "version", "groups"), "segmentation")
        _check_json(value)
        if not _is_int(value["version"]) or value["version"] < 1:
            msg = f"Segmentation {value['id']!r} has unexpected version {value['version']!r}."
            raise InvalidSegmentation(msg)
        if value["version"] == 1:
            value = {**value, "scheme": "random", "parameters": {}, "active": True}
        _require(value, ("scheme",), "segmentation")
        parameters = _mapping(value.get("parameters", {}), "parameters")
        weights = _mapping(parameters.get("weights", {}), "weights")
        return cls(
            id=_int(value["id"]),
            type=type_of_scheme(value["scheme"]),
            name=value["name"],
            description=value["description"],
            groups=_groups_from_json(value["groups"], weights),
            parameters=_rest(parameters, frozenset({"weights"})),
            active=bool(value.get("active", True)),
            extra=_rest(value, _KEYS),
        )

    def _weights_json(self) -> dict[str, dict[str, int]]:
        if all(group.weight == 1 for group in self.groups):
            return {}
        return {"weights": {str(group.id): group.weight for group in self.groups}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One user's groups in one segmentation, with the segmentation's definition."""

    course_id: str
    user_id: str
    segmentation: UserSegmentation
    version: int
    group_ids: frozenset[int]
    """The ids of the user's groups, including groups that the segmentation no longer has."""
    row_id: int
    """The store's own id of the segmentation, which has no meaning outside the store."""
    groups: tuple[Group, ...] = field(init=False, compare=False, repr=False)
    """The user's groups in listed order, without removed ones. Empty if inactive."""

    def __post_init__(self) -> None:
        """Find the groups once, because a page asks for them many times."""
        ids, segmentation = self.group_ids, self.segmentation
        groups = [group for group in segmentation.groups if group.id in ids] if ids else []
        object.__setattr__(self, "groups", tuple(groups) if segmentation.active else ())

    def within(self, group_id: int) -> Self:
        """Return the standing of the user after entering that group and no other."""
        # Twice as fast as dataclasses.replace, and called for each learner of a list.
        return type(self)(
            course_id=self.course_id,
            user_id=self.user_id,
            segmentation=self.segmentation,
            version=self.version,
            group_ids=frozenset({group_id}),
            row_id=self.row_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One user's membership in one group: since when, why, and under which version."""

    user_id: str
    group_id: int
    since: datetime
    why: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One move of a user. `from_group_id` is None if first, `to_group_id` if removed."""

    user_id: str
    when: datetime
    from_group_id: int | None
    to_group_id: int | None
    why: str
    who: str
    version: int
    """The version of the segmentation under which the change was made."""
    version_by_time: bool = False
    """Indicates that the version was not stored, but is the newest from before the change."""


type Assignment = tuple[int, datetime, int]
"""The id of the assigned group, the time of the assignment, and the experiment's version then.

A plain tuple, because a report holds many of them.
"""


@dataclass(frozen=True, slots=True)
class Spell:
    """The time that a user was in a group. It also ends when the group is removed."""

    segmentation_id: int
    type: str
    """The type of the segmentation, because ids are only unique within a type."""
    group_id: int
    since: datetime
    until: datetime | None
    """The end, or None if the user is in the group now."""
    replaced_until: datetime | None
    """The time until which the segmentation assigns another group to users who left this one.

    It is None as long as it does, and `until` if it never did.
    """


@dataclass(frozen=True, slots=True)
class GroupsOverTime:
    """One user's groups in all segmentations of a course."""

    now: Mapping[int, frozenset[int]]
    """The ids of the user's groups by segmentation id, without removed groups."""
    to_be_assigned: frozenset[int] = frozenset()
    """The ids of experiments that will assign the user again, because the user left a group."""
    spells: tuple[Spell, ...] = ()
    """All spells in the order in which they began, or none if none has ended."""
    assigned: Mapping[int, Assignment] = field(default_factory=dict)
    """The user's assignments by the ids of the experiments, including to removed groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A segmentation's definition from one moment on, and who published it."""

    version: int
    segmentation: UserSegmentation
    removed: bool
    """Indicates whether this version removed the segmentation from the course's list."""
    when: datetime
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationEdit:
    """The effects of saving a list on one segmentation and its members."""

    id: int
    type: str
    name: str
    change: Literal["new", "changed", "same", "removed", "returned"]
    stay: int
    """The number of members who keep their group.

    A removed segmentation's members keep it too, in case the segmentation returns.
    """
    leave: int
    """The number of members whose present group would be removed.

    An experiment assigns them again at their next visit. In other types they would be in no group.
    Members of groups that were removed before count neither here nor in `stay`.
    """
    empty: tuple[Group, ...]
    """The groups that would have no members, in listed order. Includes groups without weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPreview:
    """The effects of saving a course's list, in its order. Removed segmentations come last."""

    segmentations: tuple[SegmentationEdit, ...]

    @property
    def stay(self) -> int:
        """The number of memberships that keep their group."""
        return sum(edit.stay for edit in self.segmentations)

    @property
    def leave(self) -> int:
        """The number of memberships that lose their group."""
        return sum(edit.leave for edit in self.segmentations)


def read_user_partitions(values: list[Any]) -> tuple[list[UserSegmentation], list[Sentence]]:
    """Return the usable segmentations of a course's list, and messages about the other entries."""
    segmentations: dict[tuple[str, int], UserSegmentation] = {}
    problems: list[Sentence] = []
    for value in values[:MAX_SEGMENTATIONS]:
        try:
            segmentation = UserSegmentation.from_json(value)
        except InvalidSegmentation as error:
            problems.append(Sentence("a segmentation is not used: {error}", error=error))
            continue
        key = (segmentation.type, segmentation.id)
        if key in segmentations:
            id = segmentation.id
            problems.append(Sentence("a second segmentation with id {id} is not used", id=id))
        segmentations.setdefault(key, segmentation)
    if len(values) > MAX_SEGMENTATIONS:
        limit = MAX_SEGMENTATIONS
        problems.append(Sentence("only the first {limit} segmentations are used", limit=limit))
    return list(segmentations.values()), problems


def is_type(value: object) -> bool:
    """Return whether `value` can be the type of a segmentation."""
    return isinstance(value, str) and 1 <= len(value) <= 32 and value.isprintable()


def _groups_from_json(groups: Any, weights: Mapping[str, Any]) -> tuple[Group, ...]:
    if not isinstance(groups, list):
        msg = f"The groups of a segmentation must be a list, not {groups!r}."
        raise InvalidSegmentation(msg)
    return tuple(
        Group.from_json(group, weight=weights.get(str(_mapping(group, "group").get("id")), 1))
        for group in groups
    )


def _require(value: Any, keys: tuple[str, ...], what: str) -> None:
    mapping = _mapping(value, what)
    for key in keys:
        if key not in mapping:
            msg = f"A {what} is missing the key {key!r}: {value!r}."
            raise InvalidSegmentation(msg)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    # The check for dict comes first because the check for Mapping takes ten times as long.
    if not isinstance(value, dict) and not isinstance(value, Mapping):
        msg = f"{what.capitalize()} must be an object, not {value!r}."
        raise InvalidSegmentation(msg)
    return value


def _rest(value: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in known}


def _check_json(value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (RecursionError, TypeError, ValueError) as error:
        msg = f"A segmentation is not valid JSON: {error}."
        raise InvalidSegmentation(msg) from error


def _int(value: Any) -> Any:
    """Convert text to int as Open edX does: "10" is 10. Leaves other values for later checks."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        return int(value)
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_id(value: Any, what: str) -> None:
    if not is_id(value):
        msg = f"The id of a {what} must be an integer from 0 to {MAX_ID}, not {value!r}."
        raise InvalidSegmentation(msg)


def _check_text(value: Any, what: str, whose: str) -> None:
    if not isinstance(value, str):
        msg = f"The {what} of {whose} must be text, not {value!r}."
        raise InvalidSegmentation(msg)
    if _HALF_SURROGATE.search(value):
        msg = f"The {what} of {whose} holds half a surrogate pair."
        raise InvalidSegmentation(msg)
