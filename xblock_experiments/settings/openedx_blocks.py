"""Django settings that Open edX's own blocks read, if they are installed.

The platform defines the names. No setting causes a request to another machine.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured

_PACKAGES = ("edxval", "xblocks_contrib", "xstatic")
_MISSING = [package for package in _PACKAGES if find_spec(package) is None]
ARE_INSTALLED = not _MISSING
if _MISSING and find_spec("xblocks_contrib"):
    msg = (
        f"xblocks-contrib is installed without {', '.join(_MISSING)}. Install what these blocks "
        "need: pip install 'xblock-experiments[openedx-blocks]'."
    )
    raise ImproperlyConfigured(msg)

APPS = [
    # for VideoBlock, which looks up videos uploaded to a platform
    "edxval",
    # for the templates of ProblemBlock
    "xblocks_contrib.problem.capa",
]

MATHJAX = Path("/usr/share/javascript/mathjax")
"""The folder of Debian's libjs-mathjax. Without it, formulas are shown as source text."""

SAMPLES = "samples"
"""The template engine of the SDK's own sample blocks."""

_NAMES = {code: info for code, info in LANG_INFO.items() if "name" in info}

SETTINGS = {
    "AI_TRANSLATIONS_API_URL": "",
    "ALL_LANGUAGES": sorted((code, info["name"]) for code, info in _NAMES.items()),
    "COMPLETION_VIDEO_COMPLETE_PERCENTAGE": 0.95,
    "FEATURES": {},
    "LANGUAGE_DICT": {code: info["name_local"] for code, info in _NAMES.items()},
    "LMS_BASE": "",
    "LMS_ROOT_URL": "",
    "PLATFORM_NAME": "XBlock workbench",
    # The blocks' files are served from their packages, each from its folder `public`.
    "PIPELINE": {"PIPELINE_ENABLED": False},
    "REQUIRE_DEBUG": True,
    "TRANSCRIPT_LANG_CACHE_TIMEOUT": 0,
    "VIDEO_IMAGE_SETTINGS": {"STORAGE_KWARGS": {}, "DIRECTORY_PREFIX": "video-images/"},
    "VIDEO_TRANSCRIPTS_SETTINGS": {"STORAGE_KWARGS": {}, "DIRECTORY_PREFIX": "transcripts/"},
    "YOUTUBE": {
        "API": "https://www.youtube.com/iframe_api",
        "IMAGE_API": "https://img.youtube.com/vi/{youtube_id}/0.jpg",
        "METADATA_URL": "https://www.googleapis.com/youtube/v3/videos",
        "TEST_TIMEOUT": 1500,
    },
    # Without a key, the player sends no requests to YouTube.
    "YOUTUBE_API_KEY": None,
}


def static_files() -> list[tuple[str, str]]:
    """Return the folders of libraries that each page of the platform includes."""
    names = ("font_awesome", "jquery_ui")
    folders = [(name, import_module(f"xstatic.pkg.{name}").BASE_DIR) for name in names]
    return [*folders, ("mathjax", str(MATHJAX))] if MATHJAX.is_dir() else folders


def templates(sdk: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the SDK's template engine, and a separate engine for its sample blocks' templates."""
    (engine,) = sdk
    pages = [folder for folder in engine["DIRS"] if "sample_xblocks" not in str(folder)]
    return [{**engine, "DIRS": pages}, {**engine, "NAME": SAMPLES, "APP_DIRS": False}]
