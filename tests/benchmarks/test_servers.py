"""What the benchmark serves can be served: its settings follow those of the product."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["product", "stock"])
def test_the_settings_of_each_server_can_be_read(module, tmp_path):
    told = {
        "SECRET_KEY": "only for this test, which keeps no secrets",
        "DATABASE_URL": f"sqlite:///{tmp_path}/practice.sqlite3",
        "BENCHMARK_STATIC": str(tmp_path),
        "DEBUG": "1",
    }

    subprocess.run(
        [sys.executable, "-c", f"import benchmarks.server.{module}"],
        env=os.environ | told,
        check=True,
    )
