"""Fixtures for pytest. A pytest that has this package installed finds them by entry point.

Everything but pytest is imported when a test first requests a fixture, so that other projects' test
runs neither need Django nor wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xblock_experiments.fakes import FakeServices
    from xblock_experiments.testing import LoadedCourse

_OURS = frozenset({"find_block", "load_course", "override_group", "render"})
"""The fixtures that need a test database."""
_DATABASE = "_xblock_experiments_database"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give tests with our fixtures a database, unless they say themselves which one they need.

    pytest-django creates databases for marked tests only, and looks for marks after the collection.
    """
    if _DATABASE not in getattr(item, "fixturenames", ()) or not _has_django(item.config):
        return
    if item.get_closest_marker("django_db") is None:
        item.add_marker("django_db")


@pytest.fixture
def _xblock_experiments_database(request: pytest.FixtureRequest) -> None:
    """Check that pytest-django is there to make a database."""
    if not _has_django(request.config):
        names = ", ".join(sorted(_OURS.intersection(request.fixturenames)))
        pytest.fail(f"{names} needs pytest-django: pip install pytest-django", pytrace=False)


@pytest.fixture
def load_course(_xblock_experiments_database: None) -> Iterator[Callable[..., LoadedCourse]]:
    """`xblock_experiments.testing.load_course`. The test's courses are forgotten at its end."""
    from xblock_experiments import testing
    from xblock_experiments.workbench.storage import serving

    yield testing.load_course
    serving.forget()


@pytest.fixture
def find_block(_xblock_experiments_database: None) -> Callable[..., Any]:
    """`xblock_experiments.testing.find_block`."""
    from xblock_experiments import testing

    return testing.find_block


@pytest.fixture
def render(_xblock_experiments_database: None) -> Callable[..., str]:
    """`xblock_experiments.testing.render`."""
    from xblock_experiments import testing

    return testing.render


@pytest.fixture
def override_group(_xblock_experiments_database: None) -> Iterator[Callable[..., None]]:
    """Put every user in a group, until the end of the test or the next call for the same one.

    Takes the arguments of `xblock_experiments.testing.override_group`.
    """
    from xblock_experiments import testing

    def override(*args: Any, **kwargs: Any) -> None:
        overridden: AbstractContextManager[None] = testing.override_group(*args, **kwargs)
        overrides.enter_context(overridden)

    with ExitStack() as overrides:
        yield override


@pytest.fixture
def fake_services() -> Callable[..., FakeServices]:
    """`xblock_experiments.fakes.FakeServices.of`, which needs neither Django nor a database."""
    from xblock_experiments.fakes import FakeServices

    return FakeServices.of


def _has_django(config: pytest.Config) -> bool:
    return config.pluginmanager.has_plugin("django")
