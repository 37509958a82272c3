"""Pages in languages other than English."""

from __future__ import annotations

import importlib
import itertools
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import polib
import pytest
from django.template import Context, Engine
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real
from lxml import html
from webob import Request
from xblock.core import XBlock
from xblock.fields import ScopeIds
from xblock.runtime import NullI18nService

from tests.builders import course_xml, segmentation
from tests.panels import all_of
from xblock_experiments.course_user_segmentation.data import Group
from xblock_experiments.course_user_segmentation.types import EXPERIMENT
from xblock_experiments.testing import LoadedCourse, find_block, load_course, render, runtime_for
from xblock_experiments.workbench import middleware
from xblock_experiments.workbench.apps import BLOCK_TYPES
from xblock_experiments.workbench.hosting.openedx import problems
from xblock_experiments.workbench.hosting.placeholder import NOT_INSTALLED

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[1]
PSEUDO = "eo"
PLAIN = re.compile("[AabCcEeIiOoUuYy]")
"""Letters that the pseudo-locale replaces with accented ones."""
NOT_OURS = re.compile(r"“\w+”|<[^>]*>|(block|course)-v1:\S+")
"""Types, OLX and ids. These tests use digits for authors' texts and users' names."""

TEXT_ATTRIBUTES = (
    *("//@alt", "//@aria-label", "//@label", "//@placeholder", "//@title"),
    "//input[@type='button' or @type='reset' or @type='submit']/@value",
    # messages that scripts show
    "//@*[starts-with(name(), 'data-') and contains(., ' ')]",
)

USERS = {"learner": "1001", "staff": "1002", "nobody": None}
UNITS = (
    '<vertical><problem display_name="1"><script type="loncapa/python">1</script></problem>'
    "</vertical>",
    '<vertical><problem display_name="2"><coderesponse/></problem></vertical>',
    '<vertical><problem display_name="3"><include file="1"/></problem></vertical>',
    '<vertical><lti display_name="4"/></vertical>',
    '<vertical><x7 display_name="5"/></vertical>',
    '<vertical><video display_name="6"/></vertical>',
    "<vertical/>",
)
STRUCTURES = ("2026", "chapter", "lesson", "empty", "exp", "broken")
PAGES = [
    *itertools.product(("student_view", "author_view"), STRUCTURES),
    *itertools.product(("studio_view",), ("2026", "exp", "broken", "exp_1")),
    ("no_such_view", "lesson"),
    ("student_view", "exp_3"),
]
"""Views and the url_names of the blocks that show them."""


class Failing(XBlock):
    """A block of another package that fails."""

    def student_view(self, context: Any = None) -> Any:
        raise ValueError


def split_test(url_name: str, id: int) -> str:
    """Return an experiment with arms for groups 1, 3 and no group; group 4 lacks its child."""
    mapping = escape(json.dumps({group: f"{url_name}_{group}" for group in "134"}))
    arms = (f'<vertical url_name="{url_name}_{number}"/>' for number in (1, 2, 3))
    return (
        f'<split_test url_name="{url_name}" user_partition_id="{id}" '
        f'group_id_to_child="{mapping}">{"".join(arms)}</split_test>'
    )


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> LoadedCourse:
    """Return a course whose structures have no names. Every learner is in group 1."""
    load_class = XBlock.load_class
    monkeypatch.setattr(
        XBlock,
        "load_class",
        lambda name, *how, **options: (
            Failing if name == "failing" else load_class(name, *how, **options)
        ),
    )
    groups = tuple(Group(id, str(id), weight=int(id == 1)) for id in (1, 2, 3, 4))
    lesson = [*UNITS, split_test("exp", 100), split_test("broken", 404)]
    xml = course_xml(
        f'<chapter url_name="chapter"><sequential url_name="lesson">{"".join(lesson)}</sequential>'
        '<sequential url_name="empty"/></chapter><failing/>',
        segmentations=(segmentation(100, EXPERIMENT, groups, name="100"),),
    )
    return load_course(xml.replace('display_name="A course"', ""))


