"""How the database is connected to: what SQLite and PostgreSQL each need to keep what they take."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from practice.database.private_file import PrivateFile

# How PostgreSQL plans what is prepared (`practice/database/postgresql/base.py`).
GENERIC_PLAN = "force_generic_plan"


def connections(address: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """Return Django's DATABASES for an address, and a server with so many threads a process."""
    database = dict(address)
    if database["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE: two writers queue instead of failing with "database is locked".
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            "factory": PrivateFile,
        }
        return {"default": database}
    database["ENGINE"] = "practice.database.postgresql"
    options = database.setdefault("OPTIONS", {})
    # No statement here runs long enough to be worth compiling, whatever the planner thinks; and
    # what is prepared is planned once, for all values.
    told = f"-c jit=off -c plan_cache_mode={GENERIC_PLAN}"
    options["options"] = f"{options.get('options', '')} {told}".strip()
    if options.get("pool"):
        database["CONN_MAX_AGE"] = 0
        # While the database is away say so soon, and try anew for whoever asks next. One more is
        # for chaining the audit, and one for what is done after an answer.
        options["pool"] = {
            "min_size": 1,
            "max_size": threads + 2,
            "timeout": 2,
            "reconnect_timeout": 0.5,
        }
    return {"default": database, "cache": deepcopy(database)}  # the second: see CacheRouter
