"""Settings of a workbench with this package's services, blocks and courses.

XBlock developers can run their own blocks with them:
`DJANGO_SETTINGS_MODULE=xblock_experiments.settings.workbench`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from xblock_experiments.errors import MissingExtra
from xblock_experiments.settings import openedx_blocks, tasks, tracking
from xblock_experiments.settings.common import plugin_settings

try:
    import dj_database_url
    from workbench.settings import *  # noqa: F403 - extend the SDK's settings
    from workbench.settings import INSTALLED_APPS, MIDDLEWARE, TEMPLATES
except ImportError as error:
    raise MissingExtra(__name__, "workbench", error) from error

DATA = Path(os.environ.get("XBLOCK_EXPERIMENTS_DATA", "var")).resolve()
"""The folder of the database and of imported courses."""
_BLOCKS_FILES = DATA / "djpyfs"
_BLOCKS_FILES.mkdir(parents=True, exist_ok=True)

_SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "workbench.db"}
_URL = os.environ.get("DATABASE_URL")
DATABASES = {"default": dj_database_url.parse(_URL) if _URL else _SQLITE}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = {
        # Readers do not wait for a writer, but writers wait for each other.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
    }

# The SDK uses a folder below the current directory.
DJFS = {"type": "osfs", "directory_root": str(_BLOCKS_FILES), "url_root": "/static/djpyfs"}
STATICFILES_DIRS = [("djpyfs", _BLOCKS_FILES)]  # type: ignore[assignment]

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "xblock_experiments.course_user_segmentation",
    "xblock_experiments.events",
    "xblock_experiments.experiments",
    "xblock_experiments.gradebook",
    "xblock_experiments.jobs",
    "xblock_experiments.platform",
    "xblock_experiments.research",
    "xblock_experiments.retired",
    "xblock_experiments.user_tags",
    "xblock_experiments.workbench",
    *tasks.APPS,
]
TASKS = tasks.TASKS
if openedx_blocks.ARE_INSTALLED:
    INSTALLED_APPS += openedx_blocks.APPS
    STATICFILES_DIRS = [*STATICFILES_DIRS, *openedx_blocks.static_files()]  # type: ignore[assignment]
    TEMPLATES = openedx_blocks.templates(TEMPLATES)
    globals().update(openedx_blocks.SETTINGS)
if tracking.IS_INSTALLED:
    INSTALLED_APPS += tracking.APPS
    globals().update(tracking.SETTINGS)
_SESSIONS = MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware")
MIDDLEWARE = [
    *MIDDLEWARE[: _SESSIONS + 1],
    "django.middleware.locale.LocaleMiddleware",
    *MIDDLEWARE[_SESSIONS + 1 :],
    "xblock_experiments.workbench.middleware.load_scenarios",
    "xblock_experiments.workbench.middleware.knows_the_learner",
]
LANGUAGES = [
    ("en", "English"),
    ("es", "Español"),
    ("ar", "العربية"),
    # Accented English, as on Open edX. Text without accents is not translated.
    ("eo", "Esperanto"),
]
# Authors submit a whole unit in one request, with up to 4 MiB of OLX.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 2**20
# The log has the same times as events. The SDK uses the time of New York.
TIME_ZONE = "UTC"
CSRF_FAILURE_VIEW = "xblock_experiments.workbench.pages.expired.show"
ROOT_URLCONF = "xblock_experiments.workbench.urls"

# The SDK logs to a folder below the current directory, and fails if it does not exist.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "xblock_experiments.events.tracking.LineFormatter",
            "format": "%(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"xblock_experiments": {"level": "INFO"}},
}

_DEMO = Path(__file__).parents[2] / "workbench" / "energy"
XBLOCK_EXPERIMENTS = {
    # The demo course is missing if the package was installed without its repository.
    "COURSES": [_DEMO] if _DEMO.is_dir() else [],
    "EVENT_LOG": DATA / "events.jsonl",
    "IMPORTED": DATA / "courses",
    "JOBS_FOLDER": DATA / "jobs",
    # no secret, because a workbench has no real learners
    "RETIRED_KEY": "workbench",
    "STAFF": ["teacher"],
}
plugin_settings(sys.modules[__name__])
