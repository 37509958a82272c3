"""Learners of the platform keep their groups and tags when they are imported."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from tests.builders import COURSE_ID, experiment
from tests.recording import recording
from tests.unloading import unload
from xblock_experiments import events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import Standing
from xblock_experiments.errors import NotStored
from xblock_experiments.events.models import WaitingEvent
from xblock_experiments.keys.ids import MAX_ID
from xblock_experiments.keys.partitions import partition_id_of
from xblock_experiments.platform.api import import_course_tags
from xblock_experiments.platform.tags import data
from xblock_experiments.platform.tags.data import Batch, Fate, Row, batches, placement_of, rounds
from xblock_experiments.platform.tags.importing import import_batch
from xblock_experiments.user_tags.api import get_tags, set_tag

pytestmark = pytest.mark.django_db

KEY = "xblock.partition_service.partition_{}"
SCHEMA = """
    CREATE TABLE user_api_usercoursetag (
        id integer PRIMARY KEY, user_id integer NOT NULL, {key} varchar(255) NOT NULL,
        course_id varchar(255) NOT NULL, value text NOT NULL
    )
"""
INSERT = "INSERT INTO user_api_usercoursetag (id, user_id, {key}, course_id, value) VALUES "

type Tags = Sequence[tuple[int, str, str, str]]
"""Rows: a user, a key, a course and a value each."""

IN_100: Tags = [(7, KEY.format(100), COURSE_ID, "2"), (8, KEY.format(100), COURSE_ID, "1")]


@pytest.fixture(autouse=True)
def _course() -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100), experiment(101, 5, 6)])


def sqlite_of(folder: Path, tags: Tags) -> str:
    """Write the platform's table to an SQLite database and return its URL."""
    path = folder / "platform.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(SCHEMA.format(key="key"))
        rows = [(id, *tag) for id, tag in enumerate(tags, start=1)]
        database.executemany(INSERT.format(key="key") + "(?, ?, ?, ?, ?)", rows)
        database.commit()
    return f"sqlite:///{path}"


def csv_of(folder: Path, lines: Iterable[Sequence[object]], encoding: str = "utf-8") -> str:
    path = folder / "platform.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(lines)
    return str(path)


def run(source: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command("import_user_course_tags", source, *arguments, stdout=out, no_color=True)
    return out.getvalue()


def group_of(user_id: str, id: int = 100) -> int | None:
    return next(iter(segmentations.get_group_ids(COURSE_ID, id, user_id)), None)


def fates(rows: Iterable[Row]) -> dict[int, Fate]:
    return {row.id: fate for batch in import_course_tags(rows) for row, fate in batch.judged}


def row(id: int, user_id: str = "ann", key: str = KEY.format(100), value: str = "1") -> Row:
    return Row(id, user_id, COURSE_ID, key, value)


def test_partition_tags_become_memberships_and_other_tags_become_tags(tmp_path: Path) -> None:
    pace = (7, "pace", COURSE_ID, "slow")
    output = run(sqlite_of(tmp_path, [*IN_100, (7, KEY.format(101), COURSE_ID, "5"), pace]))

    assert (group_of("7"), group_of("8"), group_of("7", 101)) == (2, 1, 5)
    assert get_tags("7", COURSE_ID) == {"pace": "slow"}
    assert output.splitlines() == [
        "Learners added to a group: 3",
        "Tags stored: 1",
        "Rows already here: 0",
    ]


def test_imported_memberships_have_the_import_as_their_reason(tmp_path: Path) -> None:
    run(sqlite_of(tmp_path, IN_100))
    (first,) = segmentations.get_history(COURSE_ID, 100, "7", type="experiment")

    assert (first.from_group_id, first.to_group_id, first.why) == (None, 2, "imported")


@pytest.mark.django_db(transaction=True)
@pytest.mark.every_database
def test_the_platforms_database_may_be_of_any_supported_kind(tmp_path: Path) -> None:
    key = connection.ops.quote_name("key")
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA.format(key=key))
        try:
            for id, tag in enumerate(IN_100, start=1):
                cursor.execute(INSERT.format(key=key) + "(%s, %s, %s, %s, %s)", [id, *tag])
            output = run(url_of_this_database())
        finally:
            cursor.execute("DROP TABLE user_api_usercoursetag")

    assert (group_of("7"), group_of("8")) == (2, 1)
    assert "Learners added to a group: 2" in output


