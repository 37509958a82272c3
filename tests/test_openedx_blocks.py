"""Open edX's own blocks, inside the arms of an experiment and outside."""

from __future__ import annotations

import json
import logging
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from webob import Request
from workbench.models import XBlockState

from tests.answers import body_of, send, send_json
from tests.builders import course_xml, split_test_xml
from tests.panels import open_panel
from xblock_experiments.course_user_segmentation.api import get_members
from xblock_experiments.errors import NotStored
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.gradebook.api import get_scores
from xblock_experiments.testing import (
    LoadedCourse,
    find_block,
    load_course,
    override_group,
    render,
)
from xblock_experiments.workbench.hosting.openedx.styles import without_external_urls
from xblock_experiments.workbench.requests import published

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

KINDS = Path(__file__).parent / "data" / "kinds"
STYLE = 100
ONE, TWO = 1, 2
OUTSIDE = "/etc/hostname"

RIGHT: dict[str, str | list[str]] = {
    "multiple_choice": "choice_1",
    "checkboxes": ["choice_0", "choice_2"],
    "dropdown": "Rome",
    "numerical": "42.1",
    "text": "Photosynthesis",
    "formula": "y*x",
}
WRONG: dict[str, str | list[str]] = {
    "multiple_choice": "choice_0",
    "checkboxes": ["choice_0"],
    "dropdown": "Milan",
    "numerical": "41",
    "text": "breathing",
    "formula": "x+y",
}


@pytest.fixture
def course() -> LoadedCourse:
    return load_course(KINDS)


def score(course: LoadedCourse, user_id: str, url_name: str) -> tuple[float, float] | None:
    usage_id = str(find_block(course, user_id, url_name).usage_key)
    found = get_scores(course.course_id, user_id).get(usage_id)
    return (found.earned, found.possible) if found else None


def problem(attributes: str = "", content: str = "") -> str:
    question = "<stringresponse answer='yes'><label>Ready?</label><textline/></stringresponse>"
    return f'<problem url_name="p" {attributes}>{content or question}</problem>'


def in_arms(*content: str) -> LoadedCourse:
    """Return a course with the experiment `exp` whose first arm also has the content."""
    xml = split_test_xml().replace("<html", f"{''.join(content)}<html", 1)
    return load_course(course_xml(f'<vertical url_name="unit">{xml}</vertical>'))


# Problems


@pytest.mark.parametrize("kind", list(RIGHT))
def test_the_server_grades_each_kind_of_problem_and_stores_its_score(
    course: LoadedCourse, kind: str
) -> None:
    wrong = body_of(send(course, "ann", kind, answer=WRONG[kind]))
    assert score(course, "ann", kind) == (0, 1)
    right = body_of(send(course, "ann", kind, answer=RIGHT[kind]))

    assert (wrong["success"], right["success"]) == ("incorrect", "correct")
    assert right["attempts_used"] == 2
    assert score(course, "ann", kind) == (1, 1)


def test_stored_points_do_not_depend_on_the_weight_of_the_problem(
    course: LoadedCourse,
) -> None:
    assert (
        body_of(send(course, "ann", "checkboxes", answer=RIGHT["checkboxes"]))["total_possible"]
        == 3
    )
    assert score(course, "ann", "checkboxes") == (1, 1)


def test_answers_belong_to_one_learner_and_are_shown_at_the_next_visit(
    course: LoadedCourse,
) -> None:
    send(course, "ann", "text", answer="Photosynthesis")

    assert "Photosynthesis" in unescape(render(course, "ann", "text"))
    assert find_block(course, "ann", "text").attempts == 1
    assert "Photosynthesis" not in unescape(render(course, "bob", "text"))
    assert score(course, "bob", "text") is None


def test_after_the_last_attempt_answers_are_refused_and_the_solution_is_shown(
    course: LoadedCourse,
) -> None:
    assert "msg" not in body_of(send(course, "ann", "multiple_choice", answer="choice_0"))
    before = body_of(send(course, "ann", "multiple_choice", "problem_show"))
    send(course, "ann", "multiple_choice", answer="choice_0")
    refused = body_of(send(course, "ann", "multiple_choice", answer="choice_1"))
    shown = body_of(send(course, "ann", "multiple_choice", "problem_show"))

    assert "answers" not in before
    assert "state of this problem has changed" in refused["success"]
    assert score(course, "ann", "multiple_choice") == (0, 1)
    assert "Argon does not react" in json.dumps(shown["answers"])


