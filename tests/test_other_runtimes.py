"""The services in runtimes of other packages: XBlock's own runtime for tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock
from xblock.fields import Integer, List, ScopeIds
from xblock.runtime import DictKeyValueStore, KvsFieldData, MemoryIdManager
from xblock.test.tools import TestRuntime

from tests.builders import COURSE_ID, experiment
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import InvalidId
from xblock_experiments.errors import ExperimentsError, NoCourse
from xblock_experiments.experiments.api import get_exposures
from xblock_experiments.runtime import EntryPointServices
from xblock_experiments.services import COURSE, GLOBAL, UserInfoField
from xblock_experiments.user_tags.api import get_tags
from xblock_experiments.user_tags.data import NoService

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[1]


class PlainRuntime(EntryPointServices, TestRuntime):
    """A runtime that has the services and nothing else of this package."""


@XBlock.needs("user_segmentation", "user_info")
class Needing(XBlock):
    """A block that needs both services."""


@XBlock.wants("user_info")
class Wanting(XBlock):
    """A block that can do without the service."""

    known = UserInfoField(List(default=[]), scope=COURSE)
    level = UserInfoField(Integer(default=3), scope=GLOBAL)
    own = Integer(default=0)


def runtime_of(cls: Any = PlainRuntime, **attributes: Any) -> Any:
    runtime = cls(services={"field-data": KvsFieldData(DictKeyValueStore())})
    vars(runtime).update(attributes)
    return runtime


def make(runtime: Any, usage_id: Any, block_class: Any = Needing) -> Any:
    return block_class(runtime, scope_ids=ScopeIds("ann", "hint", usage_id, usage_id))


def service(block: Any, name: str) -> Any:
    return block.runtime.service(block, name)


def usages() -> tuple[Any, Any]:
    """Return two usage ids that are no opaque keys."""
    ids = MemoryIdManager()
    definition = ids.create_definition("hint")
    return ids.create_usage(definition), ids.create_usage(definition)


@pytest.mark.parametrize("course_id", [COURSE_ID, CourseKey.from_string(COURSE_ID)])
def test_the_blocks_of_a_runtime_with_a_course_id_are_in_one_course(course_id: Any) -> None:
    save_segmentations(COURSE_ID, [experiment(100)])
    runtime = runtime_of(course_id=course_id)
    one, two = (make(runtime, usage_id) for usage_id in usages())

    service(one, "user_info").set(COURSE, "seen", 1)
    group = service(one, "user_segmentation").assign(100)
    service(one, "user_segmentation").record_exposure(100)

    assert service(two, "user_info").get(COURSE, "seen") == 1
    assert service(two, "user_segmentation").group(100) == group
    assert get_tags("ann", COURSE_ID) == {"hint.seen": 1}
    assert [each.usage_id for each in get_exposures(COURSE_ID, 100)] == [one.scope_ids.usage_id]


def test_a_course_key_of_a_branch_means_the_course() -> None:
    key: Any = CourseKey.from_string(COURSE_ID)
    key = key.for_branch("published-branch")
    block = make(runtime_of(course_id=key), "u_1")
    service(block, "user_info").set(COURSE, "seen", 1)

    assert get_tags("ann", COURSE_ID) == {"hint.seen": 1}


@pytest.mark.parametrize("usage_id", ["u_1", "i4x://Org/Course/hint/one", "one.two", ""])
@pytest.mark.parametrize("name", ["user_segmentation", "user_info"])
@pytest.mark.parametrize("attributes", [{}, {"course_id": None}])
def test_a_block_whose_course_nobody_gives_is_refused_with_the_remedy(
    name: str, usage_id: str, attributes: dict[str, Any]
) -> None:
    block = make(runtime_of(**attributes), usage_id)

    with pytest.raises(NoCourse, match="Give the runtime an attribute course_id") as refused:
        service(block, name)
    assert repr(usage_id) in str(refused.value)
    assert "PlainRuntime" in str(refused.value)


@pytest.mark.parametrize("course_id", [7, True, b"course", [], "", "x" * 256])
def test_a_course_id_that_is_neither_text_nor_key_is_refused(course_id: Any) -> None:
    block = make(runtime_of(course_id=course_id), "u_1")

    with pytest.raises(InvalidId, match="The id of a course"):
        service(block, "user_info")


def test_a_usage_key_wins_over_the_runtimes_course_id() -> None:
    key = CourseKey.from_string(COURSE_ID).make_usage_key("hint", "one")
    service(make(runtime_of(course_id="another"), key), "user_info").set(COURSE, "seen", 1)

    assert get_tags("ann", COURSE_ID) == {"hint.seen": 1}


@pytest.mark.parametrize("cls", [TestRuntime, PlainRuntime])
def test_a_field_has_its_default_where_the_wanted_service_is_absent(cls: Any) -> None:
    block = make(runtime_of(cls), "u_1", Wanting)
    block.runtime._services["user_info"] = None

    assert hasattr(block, "known")
    assert block.known == []
    assert getattr(block, "level", "another") == 3


@pytest.mark.parametrize("change", ["known", "level"])
def test_a_field_is_not_saved_where_the_wanted_service_is_absent(change: str) -> None:
    block = make(runtime_of(TestRuntime), "u_1", Wanting)
    block.own = 7
    setattr(block, change, {"known": [1], "level": 4}[change])

    with pytest.raises(NoService, match=f"'{change}' cannot be saved") as refused:
        block.save()
    assert isinstance(refused.value, ExperimentsError)
    again = make(block.runtime, "u_1", Wanting)
    assert again.own == 0


def test_a_block_saves_its_other_fields_where_the_wanted_service_is_absent() -> None:
    block = make(runtime_of(TestRuntime), "u_1", Wanting)
    assert block.known == []
    block.own = 7
    block.save()

    assert make(block.runtime, "u_1", Wanting).own == 7


def test_a_list_changed_in_place_is_not_lost_without_a_word() -> None:
    block = make(runtime_of(TestRuntime), "u_1", Wanting)
    block.known.append("Joule")

    assert block.known == ["Joule"]
    with pytest.raises(NoService):
        block.save()


PROJECT = """
import sys
sys.modules["workbench"] = None
import django
from django.conf import settings
from django.core.management import call_command