def url_of_this_database() -> str:
    its = connection.settings_dict
    scheme = {"mysql": "mysql", "postgresql": "postgres", "sqlite": "sqlite"}[connection.vendor]
    if scheme == "sqlite":
        return f"sqlite:///{its['NAME']}"
    who = f"{quote(its['USER'])}:{quote(its['PASSWORD'])}"
    return f"{scheme}://{who}@{its['HOST']}:{its['PORT']}/{its['NAME']}"


@pytest.mark.every_database
def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    source = sqlite_of(tmp_path, [*IN_100, (7, "pace", COURSE_ID, "slow")])
    run(source)
    before = segmentations.get_history(COURSE_ID, 100, "7", type="experiment")
    output = run(source)

    assert "Learners added to a group: 0\nTags stored: 0\nRows already here: 3" in output
    assert segmentations.get_history(COURSE_ID, 100, "7", type="experiment") == before


@pytest.mark.every_database
def test_a_learner_who_already_has_a_group_stays_in_it_and_is_reported(tmp_path: Path) -> None:
    segmentations.put_in_group(COURSE_ID, 100, "7", 1, type="experiment")
    segmentations.put_in_group(COURSE_ID, 100, "8", 1, type="experiment")
    set_tag("7", COURSE_ID, "pace", {"not": "text"})
    output = run(sqlite_of(tmp_path, [*IN_100, (7, "pace", COURSE_ID, "slow")]))

    assert (group_of("7"), group_of("8")) == (1, 1)
    assert get_tags("7", COURSE_ID) == {"pace": {"not": "text"}}
    assert "Rows already here: 1" in output
    assert (
        f"Rows not used: 1 ({Fate.OTHER_GROUP}). Examples:\n  row 1: user 7, {COURSE_ID}" in output
    )
    assert f"Rows not used: 1 ({Fate.OTHER_VALUE}). Examples:\n  row 3: user 7" in output


def test_a_learner_whose_group_was_removed_is_left_for_the_next_visit() -> None:
    segmentations.put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 2, 3)])

    assert fates([row(1, value="2")]) == {1: Fate.OTHER_GROUP}


@pytest.mark.every_database
@pytest.mark.parametrize(
    ("key", "value", "fate"),
    [
        (KEY.format(100), "3", Fate.NO_GROUP),
        (KEY.format(999), "1", Fate.NO_EXPERIMENT),
        (KEY.format(100), "", Fate.NO_NUMBER),
        (KEY.format(100), "abc", Fate.NO_NUMBER),
        (KEY.format(100), "1.0", Fate.NO_NUMBER),
        (KEY.format(100), "-1", Fate.NO_NUMBER),
        (KEY.format(100), "9" * 5000, Fate.NO_NUMBER),
        (KEY.format("x"), "1", Fate.NO_NUMBER),
        (KEY.format(2**31), "1", Fate.NO_NUMBER),
        ("", "1", Fate.BAD_ID),
        ("k" * 256, "1", Fate.BAD_ID),
        ("k\x00", "1", Fate.BAD_ID),
        ("\ud800", "1", Fate.BAD_ID),
        ("pace", "x" * 65_535, Fate.TOO_LONG),
        ("pace", "x" * 65_534, Fate.STORED),
        ("pace", "", Fate.STORED),
        ("pace", "\x00🙂", Fate.STORED),
        ("pace", "\udcff", Fate.NO_TEXT),
        (KEY.format(100), " 1 ", Fate.ENTERED),
    ],
)
def test_unusable_rows_are_reported_and_the_others_are_imported(
    key: str, value: str, fate: Fate
) -> None:
    judged = fates([row(1, "bob"), row(2, key=key, value=value), row(3, "eve")])

    assert judged == {1: Fate.ENTERED, 2: fate, 3: Fate.ENTERED}


