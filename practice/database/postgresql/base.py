"""Django's own PostgreSQL, whose connections stay open from one request to the next."""

import select
from collections.abc import Sequence
from typing import Any, Self

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as DjangosOperations
from psycopg import Cursor, errors

from practice.database.connections import GENERIC_PLAN


class PreparedCursor(Cursor[Any]):
    """A cursor whose statements the database plans once, and then only looks up."""

    def execute(self, query: Any, params: Sequence[Any] | None = None) -> Self:  # type: ignore[override]
        """Ask, prepared.

        Raises:
            OperationalError: a column of the answer has another type than when it was prepared: a
                migration beside a running server. The request fails (503), and with its
                transaction psycopg forgets what is prepared: the next one is answered.
        """
        try:
            return super().execute(query, params, prepare=True)
        except errors.FeatureNotSupported as error:  # "cached plan must not change result type"
            raise errors.OperationalError(str(error)) from error


class DatabaseOperations(DjangosOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return what was asked, with its values, also of what was prepared."""
        if isinstance(cursor, PreparedCursor):
            return self.compose_sql(sql, params)
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows without asking whether it is still good, and prepares statements."""

    ops_class = DatabaseOperations

    def _configure_connection(self, connection: Any) -> bool:
        """Look at a new connection, one of a pool, too, whether it reaches PostgreSQL itself.

        What stands between and does not pass on how to plan, as PgBouncer, may lend another
        connection each time, which knows nothing of what was prepared.
        """
        super()._configure_connection(connection)  # type: ignore[misc]
        with connection.cursor() as cursor:
            (planned,) = cursor.execute("SHOW plan_cache_mode").fetchone()
        connection.prepare_threshold = 0 if planned == GENERIC_PLAN else None
        return True

    def prepared_cursor(self) -> Any:
        """Return a cursor whose statements PostgreSQL plans once for the life of a connection.

        With row-level security planning takes most of the time of a short statement. Values are
        bound in the server, so the database has to see of each what it is.
        """
        self.ensure_connection()
        if self.connection.prepare_threshold is None:
            return self.cursor()
        with self.wrap_database_errors:
            cursor = PreparedCursor(self.connection)
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

    def is_usable(self) -> bool:
        """Whether the server at the other end of the connection has not closed it.

        Django would ask it by a statement, once a request. A server that closes a connection, or
        is gone, can be read from the socket: between requests there is nothing else to be read.
        What was cut off on the way without a word is found by the next statement, in vain, and by
        `FOR_THE_NETWORK` (`practice/database/waiting.py`).
        """
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