def untranslated(page: str) -> list[str]:
    """Return the texts of a page, without foreign blocks, that are not in the pseudo-locale."""
    tree: Any = html.fromstring(f"<div>{page}</div>")
    for element in tree.xpath("//script | //style | //*[@data-block-type]"):
        if not is_ours(element):
            element.drop_tree()
    for button in tree.xpath("//button[@name='language']"):
        # Each language is named in itself.
        button.drop_tree()
    texts = tree.xpath(f"//text() | {' | '.join(TEXT_ATTRIBUTES)}")
    return [text.strip() for text in texts if PLAIN.search(NOT_OURS.sub("", text))]


def is_ours(element: Any) -> bool:
    is_placeholder = bool(element.xpath("./*[contains(@class, 'xbx-placeholder')]"))
    return is_placeholder or element.get("data-block-type") in BLOCK_TYPES


def page(course: LoadedCourse, user: str, view: str, url_name: str) -> str:
    """Return the page, of a learner's lesson with all its panels."""
    name = None if url_name == "2026" else url_name
    if (view, url_name) == ("student_view", "lesson"):
        return "".join(all_of(course, USERS[user], url_name, staff=user == "staff"))
    return render(course, USERS[user], name, view=view, staff=user == "staff")


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(("view", "url_name"), PAGES)
def test_each_sentence_of_a_page_can_be_translated(
    course: LoadedCourse, view: str, url_name: str, user: str
) -> None:
    with translation.override(PSEUDO):
        assert untranslated(page(course, user, view, url_name)) == []


def test_untranslated_texts_are_found(course: LoadedCourse) -> None:
    seen = untranslated(page(course, "learner", "student_view", "lesson"))

    assert {"Breadcrumb", "Course", "Chapter", "Lesson", "Problem", "Video", "Unit 7"} < {*seen}
    assert {"Units in this lesson", "Previous", "Next"} < {*seen}
    assert "There is nothing for you to do here." in seen
    assert len([each for each in seen if each.startswith("This component of type")]) == 5
    reasons = {
        problems.FILES,
        problems.GRADER,
        problems.PLATFORM,
        problems.PYTHON,
        NOT_INSTALLED,
    }
    assert {reason for reason in reasons if any(reason in each for each in seen)} == reasons
    assert untranslated(page(course, "learner", "student_view", "2026")) == [
        "Course outline",
        "Course",
        "Chapter",
        "Lesson",
        "Lesson",
        "This part of the page cannot be shown.",
    ]


@pytest.mark.parametrize(
    ("handler", "data"),
    [("goto_position", {"position": 99}), ("goto_position", {}), ("open_panel", {"unit": "x"})],
)
def test_error_messages_of_handlers_can_be_translated(
    course: LoadedCourse, handler: str, data: Any
) -> None:
    block = find_block(course, "1001", "lesson")
    request = Request.blank("/", method="POST", body=json.dumps(data).encode())
    with translation.override(PSEUDO):
        response = block.runtime.handle(block, handler, request)

    assert response.status_code in (400, 404)
    assert untranslated(response.json["error"]) == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("es", "Esta lección todavía no tiene contenido."),
        ("es-419", "Esta lección todavía no tiene contenido."),
        ("ar", "ليس لهذا الدرس محتوى بعد."),
        ("en", "This lesson has no content yet."),
        ("de", "This lesson has no content yet."),
        (None, "This lesson has no content yet."),
    ],
)
def test_a_page_is_in_the_active_language(
    course: LoadedCourse, language: str | None, sentence: str
) -> None:
    with translation.override(language):
        assert f">{sentence}<" in page(course, "learner", "student_view", "empty")


def test_a_page_is_in_the_language_that_the_browser_requests(course: LoadedCourse) -> None:
    url = reverse("workbench_show_scenario", args=("demox-tests-2026.empty",))
    for language, title in (("es-MX,es;q=0.9", "Lección"), ("ar", "درس"), ("de", "Lesson")):
        response = Client(headers={"accept-language": language}).get(url)

        assert f">{title}<" in response.content.decode()


