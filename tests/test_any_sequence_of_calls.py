"""The store and the type `experiment` match a short model after any sequence of calls."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.builders import experiment
from xblock_experiments.course_user_segmentation import api as segmentations
from xblock_experiments.course_user_segmentation.data import (
    NoSuchGroup,
    NoSuchSegmentation,
    NotAssignable,
    UserSegmentation,
)
from xblock_experiments.errors import RetiredUser
from xblock_experiments.experiments import api
from xblock_experiments.experiments.assignment import (
    choose_group,
    choose_group_of_leaver,
    salt_of,
)
from xblock_experiments.retired.models import RetiredHash

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

_courses = itertools.count()

users = st.sampled_from(["ann", "Ann", "ann ", "zoë", "🙂"])
ids = st.sampled_from([0, 100])
group_ids = st.sampled_from([0, 1, 2, 3])
weights = st.lists(st.integers(0, 3), min_size=4, max_size=4)


class Reference:
    """The expected state: each experiment as last published, the listed ones and the members."""

    def __init__(self, course_id: str) -> None:
        self.course_id = course_id
        self.last: dict[int, UserSegmentation] = {}
        self.listed: set[int] = set()
        self.members: dict[tuple[int, str], int] = {}
        self.retired: set[str] = set()

    def group(self, id: int, user_id: str) -> int | None:
        group_id = self.members.get((id, user_id))
        return group_id if id in self.listed and group_id in self.groups(id) else None

    def assign(self, id: int, user_id: str) -> int | None:
        """Return the user's group after assignment, or None if the user cannot be assigned."""
        if self.group(id, user_id) is None and self.can_assign(id) and user_id not in self.retired:
            groups, salt = self.last[id].groups, salt_of(self.course_id, self.last[id])
            left = self.members.get((id, user_id))
            self.members[id, user_id] = (
                choose_group(groups, salt, user_id)
                if left is None
                else choose_group_of_leaver(groups, salt, user_id, left)
            ).id
        return self.group(id, user_id)

    def can_assign(self, id: int) -> bool:
        return id in self.listed and any(group.weight for group in self.last[id].groups)

    def groups(self, id: int) -> set[int]:
        return {group.id for group in self.last[id].groups}

    def is_known(self, id: int) -> bool:
        return id in self.listed or any(key[0] == id for key in self.members)


class Calls(RuleBasedStateMachine):
    """Calls by staff, learners and the operator in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.course_id = f"course {next(_courses)}"
        RetiredHash.objects.all().delete()
        self.should = Reference(self.course_id)

    @rule(id=ids, present=st.sets(group_ids), weights=weights, name=st.sampled_from(["a", "b"]))
    def edit(self, id: int, present: set[int], weights: list[int], name: str) -> None:
        every = experiment(id, 0, 1, 2, 3, weights=tuple(weights), name=name)
        groups = tuple(group for group in every.groups if group.id in present)
        self.should.last[id] = dataclasses.replace(every, groups=groups)
        self.should.listed.add(id)
        self._publish()

    @rule(id=ids)
    def remove(self, id: int) -> None:
        self.should.listed.discard(id)
        self._publish()

    @rule(id=ids)
    def add_again(self, id: int) -> None:
        if id in self.should.last:
            self.should.listed.add(id)
            self._publish()

    @rule(id=ids, user_id=users)
    def assign(self, id: int, user_id: str) -> None:
        group_id = self.should.assign(id, user_id)
        if group_id is not None:
            assert api.assign_group(self.course_id, id, user_id).id == group_id
            return
        expected: Any = NoSuchSegmentation
        if self.should.is_known(id):
            expected = RetiredUser if self.should.can_assign(id) else NotAssignable
        with pytest.raises(expected):
            api.assign_group(self.course_id, id, user_id)

    @rule(user_id=users)
    def assign_all(self, user_id: str) -> None:
        settled = {id: self.should.assign(id, user_id) for id in (0, 100)}
        expected = {id: group_id for id, group_id in settled.items() if group_id is not None}
        if user_id in self.should.retired and any(map(self.should.can_assign, (0, 100))):
            with pytest.raises(RetiredUser):
                api.assign_groups(self.course_id, [0, 100, 999], user_id)
            return

        found = api.assign_groups(self.course_id, [0, 100, 999], user_id)
        assert {id: group.id for id, group in found.items()} == expected

    @rule(id=ids, user_ids=st.sets(users))
    def assign_many(self, id: int, user_ids: set[str]) -> None:
        if not self.should.can_assign(id):
            return
        present = user_ids - self.should.retired
        expected = Counter(self.should.assign(id, user_id) for user_id in present)
        assert api.assign_users(self.course_id, id, user_ids) == expected

    @rule(id=ids, user_id=users, group_id=group_ids)
    def put(self, id: int, user_id: str, group_id: int) -> None:
        def call() -> None:
            segmentations.put_in_group(self.course_id, id, user_id, group_id, type="experiment")

        if not self.should.is_known(id):
            with pytest.raises(NoSuchSegmentation):
                call()
        elif group_id not in self.should.groups(id):
            with pytest.raises(NoSuchGroup):
                call()
        elif user_id in self.should.retired:
            with pytest.raises(RetiredUser):
                call()
        else:
            call()
            self.should.members[id, user_id] = group_id

    @rule(id=ids, user_id=users, group_id=group_ids)
    def take_out(self, id: int, user_id: str, group_id: int) -> None:
        if not self.should.is_known(id):
            return
        segmentations.remove_from_group(self.course_id, id, user_id, group_id, type="experiment")
        if self.should.members.get((id, user_id)) == group_id:
            del self.should.members[id, user_id]

    @rule(user_id=users)
    def retire(self, user_id: str) -> None:
        segmentations.retire_user(user_id)
        self.should.retired.add(user_id)
        for id in (0, 100):
            self.should.members.pop((id, user_id), None)

    @invariant()
    def all_are_where_they_should_be(self) -> None:
        for id in filter(self.should.is_known, (0, 100)):
            members = segmentations.get_members(self.course_id, id, type="experiment")
            found = [(member.user_id, member.group_id) for member in members]
            versions = segmentations.get_versions(self.course_id, id)
            expected = [(u, g) for (i, u), g in self.should.members.items() if i == id]
            assert sorted(found) == sorted(expected)
            for user_id, _ in expected:
                group = api.get_group(self.course_id, id, user_id)
                assert (group and group.id) == self.should.group(id, user_id)
                history = segmentations.get_history(self.course_id, id, user_id, type="experiment")
                assert history[-1].to_group_id == self.should.members[id, user_id]
                steps = itertools.pairwise(history)
                assert all(one.to_group_id == next_.from_group_id for one, next_ in steps)
                replayed = api.replay(self.course_id, versions, history)
                assert list(replayed) == [change.to_group_id for change in history]

    def _publish(self) -> None:
        listed = [self.should.last[id] for id in sorted(self.should.listed)]
        segmentations.save_segmentations(self.course_id, listed)


def test_any_sequence_of_calls() -> None:
    run_state_machine_as_test(
        Calls,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
