"""The public interface matches the design."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import pytest

from xblock_experiments import errors, testing
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation import data
from xblock_experiments.experiments import api as experiments
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.jobs import api as jobs
from xblock_experiments.research import api as research
from xblock_experiments.services import UserInfoService, UserSegmentationService
from xblock_experiments.user_tags import api as user_tags

FACES = [segmentations, experiments, gradebook, jobs, research, user_tags, testing]

SIGNATURES: dict[Any, dict[str, str]] = {
    segmentations: {
        "save_segmentations": "course_id, segmentations, *, actor=''",
        "preview_edit": "course_id, segmentations",
        "get_segmentations": "course_id, *, type=None",
        "get_segmentation": "course_id, id, *, type='experiment'",
        "get_group_ids": "course_id, id, user_id, *, type='experiment'",
        "put_in_group": "course_id, id, user_id, group_id, *, type, actor=''",
        "remove_from_group": "course_id, id, user_id, group_id, *, type, actor=''",
        "get_members": "course_id, id, *, type, group_id=None",
        "get_history": "course_id, id, user_id, *, type",
    },
    experiments: {
        "get_group": "course_id, id, user_id",
        "assign_group": "course_id, id, user_id",
        "assign_groups": "course_id, ids, user_id",
        "assign_users": "course_id, id, user_ids",
        "record_exposure": "course_id, id, user_id, usage_id",
        "get_exposures": "course_id, id",
    },
    gradebook: {
        "record_score": "course_id, user_id, usage_id, earned, possible, *, only_if_higher=False",
        "get_scores": "course_id, user_id, *, at=None",
        "get_scores_of": "course_id, user_ids, *, at=None",
        "get_score_history": "course_id, user_id",
        "get_score_histories_of": "course_id, user_ids",
        "get_grade": "course_id, user_id",
        "get_grades": "course_id, user_ids, *, now=None",
        "retire_user": "user_id",
    },
    research: {
        "export_bundle": "course_id, to, *, key, people=None, with_parquet=False, on_row=None, "
        "on_wait=None",
        "read_key": "path=None",
        "verify_bundle": "path, *, manifest, people=None",
    },
    user_tags: {
        "get_tag": "user_id, course_id, key, *, default=None",
        "set_tag": "user_id, course_id, key, value, *, expected=ANY",
        "increment_tag": "user_id, course_id, key, by=1",
        "delete_tag": "user_id, course_id, key",
        "get_tags": "user_id, course_id, *, after=None, limit=None",
        "export_user": "user_id",
        "retire_user": "user_id",
    },
    UserSegmentationService: {
        "segmentations": "self, type=None",
        "segmentation": "self, id, type='experiment'",
        "group": "self, id, type='experiment'",
        "groups": "self, id, type",
        "assign": "self, id",
        "assign_all": "self, ids",
    },
    UserInfoService: {
        "get": "self, scope, key, default=None",
        "set": "self, scope, key, value, *, expected=ANY",
        "increment": "self, scope, key, by=1",
        "delete": "self, scope, key",
        "items": "self, scope, xblock_type=None, *, after=None, limit=None",
    },
    testing: {
        "load_course": "source, course_id=None",
        "runtime_for": "user_id, *, staff=False",
        "find_block": "course, user_id, url_name, *, staff=False",
        "render": "course, user_id, url_name=None, *, view='student_view', staff=False",
        "override_group": "id, group_id, type='experiment'",
    },
    data: {
        "Group": "id, name, weight=1",
        "UserSegmentation": (
            "id, type, name, description, groups, parameters=<factory>, active=True"
        ),
    },
}


def signature(function: Any) -> str:
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "extra"
    ]
    return str(inspect.Signature(parameters)).strip("()")


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, faces in SIGNATURES.items() for name in faces]
)
def test_a_public_face_has_the_parameters_of_the_design(owner: Any, name: str) -> None:
    assert signature(getattr(owner, name)) == SIGNATURES[owner][name]


@pytest.mark.parametrize("module", FACES, ids=lambda module: module.__name__)
def test_a_modules_public_names_are_listed_in_order(module: ModuleType) -> None:
    listed: list[str] = module.__all__

    assert listed == sorted(listed)
    assert all(hasattr(module, name) for name in listed)
    if module in SIGNATURES:
        assert set(SIGNATURES[module]) <= set(listed)


def test_all_errors_are_in_one_tree_that_the_base_errors_docstring_shows() -> None:
    def leaves(error: type[Exception]) -> list[type[Exception]]:
        return [error, *(leaf for child in error.__subclasses__() for leaf in leaves(child))]

    assert errors.__doc__
    for error in leaves(errors.ExperimentsError):
        assert f" {error.__name__} " in errors.__doc__ or f" {error.__name__}\n" in errors.__doc__
        assert error.__doc__
