"""The first page of the workbench, which lists what can be opened and what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from xblock_experiments.workbench.courses.registry import registry
from xblock_experiments.workbench.hosting.left_out import left_out
from xblock_experiments.workbench.pages.frame import page_context
from xblock_experiments.workbench.pages.scenarios import scenarios_of_packages


@dataclass(frozen=True, slots=True)
class Link:
    """A line of a list on the first page."""

    title: str
    url: str

    @classmethod
    def to(cls, name: str, title: str) -> Link:
        return cls(title, reverse("workbench_show_scenario", args=(name,)))


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    # Loading the scenarios shows which packages cannot be used.
    scenarios = [
        Link.to(name, str(scenario.description))
        for name, scenario in sorted(scenarios_of_packages().items())
        if name.partition(".")[0] not in settings.EXCLUDED_XBLOCKS
    ]
    context = {
        **page_context(),
        "courses": [Link.to(course.name, course.title) for course in registry.courses()],
        "left_out": left_out(),
        "scenarios": scenarios,
    }
    return render(request, "xblock_experiments/index.html", context)
