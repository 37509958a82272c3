"""All personal data of a user can be exported and deleted without affecting other users."""

from __future__ import annotations

import copy
import itertools
import json
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from io import StringIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.models import (
    BooleanField,
    DateTimeField,
    Field,
    FloatField,
    IntegerField,
    Model,
    UUIDField,
)
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext
from edx_django_utils.plugins.plugin_signals import connect_plugin_receivers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings

from tests import race
from tests.builders import COURSE_ID, experiment
from tests.test_races import together
from xblock_experiments import personal_data
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments import api as experiments
from xblock_experiments.experiments.data import ContentChange
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.jobs import api as jobs
from xblock_experiments.retired.models import RetiredHash
from xblock_experiments.user_tags import api
from xblock_experiments.user_tags.data import InvalidTag

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
committed = pytest.mark.django_db(transaction=True)

SITE = {"OUTBOX": ["bus", "xapi"], "RETIRED_KEY": "a secret"}
"""Settings under which events wait for all systems, so that the outbox's tables are not empty."""
KEPT = (
    "xblock_experiments_course_user_segmentation_retiredmembers",
    "xblock_experiments_experiments_retiredexposures",
    "xblock_experiments_retired_retiredhash",
)
"""Tables that a retirement adds to. They have no ids of users."""
ANN, BOB = "ann-5e1f", "bob-0b5c"
BLOCK = "block-v1:DemoX+Tests+2026+type@split_test+block@one"

NAME_NOBODY = {
    "xblock_experiments_course_user_segmentation_membership.why": "of a few words",
    "xblock_experiments_course_user_segmentation_pastchange.why": "of a few words",
    "xblock_experiments_course_user_segmentation_publication.course_id": "a course",
    "xblock_experiments_course_user_segmentation_segmentation.course_id": "a course",
    "xblock_experiments_course_user_segmentation_segmentation.definition": "what an author wrote",
    "xblock_experiments_course_user_segmentation_segmentation.type": "a type",
    "xblock_experiments_course_user_segmentation_segmentationversion.definition": (
        "what an author wrote"
    ),
    "xblock_experiments_events_sink.name": "a system",
    "xblock_experiments_events_waitingevent.name": "a kind of event",
    "xblock_experiments_events_waitingevent.sink": "a system",
    "xblock_experiments_experiments_contentchange.course_id": "a course",
    "xblock_experiments_experiments_contentchange.group_name": "what an author wrote",
    "xblock_experiments_experiments_contentchange.kind": "a kind of change",
    "xblock_experiments_experiments_contentchange.new": "what an author wrote",
    "xblock_experiments_experiments_contentchange.old": "what an author wrote",
    "xblock_experiments_experiments_contentchange.segmentation_name": "what an author wrote",
    "xblock_experiments_experiments_contentchange.title": "what an author wrote",
    "xblock_experiments_experiments_contentchange.usage_id": "a block",
    "xblock_experiments_experiments_exposure.course_id": "a course",
    "xblock_experiments_experiments_exposure.usage_id": "a block",
    "xblock_experiments_experiments_retiredexposures.course_id": "a course",
    "xblock_experiments_experiments_retiredexposures.usage_id": "a block",
    "xblock_experiments_gradebook_block.course_id": "a course",
    "xblock_experiments_gradebook_block.usage_id": "a block",
    "xblock_experiments_gradebook_score.course_id": "a course",
    "xblock_experiments_gradebook_score.usage_id": "a block",
    "xblock_experiments_gradebook_structure.course_id": "a course",
    "xblock_experiments_gradebook_structure.definition": "what an author wrote",
    "xblock_experiments_jobs_job.course_id": "a course",
    "xblock_experiments_jobs_job.failure": "a sentence of this package",
    "xblock_experiments_jobs_job.file": "a random name",
    "xblock_experiments_jobs_job.fingerprint": "a hash of a file",
    "xblock_experiments_jobs_job.form": "a form of a file",
    "xblock_experiments_jobs_job.kind": "a kind of job",
    "xblock_experiments_jobs_job.state": "a state",
    "xblock_experiments_retired_retiredhash.digest": "a keyed hash",
    "xblock_experiments_user_tags_tag.course_id": "a course",
    "xblock_experiments_user_tags_tag.key": "a block type and a name",
    "xblock_experiments_user_tags_tag.value": "whatever it holds, it goes with its row",
}
"""Text columns that never hold a user id, with the reason. All others may name a user."""