def test_a_choice_has_its_feedback(course: LoadedCourse) -> None:
    response = body_of(send(course, "ann", "multiple_choice", answer="choice_0"))

    assert "Iron is a metal." in response["contents"]


def test_answers_can_be_saved_without_a_grade(course: LoadedCourse) -> None:
    saved = body_of(send(course, "ann", "multiple_choice", "problem_save", "choice_1"))

    assert saved["success"] is True
    assert score(course, "ann", "multiple_choice") is None
    assert find_block(course, "ann", "multiple_choice").has_saved_answers


def test_a_problem_can_be_reset(course: LoadedCourse) -> None:
    send(course, "ann", "numerical", answer="41")
    body_of(send(course, "ann", "numerical", "problem_reset"))

    assert find_block(course, "ann", "numerical").student_answers == {}


def test_a_hint_is_shown(course: LoadedCourse) -> None:
    block = find_block(course, "ann", "numerical")
    request = Request.blank("/", method="POST", POST={"hint_index": "0"})

    hint = body_of(block.runtime.handle(block, "xmodule_handler", request, "hint_button"))

    assert "Think of forty." in hint["msg"]


def test_an_answer_is_not_stored_without_its_score(
    course: LoadedCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object, **__: object) -> None:
        msg = "the database is locked"
        raise NotStored(msg)

    with monkeypatch.context() as patch:
        patch.setattr(published, "record_score", cannot)
        response = body_of(send(course, "ann", "text", answer="Photosynthesis"))

    assert "Please try reloading your page" in response["success"]
    assert find_block(course, "ann", "text").attempts == 0


def test_an_invalid_score_is_not_stored_and_raises_no_error(course: LoadedCourse) -> None:
    block = find_block(course, "ann", "text")

    block.runtime.publish(block, "grade", {"value": None, "max_value": float("nan")})

    assert get_scores(course.course_id, "ann") == {}


def test_an_unknown_handler_is_not_found(course: LoadedCourse) -> None:
    assert send(course, "ann", "text", handler="nothing").status_code == 404


@pytest.mark.parametrize("where", ["course", "sequential", "vertical", "problem"])
def test_a_setting_of_a_container_applies_to_all_blocks_inside(where: str) -> None:
    due = {where: 'due="2020-01-01T00:00:00Z" graded="true"'}
    course = load_course(
        course_xml(
            f"<sequential {due.get('sequential', '')}><vertical {due.get('vertical', '')}>"
            f"{problem(due.get('problem', ''))}</vertical></sequential>"
        ).replace("<course ", f"<course {due.get('course', '')} ")
    )
    block = find_block(course, "ann", "p")

    assert block.closed()
    assert block.graded
    assert course.problems == ()


def test_the_nearest_setting_applies() -> None:
    course = load_course(
        course_xml(
            '<sequential showanswer="never" max_attempts="3"><vertical showanswer="always">'
            f"{problem()}</vertical></sequential>"
        )
    )
    block = find_block(course, "ann", "p")

    assert (block.showanswer, block.max_attempts) == ("always", 3)


@pytest.mark.parametrize(
    "attribute", ['due="soon"', 'max_attempts="many"', 'due="99999-01-01"', 'graceperiod="x"']
)
def test_a_setting_that_cannot_be_read_is_reported_and_not_used(attribute: str) -> None:
    course = load_course(
        course_xml(f"<sequential><vertical {attribute}>{problem()}</vertical></sequential>")
    )
    block = find_block(course, "ann", "p")

    assert "Ready?" in unescape(render(course, "ann", "p"))
    assert (block.due, block.max_attempts, block.graceperiod) == (None, None, None)