@pytest.mark.every_database
def test_rows_of_an_unknown_course_can_be_imported_after_it_is_published() -> None:
    other = "course-v1:Other+Course+1"
    rows = [Row(1, "ann", other, KEY.format(100), "2"), row(2)]
    assert fates(rows) == {1: Fate.NO_EXPERIMENT, 2: Fate.ENTERED}
    segmentations.save_segmentations(other, [experiment(100)])

    assert fates(rows) == {1: Fate.ENTERED, 2: Fate.THERE}


def test_the_first_of_two_rows_of_one_tag_is_used() -> None:
    rows = [row(1, value="2"), row(2, value="1"), row(3, value="2")]

    assert fates(rows) == {1: Fate.ENTERED, 2: Fate.OTHER_GROUP, 3: Fate.THERE}


@pytest.mark.every_database
def test_users_and_keys_are_compared_exactly() -> None:
    names = ["ann", "Ann", "ann ", "ánn", "an\u0301n"]
    rows = [row(id, name, key, str(id)) for id, name in enumerate(names) for key in ("a", "A")]

    assert set(fates(rows).values()) == {Fate.STORED}
    assert get_tags("ann ", COURSE_ID) == {"a": "2", "A": "2"}


@pytest.mark.every_database
def test_other_tags_of_the_same_learners_are_unchanged() -> None:
    for user_id, key in (("ann", "pace"), ("ann", "speed"), ("bob", "speed")):
        set_tag(user_id, COURSE_ID, key, "1")

    assert fates([row(1, "ann", "pace"), row(2, "bob", "speed")]) == {1: Fate.THERE, 2: Fate.THERE}


def test_members_of_inactive_experiments_and_groups_without_weight_are_imported_too() -> None:
    published = experiment(100, weights=(1, 0), active=False)
    segmentations.save_segmentations(COURSE_ID, [published])

    assert fates([row(1, value="2")]) == {1: Fate.ENTERED}