{apps}
databases = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
settings.configure(USE_TZ=True, DATABASES=databases, INSTALLED_APPS=INSTALLED_APPS)
django.setup()
call_command("migrate", verbosity=0)
{runtime}
from opaque_keys.edx.keys import CourseKey
from xblock.core import XBlock
from xblock.fields import ScopeIds
from xblock.test.tools import TestRuntime
from xblock_experiments.course_user_segmentation.api import save_segmentations
from xblock_experiments.course_user_segmentation.data import Group, UserSegmentation
from xblock_experiments.services import COURSE

@XBlock.needs("user_segmentation", "user_info", "partitions", "user_tags")
class Block(XBlock):
    pass

class OurRuntime(EntryPointServices, TestRuntime):
    course_id = "my-course"

save_segmentations("my-course", [UserSegmentation(1, "experiment", "x", "", (Group(1, "A"),))])
block = Block(OurRuntime(), scope_ids=ScopeIds(7, "b", "d", "u"))
segmentation = block.runtime.service(block, "user_segmentation")
assert segmentation.assign(1).name == "A"
segmentation.record_exposure(1)
assert block.runtime.service(block, "user_info").increment(COURSE, "n") == 1
assert len(block.runtime.service(block, "partitions").course_partitions) == 1
try:
    import xblock_experiments.testing
except ImportError as error:
    print(error)
"""


def test_the_services_run_in_a_project_as_the_reference_describes_it_without_the_sdk() -> None:
    page = (ROOT / "docs" / "reference" / "services.rst").read_text()
    section = page.partition("\nIn a runtime of your own\n")[2].partition("\nErrors\n")[0]
    found = re.findall(
        r"^   \.\. code-block:: python\n\n((?:(?: {7}.*)?\n)+)", section, re.MULTILINE
    )
    apps, runtime = map(textwrap.dedent, found)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROJECT.format(apps=apps, runtime=runtime)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert "xblock_experiments.testing needs packages that are not installed" in answer.stdout
    assert "pip install 'xblock-experiments[workbench]'" in answer.stdout


@pytest.mark.parametrize("missing", ["workbench", "dj_database_url"])
def test_the_workbenchs_settings_name_the_extra_that_they_need(missing: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
import xblock_experiments.settings.workbench
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    (last,) = answer.stderr.splitlines()[-1:]
    assert last.startswith("xblock_experiments.errors.MissingExtra: ")
    assert missing in last
    assert "pip install 'xblock-experiments[workbench]'" in last