def test_the_javascript_catalogue_has_the_messages_of_scripts() -> None:
    response = Client(headers={"accept-language": "es"}).get(reverse("javascript-catalog"))
    sentence = "Este vídeo está en otro sitio, al que no se puede acceder desde aquí."

    assert json.dumps(sentence) in response.content.decode()


@pytest.mark.parametrize("language", ["es", "es-419", "es-mx", "ar", "eo"])
def test_scripts_have_a_form_for_each_number(language: str) -> None:
    response = Client(headers={"accept-language": language}).get(reverse("javascript-catalog"))
    catalog = re.search(r"newcatalog = ({.*?});", response.content.decode(), re.DOTALL)
    assert catalog
    forms = json.loads(catalog[1])["{count} new event"]

    assert len(forms) > 1
    assert all(forms)


def test_courses_are_always_read_in_the_default_language(monkeypatch: pytest.MonkeyPatch) -> None:
    languages: list[str | None] = []
    monkeypatch.setattr(
        middleware, "get_scenarios", lambda: languages.append(translation.get_language())
    )
    Client(headers={"accept-language": "es"}).get(reverse("javascript-catalog"))

    assert languages == ["en-us"]


def test_messages_in_templates_and_their_values_are_escaped() -> None:
    engine = Engine(builtins=["xblock_experiments.blocks.base.sentences"])
    template = engine.from_string(
        '{% t "<b> & {name}" name=name %} {% t "<i>" %} {% t "<u>" as u %}{{ u }} '
        '{% tn "{count} <b>" "{count} <b>s of {name}" count=2 name=name %} '
        '{% tn "{count} <b>" "{count} <b>s" count=1 %}'
    )
    page = template.render(Context({"i18n": NullI18nService(), "name": "<{0}>"}))

    assert page == (
        "&lt;b&gt; &amp; &lt;{0}&gt; &lt;i&gt; &lt;u&gt; 2 &lt;b&gt;s of &lt;{0}&gt; 1 &lt;b&gt;"
    )


# The service i18n


@XBlock.needs("i18n")
class Polite(XBlock):
    """A block of a package with its own translations."""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the block's package. Each test has a new package."""
    folder = tmp_path / f"polite_{tmp_path.name}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(folder.name)
    monkeypatch.setattr(Polite, "__module__", f"{folder.name}.blocks.polite")
    return folder


def ship(
    folder: Path, file: str, sentences: dict[str, str | dict[int, str]], **header: str
) -> None:
    """Write a catalogue to the package. A plural follows its singular after a bar."""
    po = polib.POFile()
    po.metadata = {"Content-Type": "text/plain; charset=UTF-8", **header}
    for sentence, text in sentences.items():
        forms = {"msgstr": text} if isinstance(text, str) else {"msgstr_plural": text}
        singular, _, plural = sentence.partition("|")
        po.append(polib.POEntry(msgid=singular, msgid_plural=plural, **forms))
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    po.save_as_mofile(str(folder / file))


def i18n() -> Any:
    runtime = runtime_for("ann")
    ids = ScopeIds("ann", "polite", "polite", "polite")
    return runtime.service(runtime.construct_xblock_from_class(Polite, ids), "i18n")


@pytest.mark.parametrize("folder", ["conf/locale", "locale", "translations"])
@pytest.mark.parametrize("domain", ["django", "text"])
def test_a_block_has_the_translations_of_its_own_package(
    package: Path, folder: str, domain: str
) -> None:
    files = f"{folder}/{{}}/LC_MESSAGES/{domain}.mo"
    ship(package, files.format("es"), {"Next": "Sigue, por favor", "Bye": "Adiós"})
    ship(package, files.format("es_419"), {"Next": "Dale"})

    with translation.override("es"):
        assert i18n().gettext("Next") == i18n().ugettext("Next") == "Sigue, por favor"
        assert i18n().gettext("Previous") == "Previous"
    with translation.override("es-419"):
        assert [i18n().gettext("Next"), i18n().gettext("Bye")] == ["Dale", "Adiós"]
    with translation.override("ar"):
        assert i18n().gettext("Next") == "Next"


