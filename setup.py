"""Gives the package index a README whose links and images work there. All else is in setup.cfg."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
_LINK = re.compile(r"<(?![a-z]+:)([^<>\s]+)>`_")
_IMAGE = re.compile(r"(\.\. image:: )(?![a-z]+:)(\S+)")


def description() -> str:
    """Return the README. On the index's page, paths of the repository would lead nowhere."""
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    home = config["metadata"]["url"]
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    text = _LINK.sub(rf"<{home}/blob/main/\1>`_", text)
    return _IMAGE.sub(rf"\g<1>{home}/raw/main/\2", text)


setup(long_description=description())
