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
MESSAGES = ["kills --kills 10", "crash --times 10", "flood --messages 40 --senders 2"]
MESSAGES += ["slow --seconds 10 --rounds 3"]
THOROUGH = [f"{SHORT[connection.vendor][0]} --rest"]
THOROUGH += [
    f"message_{command} --database {connection.vendor.removesuffix('ql')}" for command in MESSAGES
]
REST = [pytest.param(command, marks=pytest.mark.thorough) for command in THOROUGH]


@pytest.mark.parametrize("command", [*SHORT[connection.vendor], *REST])
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
