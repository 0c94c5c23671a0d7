"""Doing things at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from relationships.models import Relationship


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do all of them at the same moment, each on a connection of its own; return the answers.

    A lost race (`AlreadyDone`) counts as an answer; any other error is raised here.
    """
    barrier = Barrier(len(acts))

    def act_on_own_connection(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=120)
            return act()
        except Relationship.AlreadyDone:
            return "already done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act_on_own_connection, acts))


def in_own_connection(act: Callable[[], object]) -> object:
    """Do it in a thread of its own, and leave no connection behind."""
    try:
        return act()
    finally:
        connection.close()
