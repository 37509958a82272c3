"""A segmentation as an Open edX user partition, written and read."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import experiment
from xblock_experiments.course_user_segmentation.data import (
    Group,
    InvalidSegmentation,
    NoSuchGroup,
    UserSegmentation,
)

pytestmark = pytest.mark.one_django

PARTITION: dict[str, Any] = {
    "id": 1001,
    "name": "Hint style",
    "description": "",
    "scheme": "random",
    "parameters": {},
    "active": True,
    "version": 3,
    "groups": [
        {"id": 2001, "name": "worked", "version": 1},
        {"id": 2002, "name": "faded", "version": 1},
    ],
}

ids = st.integers(0, 2**31 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
unknown = st.dictionaries(
    st.text().filter(lambda key: key not in {*PARTITION, "weights", "salt"}),
    json_values,
    max_size=3,
)
groups = st.lists(
    st.builds(Group, ids, st.text(), st.integers(0, 2**31 - 1), unknown),
    unique_by=lambda group: group.id,
    max_size=5,
)
segmentations = st.builds(
    UserSegmentation,
    id=ids,
    type=st.sampled_from(["experiment", "list", "cohort", "something_new"]),
    name=st.text(),
    description=st.text(),
    groups=groups.map(tuple),
    parameters=unknown,
    active=st.booleans(),
    extra=unknown,
)


@given(segmentations)
def test_a_segmentation_survives_a_round_trip_through_json(segmentation: UserSegmentation) -> None:
    text = json.dumps(segmentation.to_json())

    assert UserSegmentation.from_json(json.loads(text)) == segmentation


def test_a_partition_of_open_edx_is_written_unchanged() -> None:
    assert UserSegmentation.from_json(PARTITION).to_json() == PARTITION


def test_random_partitions_are_experiments_with_equal_weights() -> None:
    segmentation = UserSegmentation.from_json(PARTITION)

    assert segmentation.type == "experiment"
    assert segmentation.groups == (Group(2001, "worked"), Group(2002, "faded"))
    assert [group.weight for group in segmentation.groups] == [1, 1]


def test_weights_are_read_from_the_parameters_and_written_there() -> None:
    weights = {"2001": 3, "2002": 0}
    partition = {**PARTITION, "parameters": {"weights": weights, "salt": "s"}}
    segmentation = UserSegmentation.from_json(partition)

    assert [group.weight for group in segmentation.groups] == [3, 0]
    assert segmentation.parameters == {"salt": "s"}
    assert segmentation.to_json() == partition


def test_partitions_of_version_1_are_random() -> None:
    partition = {key: PARTITION[key] for key in ("id", "name", "description", "groups")}

    assert UserSegmentation.from_json({**partition, "version": 1}).type == "experiment"


def test_a_newer_version_is_read_and_its_additions_are_preserved() -> None:
    newer = {**PARTITION, "version": 4, "color": "red"}
    newer["groups"] = [{"id": 1, "name": "a", "version": 1, "icon": "star"}]

    written = UserSegmentation.from_json(newer).to_json()

    assert written == {**newer, "version": 3}


def test_an_unknown_scheme_becomes_a_type_of_its_own() -> None:
    segmentation = UserSegmentation.from_json({**PARTITION, "scheme": "enrollment_track"})

    assert segmentation.type == "enrollment_track"
    assert segmentation.to_json()["scheme"] == "enrollment_track"


def test_ids_may_be_zero_or_strings_of_digits() -> None:
    groups = [{"id": "0", "name": "zero", "version": 1}]
    segmentation = UserSegmentation.from_json({**PARTITION, "id": 0, "groups": groups})

    assert segmentation.id == 0
    assert segmentation.group(0).name == "zero"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 0}, "unexpected version 0"),
        ({"version": "3"}, "unexpected version '3'"),
        ({"version": -1}, "unexpected version -1"),
        ({"id": -1}, "from 0 to 2147483647, not -1"),
        ({"id": 2**31}, "from 0 to 2147483647, not 2147483648"),
        ({"id": "9" * 5000}, "must be an integer"),
        ({"id": True}, "must be an integer"),
        ({"id": 1.0}, "must be an integer"),
        ({"id": None}, "must be an integer"),
        ({"name": None}, "name of segmentation 1001 must be text"),
        ({"description": 3}, "description of segmentation 1001 must be text"),
        ({"scheme": None}, "type of segmentation 1001 must be text"),
        ({"scheme": ["random"]}, "type of segmentation 1001 must be text"),
        ({"scheme": "x" * 33}, "1 to 32 printable characters"),
        ({"scheme": "ran\x00dom"}, "1 to 32 printable characters"),
        ({"scheme": ""}, "1 to 32 printable characters"),
        ({"groups": {}}, "groups of a segmentation must be a list"),
        ({"groups": [1]}, "Group must be an object"),
        ({"groups": [{"id": 1, "name": "a"}]}, "missing the key 'version'"),
        ({"groups": [{"id": 1, "name": "a", "version": 2}]}, "unexpected version 2"),
        ({"groups": [{"id": 1, "name": "a", "version": 1}] * 2}, "two groups with the same id"),
        ({"groups": [{"id": [], "name": "a", "version": 1}]}, "must be an integer"),
        ({"parameters": []}, "Parameters must be an object"),
        ({"parameters": {"weights": [1]}}, "Weights must be an object"),
        ({"parameters": {"weights": {"2001": -1}}}, "weight of group 2001 must be an integer"),
        ({"parameters": {"weights": {"2001": 0.5}}}, "weight of group 2001 must be an integer"),
        ({"parameters": {"weights": {"2001": 2**31}}}, "weight of group 2001 must be an integer"),
        ({"parameters": {"weights": {"2001": "1"}}}, "weight of group 2001 must be an integer"),
        ({"parameters": {"salt": 5}}, "salt of segmentation 1001 must be text"),
    ],
)
def test_an_invalid_segmentation_is_reported(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSegmentation, match=message):
        UserSegmentation.from_json({**PARTITION, **change})


@pytest.mark.parametrize("key", ["id", "name", "description", "version", "groups", "scheme"])
def test_a_missing_key_is_reported(key: str) -> None:
    partition = {name: value for name, value in PARTITION.items() if name != key}

    with pytest.raises(InvalidSegmentation, match=f"missing the key '{key}'"):
        UserSegmentation.from_json(partition)


@pytest.mark.parametrize("value", [None, [], "text", 7])
def test_a_value_that_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidSegmentation, match="must be an object"):
        UserSegmentation.from_json(value)


def test_weights_belong_to_the_groups_and_not_to_the_parameters() -> None:
    with pytest.raises(InvalidSegmentation, match="set them on its groups"):
        experiment(parameters={"weights": {"1": 2}})


def test_an_unknown_group_is_named_in_the_error() -> None:
    with pytest.raises(NoSuchGroup, match="has no group 9"):
        experiment(100, 1, 2).group(9)


@pytest.mark.parametrize(
    "change",
    [
        lambda parameters: parameters.update(salt="other"),
        lambda parameters: parameters.setdefault("new", 1),
        lambda parameters: parameters.pop("salt"),
        lambda parameters: parameters.clear(),
        lambda parameters: parameters.__setitem__("salt", "other"),
        lambda parameters: parameters.__delitem__("salt"),
        lambda parameters: parameters.__ior__({"salt": "other"}),
        lambda parameters: parameters["list"].append(2),
        lambda parameters: parameters["list"].sort(),
        lambda parameters: parameters["list"].__iadd__([2]),
        lambda parameters: parameters["list"][0].update(a=2),
    ],
)
def test_the_parameters_of_a_segmentation_are_immutable(change: Any) -> None:
    given: dict[str, Any] = {"salt": "pepper", "list": [{"a": 1}]}
    segmentation = UserSegmentation(1, "experiment", "", "", (), given)

    with pytest.raises(TypeError, match="replace"):
        change(segmentation.parameters)
    given["salt"] = "sugar"
    given["list"].clear()
    assert segmentation.parameters == {"salt": "pepper", "list": [{"a": 1}]}
    assert json.loads(json.dumps(segmentation.to_json()))["parameters"]["list"] == [{"a": 1}]


def test_a_segmentation_can_be_pickled_and_copied() -> None:
    segmentation = experiment(1, parameters={"salt": "pepper", "list": [{"a": 1}]})

    assert pickle.loads(pickle.dumps(segmentation)) == segmentation  # noqa: S301 - our own
    assert copy.deepcopy(segmentation) == segmentation
