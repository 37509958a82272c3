"""One workbench and one browser for all tests."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.remote.remote_connection import RemoteConnection

from acceptance.demo import Learner, new_learners
from acceptance.server import REPOSITORY, Workbench
from acceptance.tea import FOLDER, Tea

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--lang=en",
    "--no-first-run",
    "--no-proxy-server",
    "--window-size=1100,900",
)


def pytest_configure(config: pytest.Config) -> None:
    # The last selenium that bok-choy works with, on the last urllib3 that this selenium works with.
    config.addinivalue_line(
        "filterwarnings", r"ignore:HTTPResponse\.getheader:DeprecationWarning:selenium"
    )


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    workbench = Workbench(tmp_path_factory.mktemp("workbench"))
    try:
        workbench.start()
        yield workbench
    finally:
        workbench.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    program, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not chromedriver:
        pytest.skip("chromium and chromedriver are not both installed")
    options = Options()
    options.binary_location = program
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    RemoteConnection.set_timeout(60)
    browser = WebDriver(executable_path=chromedriver, options=options)
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "deny"})
    try:
        yield browser
    finally:
        browser.quit()


@pytest.fixture
def browser(chromium: Any) -> Any:
    """Return the browser as if newly opened."""
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.delete_all_cookies()
    _forget_drafts(chromium)
    chromium.get("about:blank")
    chromium.get_log("browser")
    return chromium


def _forget_drafts(chromium: Any) -> None:
    """Clear what the window keeps of the site that the test before visited.

    Leaving a page may store a draft, so the storage is cleared on another page.
    """
    site = re.match(r"https?://[^/]+", chromium.current_url)
    if site:
        chromium.get(f"{site[0]}/userlist/")
        chromium.execute_script("sessionStorage.clear();")


@pytest.fixture
def network(browser: Any) -> Iterator[Callable[[bool], None]]:
    """Return a function that takes the browser's network away, or gives it back."""

    def switch(is_on: bool) -> None:
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": not is_on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    yield switch
    switch(True)


@pytest.fixture
def take_picture(browser: Any, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Return a function that saves a picture of the window and checks its size.

    With UPDATE_SCREENSHOTS in the environment the picture is stored in the documentation's images.
    """

    def take(name: str) -> None:
        folder = REPOSITORY / "docs" / "images" if "UPDATE_SCREENSHOTS" in os.environ else tmp_path
        picture = folder / f"{name}.png"
        browser.execute_script("scrollTo(0, 0);")
        browser.save_screenshot(str(picture))
        assert picture.stat().st_size < 150_000

    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    yield take
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": False})


@pytest.fixture(scope="session")
def new_tea(workbench: Workbench) -> Callable[[], Tea]:
    """Return a function that serves one more copy of the course `tea`."""
    numbers = itertools.count(1)

    def make() -> Tea:
        tea = Tea(f"tea{next(numbers)}")
        workbench.add_course(FOLDER, tea.name)
        return tea

    return make


@pytest.fixture
def tea(new_tea: Callable[[], Tea]) -> Tea:
    """Return a copy of the course `tea` for this test only."""
    return new_tea()


@pytest.fixture(scope="session")
def new_learner() -> Callable[..., Learner]:
    """Return a maker of unused learners: `new_learner(style="Film", hint="Hint only")`."""
    learners = new_learners()

    def make(**groups: str) -> Learner:
        return next(
            learner
            for learner in learners
            if all(getattr(learner, name) == group for name, group in groups.items())
        )

    return make
