"""The time of each operation with 10,000, 100,000 and 1,000,000 learners in the tables.

    python -m benchmarks.million [LEARNERS ...]

Needs an empty PostgreSQL at DATABASE_URL; `make big` makes one. Each learner is in 20 experiments
of one course and was shown an arm of each. The rows are copied in with the groups that assignment
would have given; the measured operations go through the apis.
"""

from __future__ import annotations

import logging
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from tqdm import tqdm

COURSE_ID = "course-v1:DemoX+Million+2026"
EXPERIMENTS = range(100, 120)
TIMES = 1_000
"""The number of measurements of each quick operation."""
STORE = "xblock_experiments_course_user_segmentation"
MEMBERSHIPS = f"{STORE}_membership"
EXPOSURES = "xblock_experiments_experiments_exposure"

type Measures = dict[str, str]


def main(sizes: Iterable[int]) -> None:
    logging.getLogger("xblock_experiments.events").disabled = True
    call_command("migrate", verbosity=0)
    _publish()
    columns: dict[int, Measures] = {}
    filled = 0
    for size in sizes:
        _fill(filled, size)
        filled = size
        columns[size] = _measure(size)
    _print(columns)


def _publish(*, group_ids: tuple[int, ...] = (1, 2), **fields: Any) -> None:
    """Publish the experiments. The last one is edited."""
    from xblock_experiments.course_user_segmentation.api import save_segmentations
    from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation

    def experiment(id: int, group_ids: tuple[int, ...], weight: int = 1) -> UserSegmentation:
        groups = tuple(Group(group_id, f"Group {group_id}", weight) for group_id in group_ids)
        return UserSegmentation(id, "experiment", f"Experiment {id}", "", groups)

    listed = [experiment(id, (1, 2)) for id in EXPERIMENTS]
    listed[-1] = experiment(EXPERIMENTS[-1], group_ids, **fields)
    save_segmentations(COURSE_ID, listed)


def user(number: int) -> str:
    return str(10_000_000 + number)


def usage(id: int) -> str:
    return f"block-v1:DemoX+Million+2026+type@split_test+block@{id:032x}"