_editions = itertools.count()

type Row = dict[str, Any]
type Action = Callable[[str, str], None]
"""An action of the first user on itself or on the second user."""


def models() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label.startswith("xblock_experiments_")
    ]


def could_name_somebody(field: Field[Any, Any]) -> bool:
    """Return whether the column may hold a user id: a text, or a reference to a foreign table."""
    if field.is_relation:
        return field.related_model not in models()
    return not isinstance(
        field, BooleanField | DateTimeField | FloatField | IntegerField | UUIDField
    )


def dump(*, kept: bool = False) -> dict[str, list[Row]]:
    """Return every row as the database has it, either of KEPT or of all other tables."""
    tables = {}
    for model in models():
        table = model._meta.db_table
        if (table in KEPT) is not kept:
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - our own
            names = [column[0] for column in cursor.description]
            tables[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return tables


def columns_with(text: str, tables: dict[str, list[Row]]) -> set[str]:
    return {
        f"{table}.{name}"
        for table, rows in tables.items()
        for row in rows
        for name, value in row.items()
        if text in str(value)
    }


def rows_with(value: str, tables: dict[str, list[Row]]) -> list[Row]:
    return [row for rows in tables.values() for row in rows if value in row.values()]


def tables_without(user_id: str, tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Return the tables without the rows about the user, and without the user as actor."""
    return {
        table: [
            {**row, "actor": ""} if row.get("actor") == user_id else row
            for row in rows
            if row.get("user_id") != user_id
        ]
        for table, rows in tables.items()
    }


def publish(who: str, _: str) -> None:
    edition = experiment(100, name=f"Edition {next(_editions)}")
    segmentations.save_segmentations(COURSE_ID, [edition], actor=who)


def change_content(who: str, _: str) -> None:
    change = ContentChange(
        kind="replaced",
        usage_id=BLOCK,
        title="Experiment",
        segmentation_id=100,
        segmentation_name="Edition",
        group_id=1,
        group_name="Group 1",
        old="Film",
        new="Text",
        assigned=2,
        exposed=1,
    )
    experiments.record_content_changes(COURSE_ID, [change], actor=who)


def order_report(who: str, _: str) -> None:
    job = jobs.start(COURSE_ID, "grades", "csv", actor=who)
    jobs.cancel(COURSE_ID, job.id)


def tag(who: str, _: str) -> None:
    api.set_tag(who, COURSE_ID, "hint.seen", 3)
    api.set_tag(who, None, "pace.speed", "slow")


def view(who: str, _: str) -> None:
    experiments.assign_group(COURSE_ID, 100, who)
    experiments.record_exposure(COURSE_ID, 100, who, BLOCK)


def answer(who: str, _: str) -> None:
    gradebook.record_score(COURSE_ID, who, BLOCK, 1, 2)


def put(group_id: int, who: str, whom: str) -> None:
    segmentations.put_in_group(COURSE_ID, 100, whom, group_id, type="experiment", actor=who)


def take_out(who: str, whom: str) -> None:
    for group_id in (1, 2):
        segmentations.remove_from_group(
            COURSE_ID, 100, whom, group_id, type="experiment", actor=who
        )


put_in_1, put_in_2 = partial(put, 1), partial(put, 2)
ACTIONS: list[Action] = [
    publish,
    change_content,
    order_report,
    tag,
    view,
    answer,
    put_in_1,
    put_in_2,
    take_out,
]


def live(who: str, whom: str) -> None:
    """Do all that a person can do as a learner and as staff."""
    for act in (tag, view, answer, put_in_1, put_in_2, take_out, view, put_in_1, put_in_2):
        act(who, whom)
    for act in (put_in_1, put_in_2):
        act(whom, who)
    publish(who, whom)
    change_content(who, whom)
    order_report(who, whom)


@pytest.fixture(autouse=True)
def _keep_events(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = SITE


@pytest.fixture
def _two_lives() -> None:
    publish("somebody else", "")
    live(ANN, BOB)
    live(BOB, ANN)


two_lives = pytest.mark.usefixtures("_two_lives")


def about(user_id: str) -> dict[str, Any]:
    """Return the data about the user, without the user's actions on others."""
    return {name: part for name, part in api.export_user(user_id).items() if name != "acted"}


@two_lives
def test_retiring_a_user_removes_every_mention_and_no_data_of_others() -> None:
    before = dump()
    bobs = about(BOB)

    count = api.retire_user(ANN)

    after = dump()
    assert columns_with(ANN, after | dump(kept=True)) == set()
    assert after == tables_without(ANN, before)
    assert about(BOB) == bobs
    assert count == len(rows_with(ANN, before))


@two_lives
def test_every_text_column_is_classified_as_naming_a_user_or_nobody() -> None:
    of_text = {
        f"{model._meta.db_table}.{field.column}"
        for model in models()
        for field in model._meta.concrete_fields
        if could_name_somebody(field)
    }
    naming = columns_with(ANN, dump())

    assert of_text - naming == set(NAME_NOBODY)
    assert naming & set(NAME_NOBODY) == set()


@two_lives
def test_retiring_a_user_twice_has_no_further_effect() -> None:
    assert api.retire_user(ANN) > 0
    assert api.retire_user(ANN) == 0
    assert api.export_user(ANN) == {"global": {}, "courses": {}}


class AnyLives(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.booleans(), st.booleans()), max_size=12))
    def test_no_sequence_of_actions_leaves_a_mention_of_a_retired_user(
        self, steps: list[tuple[Action, bool, bool]]
    ) -> None:
        RetiredHash.objects.all().delete()
        publish("somebody else", "")
        for act, is_ann, is_to_self in steps:
            who, other = (ANN, BOB) if is_ann else (BOB, ANN)
            act(who, who if is_to_self else other)
        before = dump()
        bobs = about(BOB)

        assert api.retire_user(ANN) == len(rows_with(ANN, before))
        assert dump() == tables_without(ANN, before)
        assert columns_with(ANN, dump() | dump(kept=True)) == set()
        assert api.export_user(ANN) == {"global": {}, "courses": {}}
        assert about(BOB) == bobs


