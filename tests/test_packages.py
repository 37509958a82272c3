"""Blocks of other packages may raise anything, and harm nothing but themselves."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from django.test import Client
from webob import Request
from xblock.core import XBlock

from tests.builders import course_xml
from tests.packages import MODULE, PACKAGE, Install
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render
from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.left_out import left_out
from xblock_experiments.workbench.import_export.exporting import export_block

pytestmark = pytest.mark.django_db

SENTENCE = "This part of the page cannot be shown."
PAGES = (
    *("/", "/scenario/energy/?student=ann", "/scenario/energy.first_steps/?student=ann"),
    *("/admin/login/", "/experiments/events?student=teacher"),
)

BLOCKS = """
    from xblock.core import XBlock
    from xblock.fields import Scope, String
    from web_fragments.fragment import Fragment

    class Unprintable(Exception):
        def __str__(self):
            raise self

    ERRORS = {}
    def error(function):
        ERRORS[function.__name__] = function

    @error
    def value(block): raise ValueError("wrong")
    @error
    def missing_module(block): import nowhere_at_all
    @error
    def missing_service(block): block.runtime.service(block, "i18n")
    @error
    def setting(block):
        from django.core.exceptions import ImproperlyConfigured
        raise ImproperlyConfigured("x")
    @error
    def template(block):
        from django.template.loader import get_template
        get_template("nowhere.html")
    @error
    def template_syntax(block):
        from django.template import Template
        Template("{% load nothing %}")
    @error
    def row(block):
        from django.contrib.auth.models import User
        User.objects.get(pk=99)
    @error
    def file(block):
        from fs.errors import ResourceNotFound
        raise ResourceNotFound("markdown/gone.md")
    @error
    def memory(block): raise MemoryError
    @error
    def own(block): raise Exception("a package's own error")
    @error
    def ours(block):
        from xblock_experiments.user_tags.data import NoUser
        raise NoUser("nobody")
    @error
    def unprintable(block): raise Unprintable
    @error
    def endless(block): return endless(block)

    class Fails(XBlock):
        kind = String(scope=Scope.content, default="value")
        def fail(self): ERRORS[self.kind](self)

    class View(Fails):
        def student_view(self, context=None): self.fail()
        @XBlock.json_handler
        def go(self, data, suffix=""): self.fail()

    class Constructor(Fails):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            if self.scope_ids.user_id:
                self.fail()
        @XBlock.json_handler
        def go(self, data, suffix=""): return {}

    class Parser(Fails):
        @classmethod
        def parse_xml(cls, node, runtime, keys):
            ERRORS[node.get("kind")](cls)

    class Navigation(Fails):
        @property
        def tooltip_title(self): self.fail()
        def get_icon_class(self): self.fail()
        def get_content_titles(self): self.fail()
        def get_child_blocks(self): self.fail()
        def student_view(self, context=None): return Fragment("The content is shown.")

    class Resource(XBlock):
        def student_view(self, context=None):
            fragment = Fragment("Text")
            fragment.add_resource("x", "text/unknown", placement="foot")
            return fragment

    class Nothing(XBlock):
        def student_view(self, context=None): return None
        @XBlock.handler
        def go(self, request, suffix=""): return None

    class Box(XBlock):
        has_children = True
        def student_view(self, context=None):
            fragment = Fragment("The box: ")
            for child in self.runtime.render_children(self, "student_view", context):
                fragment.add_content(child.content)
                fragment.add_fragment_resources(child)
            return fragment
