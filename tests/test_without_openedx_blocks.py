"""Behaviour without the extra `openedx-blocks`, when its packages cannot be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
HIDDEN = ("calc", "codejail", "edxval", "numpy", "scipy", "xblocks_contrib", "xstatic")
HEAVY = ("edxval", "numpy", "scipy", "xblocks_contrib")

HIDE = f"""
import importlib.util

class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {HIDDEN}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

_find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {HIDDEN} else _find_spec(name, *rest)
sys.meta_path.insert(0, Hidden)
"""

SHOW = """
import json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from xblock_experiments.testing import find_block, load_course, render
course = load_course(ROOT + "/tests/data/kinds")
story = find_block(course, "teacher", "story", staff=True)
print(json.dumps({
    "story": type(story).unmixed_class.__name__,
    "page": render(course, "teacher", "arms", staff=True),
    "problems": course.problems,
    "modules": sorted(sys.modules),
}))
"""

APPS = """
import json
from django.conf import settings
names = ("course_user_segmentation", "experiments", "gradebook", "retired", "user_tags")
settings.configure(INSTALLED_APPS=[f"xblock_experiments.{name}" for name in names])
import django
django.setup()
import xblock_experiments.blocks.split_test
import xblock_experiments.gradebook.api
import xblock_experiments.services
print(json.dumps({"modules": sorted(sys.modules)}))
"""


def run(script: str, data: Path) -> Any:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "xblock_experiments.settings.workbench",
        "XBLOCK_EXPERIMENTS_DATA": str(data),
        "PYTHONWARNINGS": "ignore",
    }
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nROOT = {str(ROOT)!r}\n{script}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_course_is_shown_with_sanitized_texts_and_placeholders(tmp_path: Path) -> None:
    output = run(HIDE + SHOW, tmp_path)
    placeholders = [each for each in output["problems"] if "is shown as a placeholder" in each]

    assert output["story"] == "TextBlock"
    assert "This component of type “video” cannot be shown." in output["page"]
    assert "the typing unit" in output["page"]
    assert len(placeholders) == len({*placeholders}) >= 8


def test_no_package_of_the_extra_is_imported_if_it_is_not_installed(tmp_path: Path) -> None:
    modules = run(HIDE + SHOW, tmp_path)["modules"]

    ours = "xblock_experiments.workbench.hosting.openedx"
    assert [each for each in modules if each.startswith(ours)] == []


def test_the_package_and_its_apps_import_no_large_packages(tmp_path: Path) -> None:
    modules = run(APPS, tmp_path)["modules"]

    assert "xblock_experiments.services" in modules
    assert [each for each in modules if each.partition(".")[0] in HEAVY] == []
