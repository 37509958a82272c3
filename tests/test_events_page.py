"""The page on which developers watch events, and the log that it reads."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html
from pytest_django import Settings

from tests.builders import COURSE_ID, course_xml, split_test_xml
from tests.test_hostile_pages import HOSTILE, PLAIN, skeleton
from tests.test_languages import untranslated
from xblock_experiments.events import TAG_CHANGED, TagChanged, emit, emitted
from xblock_experiments.testing import load_course, render
from xblock_experiments.workbench.pages import event_log

pytestmark = pytest.mark.django_db

PAGE = "/experiments/events"
STAFF = {"student": "teacher"}
NOW = datetime(2026, 11, 26, 13, 45, 7, tzinfo=UTC)

TEXT = st.text(st.characters(exclude_categories=()))
"""Any text, including surrogates that no encoding supports."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@dataclass(frozen=True)
class BlockEvent:
    """An event of some block."""

    name: str = "hint.shown"
    data: Mapping[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        return {**self.data}


@pytest.fixture
def log(settings: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "EVENT_LOG": path}
    return path


def emit_events(
    *numbers: int, name: str = "hint.shown", context: dict[str, Any] | None = None, **data: Any
) -> None:
    """Emit one event, or one for each number."""
    for number in numbers or (1,):
        event = BlockEvent(name, {"number": number, **data})
        emitted.send(BlockEvent, event=event, context=context or {}, timestamp=NOW)


def since(client: Client, place: str = "", **filters: Any) -> tuple[list[dict[str, str]], str]:
    answer = client.get(f"{PAGE}/since", {"after": place, **STAFF, **filters}).json()
    return answer["events"], answer["next"]


def summaries(events: list[dict[str, str]]) -> list[str]:
    return [event["summary"] for event in events]


def numbered(*numbers: int) -> list[str]:
    return [f"number: {number}" for number in numbers]


def page(client: Client, **filters: Any) -> Any:
    return html.document_fromstring(client.get(PAGE, {**STAFF, **filters}).content.decode())


def rows(seen: Any, field: str = "summary") -> list[str]:
    return [each.text for each in seen.xpath(f"//ol//*[@data-field='{field}']")]


# The page


def test_the_page_shows_learners_events_with_their_context(
    client: Client, log: Path, django_capture_on_commit_callbacks: Any
) -> None:
    made = load_course(course_xml(split_test_xml()))
    with django_capture_on_commit_callbacks(execute=True):
        render(made, "ann", "exp")

    seen = page(client)
    assert rows(seen, "name")[-1] == "xmodule.partitions.assigned_user_to_partition"
    assert {*rows(seen, "user")} == {"ann"}
    assert {*rows(seen, "course")} == {COURSE_ID}
    assert "partition_id: 100 · partition_name: experiment 100" in rows(seen)[-1]
    assert '"partition_type": "experiment"' in rows(seen, "data")[-1]
    assert '"experiment.100": [' in rows(seen, "context")[-1]


def test_the_page_does_not_show_events_of_rolled_back_changes(
    client: Client, log: Path, django_capture_on_commit_callbacks: Any
) -> None:
    event = TagChanged(course_id=None, user_id="ann", key="a.b", deleted=False, value=None)
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(InterruptedError), transaction.atomic():
            emit(event)
            raise InterruptedError
        assert not log.exists()
        emit(event)

    assert rows(page(client), "name") == [TAG_CHANGED]


def test_the_page_starts_with_the_last_hundred_events_newest_first(
    client: Client, log: Path
) -> None:
    emit_events(*range(150))
    assert rows(page(client)) == numbered(*reversed(range(50, 150)))


def test_an_event_without_user_and_course_shows_dashes(client: Client, log: Path) -> None:
    emit_events(course_id=None)
    assert rows(page(client), "user") == rows(page(client), "course") == ["—"]


def test_the_summary_of_an_event_leaves_out_data_that_its_line_already_shows(
    client: Client, log: Path
) -> None:
    emit_events(user_id="ann", course_id="tea", group_id=None, key="a.b", value={"ü": [1, True]})
    assert rows(page(client)) == ['number: 1 · key: a.b · value: {"ü": [1, true]}']


def test_the_user_and_course_of_an_event_are_taken_from_its_context_before_its_data(
    client: Client, log: Path
) -> None:
    emit_events(1, context={"user_id": 7, "course_id": "c"}, user_id="forged")
    emit_events(2, context={"user_id": 0, "course_id": None}, user_id="ann", course_id="tea")
    events, _ = since(client)
    assert [(each["user"], each["course"]) for each in events] == [("7", "c"), ("0", "tea")]


def test_without_a_log_the_page_says_how_to_configure_one(
    client: Client, settings: Settings
) -> None:
    emit_events()
    seen = page(client)
    assert "The event log is off." in seen.text_content()
    assert seen.xpath("//script") == []
    assert since(client) == ([], "")


@pytest.mark.parametrize("path", [".", "/", "/dev/null/log"])
def test_the_page_says_why_the_log_cannot_be_read(
    client: Client, settings: Settings, path: str
) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "EVENT_LOG": path}
    said, why = page(client).xpath("//main/*")

    assert said.text == "The event log cannot be read. Check the path in the setting EVENT_LOG."
    assert f": '{path}'" in why.text_content()
    assert since(client, "7-7") == ([], "7-7")


