"""The documentation's code runs, and its reference is complete."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from django.core.management import get_commands

from tests.builders import course_xml, experiment, split_test_xml
from xblock_experiments import __version__, events, fakes, testing
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.jobs import api as jobs
from xblock_experiments.research import api as research
from xblock_experiments.services import (
    PartitionService,
    SegmentationStaffService,
    UserInfoService,
    UserSegmentationService,
    UserTagsService,
)
from xblock_experiments.settings.common import DEFAULTS

pytestmark = pytest.mark.one_django

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"


def code_of(page: str) -> str:
    """Return the Python code blocks of a page, joined."""
    blocks = re.findall(
        r"^\.\. code-block:: python\n\n((?:(?: {4}.*)?\n)+)",
        (ROOT / page).read_text(),
        re.MULTILINE,
    )
    return "\n".join(textwrap.dedent(block) for block in blocks)


def names_of(page: str) -> dict[str, Any]:
    """Run the code of a page and return the names that it defines."""
    names: dict[str, Any] = {"__name__": page}
    exec(code_of(page), names)  # noqa: S102 - the code of the page
    return names


def files_of(page: str) -> dict[str, str]:
    """Return the files that a page tells its reader to create, by name."""
    named = re.findall(
        r"``(\w+\.(?:cfg|py|toml))``:\n\n\.\. code-block:: \w+\n\n((?:(?: {4}.*)?\n)+)",
        (ROOT / page).read_text(),
    )
    return {name: textwrap.dedent(text).rstrip("\n") + "\n" for name, text in named}


def run_python(folder: Path, *arguments: str, **environment: str) -> str:
    """Run a module in the folder, without this project's test settings, and return its output."""
    ours = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    answer = subprocess.run(
        [sys.executable, "-P", "-m", *arguments],
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


HOW_TOS = [
    str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs" / "how_tos").glob("*.rst"))
]
PACKAGES = [page for page in HOW_TOS if files_of(page)]
"""The how-tos whose reader creates a package."""
PAGES = {page: names_of(page) for page in HOW_TOS if page not in PACKAGES}


def _filters() -> str:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    return config["tool:pytest"]["filterwarnings"].strip()


FILTERS = _filters()
"""The filters of this project's tests: all warnings are errors, except those of the hosts."""


def names_of_tests(page: str) -> list[str]:
    return re.findall(r"^def (test_\w+)", code_of(page), re.MULTILINE)


@pytest.mark.parametrize("page", PACKAGES)
def test_the_files_of_a_how_to_are_a_package_whose_tests_pass(page: str, tmp_path: Path) -> None:
    for name, text in files_of(page).items():
        (tmp_path / name).write_text(text)
    installed = str(tmp_path / "installed")
    offline = ("--no-deps", "--no-build-isolation")
    run_python(tmp_path, "pip", "install", "-q", *offline, "--target", installed, ".")
    tests = [name for name in files_of(page) if name.startswith("test_")]
    said = run_python(
        tmp_path,
        "pytest",
        # Import the installed package and not the files in this folder.
        "--import-mode=importlib",
        # No warning is this project's own.
        "-o",
        f"filterwarnings={FILTERS}",
        *tests,
        PYTHONPATH=os.pathsep.join((installed, str(ROOT))),
        XBLOCK_EXPERIMENTS_DATA=str(tmp_path / "data"),
    )

    assert f" {len(names_of_tests(page))} passed" in said


@pytest.mark.parametrize("page", PACKAGES)
def test_all_python_of_a_how_to_that_makes_a_package_is_in_a_file(page: str) -> None:
    blocks = (ROOT / page).read_text().count(".. code-block:: python\n")

    assert blocks == sum(name.endswith(".py") for name in files_of(page))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "name"), [(page, name) for page in PAGES for name in names_of_tests(page)]
)
def test_the_tests_of_the_other_how_tos_pass(page: str, name: str) -> None:
    PAGES[page][name]()


def test_each_how_to_has_the_expected_number_of_tests() -> None:
    assert {Path(page).name: len(names_of_tests(page)) for page in HOW_TOS} == {
        "an_xblock_that_remembers.rst": 3,
        "edit_a_live_experiment.rst": 2,
        "from_a_laptop_to_a_warehouse.rst": 0,
        "hand_over_data.rst": 0,
        "run_an_experiment.rst": 0,
        "run_reports.rst": 0,
        "use_the_services.rst": 4,
    }


@pytest.mark.parametrize(
    "service",
    [
        PartitionService,
        SegmentationStaffService,
        UserInfoService,
        UserSegmentationService,
        UserTagsService,
    ],
)
def test_each_method_of_a_service_is_in_the_reference_with_its_parameters(service: type) -> None:
    page = (REFERENCE / "services.rst").read_text()
    for name, method in inspect.getmembers(service, inspect.isfunction):
        if not name.startswith("_"):
            assert f"\n``{written(name, method)}``\n" in page


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("testing.rst", testing),
        ("testing.rst", fakes),
        ("gradebook.rst", gradebook),
        ("bundle.rst", research),
        ("jobs.rst", jobs),
    ],
)
def test_each_function_is_in_the_reference_as_it_can_be_called(page: str, module: Any) -> None:
    text = (REFERENCE / page).read_text()
    for name in module.__all__:
        call = f"{name}.of" if name == "FakeServices" else name
        function = fakes.FakeServices.of if name == "FakeServices" else getattr(module, name)
        if function is testing.LoadedCourse:
            assert f"``{name}``" in text
        else:
            assert f"\n``{written(call, function)}``\n" in text


