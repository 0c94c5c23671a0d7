"""The harnesses in short: that they run, and that a few rounds of each find nothing.

Each is a process of its own with its own throw-away installation, so one run of the tests does it.
"""

import os
import subprocess
import sys

import pytest
from django.db import connection

SHORT = {
    "sqlite": ["short --database sqlite", "relationship_race --rounds 10"],
    "postgresql": ["short --database postgres"],
}
REST = {
    vendor: pytest.param(f"{commands[0]} --rest", marks=pytest.mark.thorough)
    for vendor, commands in SHORT.items()
}


@pytest.mark.parametrize("command", [*SHORT[connection.vendor], REST[connection.vendor]])
@pytest.mark.begun_first
def test_in_short_it_finds_nothing(command):
    name, *options = command.split()
    done = subprocess.run(
        [sys.executable, "-m", f"tests.harness.{name}", *options],
        env={**os.environ, "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("|") > 10