def test_a_log_without_read_permission_is_named(
    client: Client, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = Path.open

    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path == log:
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *args, **options)

    emit_events()
    monkeypatch.setattr(Path, "open", refuse)

    assert f"Permission denied: '{log}'" in page(client).text_content()


def test_an_empty_path_means_no_log(client: Client, settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "EVENT_LOG": ""}
    emit_events()

    assert "The event log is off." in page(client).text_content()
    assert since(client) == ([], "")


def test_without_events_the_page_links_to_a_course(client: Client, log: Path) -> None:
    load_course(course_xml())
    seen = page(client)
    (empty,) = seen.find_class("xbx-no-events")
    assert empty.get("hidden") is None
    assert "student=" in empty.find("a").get("href")
    emit_events()
    (empty,) = page(client).find_class("xbx-no-events")
    assert empty.get("hidden") == ""


def test_the_page_accepts_no_post_requests(client: Client, log: Path) -> None:
    for address in (PAGE, f"{PAGE}/since"):
        assert client.post(address).status_code == 405


def test_only_staff_see_a_link_to_the_page(client: Client) -> None:
    load_course(course_xml(split_test_xml()))
    for student, links in (("teacher", 1), ("ann", 0)):
        response = client.get("/scenario/demox-tests-2026/", {"student": student})
        tree: Any = html.document_fromstring(response.content.decode())
        assert len(tree.xpath(f"//a[@href='{PAGE}?student={student}']")) == links


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/since"])
@pytest.mark.parametrize("student", [None, "ann", "", "Teacher"])
def test_only_staff_can_watch_events(
    client: Client, log: Path, address: str, student: str | None
) -> None:
    emit_events(place="a secret place")
    response = client.get(address, {} if student is None else {"student": student})

    assert response.status_code == 403
    assert "secret" not in response.content.decode()
    assert client.get(address, STAFF).status_code == 200


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/since"])
def test_a_setting_opens_the_events_to_everybody(
    client: Client, log: Path, settings: Settings, address: str
) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "EVENTS_FOR_ALL": True}
    emit_events(place="shown")

    assert "shown" in client.get(address).content.decode()


def test_filtering_without_scripts_keeps_the_member_of_staff(client: Client, log: Path) -> None:
    assert page(client).forms[0].fields["student"] == "teacher"


# Filters


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, (1, 2, 3)),
        ({"name": "b.two"}, (2,)),
        ({"name": ["a.one", "b.two"]}, (1, 2)),
        ({"user": "AN"}, (1, 3)),
        ({"user": "ann", "course": "tea"}, (1,)),
        ({"course": " tea "}, (1, 2)),
        ({"text": "Kettle"}, (2,)),
        ({"text": '"number": 3'}, (3,)),
        ({"text": "a.one"}, (1,)),
        ({"text": "place: s"}, (3,)),
        ({"text": "strasse"}, (3,)),
        ({"user": "nobody"}, ()),
    ],
)
def test_only_events_that_match_all_filters_are_shown(
    client: Client, log: Path, filters: dict[str, Any], numbers: tuple[int, ...]
) -> None:
    emit_events(1, name="a.one", user_id="ann", course_id="tea")
    emit_events(2, name="b.two", user_id="bob", course_id="tea", context={"group": "kettle"})
    emit_events(3, name="c.three", user_id="Anna", place="Straße")

    events, _ = since(client, **filters)
    assert [summary.partition(" · ")[0] for summary in summaries(events)] == numbered(*numbers)
    assert len(rows(page(client, **filters))) == len(numbers)


