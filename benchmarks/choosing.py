"""The computation that chooses a group, on one core."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from itertools import accumulate

from benchmarks.courses import GROUPS, WEIGHTS, course_id, experiment
from benchmarks.peers import NAMES, SHARES, Peer, peers
from benchmarks.results import Row, times_faster, times_the_floor
from benchmarks.scale import Scale
from benchmarks.timing import Contender, race
from xblock_experiments.experiments.assignment import SEPARATOR, choose_group, salt_of

MOST = 1.6
SALT = salt_of(course_id("choosing"), experiment(100))


def rows(scale: Scale) -> list[Row]:
    with peers() as others:
        seconds = _race(others, scale)
    ours = seconds["ours"]
    return [
        Row(
            what="choosing a group",
            unit="1000/s",
            ours=ours,
            floor=seconds["floor"],
            goals=[times_the_floor(MOST, ours, seconds["floor"])],
        ),
        *(_row(peer, ours, seconds[peer.name]) for peer in others),
    ]


def _row(peer: Peer, ours: list[float], theirs: list[float]) -> Row:
    return Row(
        what=f"choosing a group, against {peer.name}",
        unit="1000/s",
        ours=ours,
        theirs=theirs,
        goals=[times_faster(5, ours, theirs)] if peer.name.startswith("growthbook") else [],
    )


def _race(others: list[Peer], scale: Scale) -> dict[str, list[float]]:
    choosers: dict[str, Callable[[str], object]] = {
        "ours": partial(choose_group, GROUPS, SALT),
        "floor": _floor(),
        **{peer.name: peer.choose for peer in others},
    }
    for peer in others:
        _check_shares(peer)
    contenders = [
        Contender(name, partial(_users, scale.choices), choose) for name, choose in choosers.items()
    ]
    return race("choosing a group", contenders, scale.repetitions)


def _floor() -> Callable[[str], object]:
    """Return a minimal chooser: the same hash of the same text, with weights added in advance."""
    bounds = list(accumulate(WEIGHTS))
    total = bounds[-1]

    def choose(user_id: str) -> object:
        digest = sha256(f"{SALT}{SEPARATOR}{user_id}".encode()).digest()
        return GROUPS[bisect_right(bounds, int.from_bytes(digest[:8], "big") * total >> 64)]

    return choose


def _users(count: int, repetition: int) -> list[str]:
    """Return users that differ at each repetition."""
    return [f"learner-{repetition * count + number}" for number in range(count)]


def _check_shares(peer: Peer) -> None:
    """Check that the peer splits users by the same weights."""
    count = 4_000
    counts = Counter(map(peer.choose, _users(count, 0)))
    for name, share in zip(NAMES, SHARES, strict=True):
        if abs(counts[name] / count - share) > 0.05:
            msg = f"{peer.name} does not keep the weights: {dict(counts)}."
            raise RuntimeError(msg)
