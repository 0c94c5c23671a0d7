"""The settings of production, with one more address: `/me/`, the unit of every ratio."""

import os
from pathlib import Path

from practice.settings import *  # noqa: F403
from practice.settings import TEMPLATES

ROOT_URLCONF = "benchmarks.server.product_urls"
TEMPLATES[0]["DIRS"] += [Path(__file__).with_name("templates")]
STATIC_ROOT = os.environ["BENCHMARK_STATIC"]