def written(name: str, function: Any) -> str:
    """Return the call as the reference writes it, with a star before keyword-only parameters."""
    signature = inspect.signature(function)
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in signature.parameters.values()
        if each.name != "self"
    ]
    text = str(inspect.Signature(parameters)).replace("'", '"')
    return f"{name}{text}"


def test_each_setting_is_in_the_reference_in_order() -> None:
    named = re.findall(r"^``([A-Z_]+)``$", (REFERENCE / "settings.rst").read_text(), re.MULTILINE)

    assert named == sorted(DEFAULTS)


def test_each_event_is_in_the_reference_with_its_keys() -> None:
    page = (REFERENCE / "events.rst").read_text()
    faces = [each for each in vars(events).values() if isinstance(each, type)]
    kinds = {each for each in faces if issubclass(each, events.Event)}
    kinds -= {events.Event, events.CourseEvent}
    named = kinds - {events.BlockEvent}
    assert {kind.name for kind in named} == {
        getattr(events, name) for name in events.__all__ if name.isupper()
    }
    for kind in named:
        assert f"``{kind.name}``\n    ``{kind.__name__}``" in page
    for key in {key for kind in kinds for key in kind.__annotations__}:
        assert f"``{key}``" in page


@pytest.mark.parametrize("page", [page.name for page in REFERENCE.glob("*.rst")])
def test_the_code_of_the_reference_runs(page: str) -> None:
    for name, value in names_of(f"docs/reference/{page}").items():
        if name.startswith("test_") and not inspect.signature(value).parameters:
            value()


def test_each_command_is_in_the_reference() -> None:
    page = (REFERENCE / "commands.rst").read_text()
    ours = [name for name, app in get_commands().items() if "xblock_experiments" in str(app)]

    assert ours
    for name in ours:
        assert f"``{name} " in page


def test_the_changelog_describes_this_version() -> None:
    assert f"\n{__version__} - " in (ROOT / "CHANGELOG.rst").read_text()


@pytest.mark.parametrize(
    "page", [*sorted(ROOT.glob("docs/**/*.rst")), ROOT / "README.rst"], ids=lambda page: page.name
)
def test_links_between_pages_have_a_target(page: Path) -> None:
    for target in re.findall(r"<([\w./-]+)>`_|\.\. image:: (\S+)", page.read_text()):
        assert (page.parent / (target[0] or target[1])).exists(), target


def test_decisions_are_numbered_and_complete() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.rst"))
    sections = ("Status", "Context", "Decision", "Consequences", "Rejected alternatives")

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert all(f"\n{section}\n" in text for section in sections), page.name


def paths_in(page: str) -> list[list[CodeType]]:
    """Return the paths through the code in a page, each as functions in order."""
    paths = re.findall(
        r"``[\w/]+\.py: \w+``(?:\s+→\s+``[\w/]+\.py: \w+``)+", (ROOT / page).read_text()
    )
    return [[code_at(*step) for step in re.findall(r"``([\w/]+)\.py: (\w+)``", p)] for p in paths]


def code_at(module: str, name: str) -> CodeType:
    """Return the function that a module offers, or a class of the module has."""
    package = "xblock_experiments"
    is_of_workbench = not (ROOT / package / f"{module}.py").exists()
    folder = f"{package}.workbench" if is_of_workbench else package
    found = import_module(f"{folder}.{module.replace('/', '.')}")
    classes = [each for each in vars(found).values() if inspect.isclass(each)]
    owners = [found, *(each for each in classes if each.__module__ == found.__name__)]
    functions = [getattr(owner, name) for owner in owners if hasattr(owner, name)]
    code: CodeType = inspect.unwrap(functions[0]).__code__
    return code


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["README.rst", "docs/reference/architecture.rst"])
def test_the_path_to_an_arm_is_the_path_that_the_code_takes(page: str) -> None:
    course = testing.load_course(
        course_xml(split_test_xml(), segmentations=(experiment(100, 1, 2),))
    )
    block = testing.find_block(course, "ann", "exp")
    path = paths_in(page)[0]
    reached: list[CodeType] = []

    def follow(frame: FrameType, what: str, _: object) -> None:
        if what == "call" and frame.f_code is path[min(len(reached), len(path) - 1)]:
            callers = {each for each in path if each in codes_above(frame)}
            # Two functions that the same one calls are both called from the step before them.
            if len(callers) >= len(reached) - 1:
                reached.append(frame.f_code)

    sys.setprofile(follow)
    try:
        block.render("student_view", {})
    finally:
        sys.setprofile(None)

    assert reached == path


def codes_above(frame: FrameType | None) -> Iterator[CodeType]:
    while frame := frame and frame.f_back:
        yield frame.f_code


def test_each_function_of_a_path_exists() -> None:
    assert len(paths_in("docs/reference/architecture.rst")) > 1
