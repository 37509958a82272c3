"""The SDK's runtime, with the services and attributes that Open edX's own blocks need."""

from __future__ import annotations

import copy
from typing import Any

from django.core.cache import cache
from django.template import engines
from django.templatetags.static import static
from django.urls import reverse
from fs.base import FS
from web_fragments.fragment import Fragment
from workbench.runtime import WorkbenchRuntime
from xblock.fields import ScopeIds

from xblock_experiments.settings.openedx_blocks import MATHJAX, SAMPLES
from xblock_experiments.workbench.courses.course import CourseBlocks, key_of
from xblock_experiments.workbench.courses.lookup import Courses
from xblock_experiments.workbench.hosting.openedx import platform_modules
from xblock_experiments.workbench.hosting.openedx.files import files_in
from xblock_experiments.workbench.hosting.openedx.problems import PLATFORM, reason_not_to_run
from xblock_experiments.workbench.hosting.openedx.services import (
    Completion,
    Mako,
    NoGrader,
    RebindUser,
    ReplaceUrls,
    Sandbox,
    Settings,
)
from xblock_experiments.workbench.hosting.openedx.styles import (
    only_in_polls,
    without_external_urls,
    without_logo,
)
from xblock_experiments.workbench.hosting.openedx.users import Users
from xblock_experiments.workbench.hosting.openedx.videos import VideoConfig, import_video
from xblock_experiments.workbench.hosting.page_urls import Pages

platform_modules.install()

_SCRIPTS = (
    "jquery_ui/jquery-ui.min.js",
    "workbench/js/vendor/underscore-min.js",
    "xblock_experiments/openedx.js",
)
_FORMULAS = ("xblock_experiments/formulas.js", "mathjax/MathJax.js")
_NO_FORMULAS = ("xblock_experiments/no_formulas.js",)
_CONFIG = {"mathjax/MathJax.js": "?config=TeX-MML-AM_HTMLorMML"}
_JAVASCRIPT = "application/javascript"
_STYLES = (
    "font_awesome/css/all.min.css",
    "font_awesome/css/v4-shims.min.css",
    "xblock_experiments/openedx.css",
)
_PLATFORM_TYPES = ("discussion", "lti")
"""Block types that need user accounts and other services of the platform."""
_RENAMED = {"PollBlock": "PollQuestionBlock"}
"""New names for functions in poll_question's script that xblock-poll's script has as well."""
_FILE_ATTRIBUTES = ("filename", "url_name")
"""Attributes that make these blocks open files. Their content is already part of the element."""


