"""The ways along which blocks are given, as blocks stand in each other."""

from __future__ import annotations

from collections.abc import Iterable

from xblock_experiments.gradebook.structure import Arm, Way, Ways

MOST_WAYS = 200
"""The most ways to one block. More would make a course slow to import, to save and to grade."""

NOBODY: Ways = frozenset()
"""The ways of a block that nobody is given."""


class TooMany(Exception):
    """Raised for more ways than are allowed."""


def along(ways: Ways, requirements: Way) -> Ways:
    """Return the ways with these requirements, too."""
    return frozenset(way | requirements for way in ways) if requirements else ways


def merged(ways: Ways, more: Ways) -> Ways:
    """Return the ways that decide, of some that were merged before and of more. Raises TooMany.

    A block that stands in an arm is not given to everybody because it also stands in the open. A
    way with more requirements than another one adds nothing.
    """
    if more <= ways:
        return ways
    through_arms = frozenset(filter(_is_through_arm, more))
    if any(map(_is_through_arm, ways)):
        found, new = set(ways), through_arms
    else:
        found, new = (set(), through_arms) if through_arms else (set(ways), more)
    for way in sorted(new, key=len):
        if not _includes_one(way, found):
            found = {other for other in found if not way < other} | {way}
        if len(found) > MOST_WAYS:
            raise TooMany
    return frozenset(found)


def both(inside: Ways, anywhere: Ways) -> Ways:
    """Return the ways that meet one way of each. Raises TooMany."""
    if inside <= anywhere:
        return inside
    found = NOBODY
    for one in inside:
        met = _includes_one(one, anywhere)
        found = merged(found, frozenset({one}) if met else along(anywhere, one))
    return found


def _is_through_arm(way: Way) -> bool:
    return any(isinstance(each, Arm) for each in way)


def _includes_one(way: Way, ways: Iterable[Way]) -> bool:
    return any(other <= way for other in ways)