def test_plural_forms_follow_the_language(package: Path) -> None:
    forms = dict(enumerate(("none", "one", "two", "{count} (few)", "{count} (many)", "{count}")))
    plural = (
        "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : "
        "n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;"
    )
    file = "locale/ar/LC_MESSAGES/django.mo"
    ship(package, file, {"{count} thing|{count} things": forms}, **{"Plural-Forms": plural})

    def things(count: int) -> Any:
        return i18n().ngettext("{count} thing", "{count} things", count)

    with translation.override("ar"):
        assert [things(count) for count in (0, 1, 2, 3, 11, 100)] == list(forms.values())
    assert [things(count) for count in (0, 1, 2)] == [
        "{count} things",
        "{count} thing",
        "{count} things",
    ]


def test_a_block_without_a_package_has_untranslated_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Polite, "__module__", "__no_such_module__")
    with translation.override("es"):
        assert i18n().gettext("Next") == "Next"


def test_the_service_has_the_methods_of_the_sdks_service(package: Path) -> None:
    day = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

    assert i18n().strftime(day, "DATE_TIME") == "Mar 01, 2026 at 12:30"
    assert i18n().get_javascript_i18n_catalog_url(None) is None


def test_templates_of_other_packages_can_merge_their_translations(package: Path) -> None:
    """Merge the translations as Django does for the tags of XBlock's resource loader."""
    ship(package, "translations/es/LC_MESSAGES/text.mo", {"Bye": "Adiós"})
    with translation.override("es"):
        merged = trans_real.DjangoTranslation("es")
        merged.merge(i18n())

    assert merged.gettext("Bye") == "Adiós"


# The catalogues


