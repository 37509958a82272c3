"""The files that a workbench serves while it runs as developers run it, with DEBUG on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

ASK = """
import json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from django.test import Client
assert settings.DEBUG
client = Client(raise_request_exception=False)
print(json.dumps([client.get(path).status_code for path in PATHS]))
"""

PRIVATE = (
    "/secret.cfg",
    "/data/workbench.db",
    "/%73ecret.cfg",
    "/./secret.cfg",
    "/static/../secret.cfg",
    "/static/%2e%2e/secret.cfg",
    "/static/..%2fsecret.cfg",
    "/static/djpyfs/../workbench.db",
    "/static/djpyfs/%2e%2e/workbench.db",
    "/courses/energy/static/../course.xml",
    "/courses/energy/static/%2e%2e/%2e%2e/%2e%2e/setup.cfg",
    "/resource/course/static/../course.py",
    "/resource/course/static/%2e%2e/course.py",
    "/resource/course/course.py",
    "/media/secret.cfg",
)
PUBLIC = (
    "/static/xblock_experiments/frame.css",
    "/courses/energy/static/loop.svg",
    "/resource/course/static/theme.css",
)


def statuses(folder: Path, paths: tuple[str, ...]) -> dict[str, int]:
    """Return the status of each address, in a workbench that runs in the folder."""
    (folder / "secret.cfg").write_text("secret")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "xblock_experiments.settings.workbench",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "XBLOCK_EXPERIMENTS_DATA": str(folder / "data"),
    }
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", f"PATHS = {paths!r}\n{ASK}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(paths, json.loads(done.stdout.splitlines()[-1]), strict=True))


def test_only_static_files_and_files_of_courses_and_blocks_are_served(tmp_path: Path) -> None:
    found = statuses(tmp_path, (*PRIVATE, *PUBLIC))

    assert {path: found[path] for path in PRIVATE if found[path] not in (400, 404)} == {}
    assert {path: found[path] for path in PUBLIC} == dict.fromkeys(PUBLIC, 200)