@pytest.mark.every_database
@pytest.mark.parametrize(("value", "fate"), [("1", Fate.OTHER_GROUP), ("2", Fate.THERE)])
def test_a_learner_who_is_assigned_during_the_import_stays_in_that_group(
    value: str, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = segmentations.enter_silently

    def enter_too_late(steps: Sequence[tuple[Standing, int]], *, why: str) -> Any:
        segmentations.put_in_group(COURSE_ID, 100, "ann", 2, type="experiment")
        return enter(steps, why=why)

    monkeypatch.setattr(segmentations, "enter_silently", enter_too_late)

    assert fates([row(1, value=value), row(2, "bob")]) == {1: fate, 2: Fate.ENTERED}
    assert group_of("ann") == 2


def test_one_event_has_the_number_of_all_learners_who_entered_an_experiment(
    tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    source = sqlite_of(tmp_path, [*IN_100, (7, KEY.format(101), COURSE_ID, "5")])
    with recording() as recorded, django_capture_on_commit_callbacks(execute=True):
        run(source)
    imported = {event.partition_id: event for event in recorded.of(events.ListImported)}

    assert len(recorded.names) == len(imported) == 2
    assert (imported[100].entered, imported[101].entered) == (2, 1)
    assert imported[100].source == "user course tags"
    assert (imported[100].course_id, imported[100].user_id) == (COURSE_ID, None)


def test_a_batch_takes_the_same_number_of_queries_for_any_number_of_learners(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for names in (["ann"], [f"learner {number}" for number in range(100)]):
        rows = [row(id, name) for id, name in enumerate(names)]
        rows += [row(id, name, "pace") for id, name in enumerate(names)]
        with django_assert_max_num_queries(8):
            fates(rows)


@pytest.fixture
def batches_of_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the batch size to one row."""
    monkeypatch.setattr(data.batches, "__defaults__", (1,))


def signal_in_first_batch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the signal when the first batch is committed, before its events are sent."""

    def import_batch_and_signal(rows: Sequence[Row]) -> Batch:
        batch = import_batch(rows)
        os.kill(os.getpid(), number)
        return batch

    monkeypatch.setattr("xblock_experiments.platform.api.import_batch", import_batch_and_signal)


@pytest.mark.usefixtures("batches_of_one_row")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_import_after_the_batch_and_the_output_says_how_to_resume(
    number: signal.Signals,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = sqlite_of(tmp_path, [IN_100[0], IN_100[1], IN_100[0]])
    before = signal.getsignal(number)
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as end:
        signal_in_first_batch(number, patch)
        run(source)
    output = run(source, "--after", "1")

    assert end.value.code == 128 + number
    assert "Stopped. Imported rows are kept. To continue, add --after 1 to the same command." in (
        capsys.readouterr().err
    )
    assert "Learners added to a group: 1\nTags stored: 0\nRows already here: 1" in output
    assert signal.getsignal(number) == before


def entered_in_waiting_events() -> list[int]:
    """Return the number of learners who entered, for each event that waits to be sent."""
    waiting = WaitingEvent.objects.filter(name=events.LIST_IMPORTED)
    return [json.loads(event.payload)["entered"] for event in waiting]


def enable_bus(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "OUTBOX": ["bus"]}


@pytest.mark.every_database
@pytest.mark.usefixtures("batches_of_one_row")
def test_waiting_events_count_all_who_entered_even_if_the_process_is_killed(
    settings: Settings,
) -> None:
    enable_bus(settings)
    rows = iter(import_course_tags([row(1, "ann"), row(2, "bob"), row(3, "eve")]))
    # The generator is abandoned here, as in a killed process, so no cleanup code runs.
    next(rows)
    next(rows)

    assert entered_in_waiting_events() == [1, 1]
    assert len(list(segmentations.get_members(COURSE_ID, 100, type="experiment"))) == 2


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
def test_nobody_enters_a_group_if_the_event_cannot_be_stored(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> None:
        sys.exit()

    enable_bus(settings)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("xblock_experiments.events.outbox.keep", die)
        fates([row(1)])

    assert group_of("ann") is None
    assert fates([row(1)]) == {1: Fate.ENTERED}
    assert entered_in_waiting_events() == [1]


def test_consecutive_rows_of_one_tag_take_no_more_queries_than_others(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = [row(id, f"learner {id // 2}") for id in range(200)]
    with django_assert_max_num_queries(12):
        assert list(fates(rows).values()).count(Fate.THERE) == 100


def test_a_csv_file_may_have_its_columns_in_any_order(tmp_path: Path) -> None:
    lines = [
        ("value", "id", "key", "user_id", "course_id", "other"),
        ("2", "1", KEY.format(100), "7", COURSE_ID, "x"),
        ('slow,\r\n"ever"', "2", "pace", "7", COURSE_ID, "x"),
        ("=1+1", "3", "sum", "é🙂", COURSE_ID, "x"),
    ]
    run(csv_of(tmp_path, lines, "utf-8-sig"))

    assert group_of("7") == 2
    assert get_tags("7", COURSE_ID) == {"pace": 'slow,\r\n"ever"'}
    assert get_tags("é🙂", COURSE_ID) == {"sum": "=1+1"}


HEADER = ("user_id", "key", "course_id", "value")


def test_the_import_of_a_csv_file_can_resume_after_a_line(tmp_path: Path) -> None:
    output = run(csv_of(tmp_path, [HEADER, *IN_100]), "--after", "2")

    assert (group_of("7"), group_of("8")) == (None, 1)
    assert "Learners added to a group: 1" in output


def test_a_truncated_line_is_not_imported_and_is_reported(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.csv"
    lines = [HEADER, *IN_100, (9, "pace", COURSE_ID), ()]
    output = run(csv_of(tmp_path, lines), "--report", str(report))

    assert f"Rows not used: 1 ({Fate.TOO_FEW_CELLS}). Examples:\n  row 4: user 9, " in output
    assert report.read_text().splitlines()[1:] == [
        f"4,9,{COURSE_ID},pace,,the row has too few cells"
    ]
    assert get_tags("9", COURSE_ID) == {}


def file_of(folder: Path, content: bytes) -> str:
    path = folder / "platform.csv"
    path.write_bytes(b"user_id,key,course_id,value\n" + content)
    return str(path)


def test_rows_with_a_bad_cell_are_reported_and_the_others_imported(tmp_path: Path) -> None:
    content = b"7,a,c,1\n7,b,c,\xff\n7,\xff,c,1\n7,d,c," + b"x" * 2**21 + b"\n7,e,c,2\n"
    report = tmp_path / "report.csv"
    run(file_of(tmp_path, content), "--report", str(report))
    with report.open(encoding="utf-8", newline="") as file:
        wrong = {line["id"]: line for line in csv.DictReader(file)}

    assert get_tags("7", "c") == {"a": "1", "e": "2"}
    assert {id: line["reason"] for id, line in wrong.items()} == {
        "3": Fate.NO_TEXT,
        "4": Fate.BAD_ID,
        "5": Fate.TOO_LONG,
    }
    assert (wrong["3"]["value"], wrong["4"]["key"]) == ("\\udcff", "\\udcff")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'7,b,c,"2\n8,d,c,4\n', "unexpected end of data"),
        (b'7,b,c,"2\n8,d,c,"4"\n', "expected after"),
        (b'7,b,c,"' + b"x\n" * 2**23 + b'x"\n', "field larger than field limit"),
    ],
)
def test_an_unreadable_line_is_named_and_the_rows_before_it_are_imported(
    row: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError) as error:
        run(file_of(tmp_path, b'7,a,c,"1\n"\n' + row + b"7,e,c,5\n"))

    assert "cannot be read from line 4 on: " in str(error.value)
    assert reason in str(error.value)
    assert str(error.value).endswith("add --after 3 to the same command.")
    assert get_tags("7", "c") == {"a": "1\n"}
    assert get_tags("8", "c") == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not name user_id, course_id, key, value"),
        (b"user_id,key,value\n1,k,v\n", "does not name course_id"),
        (b'user_id,"key\n', "from line 1 on: unexpected end of data"),
    ],
)
def test_a_csv_file_that_cannot_be_read_is_refused_with_the_reason(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "platform.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=f"{reason}.* Nothing was imported"):
        run(str(path))


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = Path(csv_of(tmp_path, [HEADER, *IN_100])).read_text()
    writer = threading.Thread(target=pipe.write_text, args=[text], daemon=True)
    writer.start()
    output = run(str(pipe))
    writer.join()

    assert "Learners added to a group: 2" in output


def test_an_unreadable_source_is_refused_without_showing_its_password(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    sqlite3.connect(empty).close()
    sources = {
        str(tmp_path / "nowhere.csv"): "No such file",
        str(tmp_path): "directory",
        f"sqlite:///{tmp_path}/nowhere.db": "unable to open",
        f"sqlite:///{empty}": "no such table: user_api_usercoursetag",
        "nonsense://name:hunter2@host/db": "not the URL of a supported database",
        "oracle://name:hunter2@host/db": "must begin with sqlite://, postgres:// or mysql://",
        "postgres://name:hunter2@127.0.0.1:1/db": "Cannot read",
        "mysql://name:hunter2@127.0.0.1:1/db": "Cannot read|not the URL",
        "mysql://name:hunter2@[::1/db": "not the URL of a supported database",
    }
    for source, reason in sources.items():
        with pytest.raises(CommandError, match=reason) as error:
            run(source)
        assert "hunter2" not in str(error.value)
    assert not (tmp_path / "nowhere.db").exists()


def test_the_report_has_all_rows_that_were_not_used(tmp_path: Path) -> None:
    wrong = [
        ("=cmd|' /C calc'!A0", "\t", COURSE_ID, "v" * 65_535),
        (9, KEY.format(100), COURSE_ID, "-3"),
        *((user_id, KEY.format(999), COURSE_ID, "1") for user_id in range(10)),
    ]
    report = tmp_path / "report.csv"
    output = run(csv_of(tmp_path, [HEADER, *IN_100, *wrong]), "--report", str(report))
    with report.open(encoding="utf-8", newline="") as file:
        header, first, second, *others = csv.reader(file)

    assert header == ["id", "user_id", "course_id", "key", "value", "reason"]
    assert first == ["4", "'=cmd|' /C calc'!A0", COURSE_ID, "'\t", "v" * 65_535, Fate.TOO_LONG]
    assert second[3:] == [KEY.format(100), "'-3", Fate.NO_NUMBER]
    assert [line[1] for line in others] == [str(user_id) for user_id in range(10)]
    assert f"Rows not used: 10 ({Fate.NO_EXPERIMENT}). Examples:" in output
    assert len(output.splitlines()) == 3 + 2 + 2 + 4


def test_the_message_about_a_row_is_one_line_without_control_characters(tmp_path: Path) -> None:
    output = run(csv_of(tmp_path, [HEADER, ("\x1b[31m", KEY.format(1), "c\n\u202e", "x" * 999)]))

    assert "\x1b" not in output
    assert "\u202e" not in output
    assert max(map(len, output.splitlines())) < 310


def test_a_report_does_not_overwrite_an_existing_file(tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    report.write_text("precious")

    with pytest.raises(CommandError, match="Choose another path"):
        run(sqlite_of(tmp_path, IN_100), "--report", str(report))
    assert report.read_text() == "precious"
    assert group_of("7") is None


@pytest.mark.usefixtures("batches_of_one_row")
def test_a_resumed_import_appends_to_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.csv"
    source = csv_of(tmp_path, [HEADER, *((id, KEY.format(9), "c", "1") for id in (7, 8))])
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        signal_in_first_batch(signal.SIGINT, patch)
        run(source, "--report", str(report))
    run(source, "--report", str(report), "--after", "2")

    ids = [line.split(",")[0] for line in report.read_text().splitlines()]
    assert ids == ["id", "2", "3"]


def test_no_report_is_created_if_the_source_is_missing(tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    for source in (str(tmp_path / "nowhere.csv"), f"sqlite:///{tmp_path}/nowhere.db"):
        with pytest.raises(CommandError, match="Nothing was imported"):
            run(source, "--report", str(report))

    assert not report.exists()


@pytest.mark.parametrize("name", ["tqdm", "dj_database_url"])
def test_a_missing_requirement_is_reported_with_the_package_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = "xblock_experiments.platform.tags"
    importing = [f"{tags}.{module}" for module in ("running", "sources", "database")]
    for module in (*importing, "xblock_experiments.commands.progress"):
        unload(module, monkeypatch)
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(
        CommandError, match=rf"{name} is not installed\. Run: pip install .*\[migration\]"
    ):
        run(sqlite_of(tmp_path, IN_100))


@pytest.mark.every_database
def test_a_database_without_migrations_is_reported(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'xblock_experiments_user_tags' "
            "AND name = (SELECT * FROM (SELECT MAX(name) FROM django_migrations "
            "WHERE app = 'xblock_experiments_user_tags') newest)"
        )

    with pytest.raises(CommandError, match="Run `migrate` first"):
        run(sqlite_of(tmp_path, IN_100))
    assert group_of("7") is None


def test_a_database_error_of_the_platform_is_one_line_without_control_characters(
    tmp_path: Path,
) -> None:
    path = tmp_path / "platform.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE user_api_usercoursetag (id integer PRIMARY KEY)")
        database.execute("CREATE VIEW v AS SELECT 1")
        database.execute("ALTER TABLE user_api_usercoursetag RENAME TO old")
        database.execute('CREATE VIEW user_api_usercoursetag AS SELECT * FROM "no\x1b[31m\nwhere"')

    with pytest.raises(CommandError, match="Cannot read") as error:
        run(f"sqlite:///{path}")
    assert str(error.value).isprintable()


def test_the_same_command_completes_after_a_database_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise NotStored

    monkeypatch.setattr("xblock_experiments.platform.tags.importing.insert_tags", fail)

    with pytest.raises(CommandError, match="Run the same command again"):
        run(sqlite_of(tmp_path, IN_100))


names = st.sampled_from(["ann", "bob"])
rows_of_two = st.builds(
    lambda user_id, id, value: (user_id, KEY.format(id), value),
    names,
    st.sampled_from([100, 101, 102]),
    st.sampled_from(["1", "2", "5", "6", "x"]),
)


class AnyRows(TestCase):
    @given(st.lists(rows_of_two, max_size=12), st.dictionaries(names, st.sampled_from([1, 2])))
    def test_nobody_changes_groups_and_the_unassigned_enter_the_first_group_named(
        self, tags: list[tuple[str, str, str]], there: dict[str, int]
    ) -> None:
        segmentations.save_segmentations(COURSE_ID, [experiment(100), experiment(101, 5, 6)])
        expected = {(user_id, 100): group_id for user_id, group_id in there.items()}
        for user_id, group_id in there.items():
            segmentations.put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")
        for user_id, key, value in tags:
            for id, groups in ((100, "12"), (101, "56")):
                if key == KEY.format(id) and value in groups:
                    expected.setdefault((user_id, id), int(value))
        rows = [Row(id, user_id, COURSE_ID, *tag) for id, (user_id, *tag) in enumerate(tags)]

        assert sorted(fates(rows)) == list(range(len(tags)))
        for user_id in ("ann", "bob"):
            for id in (100, 101):
                assert group_of(user_id, id) == expected.get((user_id, id))


@given(st.integers(-2, 2**40) | st.text(), st.integers(-2, 2**40) | st.text())
def test_a_value_is_read_as_a_group_id_exactly_if_the_platform_would_read_it(
    number: object, value: object
) -> None:
    key = KEY.format(number)
    placement = placement_of(row(1, key=key, value=str(value)))
    id = partition_id_of(key)

    assert id is None or (KEY.format(id) == key and 0 <= id <= MAX_ID)
    if isinstance(number, int) and isinstance(value, int):
        is_named = 0 <= number <= MAX_ID and 0 <= value <= MAX_ID
        assert (placement is not None) == is_named
    if placement is not None:
        assert (placement.experiment_id, placement.group_id) == (id, int(str(value)))


@given(st.lists(st.integers()), st.integers(1, 5))
def test_batches_contain_all_rows_in_order(ids: list[int], size: int) -> None:
    rows = list(map(row, ids))
    cut = list(batches(rows, size))

    assert [each for batch in cut for each in batch] == rows
    assert all(1 <= len(batch) <= size for batch in cut)


@given(st.lists(st.sampled_from("abcd")))
def test_no_round_has_a_tag_twice_and_the_rows_of_a_tag_stay_in_order(keys: list[str]) -> None:
    rows = [row(id, key=key) for id, key in enumerate(keys)]
    cut = rounds(rows)
    together = [each for some in cut for each in some]

    assert all(len({each.key for each in some}) == len(some) > 0 for some in cut)
    for key in "abcd":
        assert [one for one in together if one.key == key] == [r for r in rows if r.key == key]
