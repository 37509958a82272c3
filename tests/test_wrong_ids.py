"""All public functions refuse ids of wrong types alike, and change nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey
from pytest_django import Settings
from xblock.fields import ScopeIds

from tests.blocks import ServiceUser, block, user_segmentation
from tests.builders import COURSE_ID, course_xml, experiment
from xblock_experiments import events, testing
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    InvalidId,
    NoSuchGroup,
    NoSuchSegmentation,
)
from xblock_experiments.errors import WrongId
from xblock_experiments.experiments import api as experiments
from xblock_experiments.gradebook import api as gradebook
from xblock_experiments.gradebook.data import InvalidScore
from xblock_experiments.gradebook.structure import CourseStructure
from xblock_experiments.jobs import api as jobs
from xblock_experiments.jobs.data import InvalidJobId, JobFile
from xblock_experiments.jobs.models import Job
from xblock_experiments.services import (
    PartitionService,
    SegmentationStaffService,
    UserInfoService,
    UserSegmentationService,
    UserTagsService,
)
from xblock_experiments.testing import runtime_for
from xblock_experiments.user_tags import api as user_tags
from xblock_experiments.user_tags.data import InvalidTag

pytestmark = pytest.mark.django_db

TEXTS: list[Any] = [7, True, 1.5, b"ann", ["ann"], ("ann",), {}, object(), "", "a\x00b"]
"""Values that are no id of a course, a user or a block. None often means nobody or no course."""
NUMBERS: list[Any] = [None, "1", b"1", True, 1.0, [1], {}, object(), -1, 2**31]
"""Values that are no id of a segmentation or a group, although some are equal to the id 1."""

COURSE = {"course_id": COURSE_ID}
USER = {"user_id": "ann"}
EXPERIMENT = {"id": 1}
OF_TYPE = {"type": "experiment"}
TAG = {"key": "hint.seen"}
BLOCK = {"usage_id": "some_block"}
JOB = {"job_id": 1}

FACES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (segmentations.count_members, COURSE | EXPERIMENT),
    (segmentations.get_group_ids, COURSE | EXPERIMENT | USER),
    (segmentations.get_history, COURSE | EXPERIMENT | USER | OF_TYPE),
    (segmentations.get_members, COURSE | EXPERIMENT | OF_TYPE | {"group_id": 1}),
    (segmentations.get_segmentation, COURSE | EXPERIMENT),
    (segmentations.get_segmentations, COURSE),
    (segmentations.get_versions, COURSE | EXPERIMENT),
    (segmentations.preview_edit, COURSE | {"segmentations": []}),
    (segmentations.put_in_group, COURSE | EXPERIMENT | USER | OF_TYPE | {"group_id": 1}),
    (segmentations.remove_from_group, COURSE | EXPERIMENT | USER | OF_TYPE | {"group_id": 1}),
    (segmentations.get_removed_groups, COURSE),
    (segmentations.retire_user, USER),
    (segmentations.save_segmentations, COURSE | {"segmentations": []}),
    (experiments.assign_group, COURSE | EXPERIMENT | USER),
    (experiments.assign_groups, COURSE | USER | {"ids": [1]}),
    (experiments.assign_users, COURSE | EXPERIMENT | {"user_ids": ["bob"]}),
    (experiments.count_exposed, COURSE | EXPERIMENT),
    (experiments.get_content_changes, COURSE),
    (experiments.get_exposures, COURSE | EXPERIMENT),
    (experiments.get_group, COURSE | EXPERIMENT | USER),
    (experiments.record_exposure, COURSE | EXPERIMENT | USER | BLOCK),
    (experiments.record_content_changes, COURSE | {"changes": []}),
    (experiments.retire_user, USER),
    (gradebook.get_given_blocks, COURSE | {"user_ids": ["bob"]}),
    (gradebook.get_account, COURSE | USER),
    (gradebook.get_grade, COURSE | USER),
    (gradebook.get_grades, COURSE | {"user_ids": ["bob"]}),
    (gradebook.get_learners, COURSE),
    (gradebook.get_progress, COURSE | USER),
    (gradebook.get_score_histories_of, COURSE | {"user_ids": ["bob"]}),
    (gradebook.get_score_history, COURSE | USER),
    (gradebook.get_scores, COURSE | USER),
    (gradebook.get_scores_of, COURSE | {"user_ids": ["bob"]}),
    (gradebook.get_structure, COURSE),
    (gradebook.record_score, COURSE | USER | BLOCK | {"earned": 1, "possible": 1}),
    (gradebook.retire_user, USER),
    (gradebook.write_grade_report, COURSE | {"out": io.StringIO()}),
    (gradebook.write_report, COURSE | {"name": "grades", "out": io.StringIO()}),
    (jobs.cancel, COURSE | JOB),
    (jobs.get_job, COURSE | JOB),
    (jobs.get_jobs, COURSE),
    (jobs.open_file, COURSE | JOB),
    (jobs.start, COURSE | {"kind": "problems", "form": "csv"}),
    (user_tags.delete_tag, COURSE | USER | TAG),
    (user_tags.export_user, USER),
    (user_tags.get_tag, COURSE | USER | TAG),
    (user_tags.get_tags, COURSE | USER),
    (user_tags.increment_tag, COURSE | USER | TAG),
    (user_tags.retire_user, USER),
    (user_tags.set_tag, COURSE | USER | TAG | {"value": 1}),
]
OF_VALUES = {
    "get_kinds",
    "has_busy_worker",
    "recover",
    "remove_files",
    "replay",
    "save_structure",
}
"""Functions of values, or of nothing, which have no parameter that is an id."""
APIS = (segmentations, experiments, gradebook, jobs, user_tags)
APP_ERRORS: dict[str, type[Exception]] = {
    segmentations.__name__: InvalidId,
    experiments.__name__: InvalidId,
    gradebook.__name__: InvalidScore,
    jobs.__name__: InvalidJobId,
    user_tags.__name__: InvalidTag,
}
TEXT_IDS = ("course_id", "user_id", "usage_id")
NUMBER_IDS = {"id": NoSuchSegmentation, "group_id": NoSuchGroup}


def api_of(face: Callable[..., Any]) -> str:
    (name,) = (api.__name__ for api in APIS if getattr(api, face.__name__, None) is face)
    return name


def called(face: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Call the function with arguments by their place where it allows that, and use the result."""
    result = face(**arguments)
    if isinstance(result, Iterator):
        list(result)
    if isinstance(result, JobFile):
        result.stream.close()