def test_problems_with_python_are_placeholders_that_say_so(course: LoadedCourse) -> None:
    assert any(
        "'python' is shown as a placeholder. It runs Python" in each for each in course.problems
    )
    assert "It runs Python code, which the workbench does not support." in render(
        course, "ann", "python"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<customresponse><textline/><answer>x = 1</answer></customresponse>", "It runs Python"),
        ("<symbolicresponse expect='x'><textline/></symbolicresponse>", "It runs Python"),
        ("<include file='problem/other.xml'/>", "It includes other files"),
        ("<coderesponse><textbox/></coderesponse>", "It needs an external grader"),
        ('<script type="text/javascript">1</script><p>Text</p>', ""),
    ],
)
def test_only_problems_that_cannot_run_are_placeholders(content: str, reason: str) -> None:
    course = load_course(course_xml(f'<vertical url_name="v">{problem("", content)}</vertical>'))

    assert [reason in each for each in course.problems] == ([True] if reason else [])


def test_an_operator_can_allow_the_python_of_a_course(settings: Settings) -> None:
    settings.XBLOCK_EXPERIMENTS = {"COURSES_WITH_UNSAFE_CODE": ["course-v1:DemoX"]}
    course = load_course(KINDS)

    assert body_of(send(course, "ann", "python", answer="3"))["success"] == "correct"


def test_a_problem_reads_no_file_outside_its_course(tmp_path: Path) -> None:
    (tmp_path / "secret.xml").write_text("<p>the secret</p>")
    folder = tmp_path / "heat"
    (folder / "problem").mkdir(parents=True)
    (folder / "problem" / "link.xml").symlink_to(tmp_path / "secret.xml")
    (folder / "problem" / "inside.xml").write_text("<p>the inside</p>")
    includes = "".join(
        f'<include file="{file}"/>'
        for file in ("../secret.xml", "problem/link.xml", str(tmp_path / "secret.xml"))
    )
    (folder / "course.xml").write_text(
        f'<course org="O" course="C" url_name="R">{problem("", includes + "<p>Text</p>")}'
        f"{problem('', "<include file='problem/inside.xml'/>").replace('p', 'q', 0)}</course>"
    )
    course = load_course(folder)

    assert "the secret" not in unescape(render(course, "ann", "p", staff=True))


# Arms


def test_an_answer_to_another_arm_is_refused_and_nothing_is_stored() -> None:
    course = in_arms(problem())
    with override_group(STYLE, ONE):
        assert body_of(send(course, "ann", "p", answer="yes"))["success"] == "correct"
    before = XBlockState.objects.count()
    with override_group(STYLE, TWO):
        response = send(course, "bob", "p", answer="yes")

    assert response.status_code == 403
    assert get_scores(course.course_id, "bob") == {}
    assert XBlockState.objects.count() == before


def test_an_answer_by_an_unassigned_learner_is_refused_and_assigns_nobody() -> None:
    course = in_arms(problem())

    assert send(course, "ann", "p", answer="yes").status_code == 403
    assert list(get_members(course.course_id, STYLE, type="experiment")) == []


def test_the_files_of_a_video_in_another_arm_are_refused(course: LoadedCourse) -> None:
    with override_group(STYLE, TWO):
        block = find_block(course, "ann", "film")
        request = Request.blank("/?lang=en")
        response = block.runtime.handle(block, "transcript", request, "download")

    assert response.status_code == 403


def test_staff_can_try_every_arm_without_changing_learners_data() -> None:
    course = in_arms(problem(), '<word_cloud url_name="cloud" num_inputs="1"/>')
    with override_group(STYLE, ONE):
        send_json(course, "ann", "cloud", "handle_submit_state", {"student_words": ["sun"]})
    learners = list(XBlockState.objects.order_by("pk").values())

    assert body_of(send(course, "teacher", "p", answer="yes", staff=True))["success"] == "correct"
    words = {"student_words": ["moon"]}
    tried = send_json(course, "teacher", "cloud", "handle_submit_state", words, staff=True)

    assert set(words_in(tried)) == {"sun", "moon"}
    assert list(XBlockState.objects.exclude(user_id="teacher").order_by("pk").values()) == learners
    assert get_scores(course.course_id, "teacher") == {}
    assert list(get_members(course.course_id, STYLE, type="experiment")) == []
    with override_group(STYLE, ONE):
        assert set(words_in(send_json(course, "ann", "cloud", "handle_get_state", {}))) == {"sun"}
        assert find_block(course, "teacher", "p", staff=True).attempts == 1


