"""Django admin pages for the state of learners, which show it only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from workbench.admin import XBlockStateAdmin
from workbench.models import XBlockState

admin.site.unregister(XBlockState)


@admin.register(XBlockState)
class ReadOnlyStateAdmin(XBlockStateAdmin):
    """The SDK's pages without their forms: blocks rely on what they have stored."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
