"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation
from xblock.core import XBlock
from xblock.plugin import PLUGIN_CACHE

from tests.packages import install as install
from xblock_experiments.workbench import apps
from xblock_experiments.workbench.storage import serving


@pytest.fixture(autouse=True)
def _forget_courses() -> Iterator[None]:
    """Forget loaded courses: they stay in the process, but their segmentations are rolled back."""
    serving.forget()
    yield
    serving.forget()


@pytest.fixture(autouse=True)
def _forget_language() -> Iterator[None]:
    """Restore the language: a request's language stays active in its thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _no_event_log() -> None:
    """Switch off the event log, so that tests write no events into the developer's log."""
    settings.XBLOCK_EXPERIMENTS["EVENT_LOG"] = None


@pytest.fixture(autouse=True, scope="session")
def _own_folder_of_jobs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the developer's files of jobs: the tests' database knows none of them."""
    settings.XBLOCK_EXPERIMENTS["JOBS_FOLDER"] = tmp_path_factory.mktemp("jobs")


@pytest.fixture
def _without_openedx_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register only the block types of a workbench without the extra `openedx-blocks`."""
    monkeypatch.setattr(apps, "ARE_INSTALLED", False)
    monkeypatch.setattr(XBlock, "extra_entry_points", [])
    PLUGIN_CACHE.clear()
    apps.register_blocks()
    yield
    PLUGIN_CACHE.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's test database in a file, as in production: in memory it locks differently."""
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.db")
