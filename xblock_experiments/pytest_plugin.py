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

type Call[T] = Callable[..., T]


@pytest.fixture
def load_course(request: pytest.FixtureRequest) -> Iterator[Call[LoadedCourse]]:
    """`xblock_experiments.testing.load_course`. The test's courses are forgotten at its end."""
    _use_database(request)
    from xblock_experiments import testing
    from xblock_experiments.workbench.storage import serving

    yield testing.load_course
    serving.forget()


@pytest.fixture
def find_block(request: pytest.FixtureRequest) -> Call[Any]:
    """`xblock_experiments.testing.find_block`."""
    _use_database(request)
    from xblock_experiments import testing

    return testing.find_block


@pytest.fixture
def render(request: pytest.FixtureRequest) -> Call[str]:
    """`xblock_experiments.testing.render`."""
    _use_database(request)
    from xblock_experiments import testing

    return testing.render


@pytest.fixture
def override_group(request: pytest.FixtureRequest) -> Iterator[Call[None]]:
    """Put every user in a group until the end of the test, or until the next call for the same.

    Takes the arguments of `xblock_experiments.testing.override_group`.
    """
    _use_database(request)
    from xblock_experiments import testing

    def override(*args: Any, **kwargs: Any) -> None:
        overridden: AbstractContextManager[None] = testing.override_group(*args, **kwargs)
        overrides.enter_context(overridden)

    with ExitStack() as overrides:
        yield override


@pytest.fixture
def fake_services() -> Call[FakeServices]:
    """`xblock_experiments.fakes.FakeServices.of`, which needs neither Django nor a database."""
    from xblock_experiments.fakes import FakeServices

    return FakeServices.of


def _use_database(request: pytest.FixtureRequest) -> None:
    """Request pytest-django's test database, unless the test has requested it."""
    if not request.config.pluginmanager.has_plugin("django"):
        pytest.fail(
            f"The fixture {request.fixturename} needs pytest-django: pip install pytest-django",
            pytrace=False,
        )
    request.getfixturevalue("db")