class OpenEdxRuntime(WorkbenchRuntime):
    """A runtime whose services and other attributes have the platform's names."""

    def __init__(self, user_id: str | None, courses: Courses, pages: Pages) -> None:
        super().__init__(user_id)
        self.courses = courses
        self.pages = pages
        self.sandbox = Sandbox(courses)
        self._services |= {
            "cache": cache,
            "completion": Completion(),
            "mako": Mako(),
            "rebind_user": RebindUser(),
            "replace_urls": ReplaceUrls(courses, pages),
            "sandbox": self.sandbox,
            "settings": Settings(),
            "user": Users(user_id),
            "video_config": VideoConfig(courses),
            "xqueue": NoGrader(),
        }

    @property
    def course(self) -> CourseBlocks | None:
        """The current course."""
        return self.courses.current

    @property
    def course_id(self) -> Any:
        """The key of the current course, or its id if it has none; None in an SDK scenario."""
        return key_of(self.course)

    @property
    def resources_fs(self) -> FS:
        """The files of the current course."""
        return files_in(self.course.folder if self.course else None)

    @property
    def modulestore(self) -> Any:
        return self

    def get_course(self, course_id: Any) -> Any:
        """Return the current course, because no other one is available."""
        return self.course and self.get_block(self.course.usage_id)

    def get_policy(self, usage_id: Any) -> dict[str, Any]:
        """Return no policy, because it was applied to the elements before they were parsed."""
        return {}

    def cannot_run(self, node: Any) -> str | None:
        """Return why an installed block must be shown as a placeholder, or None."""
        if node.tag in _PLATFORM_TYPES:
            return PLATFORM
        if node.tag != "problem":
            return None
        return reason_not_to_run(node, may_run_python=self.sandbox.can_execute_code())

    def read(self, cls: Any, node: Any, ids: ScopeIds) -> Any:
        """Return the block of an element."""
        if not _is_extracted(cls):
            return cls.parse_xml(node, self, ids)
        node = copy.deepcopy(node)
        for name in _FILE_ATTRIBUTES:
            node.attrib.pop(name, None)
        # <meta> contains JSON that would set any field, even in the state of learners.
        for element in node.findall("meta"):
            node.remove(element)
        if ids.block_type.strip("_").startswith("video"):
            return self._read_video(cls, node, ids)
        return cls.parse_xml(node, self, ids)

    def _read_video(self, cls: Any, node: Any, ids: ScopeIds) -> Any:
        """Return the block of a video's element.

        VideoBlock's own method for courses would create a new video with a new id in each call.
        """
        video = cls.parse_xml_new_runtime(node, self, ids)
        import_video(video, node)
        return video

    def _usage_id_from_node(self, node: Any, parent_id: Any) -> Any:
        """Make the block as XBlock does, for scenarios of the SDK, which belong to no course."""
        cls = self.mixologist.mix(self.load_block_type(node.tag))
        if not _is_extracted(cls):
            return super()._usage_id_from_node(node, parent_id)
        def_id = self.id_generator.create_definition(node.tag)
        usage_id = self.id_generator.create_usage(def_id)
        ids = ScopeIds(None, node.tag, def_id, usage_id)
        is_default = not (len(node) or node.attrib)
        block = (
            self.construct_xblock_from_class(cls, ids) if is_default else self.read(cls, node, ids)
        )
        block.parent = parent_id
        block.save()
        return usage_id

    def render_template(self, template_name: str, **kwargs: Any) -> str:
        """Render a template of the SDK's own blocks. ProblemBlock too has a problem.html."""
        return str(engines[SAMPLES].get_template(template_name).render(kwargs))

    def local_resource_url(self, block: Any, uri: str) -> str:
        if _is_extracted(block) and uri.endswith(".css"):
            return reverse("openedx_style", args=(block.scope_ids.block_type, uri))
        return str(super().local_resource_url(block, uri))

    def _patch_xblock(self, block: Any) -> None:
        """Leave these blocks unchanged. The SDK's mocks would replace their attributes."""
        if not _is_extracted(block):
            super()._patch_xblock(block)

    def _wrap_ele(self, block: Any, view: str, frag: Any, extra_data: Any = None) -> Any:
        """Add working links, and scripts and styles that these blocks expect on every page."""
        if not _is_extracted(block):
            return super()._wrap_ele(block, view, frag, extra_data)
        wrapped = super()._wrap_ele(block, view, self._fixed(frag), extra_data)
        for script in _SCRIPTS:
            wrapped.add_resource_url(static(script), _JAVASCRIPT, "head")
        for script in _FORMULAS if MATHJAX.is_dir() else _NO_FORMULAS:
            # At the end of the page, where the scripts of blocks are.
            wrapped.add_javascript_url(static(script) + _CONFIG.get(script, ""))
        for style in _STYLES:
            wrapped.add_css_url(static(style))
        return wrapped

    def _fixed(self, fragment: Any) -> Any:
        parts = fragment.to_dict()
        content = self._services["replace_urls"].replace_urls(str(fragment.content))
        parts["content"] = without_logo(content)
        parts["js_init_fn"] = _RENAMED.get(fragment.js_init_fn, fragment.js_init_fn)
        for resource in parts["resources"]:
            if resource["kind"] == "text":
                resource["data"] = _renamed(without_external_urls(resource["data"]))
            if fragment.js_init_fn in _RENAMED and resource["mimetype"] == "text/css":
                resource["data"] = only_in_polls(resource["data"])
        return Fragment.from_dict(parts)

    def _css_classes_for(self, block: Any, view: str) -> list[str]:
        """Return the CSS classes, including those in the style sheets of these blocks."""
        classes: list[str] = super()._css_classes_for(block, view)
        if not _is_extracted(block):
            return classes
        name = f"xmodule_{type(block).unmixed_class.__name__}"
        return [*classes, "xblock", f"xblock-{view}", "xmodule_display", name]


def _is_extracted(block: Any) -> bool:
    """Return whether the block was extracted from the platform. Its package marks it so."""
    return bool(getattr(block, "is_extracted", False))


def _renamed(script: str) -> str:
    for name, other in _RENAMED.items():
        script = script.replace(f"function {name}(", f"function {other}(")
    return script
