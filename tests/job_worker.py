"""A worker for jobs in a process of its own, which tests kill.

    python -m tests.job_worker GATE [OPTION ...]

The kind "test" makes steps until the file GATE exists.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.core.management import call_command

from tests.job_kinds import gated, kind_of


def main(gate: str, *options: str) -> None:
    django.setup()
    from xblock_experiments.jobs.kinds import register

    register(kind_of(gated(Path(gate))))
    call_command("run_jobs", *options)


if __name__ == "__main__":
    main(*sys.argv[1:])
