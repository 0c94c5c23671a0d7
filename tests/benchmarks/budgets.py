"""What pages may ask of the database; nothing here is timed.

Numbers only go down: whoever lowers what a page asks lowers it here, too. Beside each stands the
goal, where there is one that is not met yet.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The most statements of a page on either database, and the goal for PostgreSQL.

    All count: those that begin and end a transaction, and on PostgreSQL those that tell the
    database who asks.
    """

    sqlite: int
    postgresql: int
    goal: int | None = None


STATEMENTS = {
    "/me/": Budget(2, 5),
    "Clients list": Budget(6, 10, goal=7),
    "search": Budget(9, 11, goal=8),
    "client page": Budget(12, 14, goal=9),
    "relationship": Budget(15, 17, goal=11),
    "End page": Budget(13, 15),
    "End post": Budget(14, 18, goal=9),
    "Restart post": Budget(14, 18, goal=9),
    "booking post": Budget(22, 25),
    "dashboard": Budget(17, 18, goal=9),
    "booking week": Budget(13, 16),
    "diary week": Budget(11, 15),
    "caseload": Budget(7, 11),
    "tidy-up": Budget(7, 11),
    "public profile": Budget(7, 11),
    "own figures page": Budget(8, 12),
    "records due": Budget(5, 9),
}
