"""Services of other packages, found by entry point and bound to the block that requests them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xblock.core import XBlock
from xblock.exceptions import NoSuchServiceError
from xblock.fields import ScopeIds
from xblock.plugin import PLUGIN_CACHE, AmbiguousPluginError

from xblock_experiments.runtime import ServiceProvider
from xblock_experiments.services import UserInfoService, UserSegmentationService
from xblock_experiments.testing import runtime_for

Install = Callable[..., None]

WEATHER = '''
class WeatherService:
    """A service of a made-up package."""

    forecast = "{forecast}"

    def __init__(self, runtime, xblock):
        self.runtime = runtime
        self.xblock = xblock
'''


@XBlock.needs("weather")
class NeedsWeather(XBlock):
    """A block that needs the service."""


@XBlock.wants("weather")
class WantsWeather(XBlock):
    """A block that wants the service but can do without."""


class DeclaresNothing(XBlock):
    """A block that declares no service."""


@XBlock.needs("user_segmentation", "user_info", "user", "i18n", "fs")
class NeedsMany(XBlock):
    """A block that needs the SDK's services and this project's."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that puts a package with an entry point on the path, as pip would."""
    installed: list[str] = []

    def install_package(package: str, *, group: str = "xblock.service.v1") -> None:
        (tmp_path / f"{package}.py").write_text(WEATHER.format(forecast=package))
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\nweather = {package}:WeatherService\n")
        installed.append(package)

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(PLUGIN_CACHE, (ServiceProvider.entry_point, "weather"), raising=False)
    yield install_package
    PLUGIN_CACHE.pop((ServiceProvider.entry_point, "weather"), None)
    for package in installed:
        sys.modules.pop(package, None)


def make(block_class: Any, runtime: Any = None, name: str = "u0") -> Any:
    ids = ScopeIds("ann", "some_type", "s.some_type.d0", f"s.some_type.d0.{name}")
    return block_class(runtime or runtime_for("ann"), scope_ids=ids)


def test_a_service_of_another_package_is_found_and_bound_to_runtime_and_block(
    install: Install,
) -> None:
    install("sunny")
    block = make(NeedsWeather)
    service = block.runtime.service(block, "weather")

    assert service.forecast == "sunny"
    assert service.runtime is block.runtime
    assert service.xblock is block


def test_each_block_gets_its_own_service_object(install: Install) -> None:
    install("sunny")
    runtime = runtime_for("ann")
    one, other = make(NeedsWeather, runtime), make(NeedsWeather, runtime, "u1")

    assert runtime.service(one, "weather") is runtime.service(one, "weather")
    assert runtime.service(one, "weather") is not runtime.service(other, "weather")


def test_a_service_of_the_runtime_takes_precedence(install: Install) -> None:
    install("sunny")
    block = make(NeedsWeather)
    block.runtime._services["weather"] = own = object()

    assert block.runtime.service(block, "weather") is own


def test_a_runtime_can_switch_a_service_off_with_none(install: Install) -> None:
    install("sunny")
    wanting, needing = make(WantsWeather), make(NeedsWeather)
    for block in (wanting, needing):
        block.runtime._services["weather"] = None

    assert wanting.runtime.service(wanting, "weather") is None
    with pytest.raises(NoSuchServiceError, match="'weather' is not available"):
        needing.runtime.service(needing, "weather")


def test_an_undeclared_service_is_refused_even_if_it_is_available(
    install: Install,
) -> None:
    install("sunny")
    block = make(DeclaresNothing)

    with pytest.raises(NoSuchServiceError, match="'weather' was not requested"):
        block.runtime.service(block, "weather")


@pytest.mark.usefixtures("install")
def test_a_missing_service_is_none_if_wanted_and_an_error_if_needed() -> None:
    wanting, needing = make(WantsWeather), make(NeedsWeather)

    assert wanting.runtime.service(wanting, "weather") is None
    with pytest.raises(NoSuchServiceError, match="'weather' is not available"):
        needing.runtime.service(needing, "weather")


def test_an_override_takes_precedence(install: Install) -> None:
    install("sunny")
    install("rainy", group="xblock.service.v1.overrides")
    block = make(NeedsWeather)

    assert block.runtime.service(block, "weather").forecast == "rainy"


def test_two_entry_points_of_the_same_name_are_an_error(install: Install) -> None:
    install("sunny")
    install("rainy")
    block = make(WantsWeather)

    with pytest.raises(AmbiguousPluginError, match=r"sunny\.WeatherService"):
        block.runtime.service(block, "weather")


def test_the_workbench_has_our_services_and_those_of_the_sdk() -> None:
    block = make(NeedsMany)
    service = block.runtime.service

    assert isinstance(service(block, "user_segmentation"), UserSegmentationService)
    assert isinstance(service(block, "user_info"), UserInfoService)
    assert service(block, "user").get_current_user().full_name == "XBlock User (ann)"
    assert service(block, "i18n").gettext("word") == "word"
    assert service(block, "fs")


def test_the_sdks_names_for_its_runtime_refer_to_ours() -> None:
    import workbench.runtime
    import workbench.scenarios
    import workbench.test_utils
    import workbench.views

    ours = type(runtime_for("ann"))
    for module in (workbench.runtime, workbench.scenarios, workbench.views, workbench.test_utils):
        assert module.WorkbenchRuntime is ours