@pytest.fixture(autouse=True)
def _course(tmp_path: Path, settings: Settings) -> None:
    segmentations.save_segmentations(COURSE_ID, [experiment(1, 1, 2)])
    gradebook.save_structure(CourseStructure(course_id=COURSE_ID), [])
    now = timezone.now()
    Job.objects.create(
        pk=1,
        course_id=COURSE_ID,
        kind="grades",
        form="csv",
        state="done",
        created=now,
        heartbeat=now,
        file="1-1",
        size=0,
        expires=now + timedelta(days=1),
    )
    (tmp_path / "1-1").touch()
    settings.XBLOCK_EXPERIMENTS = {**settings.XBLOCK_EXPERIMENTS, "JOBS_FOLDER": tmp_path}


def parameters_of(names: Any) -> list[Any]:
    return [
        pytest.param(
            face, arguments, name, id=f"{api_of(face).split('.')[1]}.{face.__name__}-{name}"
        )
        for face, arguments in FACES
        for name in arguments
        if name in names
    ]


def test_the_table_has_all_functions_of_the_apis() -> None:
    assert {(api_of(face), face.__name__) for face, _ in FACES} == {
        (api.__name__, name) for api in APIS for name in api.__all__ if name not in OF_VALUES
    }


@pytest.mark.parametrize(("face", "arguments"), FACES)
def test_the_ids_of_the_table_are_accepted(
    face: Callable[..., Any], arguments: dict[str, Any]
) -> None:
    called(face, arguments)


@pytest.mark.parametrize(("face", "arguments", "name"), parameters_of(TEXT_IDS))
def test_an_id_that_is_no_text_is_refused(
    face: Callable[..., Any], arguments: dict[str, Any], name: str
) -> None:
    means_global = name == "course_id" and api_of(face) == user_tags.__name__
    for wrong in TEXTS if means_global else [None, *TEXTS]:
        with pytest.raises(WrongId, match=r"^The id of a (course|user|block) ") as refused:
            called(face, {**arguments, name: wrong})
        assert isinstance(refused.value, APP_ERRORS[api_of(face)])


@pytest.mark.parametrize(("face", "arguments", "name"), parameters_of(NUMBER_IDS))
def test_an_id_that_is_no_number_is_refused(
    face: Callable[..., Any], arguments: dict[str, Any], name: str
) -> None:
    is_optional = face is segmentations.get_members and name == "group_id"
    for wrong in NUMBERS[1:] if is_optional else NUMBERS:
        with pytest.raises(NUMBER_IDS[name]):
            called(face, {**arguments, name: wrong})