def words_in(response: Any) -> list[str]:
    return [word["text"] for word in body_of(response)["top_words"]]


def test_learners_share_one_word_cloud(course: LoadedCourse) -> None:
    for user_id, word in (("ann", "sun"), ("bob", "Rain")):
        send_json(course, user_id, "cloud", "handle_submit_state", {"student_words": [word]})

    assert set(words_in(send_json(course, "ann", "cloud", "handle_get_state", {}))) == {
        *("sun", "rain")
    }


def test_shared_state_survives_reading_the_course_again() -> None:
    xml = course_xml("<word_cloud url_name='cloud' all_words='{}' top_words='{}'/>")
    words = {"student_words": ["sun"]}
    send_json(load_course(xml), "ann", "cloud", "handle_submit_state", words)

    course = load_course(xml)

    assert words_in(send_json(course, "ann", "cloud", "handle_get_state", {})) == ["sun"]


def test_reading_a_course_stores_no_learner_state() -> None:
    load_course(
        course_xml(
            "<poll xmlns:option='http://code.edx.org/xblock/option' choice='R'>"
            '<option:tally>{"R": 1000}</option:tally></poll>'
            f"{problem('attempts="5" done="true"')}"
        )
    )

    assert not XBlockState.objects.exists()


def test_authors_views_of_all_arms_leave_no_trace(course: LoadedCourse) -> None:
    for url_name in ("arms", "problems", "chapter", None):
        render(course, "author", url_name, view="author_view", staff=True)
    page = render(course, "author", "arms", view="author_view", staff=True)

    for block in ("film", "story", "arm_problem"):
        assert f"block@{block}" in page
    assert not XBlockState.objects.exists()
    assert list(get_members(course.course_id, STYLE, type="experiment")) == []
    assert list(get_exposures(course.course_id, STYLE)) == []


@pytest.mark.parametrize(
    ("group", "icon", "title"), [(ONE, "video", "Watch it"), (TWO, "problem", "Read and answer")]
)
def test_the_icon_and_title_of_an_arm_are_those_of_its_content(
    course: LoadedCourse, group: int, icon: str, title: str
) -> None:
    with override_group(STYLE, group):
        block = find_block(course, "ann", "arms")
        assert title in render(course, "ann", "problems")
        page = open_panel(course, "ann", "problems", str(block.scope_ids.usage_id))
        assert (block.get_icon_class(), block.tooltip_title) == (icon, title)

    assert ("block@film" in page) == (group == ONE)
    assert ("block@arm_problem" in page) == (group == TWO)


@pytest.mark.parametrize(
    "view", ["submit_problem", "save_problem", "set_score", "get_html", "save"]
)
def test_a_url_cannot_call_methods_that_are_not_views(
    client: Client, settings: Settings, tmp_path: Path, view: str
) -> None:
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [KINDS], "IMPORTED": tmp_path}
    page = client.get(f"/scenario/kinds.text/{view}/?student=ann").content.decode()

    assert "This view does not exist." in page
    assert not XBlockState.objects.filter(user_id="ann").exists()


@pytest.mark.parametrize("view", ["student_view", "public_view"])
def test_a_learner_cannot_open_any_view_of_another_arm(course: LoadedCourse, view: str) -> None:
    with override_group(STYLE, ONE):
        page = render(course, "ann", "story", view=view)

    assert "There is nothing for you to do here." in page
    assert "A picture" not in page


def test_learners_whose_ids_differ_only_in_case_or_spaces_have_separate_states(
    course: LoadedCourse,
) -> None:
    send(course, "Bob", "text", answer="Photosynthesis")

    for other in ("bob", "Bob ", "BOB"):
        assert find_block(course, other, "text").attempts == 0
        send(course, other, "text", answer="Photosynthesis")
    assert find_block(course, "Bob", "text").attempts == 1


def test_the_first_of_two_duplicate_states_is_used(course: LoadedCourse) -> None:
    send(course, "ann", "text", answer="Photosynthesis")
    row = XBlockState.objects.get(tag="problem")
    row.pk = None
    row.save()

    assert body_of(send(course, "ann", "text", answer="breathing"))["attempts_used"] == 2
    assert find_block(course, "ann", "text").attempts == 2