def test_an_export_has_all_stored_data_of_the_user() -> None:
    for act, who, whom in (
        (publish, ANN, BOB),
        (change_content, ANN, BOB),
        (order_report, ANN, BOB),
        (tag, ANN, BOB),
        (put_in_1, BOB, ANN),
        (put_in_2, ANN, BOB),
        (put_in_2, BOB, ANN),
        (take_out, ANN, BOB),
        (view, ANN, BOB),
        (answer, ANN, BOB),
    ):
        act(who, whom)
    place = {"course_id": COURSE_ID, "type": "experiment", "id": 100}
    published = {**place, "did": "published", "version": 1, "removed": False}
    place = {**place, "version": 1}
    move = {**place, "did": "moved", "from_group_id": None, "to_group_id": 2, "why": "put"}
    removal = {**move, "from_group_id": 2, "to_group_id": None, "why": "removed"}

    export = without_times(api.export_user(ANN))
    waiting = export.pop("waiting_events")

    assert {each["sink"] for each in waiting} == {"bus", "xapi"}
    assert {each["data"]["user_id"] for each in waiting} == {ANN}
    assert export == {
        "global": {"pace.speed": "slow"},
        "courses": {COURSE_ID: {"hint.seen": 3}},
        "acted": [published, move, removal],
        "content_changes": [
            {
                "course_id": COURSE_ID,
                "id": 100,
                "group_id": 1,
                "usage_id": BLOCK,
                "change": "replaced",
            }
        ],
        "exposures": [{"course_id": COURSE_ID, "id": 100, "group_id": 2, "usage_id": BLOCK}],
        "history": [{**place, "from_group_id": None, "to_group_id": 1, "why": "put"}],
        "jobs": [{"course_id": COURSE_ID, "kind": "grades", "form": "csv"}],
        "memberships": [{**place, "from_group_id": 1, "to_group_id": 2, "why": "put"}],
        "scores": [
            {
                "course_id": COURSE_ID,
                "usage_id": BLOCK,
                "earned": 1.0,
                "possible": 2.0,
                "counted": True,
            }
        ],
    }