def test_the_page_keeps_its_filters(client: Client, log: Path) -> None:
    emit_events(name="a.one")
    emit_events(name="b.two")
    form = page(client, user="ann", text='"', name=["b.two", "gone"]).forms[0]
    assert form.fields["user"] == "ann"
    assert form.fields["text"] == '"'
    names = form.xpath(".//input[@type='checkbox']")
    assert [(each.get("value"), each.checked) for each in names] == [
        ("a.one", False),
        ("b.two", True),
        ("gone", True),
    ]


# Continuing from a place


def test_each_event_is_returned_once_in_order(client: Client, log: Path) -> None:
    emit_events(1)
    events, place = since(client)
    assert summaries(events) == numbered(1)
    emit_events(2, 3)
    events, place = since(client, place)
    assert summaries(events) == numbered(2, 3)
    assert since(client, place) == ([], place)


def test_many_events_are_returned_in_several_responses(client: Client, log: Path) -> None:
    emit_events(0)
    _, place = since(client)
    emit_events(*range(1, 451))
    for numbers in (range(1, 201), range(201, 401), range(401, 451)):
        events, place = since(client, place)
        assert summaries(events) == numbered(*numbers)


def test_the_page_has_the_place_from_which_to_continue(client: Client, log: Path) -> None:
    emit_events(1)
    (events,) = page(client).find_class("xbx-event-list")
    emit_events(2)
    found, _ = since(client, events.get("data-place"))
    assert summaries(found) == numbered(2)


def test_the_place_moves_past_events_that_the_filters_hide(client: Client, log: Path) -> None:
    emit_events(1)
    place = ""
    for number in (2, 3):
        events, place = since(client, place, user="ann")
        assert events == []
        emit_events(number)
    assert summaries(since(client, place)[0]) == numbered(3)


def test_no_event_is_lost_when_the_log_is_rotated(
    client: Client, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "MAX_BYTES", 2000)
    emit_events(0)
    _, place = since(client)
    for number in range(1, 100):
        emit_events(number)
        if number % 7 == 0:
            events, place = since(client, place)
            assert summaries(events) == numbered(*range(number - 6, number + 1))
    assert sum(each.stat().st_size for each in log.parent.iterdir()) < 5000