def _fill(first: int, last: int) -> None:
    from xblock_experiments.course_user_segmentation import api
    from xblock_experiments.experiments.assignment import choose_group, salt_of

    now = datetime.now(UTC)
    standings = api.get_all_standings(COURSE_ID, "nobody in particular")
    settled = [(s.row_id, s.segmentation, salt_of(COURSE_ID, s.segmentation)) for s in standings]

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(first, last):
            for row_id, segmentation, salt in settled:
                group = choose_group(segmentation.groups, salt, user(number))
                yield user(number), row_id, segmentation.id, group.id

    _copy(
        f"COPY {MEMBERSHIPS}"
        " (segmentation_id, user_id, slot, group_id, version, why, actor, since) FROM STDIN",
        ((row, who, -1, group, 1, "assigned", "", now) for who, row, _, group in rows()),
        (last - first) * len(EXPERIMENTS),
    )
    _copy(
        f"COPY {EXPOSURES}"
        ' (course_id, segmentation_number, user_id, usage_id, group_id, "when") FROM STDIN',
        ((COURSE_ID, id, who, usage(id), group, now) for who, _, id, group in rows()),
        (last - first) * len(EXPERIMENTS),
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _copy(statement: str, rows: Iterable[tuple[Any, ...]], total: int) -> None:
    bar = tqdm(total=total, unit=" rows", unit_scale=True, desc=statement.split()[1][-20:])
    rows = iter(rows)
    while batch := list(islice(rows, 200_000)):
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in batch:
                copy.write_row(row)
        bar.update(len(batch))
    bar.close()


def _measure(size: int) -> Measures:
    from xblock_experiments.course_user_segmentation import api as segmentations
    from xblock_experiments.experiments import api as experiments

    known = [user(random.randrange(size)) for _ in range(TIMES)]  # noqa: S311 - a sample
    new = [f"new at {size}: {number}" for number in range(2 * TIMES)]
    many = [f"many at {size}: {number}" for number in range(10 * TIMES)]
    edited = EXPERIMENTS[-1]

    def assign(user_id: str) -> object:
        return experiments.assign_group(COURSE_ID, edited, user_id)

    def page(user_id: str) -> None:
        standings = segmentations.get_all_standings(COURSE_ID, user_id)
        settled = experiments.settle(standings)
        shown = [(standing, usage(standing.segmentation.id)) for standing in settled]
        experiments.record_exposures(experiments.unrecorded(shown))

    measures = {
        "first view": _each(assign, new[:TIMES]),
        "repeated view": _each(assign, known),
        "page of 20, first view": _each(page, new[TIMES:]),
        "page of 20, repeated view": _each(page, known),
        "history of a learner": _each(
            lambda who: segmentations.get_history(COURSE_ID, edited, who, type="experiment"), known
        ),
        "10,000 more, at once": _once(
            lambda: experiments.assign_users(COURSE_ID, edited, many), len(many)
        ),
        "listing the members of one": _stream(
            lambda: segmentations.get_members(COURSE_ID, edited, type="experiment")
        ),
        "listing those of one group": _stream(
            lambda: segmentations.get_members(COURSE_ID, edited, type="experiment", group_id=2)
        ),
        "listing the exposures of one": _stream(
            lambda: experiments.get_exposures(COURSE_ID, edited)
        ),
        "saving new weights": _once(lambda: _publish(weight=3)),
        "preview: a group would go": _once(_preview),
        "removing a group": _once(lambda: _publish(group_ids=(1,))),
        "next view of who was in it": _each(assign, known),
    }
    _publish()
    return measures | _sizes()


def _preview() -> None:
    from xblock_experiments.course_user_segmentation import api

    api.preview_edit(COURSE_ID, api.get_segmentations(COURSE_ID)[:-1])


def _each(work: Callable[[str], object], users: list[str]) -> str:
    """Return the median and the 99th percentile of the time per user."""
    seconds = []
    for user_id in users:
        start = time.perf_counter()
        work(user_id)
        seconds.append(time.perf_counter() - start)
    cuts = statistics.quantiles(seconds, n=100)
    return f"{cuts[49] * 1000:.2f} ms (99 %: {cuts[98] * 1000:.2f})"


def _once(work: Callable[[], object], count: int = 0) -> str:
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return f"{seconds * 1000:.1f} ms" + (f" ({count / seconds:,.0f}/s)" if count else "")


def _stream(rows: Callable[[], Iterator[object]]) -> str:
    """Return the time to the first row, the rows per second and the growth of memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    stream = rows()
    next(stream)
    first = time.perf_counter() - start
    count = 1 + sum(1 for _ in stream)
    seconds = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return f"{first * 1000:.1f} ms, {count / seconds:,.0f}/s, +{grown:.0f} MiB"


def _sizes() -> Measures:
    """Return the sizes of the tables, with their out-of-line storage, and of each index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relkind, pg_total_relation_size(oid), pg_table_size(oid), reltuples"
            " FROM pg_class WHERE relname LIKE 'xb%%' AND relkind IN ('r', 'i')"
            " AND pg_table_size(oid) > 1000000 ORDER BY pg_table_size(oid) DESC"
        )
        return {
            f"size of {name}": f"{table / 2**20:,.0f} MiB, {table / rows:.0f} bytes a row"
            for name, _, _, table, rows in cursor.fetchall()
        }


def _print(columns: dict[int, Measures]) -> None:
    names = list(dict.fromkeys(name for measures in columns.values() for name in measures))
    width = max(map(len, names))
    lines = [" " * width + "".join(f" | {size:>36,}" for size in columns)]
    for name in names:
        cells = (measures.get(name, "") for measures in columns.values())
        lines.append(name.ljust(width) + "".join(f" | {cell:>36}" for cell in cells))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    django.setup()
    main(map(int, sys.argv[1:] or (10_000, 100_000, 1_000_000)))
