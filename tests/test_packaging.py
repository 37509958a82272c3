"""The contents of the distributions and of the installed package."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from email import message_from_string
from email.message import Message
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_django

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "xblock_experiments"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the repository, as in a fresh clone."""
    source = tmp_path_factory.mktemp("source")
    for name in repository():
        copy = source / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
        copy.chmod((ROOT / name).stat().st_mode)
    return source


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    command = [sys.executable, "-W", "ignore", "-c", code]
    subprocess.run(command, check=True, cwd=source, capture_output=True)
    (path,) = folder.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Return the wheel that pip builds of the source distribution, as installers do."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(folder), str(sdist)], check=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def repository() -> list[str]:
    """Return the paths of the repository's files."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_string(wheel.read(name).decode())


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert packed == files
    assert {name.partition("/")[0] for name in packed} == {"xblock_experiments"}


@pytest.mark.parametrize(
    "kind",
    [
        "py.typed",
        "blocks/static/*.css",
        "blocks/templates/*.html",
        "research/sql/*.sql",
        "locale/ar/LC_MESSAGES/*.mo",
        "locale/ar/LC_MESSAGES/*.po",
        "workbench/locale/es/LC_MESSAGES/*.mo",
        "workbench/static/xblock_experiments/*.js",
        "workbench/templates/xblock_experiments/*.html",
    ],
)
def test_the_wheel_holds_each_kind_of_file(wheel: zipfile.ZipFile, kind: str) -> None:
    pattern = f"xblock_experiments/{kind}"

    assert any(fnmatchcase(name, pattern) for name in wheel.namelist())


def test_the_wheel_names_its_license(wheel: zipfile.ZipFile) -> None:
    assert metadata(wheel)["License"] == "Apache-2.0"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_the_source_distribution_holds_what_a_clone_has(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        files = {
            member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()
        }
    of_developers = {".gitignore", ".ci/run"}
    made = {name for name in files if name.startswith("xblock_experiments.egg-info/")}

    assert files - made - {"PKG-INFO"} == set(repository()) - of_developers
    for name in ("CHANGELOG.rst", "LICENSE", "docs/reference/services.rst", "tests/conftest.py"):
        assert name in files


def test_the_links_and_images_of_the_readme_work_on_the_page_of_the_index(
    wheel: zipfile.ZipFile,
) -> None:
    about = metadata(wheel)
    page = about.get_payload()
    assert isinstance(page, str)
    home = (
        about["Home-page"]
        or dict(each.split(", ") for each in about.get_all("Project-URL", []))["Homepage"]
    )
    readme = (ROOT / "README.rst").read_text()
    targets = re.findall(r"<([^<>\s]+)>`_|\.\. image:: (\S+)", page)
    assert len(targets) == len(re.findall(r"<[^<>\s]+>`_|\.\. image:: \S+", readme)) > 10
    for link, image in targets:
        target = link or image
        assert target.startswith("https://"), target
        if target.startswith(home):
            view, path = ("raw", image) if image else ("blob", link)
            assert (ROOT / path.removeprefix(f"{home}/{view}/main/")).exists(), target


def test_the_services_are_entry_points_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    text = wheel.read(name).decode()

    assert "[xblock.service.v1]" in text
    assert "user_info = xblock_experiments.services:UserInfoService" in text
    assert "[xblock.v1]" not in text
    plugin = "xblock_experiments.pytest_plugin"
    assert f"[pytest11]\n{plugin} = {plugin}\n" in text


def test_pure_modules_import_neither_django_nor_xblock() -> None:
    contracts = ConfigParser(interpolation=None)
    contracts.read(ROOT / "setup.cfg")
    modules = contracts["importlinter:contract:pure"]["source_modules"].split()
    code = f"""
import importlib, sys
sys.modules.update(django=None, xblock=None, workbench=None)
for module in {modules}:
    importlib.import_module(module)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)
