"""Settings of an installation that has the unit of the benchmarks, too: `/me/`."""

from tests.harness.settings import *  # noqa: F403
from tests.harness.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "benchmarks.server.product_urls"
TEMPLATES[0]["DIRS"] += [BASE_DIR / "benchmarks" / "server" / "templates"]