def without_times(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(without_times, value))
    if isinstance(value, dict):
        rest = {key: item for key, item in value.items() if key not in ("when", "recorded")}
        return {key: without_times(item) for key, item in rest.items()}
    return value


def test_actions_of_a_user_on_themselves_are_exported_once() -> None:
    publish(BOB, "")
    put_in_1(ANN, ANN)
    put_in_2(ANN, ANN)
    export = api.export_user(ANN)

    assert (len(export["history"]), len(export["memberships"])) == (1, 1)
    assert "acted" not in export


@two_lives
def test_the_times_of_an_export_are_the_stored_ones_in_utc() -> None:
    export = api.export_user(ANN)
    (score,) = gradebook.get_scores(COURSE_ID, ANN).values()
    (exposure,) = (
        each for each in experiments.get_exposures(COURSE_ID, 100) if each.user_id == ANN
    )
    moves = [
        each.when for each in segmentations.get_history(COURSE_ID, 100, ANN, type="experiment")
    ]

    assert times(export["scores"], "recorded") == [score.recorded]
    assert times(export["exposures"]) == [exposure.when]
    assert times(export["history"]) + times(export["memberships"]) == moves
    assert times(export["acted"]) == sorted(times(export["acted"]))


def times(facts: list[dict[str, str]], key: str = "when") -> list[datetime]:
    assert all(fact[key].endswith("+00:00") for fact in facts)
    return [datetime.fromisoformat(fact[key]) for fact in facts]


@two_lives
def test_an_export_is_json_in_a_stable_order_and_names_no_other_user() -> None:
    export = api.export_user(ANN)
    text = json.dumps(export)

    assert json.loads(text) == export
    assert json.dumps(api.export_user(ANN)) == text
    assert BOB not in text
    assert list(export) == [
        *[
            "global",
            "courses",
            "acted",
            "content_changes",
            "exposures",
            "history",
            "jobs",
            "memberships",
            "scores",
            "waiting_events",
        ]
    ]


@pytest.mark.parametrize("user_id", ["", "x" * 256, "a\x00b", "\ud800", None, 7])
def test_an_invalid_user_id_is_refused(user_id: Any) -> None:
    for call in (api.export_user, api.retire_user):
        with pytest.raises(InvalidTag, match="The id of a user "):
            call(user_id)


def test_ids_are_compared_exactly() -> None:
    others = ["ANN-5e1f", "änn-5e1f", f"{ANN} ", f"{ANN}1"]
    publish(ANN, BOB)
    for other in others:
        tag(other, BOB)
        put_in_1(other, f"learner of {other}")
    before = dump()

    assert api.retire_user(ANN) == len(rows_with(ANN, before))
    assert dump() == tables_without(ANN, before)


