"""The platform's keys of user partitions, under which it stores groups as tags."""

from __future__ import annotations

from xblock_experiments.keys.ids import is_id

PARTITION_KEY = "xblock.partition_service.partition_"
"""The prefix of the platform's key for a user's group. The experiment's id follows."""


def is_of_partition(key: str) -> bool:
    return key.startswith(PARTITION_KEY)


def partition_id_of(key: str) -> int | None:
    """Return the id of the partition that the key names, or None if the key is invalid."""
    number = key.removeprefix(PARTITION_KEY)
    is_canonical = number.isascii() and number.isdigit() and str(int(number[:11])) == number
    return int(number) if is_canonical and is_id(int(number)) else None
