"""Assignments and exposures in a learning record store, as the xAPI specification requires."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pytest_django import Settings

from tests.builders import COURSE_ID, experiment
from tests.listeners import Store, record_store, send_events
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.events import ASSIGNED, EXPOSED
from xblock_experiments.events.models import WaitingEvent
from xblock_experiments.events.xapi import pseudonym, statement
from xblock_experiments.experiments import api as experiments

pytestmark = pytest.mark.one_django

SCHEMA = json.loads((Path(__file__).parent / "data" / "xapi.schema.json").read_text())
RULES = Draft202012Validator(SCHEMA)
USAGE_ID = "block-v1:DemoX+Tests+2026+type@split_test+block@exp"
LMS = "https://lms.example.org"
AROUND: dict[str, Any] = {"lms_root_url": LMS, "key": "a secret"}
EVENT_ID = UUID("6d1f033b-3f70-458c-b53a-e6bb63cbaef9")

texts = st.text(min_size=1)
ids = st.integers(0, 2**31 - 1)
common = {"course_id": texts, "user_id": texts, "partition_id": ids, "partition_name": st.text()}
assignments = st.fixed_dictionaries(
    {**common, "partition_type": texts, "group_id": ids, "group_name": st.text()}
)
exposures = st.fixed_dictionaries(
    {
        **common,
        "usage_id": texts,
        "group_id": st.none() | ids,
        "group_name": st.none() | st.text(),
    }
)


def flaws(of: object) -> list[str]:
    return [error.message for error in RULES.iter_errors(of)]


@given(
    name_and_payload=st.tuples(st.just(ASSIGNED), assignments)
    | st.tuples(st.just(EXPOSED), exposures),
    event_id=st.uuids(version=4),
    timestamp=st.datetimes(datetime(2000, 1, 1), timezones=st.timezones()),
)
def test_any_statement_follows_the_specification(
    name_and_payload: tuple[str, dict[str, Any]], event_id: UUID, timestamp: datetime
) -> None:
    name, payload = name_and_payload
    context = {"course_user_groups": {"experiment.100": [1]}}
    made = statement(name, payload, context, event_id=event_id, timestamp=timestamp, **AROUND)

    assert flaws(json.loads(json.dumps(made))) == []


def test_a_learner_has_one_pseudonym_per_key() -> None:
    assert pseudonym("ann", "a secret") == pseudonym("ann", "a secret")
    names = {pseudonym(user_id, key) for user_id in ("ann", "Ann") for key in ("one", "two")}
    assert len(names) == 4


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with record_store() as running:
        settings.XBLOCK_EXPERIMENTS = {
            **settings.XBLOCK_EXPERIMENTS,
            "OUTBOX": ["xapi"],
            "XAPI": {
                "KEY": AROUND["key"],
                "LMS_ROOT_URL": f"{LMS}/",
                "LRS_URL": running.url,
                "LRS_AUTH": "ralph:secret",
            },
        }
        segmentations.save_segmentations(COURSE_ID, [experiment(100, 1, 2, name="Hints")])
        yield running


def put(user_id: str, group_id: int = 2) -> None:
    segmentations.put_in_group(COURSE_ID, 100, user_id, group_id, type="experiment")


@pytest.mark.django_db
def test_an_assignment_statement_has_the_learner_and_the_group(store: Store) -> None:
    put("ann")
    send_events()

    (made,) = store.statements
    extensions = f"{LMS}/xapi/extensions/experiments"
    assert flaws(made) == []
    assert made["actor"]["account"] == {
        "homePage": LMS,
        "name": pseudonym("ann", AROUND["key"]),
    }
    assert made["verb"]["id"] == "http://adlnet.gov/expapi/verbs/registered"
    assert made["object"]["id"] == f"{LMS}/course/{COURSE_ID}/experiment/100"
    assert made["object"]["definition"]["name"] == {"en": "Hints"}
    (course,) = made["context"]["contextActivities"]["parent"]
    assert course["id"] == f"{LMS}/course/{COURSE_ID}"
    assert made["context"]["extensions"] == {
        f"{extensions}/group": {"id": 2, "name": "Group 2"},
        f"{extensions}/groups": {"experiment.100": [2]},
    }


@pytest.mark.django_db
def test_an_exposure_statement_has_the_block_and_the_experiment(store: Store) -> None:
    put("ann")
    experiments.record_exposure(COURSE_ID, 100, "ann", USAGE_ID)
    send_events()

    assigned, exposed = store.statements
    assert flaws(exposed) == []
    assert exposed["actor"] == assigned["actor"]
    assert exposed["verb"]["id"] == "http://adlnet.gov/expapi/verbs/experienced"
    assert exposed["object"]["id"] == f"{LMS}/xblock/{USAGE_ID}"
    assert exposed["context"]["contextActivities"]["grouping"] == [assigned["object"]]
    group = exposed["context"]["extensions"][f"{LMS}/xapi/extensions/experiments/group"]
    assert group == {"id": 2, "name": "Group 2"}


@pytest.mark.django_db
def test_statements_are_sent_in_batches_with_the_required_headers(store: Store) -> None:
    for number in range(130):
        put(f"user {number}")
    send_events()

    assert [len(content) for _, _, content in store.requests] == [100, 30]
    path, headers, _ = store.requests[0]
    assert path == "/xapi/statements"
    assert headers["x-experience-api-version"] == "1.0.3"
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == f"Basic {b64encode(b'ralph:secret').decode()}"
    assert flaws(store.statements[0]) == []


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [302, 401, 500, 503, 520])
def test_statements_that_the_store_does_not_accept_are_sent_again_unchanged(
    store: Store, answer: int
) -> None:
    put("ann")
    put("bob")
    store.answers = [answer] * 2
    with pytest.raises(CommandError, match=f"xapi: The learning record store answers {answer}"):
        send_events()
    (_, _, first), (_, _, ann), *more = store.requests
    assert first[:1] == ann
    assert not more
    store.requests.clear()
    send_events()

    assert store.statements == first


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [400, 403, 413, 500])
def test_a_refused_statement_is_named_and_those_before_it_are_stored(
    store: Store, answer: int
) -> None:
    for user_id in ("ann", "bob", "cid"):
        put(user_id)
    store.answers = [answer, 200, answer]
    with pytest.raises(CommandError) as failure:
        send_events()
    (_, _, together), (_, _, ann), (_, _, bob) = store.requests
    store.requests.clear()
    send_events()

    assert together[:2] == [*ann, *bob]
    assert bob[0]["id"] in str(failure.value)
    assert store.statements == together[1:]


@pytest.mark.django_db
def test_a_statement_that_the_store_already_has_counts_as_sent(store: Store) -> None:
    put("ann")
    put("bob")
    store.answers = [409, 409, 200]
    send_events()
    store.requests.clear()
    send_events()

    assert store.requests == []


@pytest.mark.django_db
def test_an_unreachable_store_is_reported_and_no_event_is_lost(
    store: Store, settings: Settings
) -> None:
    there = settings.XBLOCK_EXPERIMENTS
    away = {**there, "XAPI": {**there["XAPI"], "LRS_URL": "http://127.0.0.1:1"}}
    settings.XBLOCK_EXPERIMENTS = away
    put("ann")
    with pytest.raises(CommandError, match=r"Cannot reach .* store at http://127.0.0.1:1 "):
        send_events()
    settings.XBLOCK_EXPERIMENTS = there
    send_events()

    assert len(store.statements) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["http://[bad", f"http://{'a' * 64}.example.org", "http://127.0.0.1:1/ö", "http://a b"]
)
def test_an_invalid_url_is_reported_with_the_waiting_event(
    store: Store, settings: Settings, url: str
) -> None:
    there = settings.XBLOCK_EXPERIMENTS
    settings.XBLOCK_EXPERIMENTS = {**there, "XAPI": {**there["XAPI"], "LRS_URL": url}}
    put("ann")
    with pytest.raises(CommandError) as failure:
        send_events()
    settings.XBLOCK_EXPERIMENTS = there
    send_events()

    (made,) = store.statements
    assert url in str(failure.value)
    assert made["id"] in str(failure.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said", [b"<html>Welcome!", b"", b"[]", b"{}", b"[" * 2**15, b"\xff", b'["an id"]']
)
def test_a_response_without_statement_ids_counts_as_a_failure(store: Store, said: bytes) -> None:
    put("ann")
    store.says = [said]
    with pytest.raises(CommandError, match=r"answers 200 .* Is LRS_URL the endpoint of a store\?"):
        send_events()
    (_, _, first), *_ = store.requests
    store.requests.clear()
    send_events()

    assert store.statements == first


@pytest.mark.django_db
def test_a_store_may_return_only_the_ids_of_new_statements(store: Store) -> None:
    """Check a store like Ralph, which returns new ids, or 204 if it had all statements."""
    put("ann")
    put("bob")
    store.answers = [200, 204, 204]
    store.says = [b'["of bob alone"]']
    send_events()
    store.requests.clear()
    send_events()

    assert store.requests == []


@pytest.mark.django_db
def test_an_event_in_an_unknown_format_is_named_and_those_before_it_are_stored(
    store: Store,
) -> None:
    for user_id in ("ann", "bob", "cid"):
        put(user_id)
    bob = WaitingEvent.objects.get(user_id="bob")
    WaitingEvent.objects.filter(pk=bob.pk).update(payload="{}")
    with pytest.raises(CommandError, match=f"xapi: Event {bob.event_id}"):
        send_events()

    assert len(store.statements) == 1
    assert [row.user_id for row in WaitingEvent.objects.order_by("pk")] == ["bob", "cid"]


GOOD = statement(
    EXPOSED,
    {
        "course_id": COURSE_ID,
        "user_id": "ann",
        "partition_id": 100,
        "partition_name": "Hints",
        "usage_id": USAGE_ID,
        "group_id": 0,
        "group_name": "Short",
    },
    {"course_user_groups": {}},
    event_id=EVENT_ID,
    timestamp=datetime.fromisoformat("2026-11-26T10:00:00+00:00"),
    **AROUND,
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "6d1f033b"),
        ("id", None),
        ("timestamp", "2026-11-26 10:00:00"),
        ("timestamp", "2026-11-26T10:00:00"),
        ("timestamp", "2026-11-26T10:00:00-00:00"),
        ("version", "2.0"),
        ("verb.id", "experienced"),
        ("verb.display", {"in English": "experienced"}),
        ("verb.display", "experienced"),
        ("actor.mbox", "mailto:ann@example.org"),
        ("actor.account", {"name": "ann"}),
        ("actor.account.homePage", "lms"),
        ("object.id", f"{LMS}/xblock/with a space"),
        ("object.id", f"{LMS}/xblock/100%"),
        ("object.definition.name", {"en": None}),
        ("context.extensions", {"group": 1}),
        ("context.contextActivities.parents", []),
        ("stored_by", "us"),
    ],
)
def test_the_schema_rejects_statements_that_the_specification_forbids(
    path: str, value: object
) -> None:
    broken: Any = copy.deepcopy(GOOD)
    *names, last = path.split(".")
    place = broken
    for name in names:
        place = place[name]
    place[last] = value

    assert flaws(GOOD) == []
    assert flaws(broken)


@pytest.mark.parametrize("path", ["actor", "verb", "object", "actor.account", "object.id"])
def test_the_schema_requires_the_mandatory_properties(path: str) -> None:
    broken: Any = copy.deepcopy(GOOD)
    *names, last = path.split(".")
    place = broken
    for name in names:
        place = place[name]
    del place[last]

    assert flaws(broken)
