"""The HTML of blocks of other packages, whose faults stay where they are."""

from __future__ import annotations

from html import escape

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import course_xml
from tests.panels import open_panel, units_of
from xblock_experiments.blocks.base.markup import contained
from xblock_experiments.testing import load_course, render

FAULTS = {
    "<p>One</p></div>": "<p>One</p>",
    "<div><b>One": "<div><b>One</b></div>",
    "One<!-- never ends": "One<!-- never ends-->",
    "<textarea>One": "<textarea>One</textarea>",
    "<script>if (a < b)": "<script>if (a < b)</script>",
    "<style>a {}": "<style>a {}</style>",
    "<table><tr><td>One": "<table><tr><td>One</td></tr></table>",
    "<select><option>One": "<select><option>One</option></select>",
    "One</body></html><p>Two</p>": "One<p>Two</p>",
    "<body class='x'><p>One</p></body>": "<p>One</p>",
    "<plaintext>One": "One",
    "<p>One<p>Two": "<p>One</p><p>Two</p>",
    'One <div class="never ends': "One ",
    "<script><!--<script></script></div>": "<script><!--<script></script></div></script>",
    "<p>a < b &amp; c</p></div>": "<p>a &lt; b &amp; c</p>",
    "<svg><title>t</title><path d='M0'/></svg></div>": (
        '<svg><title>t</title><path d="M0"></path></svg>'
    ),
}
SOUND = [
    "",
    "plain text, a < b, and 5 > 4 & more",
    "<p class=it's title='a > b'>One<br>Two<img src=x /></p>",
    "<P>One</p ><!-- <div> --><!--> --><!---->",
    "<script>document.write('</div><p>')</script>",
    "<script><!-- <script></script> --></script>",
    "<script type='text/template'><div></script>",
    "<textarea></div><!-- </textarea><title><b></title>",
    "<svg viewBox='0 0 1 1'><style><![CDATA[ a > b {} ]]></style><path/></svg>",
    "<svg><foreignObject><div><br></div></foreignObject></svg>",
    "<math><mi>x</mi><annotation encoding='application/x-tex'>x</annotation></math>",
    "<ul><li><ul><li>One</li></ul></li></ul>",
    "<table><tbody><tr><td><table></table></td></tr></tbody></table>",
    "<select><optgroup label=a><option>1</option></optgroup></select>",
    "<noscript><p>One</p></noscript><template><li>One</li></template>",
    "<?xml version='1.0'?><!DOCTYPE html><x-y><p>One</p></x-y>",
]
TEXT = [
    "<svg><p>One</p></svg></div>",
    "<div>" * 300,
]
ENDLESS = [
    "<" * 100_000,
    "<a " * 50_000,
    "<div>" * 50_000 + "<style></style>" * 50_000,
    "<div a='" * 30_000,
    "<!--" * 50_000,
    "<noscript>" * 20_000,
    "<script>" + "<!--" * 50_000 + "</script>",
    "<style></style>" * 20_000,
]
NAMES = ["div", "p", "b", "a", "table", "td", "select", "svg", "title", "script", "br", "li"]
pieces = st.one_of(
    st.sampled_from(["<!--", "-->", "<", "'", '"', "</body>", "x", "&lt;", "<![CDATA[", "]]>"]),
    st.builds("<{}>".format, st.sampled_from(NAMES)),
    st.builds("</{}>".format, st.sampled_from(NAMES)),
    st.builds("<{} a='{}>".format, st.sampled_from(NAMES), st.text("'<>/ab", max_size=4)),
)
trees = st.recursive(
    st.text("ab<&; '\"", max_size=5).map(escape),
    lambda inside: st.builds(
        "<{0} title='{1}'>{2}</{0}>".format,
        st.sampled_from(["div", "span", "b", "section", "x-y"]),
        st.text("<>/ ab", max_size=5),
        st.lists(inside, max_size=4).map("<br>".join),
    ),
)


@pytest.mark.parametrize(("fault", "repaired"), FAULTS.items())
def test_faults_are_repaired(fault: str, repaired: str) -> None:
    assert contained(fault) == repaired


@pytest.mark.parametrize("html", SOUND)
def test_sound_html_is_not_touched(html: str) -> None:
    assert contained(html) == html


@pytest.mark.parametrize("html", TEXT, ids=["foreign", "deep"])
def test_html_that_cannot_be_repaired_is_shown_as_text(html: str) -> None:
    assert contained(html) == escape(html)


@pytest.mark.parametrize("html", ENDLESS, ids=range(len(ENDLESS)))
def test_long_input_takes_no_longer_than_its_length(html: str) -> None:
    """Take hours if reading is quadratic."""
    assert len(contained(html)) < 10 * len(html)


@given(st.lists(pieces).map("".join))
def test_what_is_contained_stays_as_it_is(html: str) -> None:
    assert contained(contained(html)) == contained(html)


@given(trees)
def test_nested_elements_are_not_touched(html: str) -> None:
    assert contained(html) == html


@given(st.lists(pieces).map("".join), st.lists(pieces).map("".join))
def test_contained_html_can_stand_side_by_side(first: str, second: str) -> None:
    both = f"<div>{contained(first)}</div><div>{contained(second)}</div>"

    assert contained(both) in (both, escape(both))


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ["</div>", "<div>", "<!--", "<textarea>", "<script>", "</main>"])
def test_the_fault_of_one_block_leaves_the_lesson_and_its_page_whole(fault: str) -> None:
    html = escape(f"<p>One</p>{fault}")
    units = "".join(
        f'<vertical url_name="v{n}"><html url_name="h{n}">{html}</html>'
        f'<html url_name="i{n}">Two</html></vertical>'
        for n in (1, 2)
    )
    course = load_course(course_xml(f'<sequential url_name="s">{units}</sequential>'))
    page = render(course, "ann", "s")
    assert contained(page) == page
    assert len(units_of(page)) == 2
    panel = open_panel(course, "ann", "s", units_of(page)[1])
    assert contained(panel) == panel
    assert "Two" in panel

    for address in ("demox-tests-2026.s", "demox-tests-2026.h1"):
        document = Client().get(f"/scenario/{address}/", {"student": "ann"}).content.decode()
        body = document.partition('<main id="content"')[2].partition(">")[2]
        assert (
            contained(body.rpartition("</main>")[0]).strip()
            == body.rpartition("</main>")[0].strip()
        )
