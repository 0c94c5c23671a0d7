"""The harnesses in short: that they run, and that a few rounds of each find nothing.

Each is a process of its own with its own throw-away installation, so one run of the tests does it.
"""

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.harness.pooling import find_pgbouncer

SHORT = [
    ("sqlite", "short --database sqlite"),
    ("sqlite", "relationship_race --rounds 10"),
    ("postgresql", "short --database postgres"),
    ("postgresql", "guessing --tries 12"),
]


@pytest.mark.parametrize(("vendor", "command"), SHORT)
def test_in_short_it_finds_nothing(vendor, command):
    if connection.vendor != vendor:
        pytest.skip("in the run on the other database")
    name, *options = command.split()
    if "pgbouncer" in options and not find_pgbouncer():
        pytest.skip("needs Debian's package pgbouncer")

    done = subprocess.run(
        [sys.executable, "-m", f"tests.harness.{name}", *options],
        env={**os.environ, "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("|") > 10
