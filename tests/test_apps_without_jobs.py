"""Sites that do not list the apps that perform jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_django

SITE = """
import sys
import django
from django.conf import settings
from xblock_experiments.settings import workbench

missing = sys.argv[1].split(",")
values = {name: getattr(workbench, name) for name in dir(workbench) if name.isupper()}
values["INSTALLED_APPS"] = [name for name in values["INSTALLED_APPS"] if name not in missing]
values["DATABASES"] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
values["ALLOWED_HOSTS"] = ["testserver"]
settings.configure(**values)
django.setup()

from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
"""
PAGES = (
    SITE
    + """
client = Client()
assert client.get("/").status_code == 200
assert client.get("/scenario/energy/?student=teacher").status_code == 200
assert client.get("/courses/energy/reports/?student=student_1").status_code == 403
assert client.post("/courses/energy/reports/create", {"student": "teacher"}).status_code == 404
response = client.get("/courses/energy/reports/?student=teacher")
assert response.status_code == 200
print(response.content.decode())
"""
)
START = (
    SITE
    + """
from xblock_experiments.errors import MissingExtra
from xblock_experiments.jobs import api

try:
    api.start("c", "grades", "csv")
except MissingExtra as error:
    print(error)
assert api.get_jobs("c") == ()
"""
)


def run(code: str, folder: Path, *missing: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, ",".join(missing)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "XBLOCK_EXPERIMENTS_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("missing", ["xblock_experiments.jobs", "django_tasks_db"])
def test_the_workbench_works_and_the_page_of_reports_says_what_to_add(
    missing: str, tmp_path: Path
) -> None:
    page = run(PAGES, tmp_path, missing)

    assert "This site cannot create reports yet." in page
    assert f">{missing}</code>" in page


def test_a_job_is_refused_if_the_queue_is_not_an_app(tmp_path: Path) -> None:
    said = run(START, tmp_path, "django_tasks_db")

    assert "django_tasks_db" in said
    assert "pip install 'xblock-experiments[jobs]'" in said
