"""The grades of 100,000 learners in 25 experiments, with 200 problems for each learner.

    python -m benchmarks.big_grades [LEARNERS]

Needs an empty PostgreSQL at DATABASE_URL; `make big-grades` makes one. The database itself makes
the rows, which are 20 million scores. The walk is done for 500 learners and scaled.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator

import django

from benchmarks.courses import GROUPS, split_test_name
from benchmarks.results import Report, Row, at_most
from benchmarks.table import table

IN_ARM = 8
"""The number of problems in each arm. A learner is given an arm of each of the 25 experiments."""
LEARNERS = 100_000
WALKED = 500
MOST_GROWTH = 50
"""The most MiB by which the process may grow for the last 90 % of the learners."""

_GROUP = "mod(('x' || substr(md5(who.id || '-' || {id}), 1, 7))::bit(28)::int, {groups})"
"""The group of a learner in an experiment."""
_WON = "mod(('x' || substr(md5(who.id || problem.usage_id), 1, 1))::bit(4)::int, 2)"
"""The learner's points in a problem: 0 or 1, independently of all other problems."""


def main(learners: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()

    from benchmarks import databases, graded_course
    from benchmarks.grades import measured

    databases.make_tables()
    course = graded_course.load(IN_ARM)
    user_ids = [str(10_000_000 + number) for number in range(learners)]
    usages = {
        name: graded_course.usage_id(course, name)
        for id in graded_course.IDS
        for name in _names_in(id)
    }
    for statement in _fill(user_ids, usages):
        databases.execute([(statement, ())])
    databases.execute([("VACUUM ANALYZE", ())])
    rows = [
        _memory_row(user_ids),
        *measured(course, user_ids, min(WALKED, learners), repetitions=1),
    ]
    report = Report(
        database="PostgreSQL", conditions=[databases.version()], rows=rows, is_quick=False
    )
    sys.stdout.write(table([report]))


def _names_in(id: int) -> Iterator[str]:
    from benchmarks.graded_course import arm_name, problems_in

    yield split_test_name(id)
    for group in GROUPS:
        yield from problems_in(arm_name(id, group.id), IN_ARM)


def _fill(user_ids: list[str], usages: dict[str, str]) -> Iterator[str]:
    """Yield the statements that make memberships, exposures and scores."""
    from benchmarks.graded_course import COURSE_ID, IDS, arm_name, problems_in
    from benchmarks.members import segmentation_row_id
    from xblock_experiments.course_user_segmentation.models import EXCLUSIVE, Membership
    from xblock_experiments.experiments.models import Exposure
    from xblock_experiments.gradebook.models import Score

    who = f"generate_series({user_ids[0]}, {user_ids[-1]}) AS number, "
    who += "LATERAL (SELECT number::text AS id) AS who"
    for id in IDS:
        group = _GROUP.format(id=id, groups=len(GROUPS))
        problems = ", ".join(
            f"({each.id}, '{usages[name]}')"
            for each in GROUPS
            for name in problems_in(arm_name(id, each.id), IN_ARM)
        )
        yield f"""
            INSERT INTO {Membership._meta.db_table}
                (segmentation_id, user_id, slot, group_id, version, why, actor, since)
            SELECT {segmentation_row_id(COURSE_ID, id)}, who.id, {EXCLUSIVE}, {group}, 1,
                'assigned', '', clock_timestamp() FROM {who}
        """  # noqa: S608 - of constants
        yield f"""
            INSERT INTO {Exposure._meta.db_table}
                (course_id, segmentation_number, user_id, usage_id, group_id, "when")
            SELECT '{COURSE_ID}', {id}, who.id, '{usages[split_test_name(id)]}', {group},
                clock_timestamp() FROM {who}
        """  # noqa: S608 - of constants
        yield f"""
            INSERT INTO {Score._meta.db_table}
                (course_id, user_id, usage_id, earned, possible, fraction, recorded, number,
                 last_number, last_earned, last_possible, calls)
            SELECT '{COURSE_ID}', who.id, problem.usage_id, won, 1, won, now(), 1, 1, won, 1, 1
            FROM {who}
            JOIN (VALUES {problems}) AS problem (group_id, usage_id)
                ON problem.group_id = {group},
            LATERAL (SELECT {_WON} AS won) AS score
        """  # noqa: S608 - of constants


def _memory_row(user_ids: list[str]) -> Row:
    """Return the growth of the process between a tenth of the learners and all of them."""
    from benchmarks.grades import grade_all

    grade_all(user_ids[: len(user_ids) // 10])
    before = _peak()
    grade_all(user_ids)
    growth = [_peak() - before]
    return Row(
        what=f"grades of {len(user_ids):,} learners, growth of the process",
        unit="MiB",
        ours=growth,
        goals=[at_most(MOST_GROWTH, growth)],
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS)
