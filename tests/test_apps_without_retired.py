"""Sites that list the apps of an earlier release, without `xblock_experiments.retired`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_django

SITE = """
import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command

names = ("course_user_segmentation", "events", "experiments", "gradebook", "platform", "user_tags")
settings.configure(
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", *(f"xblock_experiments.{n}" for n in names)],
)
django.setup()
call_command("migrate", verbosity=0)

from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.experiments.api import assign_group, assign_users, record_exposure
from xblock_experiments.gradebook.api import get_scores, record_score
from xblock_experiments.user_tags.api import get_tag, increment_tag, retire_user, set_tag

groups = (Group(1, "One"), Group(2, "Two"))
save_segmentations("c", [UserSegmentation(1, "experiment", "E", "", groups)], actor="staff")
assign_group("c", 1, "ann")
assign_users("c", 1, ["ann", "bob", "cid"])
record_exposure("c", 1, "ann", "block")
record_score("c", "ann", "block", 1, 2)
set_tag("ann", "c", "a.b", 1)
increment_tag("ann", "c", "a.count")
assert get_tag("ann", "c", "a.b") == 1 and len(get_scores("c", "ann")) == 1
assert retire_user("ann") > 0
assert get_tag("ann", "c", "a.b") is None and not get_scores("c", "ann")
set_tag("ann", "c", "a.b", 2)
print(*[message.id for message in run_checks()])
"""


def test_everything_works_and_a_check_says_that_the_retired_can_come_back() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SITE],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "xblock_experiments.W009"), done.stderr