def test_actions_of_anonymous_users_are_not_stored(course: LoadedCourse) -> None:
    send(course, None, "text", answer="Photosynthesis")

    assert not XBlockState.objects.exists()


def test_the_page_of_a_block_does_not_reveal_its_hidden_fields_to_learners(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    """Check the SDK's own output too: it prints each block, and XBlock would print all fields."""
    settings.XBLOCK_EXPERIMENTS = {"COURSES": [KINDS], "IMPORTED": tmp_path}

    page = client.get("/scenario/kinds.dropdown/?student=ann").content.decode()

    assert "The capital of Italy" in unescape(page)
    assert "correct=" not in unescape(unescape(page))


# Texts, videos and other blocks


def test_links_of_a_text_are_urls_of_the_workbench(course: LoadedCourse) -> None:
    page = render(course, "ann", "story", staff=True)

    assert 'src="/courses/kinds/static/dot.svg"' in page
    assert "/scenario/" in page.partition("the typing unit")[0].rpartition("href=")[2]
    assert 'href="/static/none.pdf"' in page


def test_a_video_has_its_transcripts(course: LoadedCourse) -> None:
    block = find_block(course, "teacher", "film", staff=True)

    def ask(dispatch: str, query: str = "") -> Any:
        request = Request.blank(f"/?{query}")
        request._request = type("Host", (), {"user": "teacher"})
        return block.runtime.handle(block, "transcript", request, dispatch)

    assert json.loads(ask("available_translations").body) == ["en", "uk"]
    assert json.loads(ask("translation/en").body)["text"] == [
        *("Heat moves by itself", "from warm to cold.")
    ]
    assert "Тепло" in json.loads(ask("translation/uk").body)["text"][0]
    assert "-->" in ask("download", "lang=en").text
    assert ask("translation/fr").status_code == 404
    block.transcript_download_format = "txt"
    assert ask("download", "lang=en").text == "Heat moves by itself\nfrom warm to cold."


@pytest.mark.parametrize("name", [f"../../../../../..{OUTSIDE}", OUTSIDE, "none.srt", "dot.svg"])
def test_a_transcript_outside_the_course_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "dot.svg").write_text("<svg/>")
    transcripts = escape(json.dumps({"en": name}))
    (tmp_path / "course.xml").write_text(
        f'<course org="O" course="C" url_name="R"><video url_name="v" transcripts="{transcripts}"/>'
        "</course>"
    )
    block = find_block(load_course(tmp_path), "ann", "v")
    request = Request.blank("/")
    request._request = type("Host", (), {"user": "ann"})

    for dispatch in ("translation/en", "download"):
        assert block.runtime.handle(block, "transcript", request, dispatch).status_code == 404


def test_a_video_hosted_by_a_platform_is_played_from_there() -> None:
    from edxval.models import Video

    xml = course_xml(
        '<video url_name="v" edx_video_id="a-film" html5_sources="[]" youtube_id_1_0="">'
        '<video_asset client_video_id="a" duration="10.0" image="">'
        '<encoded_video profile="desktop_mp4" url="https://films.example/a.mp4" file_size="1" '
        'bitrate="1"/><transcripts><transcript file_format="srt" language_code="en" '
        'provider="Custom"/></transcripts></video_asset></video>'
    )
    for _ in range(2):
        page = render(load_course(xml), "ann", "v")

    assert "https://films.example/a.mp4" in page
    assert Video.objects.count() == 1


def test_a_video_that_the_database_cannot_store_is_reported_and_left_out() -> None:
    course = load_course(
        course_xml(
            '<vertical url_name="v"><video edx_video_id="a-film"><video_asset duration="1">'
            '<encoded_video profile="desktop_mp4" url="https://films.example/a.mp4" '
            'file_size="99999999999999999999" bitrate="1"/></video_asset></video>'
            "<html>Go on</html></vertical>"
        )
    )

    assert "Go on" in render(course, "ann", "v")
    assert ["cannot be read" in each for each in course.problems] == [True]


