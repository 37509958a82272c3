"""Django admin pages for tags, which list one user's tags at a time.

The pages are read-only unless the setting `ADMIN_WRITES` allows changes. Changes have the same
limits and emit the same events as writes by blocks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from xblock_experiments.settings.common import setting
from xblock_experiments.user_tags.api import delete_tag, set_tag
from xblock_experiments.user_tags.data import InvalidTag, dump_value, load_value
from xblock_experiments.user_tags.models import GLOBAL, Tag

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Tag]
    _ModelForm = forms.ModelForm[Tag]
else:
    _ModelAdmin = admin.ModelAdmin
    _ModelForm = forms.ModelForm


class TagForm(_ModelForm):
    """A tag's value, as JSON."""

    def clean_value(self) -> str:
        try:
            return dump_value(json.loads(self.cleaned_data["value"]))
        except InvalidTag as error:
            raise ValidationError(str(error)) from error
        except (ValueError, RecursionError) as error:
            msg = f'The value must be JSON, such as 3, true or "text": {error}.'
            raise ValidationError(msg) from error


@admin.register(Tag)
class TagAdmin(_ModelAdmin):
    """The admin for the tags of the user whose id is searched for."""

    form = TagForm
    fields = ("user_id", "course_id", "key", "value", "modified")
    readonly_fields = ("user_id", "course_id", "key", "modified")
    list_display = ("user_id", "course_id", "key", "modified")
    ordering = ("course_id", "key")
    search_fields = ("user_id__exact",)
    search_help_text = "Enter the complete id of a user."
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Tag], search_term: str
    ) -> tuple[QuerySet[Tag], bool]:
        """Match the user id exactly, as ids may contain spaces. Finds nothing without an id."""
        return queryset.filter(user_id=search_term) if search_term else queryset.none(), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        return bool(setting("ADMIN_WRITES")) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        return bool(setting("ADMIN_WRITES")) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        set_tag(*_place_of(obj), load_value(obj.value))

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        delete_tag(*_place_of(obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        for tag in queryset:
            delete_tag(*_place_of(tag))


def _place_of(tag: Tag) -> tuple[str, str | None, str]:
    return tag.user_id, None if tag.course_id == GLOBAL else tag.course_id, tag.key
