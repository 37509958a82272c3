"""A process that assigns and publishes, and that tests kill or cut off from its database.

    python -m tests.worker migrate
    python -m tests.worker assign ROUNDS SIZE      assign_users with SIZE new users in each round
    python -m tests.worker visit ROUNDS            assign_group with a new user in each round
    python -m tests.worker save ROUNDS SIZE        save SIZE experiments named for the round

Prints a line for each round, "done ROUND ANSWER" as JSON or "failed ROUND REASON". Repeats a failed
round with the same arguments until it succeeds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django

COURSE_ID = "course-v1:DemoX+Faults+2026"


def user(number: int) -> str:
    return f"user {number:07}"


def assign(size: str) -> Callable[[int], Any]:
    from xblock_experiments.experiments.api import assign_users

    def work(round_: int) -> Any:
        first = round_ * int(size)
        return assign_users(COURSE_ID, 100, map(user, range(first, first + int(size))))

    return work


def visit() -> Callable[[int], Any]:
    from xblock_experiments.experiments.api import assign_group

    return lambda round_: assign_group(COURSE_ID, 100, user(round_)).id


def save(size: str) -> Callable[[int], Any]:
    from tests.builders import experiment
    from xblock_experiments.course_user_segmentation.api import save_segmentations

    def work(round_: int) -> Any:
        named = [experiment(id, name=f"round {round_}") for id in range(100, 100 + int(size))]
        save_segmentations(COURSE_ID, named)

    return work


def main(command: str, rounds: str, *arguments: str) -> None:
    from xblock_experiments.errors import NotStored

    commands: dict[str, Callable[..., Callable[[int], Any]]]
    commands = {"assign": assign, "visit": visit, "save": save}
    work = commands[command](*arguments)
    for round_ in range(int(rounds)):
        while True:
            try:
                answer = work(round_)
            except NotStored as error:
                say("failed", round_, str(error))
                time.sleep(0.1)
            else:
                say("done", round_, answer)
                break


def say(what: str, round_: int, answer: Any) -> None:
    sys.stdout.write(f"{what} {round_} {json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "migrate":
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    else:
        main(*sys.argv[1:])