def test_a_video_without_an_id_is_not_treated_as_hosted_by_a_platform(course: LoadedCourse) -> None:
    from edxval.models import Video

    assert not Video.objects.exists()
    assert course.problems


def test_a_failing_block_is_replaced_by_a_message_and_the_others_are_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    course = load_course(
        course_xml(
            '<vertical url_name="v"><video html5_sources="[1]" download_video="true"/>'
            "<html>Go on</html></vertical>"
        )
    )
    page = render(course, "ann", "v")

    assert "This part of the page cannot be shown." in page
    assert "Go on" in page
    assert [each.levelno for each in caplog.records if each.levelno > logging.INFO] == [
        logging.ERROR
    ]


@pytest.mark.parametrize("course_id", ["demo", "course-v1:Org+Heat+2026"])
@pytest.mark.parametrize(
    "xml",
    [
        problem(),
        '<video url_name="p"/>',
        '<html url_name="p">Text</html>',
        '<word_cloud url_name="p"/>',
        '<annotatable url_name="p"><p>Text</p></annotatable>',
        '<poll_question url_name="p">Why?<answer id="a">So</answer></poll_question>',
        '<drag-and-drop-v2 url_name="p"/>',
        '<poll url_name="p"/>',
        '<survey url_name="p"/>',
    ],
)
def test_each_block_is_shown_in_a_course_without_a_key_too(xml: str, course_id: str) -> None:
    course = load_course(f'<vertical url_name="v">{xml}</vertical>', course_id)

    for view in ("student_view", "author_view"):
        page = render(course, "ann", "v", view=view)
        assert "cannot be shown" not in page
        assert "block@p" in page or ".p.d0.u0" in page
    assert course.problems == ()


def test_an_answer_is_graded_in_a_course_without_a_key_too() -> None:
    course = load_course(f'<vertical url_name="v">{problem()}</vertical>', "demo")

    assert body_of(send(course, "ann", "p", answer="yes"))["success"] == "correct"
    assert list(get_scores("demo", "ann")) == ["demo.problem.p.d0.u0"]


def test_names_are_text_and_never_markup() -> None:
    hostile = escape("</script><script>alert('x')</script>\"'")
    kinds = [
        problem(f'display_name="{hostile}"'),
        f'<video display_name="{hostile}" sub="{hostile}" youtube_id_1_0="{hostile}"/>',
        f'<word_cloud display_name="{hostile}" instructions="{hostile}"/>',
        f'<annotatable display_name="{hostile}"><p>Text</p></annotatable>',
        f'<poll_question display_name="{hostile}">Why?<answer id="a">So</answer></poll_question>',
    ]
    course = load_course(course_xml(f'<vertical url_name="v">{"".join(kinds)}</vertical>'))

    assert "<script>alert(" not in render(course, "ann", "v")


def test_style_sheets_fetch_nothing_from_other_servers() -> None:
    style = (
        '@import url("https://fonts.example/css?family=Open+Sans:300,400");\n'
        "a { background: url(//films.example/x.png) } b { background: url(x.png) }"
    )

    assert without_external_urls(style) == "\na { background: none } b { background: url(x.png) }"


def test_the_style_sheets_of_blocks_are_served_and_no_other_file(client: Client) -> None:
    response = client.get("/style/problem/public/css/ProblemBlockDisplay.css")

    assert response["Content-Type"].startswith("text/css")
    assert b"googleapis" not in response.content
    for path in (
        "problem/capa_block.py",
        "problem/public/../capa_block.py",
        "nothing/public/x.css",
    ):
        assert client.get(f"/style/{path}").status_code == 404


def test_a_page_of_problems_reads_only_the_state_of_each_problem(
    django_assert_max_num_queries: DjangoAssertNumQueries, course: LoadedCourse
) -> None:
    render(course, "ann", "choosing")
    with django_assert_max_num_queries(3):
        render(course, "ann", "choosing")


def test_the_state_of_a_block_is_stored_in_one_write(
    django_assert_max_num_queries: DjangoAssertNumQueries, course: LoadedCourse
) -> None:
    """Count the queries for the seed and the score, each with a lookup and a savepoint."""
    with django_assert_max_num_queries(7):
        render(course, "ann", "text")
