"""Links to static files, as exports write the files and as authors write the links."""

from __future__ import annotations

import re
import tempfile
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_export import check_round_trip, write_course
from xblock_experiments.testing import load_course, render

pytestmark = [pytest.mark.django_db, pytest.mark.one_django]

ASSET = "asset-v1:Org+Heat+2026+type@asset+block@"


def is_served(course: Path) -> bool:
    """Return whether the page's link leads to the file."""
    page = render(load_course(course), "ann", "t")
    (address,) = re.findall(r'<a href="([^"]*)"', page)
    return b"".join(Client().get(unescape(address))) == b"Found"


def write(folder: Path, file: str, link: str) -> Path:
    html = f'<a href="{link}">a file</a>'
    return write_course(
        folder, '<html url_name="t"/>', {"html/t.html": html, f"static/{file}": "Found"}
    )


@pytest.mark.parametrize(
    ("file", "link"),
    [
        ("low tide.png", "/static/low tide.png"),
        ("low tide.png", "/static/low_tide.png"),
        ("low tide.png", "/static/low%20tide.png"),
        ("low%20tide.png", "/static/low%20tide.png"),
        ("map (1).png", "/static/map__1_.png"),
        ("maps/bay.png", "/static/maps/bay.png"),
        ("maps/bay.png", "/static/maps_bay.png"),
        ("maps/north sea.png", "/static/maps_north_sea.png"),
        ("Tide.PNG", "/static/tide.png"),
        ("tide@2x.png", "/static/tide@2x.png"),
        ("ebb.png", "/static/ebb.png?v=2"),
        ("ebb.pdf", "/static/ebb.pdf#page=2"),
        ("low tide.png", f"/{ASSET}low_tide.png"),
        ("low tide.png", f"{ASSET}low_tide.png"),
        ("low tide.png", "/c4x/Org/Heat/asset/low_tide.png"),
        ("gro\u0308\u00dfe.png", "/static/gr\u00f6\u00dfe.png"),
    ],
)
def test_a_link_means_the_file_that_it_means_on_open_edx(
    file: str, link: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "source", file, link)

    assert is_served(source)
    check_round_trip(source, tmp_path)


def test_the_exact_path_wins_over_other_files_with_the_name(tmp_path: Path) -> None:
    source = write(tmp_path, "a b.txt", "/static/a_b.txt")
    (source / "static" / "a_b.txt").write_text("Exact")

    page = render(load_course(source), "ann", "t")

    (address,) = re.findall(r'<a href="([^"]*)"', page)
    assert b"".join(Client().get(address).streaming_content) == b"Exact"  # type: ignore[attr-defined]


def test_a_link_out_of_the_folder_finds_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "in", "a.txt", "/static/../../secret.txt")
    (tmp_path / "secret.txt").write_text("Secret")
    (source / "static" / "secret.txt").symlink_to(tmp_path / "secret.txt")
    load_course(source)

    for name in ("../../secret.txt", "secret.txt", "..%2F..%2Fsecret.txt", "SECRET.txt"):
        assert Client().get(f"/courses/in/static/{name}").status_code == 404


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="/\\&<>\"'?#")
    | st.sampled_from(" (_"),
    min_size=1,
    max_size=8,
).filter(lambda name: name.strip(". ") == name and len(name.encode()) < 200)


@given(NAMES, st.sampled_from([str, quote, lambda name: re.sub(r"[^\w%.-]", "_", name)]))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_file_of_any_name_is_found(name: str, form: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        link = f"/static/{form(name)}"  # type: ignore[operator]
        assert is_served(write(Path(folder) / "course", name, link))
