"""Blocks of other packages pass mypy's strict mode without casts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_django

ROOT = Path(__file__).parents[1]

PAGE = (ROOT / "docs" / "reference" / "services.rst").read_text()
(_SETTINGS,) = re.findall(r"^\.\. code-block:: ini\n\n((?:(?: {4}.*)?\n)+)", PAGE, re.MULTILINE)
CONFIG = f"""
{textwrap.dedent(_SETTINGS)}
[mypy-xblock_experiments.*]
follow_imports = silent
"""
"""The settings of the reference. Of this package no errors are reported, as if pip installed it."""

BLOCK = """
from __future__ import annotations

from typing import assert_type

from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import List

from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.fakes import FakeServices, FakeUserInfo, FakeUserSegmentation
from xblock_experiments.services import (
    COURSE,
    GLOBAL,
    UserInfoField,
    UserInfoProtocol,
    UserInfoService,
    UserSegmentationProtocol,
    UserSegmentationService,
)
from xblock_experiments.user_tags.data import JSON


@XBlock.needs("user_segmentation", "user_info")
class HintBlock(XBlock):
    known = UserInfoField(List(default=[]), scope=COURSE)

    def student_view(self, context: dict[str, object] | None = None) -> Fragment:
        segmentation: UserSegmentationProtocol = self.runtime.service(self, "user_segmentation")
        user_info: UserInfoProtocol = self.runtime.service(self, "user_info")
        with segmentation.together():
            group = segmentation.assign(1702)
            segmentation.record_exposure(1702)
        assert_type(group, Group)
        assert_type(segmentation.assign_all([1702]), dict[int, Group])
        seen = user_info.increment(COURSE, "hints_seen")
        pace: str = user_info.get(GLOBAL, "pacing.speed", "normal")
        return Fragment(f"<p>{group.name} {seen} {pace} {self.known}</p>")


def read(user_info: UserInfoProtocol) -> None:
    assert_type(user_info.get(COURSE, "x"), JSON)
    assert_type(user_info.get(COURSE, "x", None), JSON)
    assert_type(user_info.get(COURSE, "x", 0) + 1, int)
    assert_type(user_info.get(COURSE, "x", "normal"), str)
    assert_type(len(user_info.get(COURSE, "x", [])), int)
    assert_type(user_info.items(COURSE), dict[str, JSON])
    cards: list[str] = user_info.get(COURSE, "cards", [])
    points: dict[str, int] = user_info.get(COURSE, "points", {})
    user_info.set(COURSE, "cards", [*cards, "Joule"], expected=cards)
    user_info.set(COURSE, "points", points)


def read_of_the_class(user_info: UserInfoService, segmentation: UserSegmentationService) -> None:
    assert_type(user_info.get(COURSE, "hints_seen", 0) + 1, int)
    assert_type(segmentation.assign(1702), Group)
    user_info_protocol: UserInfoProtocol = user_info
    segmentation_protocol: UserSegmentationProtocol = segmentation


def read_of_fakes(user_info: FakeUserInfo, segmentation: FakeUserSegmentation) -> None:
    assert_type(user_info.get(COURSE, "hints_seen", 0) + 1, int)
    user_info_protocol: UserInfoProtocol = user_info
    segmentation_protocol: UserSegmentationProtocol = segmentation
    assert_type(FakeServices.of("hint").user_info, FakeUserInfo)
"""

MISTAKES = """
from __future__ import annotations

from xblock_experiments.services import COURSE, UserInfoProtocol, UserSegmentationProtocol


def mistaken(user_info: UserInfoProtocol, segmentation: UserSegmentationProtocol) -> None:
    segmentation.assign("1702")
    segmentation.record_exposure(1702, "block")
    user_info.get("course", "x")
    user_info.set(COURSE, "x", object())
    user_info.set(COURSE, "x", 2, 1)
    user_info.items(COURSE, None, "a", 3)
    pace: str = user_info.get(COURSE, "x", 1)
    user_info.get(COURSE, "x") + 1
"""


def errors_of(folder: Path, name: str, text: str) -> list[str]:
    """Return mypy's errors for a module of another package."""
    (folder / name).write_text(text)
    (folder / "mypy.ini").write_text(CONFIG)
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", name],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert re.search("^(Found|Success)", answer.stdout, re.MULTILINE), answer.stdout + answer.stderr
    return [line for line in answer.stdout.splitlines() if ": error: " in line]


def test_a_typed_block_and_the_fakes_need_no_casts_and_mistakes_are_found(tmp_path: Path) -> None:
    assert errors_of(tmp_path, "hint.py", BLOCK) == []

    found = errors_of(tmp_path, "mistakes.py", MISTAKES)
    lines = MISTAKES.splitlines()
    first = next(number for number, line in enumerate(lines, 1) if "segmentation.assign" in line)
    assert sorted({int(error.split(":")[1]) for error in found}) == [*range(first, len(lines) + 1)]
