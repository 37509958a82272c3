"""The cost of a lesson of 25 units, which come one by one, compared with one page of all."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from benchmarks import databases
from benchmarks.courses import lesson_xml, unit_name
from benchmarks.results import Row, at_most, times_faster
from benchmarks.scale import Scale
from benchmarks.visits import Way, one_way, race_visits, the_learner
from xblock_experiments.testing import LoadedCourse, find_block, load_course

CONTENT = (
    '<html url_name="text_{id}">&lt;p&gt;' + "How heat is moved uphill. " * 20 + "&lt;/p&gt;</html>"
    '<problem url_name="problem_{id}" display_name="Right angles">'
    "<p>How many degrees are there in a right angle?</p>"
    '<numericalresponse answer="90"><formulaequationinput/></numericalresponse></problem>'
)
"""The content of each unit besides its experiment."""
IDS = list(range(100, 125))
FIRST, WHOLE, PANEL = "first page", "whole page", "panel"
MOST_QUERIES = {FIRST: (4, 2), PANEL: (4, 2)}
FASTER = 4
OUR_TABLES = "xblock_experiments_"

type Request = Callable[[User], bytes]


def rows(scale: Scale) -> list[Row]:
    lesson, whole = (
        load_course(lesson_xml(run, IDS, block_type, content=CONTENT))
        for run, block_type in (("lessons", "sequential"), ("whole", "vertical"))
    )
    requests: dict[str, Request] = {
        FIRST: _page_of(lesson),
        WHOLE: _page_of(whole),
        PANEL: _panel_of(lesson, unit_name(IDS[-1])),
    }
    ways = {name: one_way(name, the_learner, request) for name, request in requests.items()}
    seconds = race_visits("lessons", list(ways.values()), scale.problem_pages, scale.repetitions)
    (learner,) = databases.new_learners(1)
    sizes = {name: len(request(learner)) / 1000 for name, request in requests.items()}
    return [row for name in MOST_QUERIES for row in _rows(name, ways, seconds, sizes)]


def _rows(
    name: str,
    ways: dict[str, Way],
    seconds: dict[str, dict[str, list[float]]],
    sizes: dict[str, float],
) -> list[Row]:
    what = f"lesson of 25 units, {name}"
    counts, theirs = (ways[each].count_queries(OUR_TABLES) for each in (name, WHOLE))
    counted = zip(("first", "repeat"), counts, theirs, MOST_QUERIES[name], strict=True)
    return [
        *(
            Row(
                what=f"{what}, {which} view, queries",
                unit="queries",
                ours=[count],
                theirs=[other],
                goals=[at_most(most, [count])],
            )
            for which, count, other, most in counted
        ),
        Row(what=f"{what}, size", unit="kB", ours=[sizes[name]], theirs=[sizes[WHOLE]]),
        *(
            Row(
                what=f"{what}, {which} view",
                unit="ms",
                ours=times[name],
                theirs=times[WHOLE],
                goals=[times_faster(FASTER, times[name], times[WHOLE])],
            )
            for which, times in seconds.items()
        ),
    ]


def _page_of(course: LoadedCourse) -> Request:
    block = find_block(course, None, "lesson")
    address = str(block.runtime.pages.url(block)).partition("?")[0]

    def request(user: User) -> bytes:
        return Client().get(address, {"student": str(user.pk)}).content

    return request


def _panel_of(course: LoadedCourse, unit: str) -> Request:
    lesson, shown = (
        str(find_block(course, None, name).scope_ids.usage_id) for name in ("lesson", unit)
    )

    def request(user: User) -> bytes:
        address = f"/handler/{lesson}/open_panel/?student={user.pk}"
        return Client().post(address, {"unit": shown}, content_type="application/json").content

    return request