@pytest.mark.parametrize("wrong", NUMBERS)
def test_several_ids_leave_out_those_that_are_no_number(wrong: Any) -> None:
    assert list(experiments.assign_groups(COURSE_ID, [wrong, 1], "ann")) == [1]
    assert list(user_segmentation().assign_all([wrong, 1])) == [1]


SERVICE_CALLS: list[Callable[[UserSegmentationService, Any], object]] = [
    UserSegmentationService.assign,
    UserSegmentationService.group,
    UserSegmentationService.record_exposure,
    UserSegmentationService.segmentation,
    lambda service, id: service.groups(id, "experiment"),
]


@pytest.mark.parametrize("wrong", NUMBERS)
@pytest.mark.parametrize("call", SERVICE_CALLS)
@pytest.mark.parametrize("user_id", ["ann", None])
def test_the_service_refuses_an_id_that_is_no_number(
    call: Callable[..., object], wrong: Any, user_id: str | None
) -> None:
    with pytest.raises(NoSuchSegmentation):
        call(user_segmentation(user_id), wrong)


@pytest.mark.parametrize("wrong", NUMBERS)
def test_the_platforms_service_has_no_partition_of_an_id_that_is_no_number(wrong: Any) -> None:
    asking = block()

    assert PartitionService(asking.runtime, asking).get_user_partition(wrong) is None


@pytest.mark.parametrize("wrong", [None, 1, True, ["experiment"], {}])
def test_the_service_refuses_a_type_that_is_no_text(wrong: Any) -> None:
    with pytest.raises(NoSuchSegmentation):
        user_segmentation().groups(1, wrong)


SERVICES = [
    PartitionService,
    SegmentationStaffService,
    UserInfoService,
    UserSegmentationService,
    UserTagsService,
]


def asking(user_id: Any = "ann", usage_id: Any = None) -> Any:
    key = CourseKey.from_string(COURSE_ID).make_usage_key("hint", "one")
    ids = ScopeIds(user_id, "hint", key, key if usage_id is None else usage_id)
    asking: Any = ServiceUser(runtime_for("ann"), scope_ids=ids)
    return asking


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("wrong", [True, 1.5, b"ann", ["ann"], ("ann",), {}, object()])
def test_a_service_refuses_a_user_whose_id_is_neither_text_nor_integer(
    service: Any, wrong: Any
) -> None:
    asking_block = asking(user_id=wrong)

    with pytest.raises(InvalidId, match=r"^The id of a user must be text or an integer"):
        service(runtime=asking_block.runtime, xblock=asking_block)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("wrong", [7, True, b"block", ["block"], {}, object()])
def test_a_service_refuses_a_block_whose_id_is_neither_text_nor_key(
    service: Any, wrong: Any
) -> None:
    asking_block = asking(usage_id=wrong)

    with pytest.raises(InvalidId, match=r"^The id of a block must be text or a usage key"):
        service(runtime=asking_block.runtime, xblock=asking_block)


@pytest.mark.parametrize("user_id", [7, "7"])
def test_a_runtimes_user_id_can_be_an_integer_as_on_open_edx(user_id: Any) -> None:
    asking_block = asking(user_id=user_id)
    UserSegmentationService(asking_block.runtime, asking_block).assign(1)

    assert len(segmentations.get_group_ids(COURSE_ID, 1, "7")) == 1


@pytest.mark.parametrize("wrong", TEXTS)
def test_the_tools_for_tests_refuse_the_same_users_and_courses(wrong: Any) -> None:
    course = testing.load_course(course_xml())
    calls: list[Callable[[], object]] = [
        lambda: testing.runtime_for(wrong),
        lambda: testing.render(course, wrong),
        lambda: testing.find_block(course, wrong, "2026"),
    ]
    with pytest.raises(InvalidId):
        testing.load_course(course_xml(), wrong)
    # Addresses of the workbench can hold any text.
    for call in [] if isinstance(wrong, str) else calls:
        with pytest.raises(InvalidId):
            call()


@pytest.mark.parametrize("wrong", NUMBERS)
def test_override_group_refuses_ids_that_it_could_never_match(wrong: Any) -> None:
    with pytest.raises(NoSuchSegmentation), testing.override_group(wrong, 1):
        pass
    with pytest.raises(NoSuchGroup), testing.override_group(1, wrong):
        pass


@pytest.mark.parametrize("wrong", [7, True, b"ann", ["ann"], {}, CourseKey.from_string(COURSE_ID)])
def test_the_context_of_events_refuses_ids_that_no_event_has(wrong: Any) -> None:
    for ids in ((COURSE_ID, wrong), (wrong, "ann")):
        with pytest.raises(WrongId), events.user_context(*ids):
            pass