@committed
@two_lives
def test_nothing_is_deleted_if_not_everything_can_be() -> None:
    def fail_of_scores(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("DELETE") and "gradebook" in sql:
            msg = "disk full"
            raise OperationalError(msg)
        return execute(sql, *rest)

    before = dump()
    with connection.execute_wrapper(fail_of_scores), pytest.raises(NotStored, match="disk full"):
        api.retire_user(ANN)

    assert dump() == before
    assert api.retire_user(ANN) > 0
    assert columns_with(ANN, dump()) == set()


@two_lives
def test_retirement_is_rolled_back_with_its_transaction() -> None:
    before = dump()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        api.retire_user(ANN)
        _ = 1 / 0

    assert dump() == before


@committed
def test_retirement_takes_a_fixed_number_of_statements() -> None:
    """Count statements, which must not depend on the number of rows about the user.

    Each column that names a user is looked up once in the retirement, and once after it. Four
    statements after each time withdraw the files of jobs.
    """
    publish(BOB, "")
    live(BOB, "somebody")
    naming = [
        field.column
        for model in models()
        for field in model._meta.concrete_fields
        if field.column in ("user_id", "actor")
    ]
    assert len(statements(partial(api.retire_user, ANN))) == 2 * (len(naming) + 4)


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        call()
    verbs = ("SELECT", "UPDATE", "DELETE")
    return [query["sql"] for query in queries if query["sql"].startswith(verbs)]


def test_any_number_of_actions_as_staff_is_cleared_in_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(personal_data, "_BATCH", 2)
    publish(BOB, "")
    for number in range(5):
        put_in_1(ANN, f"learner {number}")
    before = dump()

    said = statements(partial(api.retire_user, ANN))
    cleared = [sql for sql in said if "UPDATE" in sql and "actor" in sql.partition("WHERE")[0]]
    assert len(cleared) == 3
    assert dump() == tables_without(ANN, before)


@pytest.fixture
def _own_isolation() -> Iterator[None]:
    database = connections.settings["default"]
    options = copy.copy(database["OPTIONS"])
    yield
    database["OPTIONS"] = options
    connections.close_all()


def each_isolation() -> Iterator[str]:
    """Set each isolation level in turn for connections that are opened from then on."""
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite no other transaction can write at the same time")
    for isolation in race.isolations():
        race.set_isolation(isolation)
        connections.close_all()
        yield isolation


@committed
@pytest.mark.usefixtures("_own_isolation")
def test_an_actor_is_cleared_even_if_a_concurrent_move_copies_it_to_the_history() -> None:
    """Move a learner while the actor is retired, so that the actor's name moves to the history."""
    for _ in each_isolation():
        publish("somebody else", "")
        put_in_1(ANN, BOB)
        moves = iter([partial(put_in_2, "somebody else", BOB)])

        def move_first(execute: Any, sql: str, *rest: Any, moves: Any = moves) -> Any:
            if sql.startswith("UPDATE"):
                assert together(*moves) == []
            return execute(sql, *rest)

        with connection.execute_wrapper(move_first):
            api.retire_user(ANN)

        assert columns_with(ANN, dump()) == set()
        assert [each.to_group_id for each in history_of(BOB)][-2:] == [1, 2]
        api.retire_user(BOB)
        RetiredHash.objects.all().delete()


def history_of(user_id: str) -> Any:
    return segmentations.get_history(COURSE_ID, 100, user_id, type="experiment")


@committed
@pytest.mark.usefixtures("_own_isolation")
@pytest.mark.parametrize("act", [tag, view, answer, put_in_1])
def test_a_row_newer_than_the_transaction_is_deleted_or_raises_not_stored(act: Action) -> None:
    for _ in each_isolation():
        publish("somebody else", "")
        is_said = False
        try:
            with transaction.atomic():
                api.get_tags(ANN, None)
                assert together(partial(act, ANN, BOB)) == []
                api.retire_user(ANN)
        except NotStored:
            is_said = True

        assert bool(columns_with(ANN, dump())) == is_said
        assert RetiredHash.objects.exists() != is_said
        api.retire_user(ANN)
        api.retire_user(BOB)
        RetiredHash.objects.all().delete()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


@two_lives
def test_the_export_command_writes_all_stored_data(tmp_path: Path) -> None:
    path = tmp_path / "ann.json"

    assert json.loads(run("export_user", ANN)) == api.export_user(ANN)
    assert run("export_user", ANN, "--output", str(path)) == ""
    assert path.read_text(encoding="utf-8") == run("export_user", ANN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_export_of_an_unknown_user_is_empty_json() -> None:
    assert json.loads(run("export_user", ANN)) == {"global": {}, "courses": {}}


def test_the_export_command_overwrites_nothing_and_leaves_no_partial_file(tmp_path: Path) -> None:
    path = tmp_path / "ann.json"
    path.write_text("mine")
    with pytest.raises(CommandError, match=r"ann\.json already exists"):
        run("export_user", ANN, "--output", str(path))
    with pytest.raises(CommandError, match=r"Cannot write .*: Not a directory\. Choose another"):
        run("export_user", ANN, "--output", str(path / "beneath"))

    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_contains_no_terminal_control_sequences() -> None:
    hostile = "\x1b[2J \x9b2J \u202e \ud800 \x7f zoë 🙂"
    api.set_tag(ANN, None, "hint.text", hostile)
    text = run("export_user", ANN)

    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert "zoë 🙂" in text
    assert json.loads(text)["global"] == {"hint.text": hostile}


@two_lives
def test_the_retire_command_deletes_the_data_and_reports_the_number_of_rows() -> None:
    count = len(rows_with(ANN, dump()))

    assert run("retire_user", ANN, "--no-input") == f"{ANN!r}: {count} rows deleted or cleared.\n"
    assert run("retire_user", ANN, "--no-input") == f"{ANN!r}: 0 rows deleted or cleared.\n"
    assert columns_with(ANN, dump()) == set()


@two_lives
@pytest.mark.parametrize("answer", ["no", "y", "", EOFError()])
def test_the_retire_command_deletes_nothing_without_confirmation(
    monkeypatch: pytest.MonkeyPatch, answer: str | EOFError
) -> None:
    asked = []

    def reply(question: str) -> str:
        asked.append(question)
        if isinstance(answer, EOFError):
            raise answer
        return answer

    monkeypatch.setattr("builtins.input", reply)
    before = dump()
    with pytest.raises(CommandError, match="Nothing was deleted"):
        run("retire_user", ANN)

    assert dump() == before
    assert repr(ANN) in asked[0]
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    run("retire_user", ANN)
    assert columns_with(ANN, dump()) == set()


@pytest.mark.parametrize("command", [["export_user"], ["retire_user", "--no-input"]])
def test_the_commands_report_an_invalid_id(command: list[str]) -> None:
    with pytest.raises(CommandError, match=r"The id of a user has 256 characters"):
        run(*command, "x" * 256)


def test_the_retire_command_names_the_missing_key(settings: Settings) -> None:
    tag(ANN, BOB)
    settings.XBLOCK_EXPERIMENTS = {**SITE, "RETIRED_KEY": ""}
    with pytest.raises(CommandError, match=f"Cannot retire user '{ANN}'.*RETIRED_KEY.*is empty"):
        run("retire_user", ANN, "--no-input")

    assert api.get_tags(ANN, COURSE_ID) == {"hint.seen": 3}


def test_a_user_retired_by_open_edx_is_retired_here(monkeypatch: pytest.MonkeyPatch) -> None:
    of_platform = ModuleType("openedx.core.djangoapps.user_api.accounts.signals")
    of_platform.USER_RETIRE_LMS_MISC = Signal()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, of_platform.__name__, of_platform)
    api.set_tag("42", COURSE_ID, "hint.seen", 1)
    api.set_tag("43", COURSE_ID, "hint.seen", 1)
    connect_plugin_receivers("lms.djangoapp")

    of_platform.USER_RETIRE_LMS_MISC.send(sender=None, user=SimpleNamespace(pk=42))

    assert api.get_tags("42", COURSE_ID) == {}
    assert api.get_tags("43", COURSE_ID) == {"hint.seen": 1}