"""
ERRORS = (
    *("value", "missing_module", "missing_service", "setting", "template", "template_syntax"),
    *("row", "file", "memory", "own", "ours", "unprintable", "endless"),
)
TYPES = ("View", "Constructor", "Parser", "Navigation", "Resource", "Nothing", "Box")


@pytest.fixture
def _blocks(install: Install) -> None:
    install(BLOCKS, **{name.lower(): f"{MODULE}:{name}" for name in TYPES})


def lesson(block: str) -> LoadedCourse:
    """Return a course with a lesson of two units, of which the first has the block and a text."""
    text = '<html url_name="{}" display_name="A text">{}</html>'
    return load_course(
        course_xml(
            '<sequential url_name="lesson">'
            f'<vertical url_name="first">{block}{text.format("beside", "Beside it.")}</vertical>'
            f'<vertical url_name="second" display_name="Next one">{text.format("t", "Then")}'
            "</vertical></sequential>"
        )
    )


def go(course: LoadedCourse) -> Any:
    request = Request.blank("/", method="POST", body=b"{}")
    return find_block(course, "ann", "k").handle("go", request)


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.levelno >= logging.ERROR and each.exc_info]


def seen(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("block_type", ["view", "constructor"])
def test_a_block_that_raises_anything_is_one_sentence_and_its_handler_a_status_500(
    block_type: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    course = lesson(f'<{block_type} url_name="k" kind="{kind}"/>')
    page = render(course, "ann", "lesson")

    assert course.problems == ()
    assert page.count(SENTENCE) == 1
    assert "Beside it." in page
    assert "Next one" in page
    assert tracebacks(caplog)
    caplog.clear()
    assert go(course).status_code == 500
    assert tracebacks(caplog)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", ERRORS)
def test_a_block_that_raises_anything_while_it_is_read_is_left_out_and_exported_unchanged(
    kind: str,
) -> None:
    element = f'<parser url_name="k" kind="{kind}"/>'
    course = lesson(element)
    blocks = registry.course_of(course.usage_id)

    assert blocks
    assert "Beside it." in render(course, "ann", "lesson")
    assert ["is left out" in problem for problem in course.problems] == [True]
    assert element in export_block(blocks, course.usage_id)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", ERRORS)
def test_a_block_whose_icon_and_title_raise_anything_is_shown_without_them(kind: str) -> None:
    course = lesson(f'<navigation url_name="k" kind="{kind}"/>')
    page = render(course, "ann", "lesson")

    assert "The content is shown." in page
    assert "Next one" in page
    assert find_block(course, "ann", "first").get_content_titles() == ["A text"]


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("block_type", ["resource", "nothing"])
def test_what_a_view_returns_harms_only_its_block(block_type: str) -> None:
    page = render(lesson(f'<{block_type} url_name="k"/>'), "ann", "lesson")

    assert page.count(SENTENCE) == 1
    assert "Beside it." in page


@pytest.mark.usefixtures("_blocks")
def test_a_handler_that_returns_nothing_answers_with_status_500() -> None:
    assert go(lesson('<nothing url_name="k"/>')).status_code == 500


@pytest.mark.usefixtures("_blocks")
def test_a_container_of_another_package_shows_its_children_beside_one_that_fails() -> None:
    inside = '<view url_name="k" kind="own"/><html url_name="inside">Inside the box.</html>'
    page = render(lesson(f'<box url_name="b">{inside}</box>'), "ann", "lesson")

    assert page.count(SENTENCE) == 1
    for text in ("The box:", "Inside the box.", "Beside it."):
        assert text in page


@pytest.mark.usefixtures("_blocks")
def test_a_learner_who_opens_a_failing_block_gets_the_sentence(client: Client) -> None:
    lesson('<constructor url_name="k"/>')

    for address in ("?student=ann", "studio_view/?student=teacher"):
        assert SENTENCE in seen(client, f"/scenario/demox-tests-2026.k/{address}")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("django.http:Http404", 404),
        ("django.core.exceptions:PermissionDenied", 403),
        ("xblock.exceptions:NotFoundError", 404),
        ("xblock.exceptions:ProcessingError", 200),
    ],
)
def test_a_handler_can_refuse_a_request_with_an_error(
    install: Install,
    error: str,
    status: int,
) -> None:
    module, _, name = error.partition(":")
    install(
        f"""
        from xblock.core import XBlock
        from {module} import {name}

        class Refusing(XBlock):
            @XBlock.handler
            def go(self, request, suffix=""): raise {name}
        """,
        refusing=f"{MODULE}:Refusing",
    )

    assert go(lesson('<refusing url_name="k"/>')).status_code == status


def test_an_aside_that_fails_leaves_the_page_as_it_is(install: Install) -> None:
    install(
        """
        from xblock.core import XBlockAside

        class Aside(XBlockAside):
            @XBlockAside.aside_for("student_view")
            def beside(self, block, context=None): raise ValueError("wrong")
        """,
        group="xblock_asides.v1",
        aside=f"{MODULE}:Aside",
    )
    assert "Beside it." in render(lesson(""), "ann", "lesson")


# Packages that cannot be imported, and scenarios that fail


@pytest.mark.parametrize(
    "code",
    [
        "import nowhere_at_all",
        "raise Exception('a package without the platform')",
        "from django.db import models\nclass M(models.Model): pass",
        "class Other: pass",
        "(",
    ],
)
def test_a_package_that_cannot_be_imported_takes_no_page_and_is_named(
    install: Install,
    code: str,
    client: Client,
) -> None:
    install(code, broken=f"{MODULE}:B")

    for address in PAGES:
        seen(client, address)
    first = seen(client, "/")
    assert "Cannot be used" in first
    assert f"<li><bdi>broken</bdi> (<bdi>{PACKAGE}</bdi>)</li>" in first


def test_the_first_page_names_nothing_if_everything_can_be_used(client: Client) -> None:
    assert "Cannot be used" not in seen(client, "/")


def test_a_block_whose_package_cannot_be_imported_is_a_placeholder(
    install: Install,
    caplog: pytest.LogCaptureFixture,
) -> None:
    install("import nowhere_at_all", broken=f"{MODULE}:B")
    course = lesson('<broken url_name="k" display_name="A tool"/><broken url_name="k2"/>')
    page = render(course, "ann", "lesson")

    assert "A tool" in page
    assert "Its package cannot be used here." in page
    assert "Beside it." in page
    assert ["shown as a placeholder" in each for each in course.problems] == [True, True]
    assert len(tracebacks(caplog)) == 1


def test_a_block_type_that_two_packages_claim_is_left_out(
    install: Install, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    install("from xblock.core import XBlock\nclass B(XBlock): pass", twice=f"{MODULE}:B")
    again = EntryPoint("twice", f"{MODULE}:B", XBlock.entry_point)
    registered = [*XBlock.extra_entry_points, ("twice", again)]
    monkeypatch.setattr(XBlock, "extra_entry_points", registered)

    assert "cannot be used here" in render(lesson('<twice url_name="k"/>'), "ann", "lesson")
    assert "<bdi>twice</bdi>" in seen(client, "/")


@pytest.mark.parametrize(
    "scenarios",
    [
        "raise ValueError('wrong')",
        "return 5",
        "return [5]",
        "return [('a', '<vertical_demo')]",
        "return [('a', '<nowhere/>')]",
        "import nowhere_at_all",
    ],
)
def test_a_scenario_that_fails_is_left_out_and_named(
    install: Install,
    scenarios: str,
    client: Client,
) -> None:
    install(
        f"""
        from xblock.core import XBlock

        class B(XBlock):
            @staticmethod
            def workbench_scenarios(): {scenarios}
        """,
        half=f"{MODULE}:B",
    )

    for address in PAGES:
        seen(client, address)
    assert f"(<bdi>{PACKAGE}</bdi>)" in seen(client, "/")
    assert [each.name.partition(".")[0] for each in left_out()] == ["half"]


def test_a_scenario_beside_one_that_fails_is_listed(
    install: Install,
    client: Client,
) -> None:
    install(
        """
        from xblock.core import XBlock

        class B(XBlock):
            @staticmethod
            def workbench_scenarios(): return [("Bad", "<"), ("Good one", "<vertical_demo/>")]
        """,
        half=f"{MODULE}:B",
    )
    first = seen(client, "/")

    assert "Good one" in first
    assert "<bdi>half.0</bdi>" in first
    seen(client, "/scenario/half.1/")


@pytest.mark.parametrize("address", ["/resource/broken/public/a.css", "/style/broken/public/a.css"])
def test_a_package_that_cannot_be_imported_has_no_files(
    install: Install,
    address: str,
    client: Client,
) -> None:
    install("import nowhere_at_all", broken=f"{MODULE}:B")

    assert client.get(address).status_code == 404
