"""The page of a course's reports: staff reach everything there, and learners nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from pytest_django import Settings

from tests.builders import COURSE_ID, course_xml
from tests.test_jobs import let_time_pass, work
from xblock_experiments.course_user_segmentation.api import put_in_group
from xblock_experiments.gradebook.jobs import NO_STRUCTURE
from xblock_experiments.gradebook.reports import REPORTS
from xblock_experiments.jobs import api
from xblock_experiments.jobs.data import State
from xblock_experiments.jobs.models import Job
from xblock_experiments.jobs.recovery import INTERRUPTED
from xblock_experiments.jobs.running import FAILED
from xblock_experiments.research.api import verify_bundle
from xblock_experiments.research.jobs import NO_KEY, NOTHING
from xblock_experiments.testing import load_course
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.pages import report_requests, report_rows

pytestmark = pytest.mark.django_db

STAFF = {"student": "teacher"}
REASONS = (NO_STRUCTURE, NO_KEY, NOTHING, INTERRUPTED, FAILED)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {
        **settings.XBLOCK_EXPERIMENTS,
        "JOBS_FOLDER": tmp_path / "jobs",
    }


@pytest.fixture
def base() -> str:
    """Load a course with one learner, and return the address of its reports."""
    load_course(course_xml())
    put_in_group(COURSE_ID, 100, "ann", 1, type="experiment")
    course = registry.with_id(COURSE_ID)
    assert course is not None
    return f"/courses/{course.name}/reports/"


def page(client: Client, base: str) -> Any:
    response = client.get(base, STAFF)
    assert response.status_code == 200
    return html.document_fromstring(response.content.decode())


def of_class(tree: Any, name: str) -> list[Any]:
    found: list[Any] = tree.find_class(name)
    return found


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def rows(client: Client, base: str) -> list[str]:
    return [words(row) for row in of_class(page(client, base), "xbx-report")]


def create(client: Client, base: str, kind: str = "grades", form: str = "csv") -> Any:
    return client.post(f"{base}create", {**STAFF, "kind": kind, "form": form})


def watched(client: Client, base: str) -> Any:
    return client.get(f"{base}jobs", STAFF).json()


def change(**values: Any) -> None:
    Job.objects.update(**values)


def test_each_report_is_offered_in_each_format_with_a_sentence_about_it(
    client: Client, base: str
) -> None:
    tree = page(client, base)

    assert tree.xpath("//button[@name='kind']/@value") == [*REPORTS, "bundle"]
    (offers,) = of_class(tree, "xbx-report-kinds")
    *reports, bundle = offers
    for offer in reports:
        assert offer.xpath(".//option/@value") == ["csv", "spreadsheet", "json"]
        (sentence,) = offer.xpath(".//p")
        assert words(sentence).startswith("One row for each ")
    assert bundle.xpath(".//option/@value") == ["zip"]
    assert "There are no reports yet." in words(tree)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize(
    ("form", "begins", "suffix"),
    [
        ("csv", b"Student ID", "csv"),
        ("spreadsheet", b"\xef\xbb\xbfStudent", "csv"),
        ("json", b"", "jsonl"),
    ],
)
def test_a_report_is_created_and_downloaded(
    client: Client, base: str, name: str, form: str, begins: bytes, suffix: str
) -> None:
    assert create(client, base, name, form).url == f"{base}?student=teacher"
    (waiting,) = rows(client, base)
    assert "Waiting for a worker. Asked for by teacher" in waiting
    work()

    (link,) = page(client, base).xpath("//a[@download]/@href")
    response: Any = client.get(link)
    content = b"".join(response.streaming_content)
    assert content.startswith(begins)
    assert (b"ann" in content) is (name != "exposures")
    course_name = base.split("/")[2]
    assert response["Content-Disposition"] == (
        f'attachment; filename="{course_name}-{name}.{suffix}"'
    )
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_learners_are_refused_everywhere_also_at_the_address_of_a_file(
    client: Client, base: str
) -> None:
    create(client, base)
    work()
    (job,) = api.get_jobs(COURSE_ID)
    addresses = [base, f"{base}jobs", f"{base}{job.id}/file", f"{base}999/file"]
    forms = [f"{base}create", f"{base}{job.id}/cancel", f"{base}999/cancel"]

    for student in ({"student": "ann"}, {}):
        for address in addresses:
            assert client.get(address, student).status_code == 403
        for address in forms:
            response = client.post(address, {**student, "kind": "problems", "form": "csv"})
            assert response.status_code == 403
    # A form names its user, so that the address of staff does not help.
    assert client.post(f"{base}create?student=teacher", {"student": "ann"}).status_code == 403
    assert api.get_jobs(COURSE_ID) == (job,)


def test_a_learners_page_of_the_course_does_not_mention_reports(client: Client, base: str) -> None:
    name = base.split("/")[2]
    for student, is_linked in (("ann", False), ("teacher", True)):
        source = client.get(f"/scenario/{name}/", {"student": student}).content.decode()
        assert (base in source) is is_linked


def test_what_does_not_exist_is_not_found(client: Client, base: str) -> None:
    create(client, base)
    (job,) = api.get_jobs(COURSE_ID)
    other = api.start("course-v1:Other+Course+1", "grades", "csv")
    work()

    for address in (
        f"{base}{other.id}/file",
        f"{base}{10**30}/file",
        f"{base}999/file",
        f"/courses/nothing/reports/{job.id}/file",
        "/courses/nothing/reports/",
    ):
        assert client.get(address, STAFF).status_code == 404
    for address in (f"{base}{other.id}/cancel", f"{base}999/cancel"):
        assert client.post(address, STAFF).status_code == 404
    for wrong in ({"kind": "nothing", "form": "csv"}, {"kind": "problems", "form": "x"}, {}):
        assert client.post(f"{base}create", {**STAFF, **wrong}).status_code == 404
    assert len(api.get_jobs(COURSE_ID)) == 1


def test_a_second_report_of_a_kind_is_refused_with_a_sentence(client: Client, base: str) -> None:
    create(client, base)
    create(client, base, form="json")

    tree = page(client, base)
    (sentence,) = tree.xpath("//main/*[@role='status']")
    assert "is being created already" in words(sentence)
    assert len(api.get_jobs(COURSE_ID)) == 1


def test_reads_change_nothing_and_changes_need_a_token(client: Client, base: str) -> None:
    create(client, base)
    (job,) = api.get_jobs(COURSE_ID)
    let_time_pass(3600)
    change(state=State.RUNNING)
    before = list(Job.objects.values())

    page(client, base)
    watched(client, base)
    client.get(f"{base}{job.id}/file", STAFF)
    for address in (f"{base}create", f"{base}{job.id}/cancel"):
        assert client.get(address, STAFF).status_code == 405
        assert Client(enforce_csrf_checks=True).post(address, STAFF).status_code == 403
    assert list(Job.objects.values()) == before


def test_a_running_report_shows_its_progress_and_the_remaining_time(
    client: Client, base: str
) -> None:
    create(client, base)
    now = timezone.now()
    change(
        state=State.RUNNING,
        started=now - timedelta(hours=1),
        heartbeat=now,
        done=1500,
        total=6000,
    )

    tree = page(client, base)
    (bar,) = tree.xpath("//progress")
    assert (bar.get("max"), bar.get("value")) == ("6000", "1500")
    assert "1,500 rows written. About 3 hours left." in words(tree)
    (job,) = watched(client, base)["jobs"]
    assert job["progress"] == {"max": 6000, "value": 1500}
    assert job["sentence"] == "1,500 rows written. About 3 hours left."


def test_a_report_of_unknown_length_shows_that_work_goes_on(client: Client, base: str) -> None:
    create(client, base)
    now = timezone.now()
    change(state=State.RUNNING, started=now, heartbeat=now, done=1)

    (bar,) = page(client, base).xpath("//progress")
    assert (bar.get("max"), bar.get("value")) == (None, None)
    assert watched(client, base)["jobs"][0]["sentence"] == "1 row written."


@pytest.mark.parametrize(
    ("remaining", "sentence"),
    [
        (timedelta(seconds=59), "Less than a minute left."),
        (timedelta(seconds=60), "About 1 minute left."),
        (timedelta(minutes=59), "About 59 minutes left."),
        (timedelta(minutes=60), "About 1 hour left."),
        (timedelta(hours=30), "About 30 hours left."),
        (None, ""),
    ],
)
def test_the_remaining_time_is_rounded(remaining: timedelta | None, sentence: str) -> None:
    assert report_rows._remaining(remaining) == sentence


def test_a_report_can_be_cancelled_and_created_again(client: Client, base: str) -> None:
    create(client, base)
    (job,) = api.get_jobs(COURSE_ID)
    client.post(f"{base}{job.id}/cancel", STAFF)

    (row,) = of_class(page(client, base), "xbx-report")
    assert "Cancelled." in words(row)
    fields = {each.get("name"): each.get("value") for each in row.xpath(".//*[@name]")}
    (address,) = row.xpath(".//form/@action")
    client.post(address, fields)
    again, _ = api.get_jobs(COURSE_ID)
    assert (again.kind, again.form, again.state) == ("grades", "csv", State.WAITING)


def test_a_report_whose_worker_died_says_so_and_that_no_worker_runs(
    client: Client, base: str
) -> None:
    create(client, base)
    change(state=State.RUNNING)
    assert not watched(client, base)["is_stuck"]

    let_time_pass(61)
    assert watched(client, base)["is_stuck"]
    (row,) = rows(client, base)
    assert "Interrupted, because its worker stopped. A worker will begin it again." in row
    (note,) = of_class(page(client, base), "xbx-no-worker")
    assert note.get("hidden") is None
    assert "python -m django run_jobs" in words(note)


def test_a_report_that_waits_for_long_means_that_no_worker_runs_unless_one_is_busy(
    client: Client, base: str
) -> None:
    create(client, base)
    assert not watched(client, base)["is_stuck"]
    let_time_pass(11)
    assert watched(client, base)["is_stuck"]

    other = api.start("course-v1:Other+Course+1", "grades", "csv")
    Job.objects.filter(pk=other.id).update(state=State.RUNNING)
    assert not watched(client, base)["is_stuck"]


def test_a_file_whose_time_is_over_is_said_to_be_removed(client: Client, base: str) -> None:
    create(client, base)
    work()
    (job,) = api.get_jobs(COURSE_ID)
    change(expires=timezone.now())

    (row,) = rows(client, base)
    assert "The file was removed. Create the report again if you need it." in row
    assert client.get(f"{base}{job.id}/file", STAFF).status_code == 404


def test_a_report_of_a_kind_that_is_gone_is_still_listed(client: Client, base: str) -> None:
    create(client, base)
    work()
    change(kind="of an earlier release")

    (row,) = rows(client, base)
    assert row.startswith("of an earlier release csv This kind of report is no longer available.")
    assert not page(client, base).xpath(
        "//*[contains(@class, 'xbx-report ')]//*[self::a or self::button]"
    )
    (job,) = api.get_jobs(COURSE_ID)
    assert client.get(f"{base}{job.id}/file", STAFF).status_code == 404


def test_a_cancelled_report_of_a_kind_that_is_gone_cannot_be_created_again(
    client: Client, base: str
) -> None:
    create(client, base)
    change(kind="of an earlier release", state=State.CANCELLED, slot=None)

    (row,) = of_class(page(client, base), "xbx-report")
    assert "Cancelled." in words(row)
    assert not row.xpath(".//button")


def test_a_course_that_is_not_known_to_the_gradebook_says_why_there_are_no_grades() -> None:
    job = api.start("course-v1:Other+Course+1", "grades", "csv")
    work()

    failed = api.get_job(job.course_id, job.id)
    assert (failed.state, failed.failure) == (State.FAILED, NO_STRUCTURE)


def test_grades_have_their_length_from_the_first_time_on(client: Client, base: str) -> None:
    create(client, base)
    work()

    (job,) = api.get_jobs(COURSE_ID)
    assert (job.done, job.total) == (1, 1)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_can_be_cancelled_while_its_learners_are_read(
    client: Client, base: str, settings: Settings, name: str
) -> None:
    settings.XBLOCK_EXPERIMENTS = {
        **settings.XBLOCK_EXPERIMENTS,
        "LEARNERS": f"{__name__}.learners_without_end",
    }
    create(client, base, name)
    work()

    (job,) = api.get_jobs(COURSE_ID)
    assert job.state is State.CANCELLED


def learners_without_end(course_id: str) -> Iterator[str]:
    """Yield learners until the job that asks for them has noticed its cancellation."""
    (job,) = api.get_jobs(course_id)
    api.cancel(course_id, job.id)
    deadline = time.monotonic() + 30
    for number in count():
        assert time.monotonic() < deadline, "nobody noticed"
        yield str(number)


def test_a_bundle_is_downloaded_with_the_hash_by_which_it_is_checked(
    client: Client, base: str, tmp_path: Path, settings: Settings
) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "RESEARCH_KEY_FILE": key}
    create(client, base, "bundle", "zip")
    work()
    tree = page(client, base)
    (hash,) = of_class(tree, "xbx-fingerprint")
    (link,) = tree.xpath("//a[@download]/@href")
    response: Any = client.get(link)
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(b"".join(response.streaming_content))

    assert response["Content-Type"] == "application/zip"
    assert verify_bundle(archive, manifest=words(hash)).is_sound
    assert verify_bundle(archive, manifest="0" * 64).is_sound is False
    assert len(list((tmp_path / "jobs").iterdir())) == 1


def test_a_bundle_without_a_key_fails_with_a_sentence_and_leaves_nothing(
    client: Client, base: str, tmp_path: Path
) -> None:
    create(client, base, "bundle", "zip")
    work()

    assert f"Failed. {NO_KEY}" in rows(client, base)[0]
    assert list((tmp_path / "jobs").iterdir()) == []


@pytest.mark.parametrize("sentence", REASONS)
@pytest.mark.parametrize("language", ["es", "ar"])
def test_a_failure_is_explained_in_the_language_of_the_page(
    client: Client, base: str, sentence: str, language: str
) -> None:
    create(client, base)
    change(state=State.FAILED, slot=None, failure=sentence)
    (english,) = rows(client, base)
    client.cookies[site.LANGUAGE_COOKIE_NAME] = language
    (translated,) = rows(client, base)

    assert sentence in english
    assert sentence not in translated


def test_names_from_outside_are_escaped(client: Client, base: str) -> None:
    api.start(COURSE_ID, "grades", "csv", actor="<script>alert(1)</script>")

    source = client.get(base, STAFF).content.decode()
    assert "<script>alert" not in source
    assert "&lt;script&gt;alert(1)" in source
    assert "<script>alert" not in watched(client, base)["jobs"][0]["html"]


def count_queries(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_the_page_takes_the_same_queries_for_any_number_of_reports(
    client: Client, base: str
) -> None:
    page(client, base)
    few = count_queries(lambda: client.get(base, STAFF))
    for _ in range(8):
        create(client, base)
        work()

    assert count_queries(lambda: client.get(base, STAFF)) == few
    assert count_queries(lambda: client.get(f"{base}jobs", STAFF)) == few


def test_requests_of_watching_pages_are_not_logged(base: str) -> None:
    def record(path: str) -> logging.LogRecord:
        text = f'"GET {path} HTTP/1.1" 200 2'
        return logging.LogRecord("django.server", logging.INFO, "", 0, text, (), None)

    assert not report_requests.should_log(record(f"{base}jobs?student=teacher"))
    assert report_requests.should_log(record(base))
    assert report_requests.should_log(record(f"{base}1/file"))
