"""The command `retire_user USER_ID`, which deletes all data about a user."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from xblock_experiments.errors import ExperimentsError
from xblock_experiments.user_tags.api import retire_user


class Command(BaseCommand):
    """The command. It asks for confirmation, and can be repeated without an error."""

    help = (
        "Delete all data stored about a user, clear the user's id from staff actions, and store "
        "nothing about the user again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user_id", metavar="USER_ID", help="the user's id in the runtime")
        parser.add_argument(
            "--no-input", action="store_false", dest="asks", help="do not ask for confirmation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user_id = options["user_id"]
        if options["asks"] and not _is_sure(user_id):
            msg = "Nothing was deleted."
            raise CommandError(msg)
        try:
            count = retire_user(user_id)
        except (ExperimentsError, ImproperlyConfigured) as error:
            msg = f"Cannot retire user {user_id!r}. {error}"
            raise CommandError(msg) from error
        self.stdout.write(self.style.SUCCESS(f"{user_id!r}: {count} rows deleted or cleared."))


def _is_sure(user_id: str) -> bool:
    question = (
        f"All data stored about user {user_id!r} will be deleted permanently, and nothing can be "
        "stored about this user again. Type 'yes' to continue: "
    )
    try:
        return input(question) == "yes"
    except (EOFError, KeyboardInterrupt):
        return False
