"""Invalid settings raise an error when used, and system checks report them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from pytest_django import Settings

from tests.builders import COURSE_ID, experiment
from tests.listeners import ROOT
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.experiments import api as experiments
from xblock_experiments.settings.common import DEFAULTS, setting
from xblock_experiments.user_tags import api as tags

XAPI = {"KEY": "k", "LMS_ROOT_URL": "https://lms", "LRS_URL": "https://lrs"}


def check_messages(settings: Settings, **wrong: Any) -> list[str]:
    """Return the messages of the system check for these settings."""
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, **wrong}
    return [said.msg for said in run_checks() if "xblock_experiments" in str(said.id)]


def test_the_settings_of_the_workbench_are_valid(settings: Settings) -> None:
    assert check_messages(settings) == []


def test_the_defaults_are_valid_except_in_production_where_two_are_needed(
    settings: Settings,
) -> None:
    settings.DEBUG = True
    assert check_messages(settings, **DEFAULTS) == []

    settings.DEBUG = False
    key, folder = check_messages(settings, **DEFAULTS)
    assert 'XBLOCK_EXPERIMENTS["RETIRED_KEY"] is empty' in key
    assert 'XBLOCK_EXPERIMENTS["JOBS_FOLDER"] is relative' in folder
    production = {**DEFAULTS, "JOBS_FOLDER": "/srv/jobs", "RETIRED_KEY": "a secret"}
    assert check_messages(settings, **production) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("EVENT_TAGS", "hint.*"),
        ("PRIVATE_TAGS", "mood.diary"),
        ("OUTBOX", "bus"),
        ("STAFF", None),
        ("XAPI", None),
        ("XAPI", [("KEY", "a secret")]),
        ("GLOBAL_WRITES", "False"),
        ("ADMIN_WRITES", 1),
        ("EVENT_BUS_TOPIC", None),
        ("EVENT_LOG", False),
        ("RETIRED_KEY", b"a secret"),
        ("JOBS_FOLDER", 7),
        ("JOB_FILES_KEPT", "7"),
    ],
)
def test_a_setting_of_the_wrong_type_is_refused_with_the_expected_type(
    settings: Settings, name: str, wrong: object
) -> None:
    (said,) = check_messages(settings, **{name: wrong})

    assert f'XBLOCK_EXPERIMENTS["{name}"] must be ' in said
    assert "secret" not in said
    with pytest.raises(ImproperlyConfigured) as refusal:
        setting(name)
    assert str(refusal.value) == said


@pytest.mark.django_db(transaction=True)
def test_a_pattern_outside_a_list_discloses_no_tag(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "EVENT_TAGS": "hint.*"}

    with pytest.raises(ImproperlyConfigured, match="must be a list"):
        tags.set_tag("ann", COURSE_ID, "mood.diary", "sad")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outbox", "said"),
    [
        ("bus", "must be a list"),
        (["bus", "buss"], "contains 'buss', but only 'bus' and 'xapi' are known"),
        ([["bus"]], "are known"),
    ],
)
def test_an_invalid_outbox_raises_an_error_and_assigns_nobody(
    settings: Settings, outbox: object, said: str
) -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(100, 1, 2)])
    right = settings.XBLOCK_EXPERIMENTS
    settings.XBLOCK_EXPERIMENTS = {**right, "OUTBOX": outbox}

    with pytest.raises(ImproperlyConfigured, match=said):
        experiments.assign_group(COURSE_ID, 100, "ann")
    assert experiments.get_group(COURSE_ID, 100, "ann") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"EVENT_TAG": ["hint.*"]}, 'unknown key "EVENT_TAG"'),
        ({"STAFF": ["teacher", 42]}, '"STAFF"] must be a list of texts, but contains 42'),
        ({"OUTBOX": [["bus"]]}, r"contains ['bus']"),
        ({"OUTBOX": ["buss"]}, "unknown system 'buss'"),
        ({"OUTBOX": ["xapi"]}, "needs a text for KEY"),
        ({"OUTBOX": ["xapi"], "XAPI": {**XAPI, "LRS_URL": "x"}}, "'x'"),
        ({"OUTBOX": ["xapi"], "XAPI": {**XAPI, "LRS_AUTH": ["a", "b"]}}, "LRS_AUTH"),
        ({"OUTBOX": ["bus"]}, "set EVENT_BUS_PRODUCER"),
    ],
)
def test_each_mistake_is_reported_once(
    settings: Settings, wrong: dict[str, Any], said: str
) -> None:
    (message,) = check_messages(settings, **wrong)

    assert said in message


def test_a_bus_needs_openedx_events(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVENT_BUS_PRODUCER = "tests.listeners.Recorder"
    assert check_messages(settings, OUTBOX=["bus"]) == []

    monkeypatch.setattr("xblock_experiments.events.bus.find_spec", lambda _: None)
    (message,) = check_messages(settings, OUTBOX=["bus"])
    assert "openedx-events is not installed" in message


def test_an_outbox_without_its_app_is_reported() -> None:
    site = """
import django
from django.conf import settings
from django.core.checks import run_checks
settings.configure(
    INSTALLED_APPS=["xblock_experiments.retired", "xblock_experiments.user_tags"],
    XBLOCK_EXPERIMENTS={"OUTBOX": ["xapi"], "RETIRED_KEY": "a secret", "XAPI": %r},
)
django.setup()
print(*[said.msg for said in run_checks()])
"""
    done = subprocess.run(
        [sys.executable, "-c", site % XAPI], cwd=ROOT, check=True, capture_output=True, text=True
    )

    needed = 'XBLOCK_EXPERIMENTS["OUTBOX"] needs xblock_experiments.events in INSTALLED_APPS.'
    assert done.stdout.strip() == needed


class TagsElsewhere:
    """A router that writes tags to another database."""

    def db_for_write(self, model: type[Model], **_: Any) -> str | None:
        return "other" if model._meta.app_label == "xblock_experiments_user_tags" else None


def test_an_outbox_in_another_database_than_the_changes_is_reported(settings: Settings) -> None:
    settings.DATABASE_ROUTERS = ["tests.test_settings_checks.TagsElsewhere"]
    assert check_messages(settings) == []

    (message,) = check_messages(settings, OUTBOX=["xapi"], XAPI=XAPI)
    assert "The router writes xblock_experiments_user_tags.Tag to another database" in message
