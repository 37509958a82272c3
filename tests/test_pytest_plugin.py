"""The plugin for pytest, in other projects with and without Django."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from configparser import ConfigParser
from pathlib import Path

from tests.builders import course_xml, split_test_xml

ROOT = Path(__file__).parents[1]
PLUGIN = "xblock_experiments.pytest_plugin"


def run_pytest(folder: Path, tests: str, *options: str, **environment: str) -> str:
    """Run tests of another project, and return pytest's output."""
    (folder / "test_other.py").write_text(textwrap.dedent(tests))
    (folder / "pytest.ini").write_text("[pytest]\n")
    inherited = {
        name: each for name, each in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    ours = {"PYTHONPATH": str(ROOT), "XBLOCK_EXPERIMENTS_DATA": str(folder / "data")}
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**inherited, **ours, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return answer.stdout + answer.stderr


def test_the_fixtures_load_and_render_courses_and_leave_nothing_behind(tmp_path: Path) -> None:
    tests = f"""
    import pytest
    from xblock_experiments.services import UserSegmentationService
    from xblock_experiments.workbench.courses.registry import registry

    XML = {course_xml(split_test_xml())!r}
    GROUPS = UserSegmentationService.groups
    loaded = []

    @pytest.mark.parametrize("group_id", [1, 2])
    def test_an_arm(load_course, render, override_group, group_id):
        course = load_course(XML)
        loaded.append(course)
        override_group(100, 3 - group_id)
        override_group(100, group_id)

        assert f"Text of arm {{group_id}}" in render(course, "ann", "exp")

    def test_nothing_is_left():
        assert UserSegmentationService.groups is GROUPS
        assert registry.course_of(loaded[0].usage_id) is None

    def test_a_block(find_block, load_course):
        course = load_course(XML)
        assert find_block(course, "ann", "exp").scope_ids.user_id == "ann"
    """
    said = run_pytest(
        tmp_path, tests, DJANGO_SETTINGS_MODULE="xblock_experiments.settings.workbench"
    )

    assert " 4 passed" in said, said


def test_a_project_without_django_has_the_fakes_and_a_clear_error_for_the_rest(
    tmp_path: Path,
) -> None:
    tests = """
    import sys

    def test_the_fakes(fake_services):
        fakes = fake_services("hint")
        assert fakes.user_info.block_type == "hint"
        assert "django" not in sys.modules

    def test_a_course(load_course):
        pass
    """
    said = run_pytest(tmp_path, tests, "-p", "no:django")

    assert " 1 passed, 1 error" in said, said
    assert "load_course needs pytest-django: pip install pytest-django" in said


def test_the_plugin_imports_nothing_but_pytest() -> None:
    code = f"""
import sys
import pytest
before = set(sys.modules)
import {PLUGIN}
print(*sorted(set(sys.modules) - before))
"""
    imported = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True
    )

    assert imported.stdout.split() == ["xblock_experiments", PLUGIN]


def test_pytest_finds_the_plugin_under_the_name_of_its_module() -> None:
    # If the plugin is also requested with -p, pytest then loads it only once.
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")

    assert config["options.entry_points"]["pytest11"].strip() == f"{PLUGIN} = {PLUGIN}"