def messages(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts" / "messages"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_messages_are_translated_and_compiled() -> None:
    done = messages(ROOT, "--check")

    assert (done.returncode, done.stdout) == (0, "")


def test_spanish_has_a_form_of_its_own_for_millions() -> None:
    """Check that each says "1000000 de estudiantes", which no other number does."""
    for path in ROOT.glob("xblock_experiments/**/locale/es/LC_MESSAGES/*.po"):
        for entry in polib.pofile(str(path)):
            if entry.msgid_plural:
                forms = ["{count} de " in text for _, text in sorted(entry.msgstr_plural.items())]
                assert forms == [False, True, False], entry.msgid


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a small package whose messages are all translated."""
    package = tmp_path / "xblock_experiments"
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "messages", tmp_path / "scripts" / "messages")
    (package / "templates").mkdir(parents=True)
    (package / "code.py").write_text('_("Group {name}")\n_(f"{name}")\n')
    (package / "templates" / "page.html").write_text(
        '{% tn "{count} arm of {all}" "{count} arms of {all}" count=1 all=2 %}{% t \'Say "yes"\' %}'
    )
    (package / "script.js").write_text('gettext("Wait");')
    messages(tmp_path)
    for path in sorted(package.rglob("*.po")):
        fill(path)
    messages(tmp_path)
    return tmp_path


def fill(path: Path, text: str = "{name}", form: str = "{count} {all}") -> None:
    po = polib.pofile(str(path))
    for entry in po.untranslated_entries():
        entry.msgstr = "" if entry.msgid_plural else text if "{" in entry.msgid else "…"
        entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, form)
    po.save()


def django_po(project: Path, language: str) -> Path:
    return project / "xblock_experiments" / "locale" / language / "LC_MESSAGES" / "django.po"


def edit(path: Path, *what: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in what:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_messages_are_found_in_code_scripts_and_templates(project: Path) -> None:
    done = messages(project, "--check")
    pseudo = polib.pofile(str(django_po(project, PSEUDO)))
    (script,) = project.rglob("eo/LC_MESSAGES/djangojs.po")

    assert (done.returncode, done.stdout) == (0, "")
    assert [(entry.msgid, entry.msgid_plural) for entry in pseudo] == [
        ("Group {name}", ""),
        ('Say "yes"', ""),
        ("{count} arm of {all}", "{count} arms of {all}"),
    ]
    assert pseudo[0].msgstr.startswith("Gröüp {name}")
    assert [entry.msgid for entry in polib.pofile(str(script))] == ["Wait"]


def test_unchanged_translations_give_the_same_files(project: Path) -> None:
    files = {path: path.read_bytes() for path in project.rglob("LC_MESSAGES/*")}
    edit(project / "xblock_experiments" / "code.py", ('_("Group', '\n\n_("Group'))
    messages(project)

    assert {path: path.read_bytes() for path in project.rglob("LC_MESSAGES/*")} == files
    assert len(files) == 12


def test_new_messages_are_reported_and_old_ones_are_dropped(project: Path) -> None:
    edit(project / "xblock_experiments" / "code.py", ("Group", "Arm"))
    checked = messages(project, "--check")

    assert checked.returncode == 1
    for problem in ("is new: 'Arm {name}'", "is no longer used: 'Group {name}'"):
        assert f"xblock_experiments/locale/es/LC_MESSAGES/django.po: {problem}\n" in checked.stdout
    assert "es/LC_MESSAGES/django.po: is not translated: 'Arm {name}'\n" in messages(project).stdout
    fill(django_po(project, "es"))
    fill(django_po(project, "ar"))
    messages(project)
    assert messages(project, "--check").returncode == 0


@pytest.mark.parametrize(
    ("language", "changes", "problem"),
    [
        ("es", [('"{name}"', '"{nombre}"')], "has lost {name}: 'Group {name}'"),
        ("es", [('"{name}"', '"{name} {x}"')], "has {x}, which the sentence has not"),
        ("es", [('"{name}"', '"{name"')], "has a brace too many or too few"),
        ("es", [('"{name}"', '""')], "is not translated: 'Group {name}'"),
        ("es", [('msgid "Group', '#, fuzzy\nmsgid "Group')], "is uncertain: 'Group {name}'"),
        ("es", [('msgstr[1] "{count} {all}"\n', "")], "has not as many forms as its language"),
        ("es", [('msgstr[1] "{count} {all}"', 'msgstr[1] ""')], "is not translated: '{count} arm"),
        ("es", [('msgstr[1] "{count}', 'msgstr[1] "')], "has lost {count}: '{count} arm of {all}'"),
        ("es", [('msgstr[0] "{count} {all}"', 'msgstr[0] "{count}"')], "has lost {all}"),
        ("ar", [('msgstr[3] "{count}', 'msgstr[3] "')], "has lost {count}"),
        ("eo", [("Gröüp", "Group")], "django.po is out of date"),
        ("es", [('"…"', '"¡Diga «sí»!"')], "django.mo is out of date"),
    ],
)
def test_mistakes_in_a_translation_are_reported(
    project: Path, language: str, changes: list[tuple[str, str]], problem: str
) -> None:
    path = django_po(project, language)
    edit(path, *changes)
    done = messages(project, "--check")

    assert done.returncode == 1
    assert f"{path.relative_to(project)}: {problem}" in done.stdout


def test_a_plural_form_for_a_single_number_may_leave_out_the_count(project: Path) -> None:
    edit(django_po(project, "es"), ('msgstr[0] "{count}', 'msgstr[0] "un'))
    edit(
        django_po(project, "ar"),
        *((f'msgstr[{form}] "{{count}}', f'msgstr[{form}] "…') for form in (0, 1, 2)),
    )
    messages(project)

    assert messages(project, "--check").stdout == ""


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        ("{% t name %}", "page.html:1: what {% t %} translates must stand there, in quotes."),
        ('{% tn "{count} arm of {all}" "arms" count=1 %}', "has two plurals"),
    ],
)
def test_a_template_tag_that_cannot_be_translated_is_reported(
    project: Path, tag: str, problem: str
) -> None:
    template = project / "xblock_experiments" / "templates" / "page.html"
    template.write_text(tag + template.read_text())
    done = messages(project)

    assert done.returncode == 1
    assert problem in done.stderr
