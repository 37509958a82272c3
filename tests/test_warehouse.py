"""The SQL of a bundle gives the numbers of this package, in DuckDB and in ClickHouse.

The course has 10,000 learners, three versions, moves and a removed group. Without the extra
`warehouse` these tests are skipped, and pytest says so.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from math import isclose
from pathlib import Path
from random import Random
from statistics import fmean, variance
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from pytest_django import Settings

from tests.builders import COURSE_ID, experiment, segmentation
from tests.bundles import HOSTILE, KEY, SITE, export, rows
from tests.bundles import fill as fill_a_small_course
from tests.test_grades_of_learners import BLOCKS, structure
from xblock_experiments.course_user_segmentation.api import (
    get_moves_of,
    put_in_group,
    save_segmentations,
)
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.experiments.api import assign_users, get_exposures_of
from xblock_experiments.experiments.models import Exposure
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.models import RecordedScore, Score
from xblock_experiments.research.api import export_bundle
from xblock_experiments.research.columns import TEXT
from xblock_experiments.research.tables import TABLES

pytestmark = [
    # so that pytest-django makes the tables for the fixture, although no test uses them
    pytest.mark.django_db,
    pytest.mark.one_django,
]

LEARNERS = [str(number) for number in range(1, 10_001)]
NOW = datetime(2030, 1, 1, tzinfo=UTC)
"""A time after all assignments."""

type Key = tuple[str, ...]
"""The cells by which a question groups, as texts."""
type Numbers = dict[Key, list[float | None]]
"""The numbers that a question answers, by their key."""
type Ask = Callable[[str], Iterable[Iterable[Any]]]
"""A function that executes SQL in an engine, and returns the rows of the last statement."""


class Arm(NamedTuple):
    """The arm that a learner was assigned first."""

    version: str
    group_id: str
    is_moved: bool
    day: str


@pytest.fixture(scope="module")
def answers(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, Numbers]]]:
    """Yield a bundle of the course, and the right answers to all questions."""
    path = tmp_path_factory.mktemp("warehouse") / "bundle"
    with django_db_blocker.unblock(), transaction.atomic():
        fill()
        export_bundle(COURSE_ID, path, key=KEY, with_parquet=True)
        expected = {name: right_answer(arms()) for name, right_answer in RIGHT_ANSWERS.items()}
        transaction.set_rollback(True)
    yield path, expected


def fill() -> None:
    """Make the course. Exposures and scores are inserted at once, because they are many."""
    cohorts = segmentation(100, "cohort", (Group(8, "Eight"), Group(9, "Nine")))
    save_segmentations(COURSE_ID, [cohorts])
    for user_id in LEARNERS[:300]:
        put_in_group(COURSE_ID, 100, user_id, 9, type="cohort")
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3)])
    gradebook.save_structure(structure(1, 2, 3), ["homework", *BLOCKS])
    assign_users(COURSE_ID, 100, LEARNERS[:5_000])
    save_segmentations(COURSE_ID, [experiment(100, 1, 2, 3, weights=(1, 2, 1))])
    assign_users(COURSE_ID, 100, LEARNERS[5_000:8_000])
    for user_id in LEARNERS[8_000:8_050]:
        put_in_group(COURSE_ID, 100, user_id, 1, type="experiment")
    expose(LEARNERS[:8_000])
    save_segmentations(COURSE_ID, [experiment(100, 1, 2)])
    gradebook.save_structure(structure(1, 2), BLOCKS)
    assign_users(COURSE_ID, 100, [*LEARNERS[:600], *LEARNERS[8_050:]])
    for user_id in LEARNERS[600:700]:
        put_in_group(COURSE_ID, 100, user_id, 2, type="experiment")
    expose(LEARNERS[8_050:])
    record_scores()


def expose(learners: list[str]) -> None:
    """Let four of five learners be shown their arm."""
    for user_id, moves in get_moves_of(COURSE_ID, learners).items():
        *_, (_, _, last) = moves
        if int(user_id) % 5 and last.to_group_id is not None:
            _EXPOSURES.append(
                Exposure(
                    course_id=COURSE_ID,
                    segmentation_number=100,
                    user_id=user_id,
                    usage_id="split",
                    group_id=last.to_group_id,
                    when=NOW + timedelta(minutes=int(user_id) % 7),
                )
            )
    Exposure.objects.bulk_create(_EXPOSURES, batch_size=1_000)
    _EXPOSURES.clear()


_EXPOSURES: list[Exposure] = []


def record_scores() -> None:
    """Record up to two scores of each learner in the common problem and in that of an arm."""
    random = Random(14)  # noqa: S311 - no secret
    scores: list[Score] = []
    recorded: list[RecordedScore] = []
    for user_id in LEARNERS:
        for usage_id in ("common", random.choice(BLOCKS[1:])):
            times = random.randrange(3)
            points = [random.choice((0.0, 0.25, 1.0, 3.0)) for _ in range(times)]
            for number, earned in enumerate(points, 1):
                when = NOW + timedelta(minutes=4 * number, seconds=random.random())
                last = {"earned": earned, "possible": 3.0, "recorded": when}
                recorded.append(
                    RecordedScore(
                        score_id=len(scores) + 1,
                        user_id=user_id,
                        number=number,
                        counted=True,
                        **last,
                    )
                )
            if points:
                place = {"course_id": COURSE_ID, "user_id": user_id, "usage_id": usage_id}
                scores.append(
                    Score(
                        pk=len(scores) + 1,
                        fraction=earned / 3,
                        number=times,
                        last_number=times,
                        last_earned=earned,
                        last_possible=3.0,
                        **place,
                        **last,
                    )
                )
    Score.objects.bulk_create(scores, batch_size=1_000)
    RecordedScore.objects.bulk_create(recorded, batch_size=1_000)


def arms() -> dict[str, Arm]:
    """Return the arms of the learners whom the experiment assigned, by user id."""
    found: dict[str, Arm] = {}
    for batch in batched(LEARNERS, 1_000):
        for user_id, moves in get_moves_of(COURSE_ID, batch).items():
            first, *others = (change for _, type, change in moves if type == "experiment")
            if first.why == "assigned":
                day = first.when.astimezone(UTC).date().isoformat()
                found[user_id] = Arm(str(first.version), str(first.to_group_id), bool(others), day)
    return found


def described(values: dict[Key, list[float]]) -> Numbers:
    """Return the number, the mean and the variance of the values."""
    return {
        key: [len(each), fmean(each), variance(each) if len(each) > 1 else None]
        for key, each in values.items()
    }


def assigned_per_arm(arms: dict[str, Arm]) -> Numbers:
    learners = Counter(each[:2] for each in arms.values())
    moved = Counter(each[:2] for each in arms.values() if each.is_moved)
    return {key: [learners[key], moved[key]] for key in learners}


def assignments_over_time(arms: dict[str, Arm]) -> Numbers:
    counts = Counter((each.day, each.group_id) for each in arms.values())
    return {key: [count] for key, count in counts.items()}


def shown(arms: dict[str, Arm]) -> dict[str, datetime]:
    """Return when learners were first shown the arm that they were assigned first."""
    found: dict[str, datetime] = {}
    for batch in batched(arms, 1_000):
        for user_id, exposures in get_exposures_of(COURSE_ID, batch).items():
            times = [e.when for _, e in exposures if str(e.group_id) == arms[user_id].group_id]
            if times:
                found[user_id] = min(times)
    return found


def exposed_per_arm(arms: dict[str, Arm]) -> Numbers:
    counts = Counter(arms[user_id][:2] for user_id in shown(arms))
    return {key: [count] for key, count in counts.items()}


def stayed(arms: dict[str, Arm]) -> list[str]:
    return [user_id for user_id, arm in arms.items() if not arm.is_moved]


def grades_per_arm(arms: dict[str, Arm]) -> Numbers:
    values: dict[Key, list[float]] = defaultdict(list)
    for grade in gradebook.get_grades(COURSE_ID, stayed(arms)):
        values[arms[grade.user_id][:2]].append(grade.percent)
    return described(values)


def problems_per_arm(arms: dict[str, Arm]) -> Numbers:
    shares: dict[Key, list[float]] = defaultdict(list)
    tried: dict[Key, list[float]] = defaultdict(list)
    given = gradebook.get_given_blocks(COURSE_ID, stayed(arms))
    for user_id, scores in gradebook.get_scores_of(COURSE_ID, stayed(arms)):
        for usage_id in given[user_id]:
            key = (*arms[user_id][:2], usage_id)
            score = scores.get(usage_id)
            shares[key].append(score.fraction if score else 0)
            tried[key] += [score.fraction] if score else []
    return {
        key: [count, len(tried[key]), mean, spread, fmean(tried[key]) if tried[key] else None]
        for key, (count, mean, spread) in described(shares).items()
    }


def scores_after_exposure(arms: dict[str, Arm]) -> Numbers:
    values: dict[Key, list[float]] = defaultdict(list)
    first = shown(arms)
    learners = [user_id for user_id in stayed(arms) if user_id in first]
    for user_id, histories in gradebook.get_score_histories_of(COURSE_ID, learners):
        for usage_id, history in histories.items():
            after = [e.score for e in history.recorded if e.score.recorded >= first[user_id]]
            if after:
                values[(*arms[user_id][:2], usage_id)].append(after[-1].fraction)
    return described(values)


RIGHT_ANSWERS: dict[str, Callable[[dict[str, Arm]], Numbers]] = {
    each.__name__: each
    for each in (
        *(assigned_per_arm, assignments_over_time, exposed_per_arm, grades_per_arm),
        *(problems_per_arm, scores_after_exposure),
    )
}


def duckdb() -> Ask:
    engine = pytest.importorskip("duckdb", reason="the extra `warehouse` is not installed")
    database = engine.connect()
    return lambda sql: database.execute(sql).fetchall()


def clickhouse() -> Ask:
    engine = pytest.importorskip("chdb.session", reason="the extra `warehouse` is not installed")
    database = engine.Session()

    def ask(sql: str) -> list[Any]:
        answer = ""
        for statement in filter(str.strip, sql.split(";\n")):
            answer = str(database.query(statement, "JSONCompactEachRow"))
        return list(map(json.loads, answer.splitlines()))

    return ask


ENGINES = {"clickhouse": clickhouse, "duckdb": duckdb}


def question(bundle: Path, name: str) -> str:
    return (bundle / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["duckdb", "duckdb_parquet", "clickhouse", "clickhouse_parquet"])
def test_an_engine_gives_the_numbers_of_this_package(
    form: str, answers: tuple[Path, dict[str, Numbers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, expected = answers
    monkeypatch.chdir(bundle)
    ask = ENGINES[form.partition("_")[0]]()
    ask(question(bundle, f"load_{form}"))
    ask(question(bundle, "arms"))

    for name, right in expected.items():
        found: Numbers = {}
        for course_id, id, *cells in ask(question(bundle, name)):
            key = tuple(map(str, cells[: -len(next(iter(right.values())))]))
            found[key] = cells[len(key) :]
            assert (course_id, id) == (COURSE_ID, 100)
        assert found.keys() == right.keys(), name
        for key, numbers in right.items():
            assert_equal(found[key], numbers)


def assert_equal(found: list[float | None], right: list[float | None]) -> None:
    for one, other in zip(found, right, strict=True):
        if other is None:
            assert one is None
        else:
            assert one is not None
            assert isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def test_the_course_has_all_that_makes_counting_hard(
    answers: tuple[Path, dict[str, Numbers]],
) -> None:
    _, expected = answers
    assigned = expected["assigned_per_arm"]

    assert sum(learners or 0 for learners, _ in assigned.values()) == 9_950
    assert {version for version, _ in assigned} == {"1", "2", "3"}
    assert {group_id for _, group_id in assigned} == {"1", "2", "3"}
    assert sum(moved or 0 for _, moved in assigned.values()) > 200
    assert sum(learners or 0 for learners, *_ in expected["exposed_per_arm"].values()) > 6_000


@pytest.mark.parametrize("form", ["duckdb", "duckdb_parquet", "clickhouse", "clickhouse_parquet"])
def test_hostile_texts_are_loaded_as_they_are_written(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, **SITE}
    fill_a_small_course()
    export(tmp_path, with_parquet=True)
    monkeypatch.chdir(tmp_path / "bundle")
    ask = ENGINES[form.partition("_")[0]]()
    ask(question(tmp_path / "bundle", f"load_{form}"))

    for table in TABLES:
        ((count,),) = ask(f"SELECT count(*) FROM {table.name}")  # noqa: S608 - declared names
        assert int(count) == len(rows(tmp_path / "bundle", table.name))
    written = HOSTILE if form.endswith("parquet") else TEXT.write(HOSTILE)
    assert list(map(list, ask("SELECT DISTINCT usage_id FROM exposures"))) == [[written]]
    ((value,),) = ask("SELECT value FROM tags")
    assert json.loads(value) == [-5, HOSTILE]


@pytest.mark.parametrize("form", ["duckdb", "duckdb_parquet", "clickhouse", "clickhouse_parquet"])
def test_the_id_of_a_course_can_be_any_text(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course_id = 'O\'Hara\\n "1"; %41/ü'
    save_segmentations(course_id, [experiment(100, 1, 2)])
    assign_users(course_id, 100, ["ann"])
    export_bundle(course_id, tmp_path / "bundle", key=KEY, with_parquet=True)
    monkeypatch.chdir(tmp_path / "bundle")
    ask = ENGINES[form.partition("_")[0]]()
    ask(question(tmp_path / "bundle", f"load_{form}"))

    assert list(map(list, ask("SELECT course_id FROM learners"))) == [[course_id]]


def test_each_question_is_asked(answers: tuple[Path, dict[str, Numbers]]) -> None:
    bundle, expected = answers
    names = {path.stem for path in (bundle / "sql").glob("*.sql")}

    assert {name for name in names if not name.startswith("load_")} - {"arms"} == set(expected)
