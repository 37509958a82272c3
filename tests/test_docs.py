"""What the documentation says is so."""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from xblock.core import XBlock

from xblock_experiments import __version__, events, testing
from xblock_experiments.services import (
    PartitionService,
    SegmentationStaffService,
    UserInfoService,
    UserSegmentationService,
    UserTagsService,
)
from xblock_experiments.settings.common import DEFAULTS

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"


def code_of(page: str) -> str:
    """The Python of a page, its blocks one after the other."""
    blocks = re.findall(
        r"^\.\. code-block:: python\n\n((?:(?: {4}.*)?\n)+)",
        (ROOT / page).read_text(),
        re.MULTILINE,
    )
    return "\n".join(textwrap.dedent(block) for block in blocks)


def names_of(page: str) -> dict[str, Any]:
    """What the code of a page defines."""
    names: dict[str, Any] = {"__name__": page}
    exec(code_of(page), names)  # noqa: S102 - the page's own code
    return names


PAGES = {
    page.name: names_of(str(page.relative_to(ROOT)))
    for page in sorted((ROOT / "docs" / "how_tos").glob("*.rst"))
}

BLOCKS = {
    "flashcards": ("an_xblock_that_remembers.rst", "FlashcardsBlock"),
    "hint": ("use_the_services.rst", "HintBlock"),
    "progress": ("an_xblock_that_remembers.rst", "ProgressBlock"),
}
"""By type, the page that has the block, and its class there."""


def those_of(page: str) -> list[str]:
    return [name for name in PAGES[page] if name.startswith("test_")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "name"), [(page, name) for page in PAGES for name in those_of(page)]
)
def test_the_tests_of_the_how_tos_pass(page: str, name: str) -> None:
    run = PAGES[page][name]
    for type_, (where, block) in BLOCKS.items():
        run = XBlock.register_temp_plugin(PAGES[where][block], type_)(run)
    run()


def test_each_how_to_has_its_tests() -> None:
    assert {page: len(those_of(page)) for page in PAGES} == {
        "an_xblock_that_remembers.rst": 3,
        "edit_a_live_experiment.rst": 2,
        "run_an_experiment.rst": 0,
        "use_the_services.rst": 3,
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
        if name.startswith("_"):
            continue
        parameters = ", ".join(
            parameter.name
            if parameter.default is parameter.empty
            else f"{parameter.name}={parameter.default!r}".replace("'", '"')
            for parameter in list(inspect.signature(method).parameters.values())[1:]
        )
        assert f"``{name}({parameters})``\n" in page


def test_each_tool_for_tests_is_in_the_reference() -> None:
    page = (REFERENCE / "testing.rst").read_text()
    for name in testing.__all__:
        assert f"``{name}(" in page or f"``{name}``" in page


def test_each_setting_is_in_the_reference_in_order() -> None:
    named = re.findall(r"^``([A-Z_]+)``$", (REFERENCE / "settings.rst").read_text(), re.MULTILINE)

    assert named == sorted(DEFAULTS)


def test_each_event_is_in_the_reference_with_its_keys() -> None:
    page = (REFERENCE / "events.rst").read_text()
    faces = [each for each in vars(events).values() if isinstance(each, type)]
    kinds = {each for each in faces if issubclass(each, events.Event)} - {events.Event}
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
    names_of(f"docs/reference/{page}")


def test_each_command_is_in_the_reference() -> None:
    page = (REFERENCE / "commands.rst").read_text()
    ours = [name for name, app in get_commands().items() if "xblock_experiments" in str(app)]

    assert ours
    for name in ours:
        assert f"``{name} " in page


def test_the_changelog_tells_of_this_version() -> None:
    assert f"\n{__version__} - " in (ROOT / "CHANGELOG.rst").read_text()


@pytest.mark.parametrize(
    "page", [*sorted(ROOT.glob("docs/**/*.rst")), ROOT / "README.rst"], ids=lambda page: page.name
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"<([\w./-]+)>`_|\.\. image:: (\S+)", page.read_text()):
        assert (page.parent / (target[0] or target[1])).exists(), target


def test_decisions_are_numbered_and_complete() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.rst"))
    sections = ("Status", "Context", "Decision", "Consequences", "Rejected alternatives")

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert all(f"\n{section}\n" in text for section in sections), page.name
