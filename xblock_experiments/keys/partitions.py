"""The platform's keys of user partitions, under which it stores groups as tags."""

from __future__ import annotations

from xblock_experiments.keys.ids import is_id

PARTITION_KEY = "xblock.partition_service.partition_"
"""How the platform's key of a user's group begins; the id of the experiment follows."""


def is_of_partition(key: str) -> bool:
    return key.startswith(PARTITION_KEY)


def partition_id_of(key: str) -> int | None:
    """The partition whose group the tag is. None where the platform writes no such key."""
    number = key.removeprefix(PARTITION_KEY)
    is_written_so = number.isascii() and number.isdigit() and str(int(number[:11])) == number
    return int(number) if is_written_so and is_id(int(number)) else None
