"""Services with the platform's names and signatures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from mako.lookup import TemplateLookup

from xblock_experiments.settings.common import setting
from xblock_experiments.workbench.courses.course import key_of
from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.hosting.openedx import packages
from xblock_experiments.workbench.hosting.page_urls import Pages


class Sandbox:
    """The service `sandbox`, which says whether and where Python code of problems runs.

    It runs only in a jail that the operator has set up. Courses in the setting
    COURSES_WITH_UNSAFE_CODE run it in this process.
    """

    def __init__(self, courses: Courses) -> None:
        self._courses = courses

    def can_execute_unsafe_code(self) -> bool:
        course_id = str(key_of(self._courses.current))
        return any(re.match(each, course_id) for each in setting("COURSES_WITH_UNSAFE_CODE"))

    def can_execute_code(self) -> bool:
        is_jailed = packages.has_jail("python") or packages.has_remote_jail()
        return bool(is_jailed) or self.can_execute_unsafe_code()

    def get_python_lib_zip(self) -> bytes | None:
        """Return the course's python_lib.zip, which its problems may import."""
        course = self._courses.current
        file = course.static_file("python_lib.zip") if course else None
        return file.read_bytes() if file else None


class ReplaceUrls:
    """Replaces the links of a course by URLs of the workbench."""

    _LINK = re.compile(
        r"""(?P<quote>\\?["']|&quot;|&\#39;)"""
        r"""(?P<link>/(?:static|jump_to_id|c4x)/[^"'\\&<>\r\n]+|/?asset-v1:[^"'\\&<>\r\n]+)"""
        r"""(?=(?P=quote))"""
    )

    def __init__(self, courses: Courses, pages: Pages) -> None:
        self._courses = courses
        self._pages = pages

    def replace_urls(self, text: str, static_replace_only: bool = False) -> str:
        """Return the text with its links replaced, except links to files that do not exist."""
        course = self._courses.current
        if course is None:
            return text

        def address(found: re.Match[str]) -> str:
            link = found["link"]
            is_page = link.startswith("/jump_to_id/")
            url = None if is_page and static_replace_only else self._pages.address(link, course)
            return found["quote"] + (url or link)

        return self._LINK.sub(address, text)


class Settings:
    """The operator's settings for a block type, in Django's setting XBLOCK_SETTINGS."""

    def get_settings_bucket(self, block: Any, default: Any = None) -> Any:
        key = getattr(block, "block_settings_key", type(block).__name__)
        return getattr(settings, "XBLOCK_SETTINGS", {}).get(key, default or {})


class Completion:
    """The service `completion`. The workbench does not track completion."""

    def completion_tracking_enabled(self) -> bool:
        return False

    def vertical_is_complete(self, item: Any) -> None:
        """Return None, because it is unknown."""


class Mako:
    """Renders Mako templates, found in the template folders of installed apps."""

    def render_template(
        self, template_file: str, dictionary: dict[str, Any], namespace: str = "main"
    ) -> str:
        """Return the rendered template. Ignores the namespace, a site of the platform."""
        folders = [Path(app.path) / "templates" for app in apps.get_app_configs()]
        lookup = TemplateLookup([str(folder) for folder in folders if folder.is_dir()])
        return str(lookup.get_template(template_file).render_unicode(**dictionary))

    def render_lms_template(self, template_file: str, dictionary: dict[str, Any]) -> str:
        return self.render_template(template_file, dictionary)

    render_cms_template = render_lms_template


class RebindUser:
    """Binds a block that was called without a user to the user whom the call concerns."""

    def rebind_noauth_module_to_user(self, block: Any, real_user: Any) -> None:
        user_id = str(real_user.id)
        block.runtime = type(block.runtime)(user_id)
        block.scope_ids = block.scope_ids._replace(user_id=user_id)
        block._field_data_cache.clear()


class NoGrader:
    """The service `xqueue`. Problems that need an external grader are shown as placeholders."""
