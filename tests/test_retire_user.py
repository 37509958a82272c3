"""The confirmation question of the command that deletes a user's data."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests.blocks import user_info
from xblock_experiments.services import COURSE

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


def test_interrupting_the_question_reports_that_nothing_was_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(question: str) -> str:
        raise KeyboardInterrupt

    user_info("ann").set(COURSE, "key", 1)
    monkeypatch.setattr("builtins.input", interrupt)
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("retire_user", "ann")

    assert user_info("ann").get(COURSE, "key") == 1
