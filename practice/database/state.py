"""Whether the database is what this version of the code needs."""

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

RUN_MIGRATE = "the tables are not those of this version: run manage.py migrate"


def what_is_missing() -> str:
    """Return what keeps the database from being used, in words, or nothing."""
    try:
        executor = MigrationExecutor(connection)
        is_behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:  # a lost connection is no DatabaseError
        return f"the database does not answer: {str(error).partition(chr(10))[0]}"
    return RUN_MIGRATE if is_behind else ""
