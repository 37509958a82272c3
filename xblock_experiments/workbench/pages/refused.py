"""The page for users who are not staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xblock_experiments.workbench.pages.frame import page_context


def refused(request: HttpRequest) -> HttpResponse:
    return render(request, "xblock_experiments/refused.html", page_context(), status=403)