def test_events_in_the_rotated_log_are_still_on_the_page(
    client: Client, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit_events(1)
    monkeypatch.setattr(event_log, "MAX_BYTES", 150)
    emit_events(2)
    assert not log.exists()
    emit_events(3)
    assert rows(page(client)) == numbered(3, 2, 1)


@pytest.mark.parametrize(
    "place", ["1-1", "0", "-1-1", "x", "9" * 20 + "-" + "9" * 18, "\u0661-\u0661"]
)
def test_an_invalid_place_returns_all_events(client: Client, log: Path, place: str) -> None:
    emit_events(1, 2)
    assert summaries(since(client, place)[0]) == numbered(1, 2)


def test_reading_starts_again_after_the_log_was_deleted(client: Client, log: Path) -> None:
    emit_events(1, 2, 3)
    _, place = since(client)
    log.write_text("")
    assert since(client, place)[0] == []
    emit_events(4)
    assert summaries(since(client, place)[0]) == numbered(4)
    log.unlink()
    assert since(client, place) == ([], place)
    emit_events(5)
    assert summaries(since(client, place)[0]) == numbered(5)


# The log


@given(name=TEXT, data=st.dictionaries(TEXT, JSON))
@example(name="\ud800", data={"\udfff": "\ud800"})
def test_any_event_can_be_logged_and_shown(name: str, data: dict[str, Any]) -> None:
    with (
        TemporaryDirectory() as folder,
        override_settings(
            XBLOCK_EXPERIMENTS={"EVENT_LOG": f"{folder}/log", "EVENTS_FOR_ALL": True}
        ),
    ):
        emit_events(name=name, context=data, data=data)
        (event,), _ = since(Client())
        assert event["name"] == name.encode(errors="replace").decode()
        assert "NaN" not in re.sub('"NaN"', "", event["data"])
        assert len(rows(page(Client()))) == 1


def test_values_that_are_not_json_are_logged_as_text(client: Client, log: Path) -> None:
    emit_events(when=NOW, where=Path("here"))
    (event,), _ = since(client)
    assert event["summary"].endswith("when: 2026-11-26 13:45:07+00:00 · where: here")


def test_long_data_is_truncated(client: Client, log: Path) -> None:
    emit_events(long="x" * 10**6)
    (event,), _ = since(client)
    assert len(event["summary"]) == 201
    assert len(event["data"]) == 20_001


def test_concurrent_writers_lose_no_events_and_mix_no_lines(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Write from several threads while the log is rotated once."""
    emit_events(0)
    monkeypatch.setattr(event_log, "MAX_BYTES", 250 * log.stat().st_size)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(emit_events, range(1, 401)))
    assert log.with_name("events.jsonl.1").exists()
    assert sorted(event.data["number"] for event, _ in event_log.read()) == list(range(401))


def test_events_of_another_process_are_shown(client: Client, log: Path) -> None:
    other = f"""
import django
django.setup()
from django.conf import settings
from xblock_experiments.events import TagChanged, emit
settings.XBLOCK_EXPERIMENTS["EVENT_LOG"] = {str(log)!r}
settings.DATABASES["default"].update(ENGINE="django.db.backends.sqlite3", NAME=":memory:")
emit(TagChanged(course_id=None, user_id=None, key="a.b", deleted=True, value=None))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", other], check=True, timeout=60)
    assert rows(page(client), "name") == [TAG_CHANGED]


@pytest.mark.parametrize("broken", ['{"name": "ha', f'{{"data": {"[" * 5000}'])
def test_an_unreadable_line_is_skipped(client: Client, log: Path, broken: str) -> None:
    emit_events(1)
    with log.open("a") as file:
        file.write(broken)
    assert summaries(since(client)[0]) == numbered(1)
    emit_events(2)
    emit_events(3)
    assert summaries(since(client)[0]) == numbered(1, 3)


@pytest.mark.parametrize("missing", [1, 5])
def test_an_event_that_is_still_being_written_is_returned_later(
    client: Client, log: Path, missing: int
) -> None:
    emit_events(1, 2)
    text = log.read_bytes()
    log.write_bytes(text[:-missing])
    events, place = since(client)
    assert summaries(events) == numbered(1)
    log.write_bytes(text)
    assert summaries(since(client, place)[0]) == numbered(2)


def test_an_unwritable_log_is_reported_once_and_stops_nothing(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log.mkdir()
    emit_events(1, 2, 3)
    (record,) = (each for each in caplog.records if "event_log" in each.name)
    assert record.levelno == logging.ERROR
    assert str(log) in record.getMessage()


@pytest.mark.parametrize(
    ("address", "level", "is_logged"),
    [
        (f"{PAGE}/since?after=1-1", logging.INFO, False),
        (f"{PAGE}/since?after=1-1", logging.ERROR, True),
        (PAGE, logging.INFO, True),
        ("/scenario/energy/", logging.INFO, True),
    ],
)
def test_the_polling_of_an_open_page_is_not_in_the_servers_log(
    address: str, level: int, is_logged: bool
) -> None:
    server = logging.getLogger("django.server")
    record = server.makeRecord(server.name, level, "", 0, '"GET %s"', (address,), None)
    assert bool(server.filter(record)) == is_logged


# Hostile text, and languages


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_contents_of_an_event_are_shown_as_text(client: Client, log: Path, text: str) -> None:
    found = []
    for each in (PLAIN, text):
        log.unlink(missing_ok=True)
        event = {each: each, "partition_name": each}
        emit_events(name=each, context=event, user_id=each, course_id=each, **event)
        for filters in ({}, dict.fromkeys(("name", "user", "course", "text"), each)):
            found.append(skeleton(client.get(PAGE, {**STAFF, **filters}).content.decode()))
    assert found[2:] == found[:2]


def test_the_page_has_no_inline_script_and_no_inline_style(client: Client, log: Path) -> None:
    emit_events()
    for element in page(client).iter("*"):
        assert element.tag != "style"
        assert element.tag != "script" or element.get("src")
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("name", ["log", "", None])
def test_each_sentence_of_the_page_can_be_translated(
    client: Client, settings: Settings, tmp_path: Path, name: str | None
) -> None:
    """Check the page with a log, with a folder in its place, and without a log."""
    path = None if name is None else tmp_path / name
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "EVENT_LOG": path}
    client.cookies["django_language"] = "eo"
    (body,) = page(client).xpath("//body")
    for reason in body.xpath(".//code"):
        reason.drop_tree()
    assert untranslated(html.tostring(body, encoding="unicode")) == []
