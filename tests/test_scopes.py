"""Modules that blocks can import without Django."""

from __future__ import annotations

import os
import subprocess
import sys


def test_the_scopes_and_the_field_do_not_need_django() -> None:
    code = (
        "import sys, xblock_experiments.services as services; "
        "print(services.COURSE, services.UserInfoField.__name__, 'django' in sys.modules)"
    )
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )

    assert answer.stdout == "Scope.COURSE UserInfoField False\n"
