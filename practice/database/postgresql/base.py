"""Django's own PostgreSQL, whose connections stay open from one request to the next."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows without asking whether it is still good."""

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
