"""Addresses of the same block on another page."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse

from xblock_experiments.workbench.requests.runtime import AUTHORS_VIEWS


def learners_page(address: str) -> str:
    """Return the address of the learner's page for an author's page, or else the address itself.

    Author's pages have no previews.
    """
    parts = urlsplit(address)
    try:
        names = resolve(parts.path).kwargs
    except Resolver404:
        return address
    if names.get("view_name") not in AUTHORS_VIEWS:
        return address
    path = reverse("workbench_show_scenario", args=(names["scenario_id"],))
    return parts._replace(path=path, fragment="").geturl()
