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
    "/me/": Budget(1, 4),
    "Today": Budget(5, 9),
    "Clients list": Budget(5, 9, goal=7),
    "search": Budget(8, 10, goal=8),
    "client page": Budget(9, 11, goal=9),
    "relationship": Budget(11, 13, goal=11),
    "End page": Budget(10, 12),
    "End post": Budget(9, 12, goal=9),
    "Restart post": Budget(9, 12, goal=9),
    "booking post": Budget(18, 21, goal=14),  # one tells the therapist
    "dashboard": Budget(10, 11, goal=9),
    "booking week": Budget(8, 11, goal=9),
    "diary week": Budget(6, 10),
    "diary day": Budget(6, 10),
    "diary month": Budget(2, 6),
    "caseload": Budget(4, 8),  # something has ended since it was settled
    "tidy-up": Budget(4, 8),
    "public profile": Budget(6, 10),
    "own figures page": Budget(5, 9),
    "records due": Budget(4, 8),
}


@dataclass(frozen=True)
class Limit:
    """The most buffers and bytes of a page of 500 clients among 10,000; a tenth above what it has.

    Buffers are those of the plans that the server has: of what is prepared one for all values.

    `scans` are the large tables that it reads from end to end all the same: a fault that is known.
    """

    buffers: int
    bytes: int
    scans: frozenset[str] = frozenset()


PAGE_QUERY = 113  # buffers of the query that finds 100 clients, of however many: a row each
OF_500 = {
    "Clients list": Limit(4_250, 73_400),  # a hundred rows
    "search": Limit(590, 9_700),
    "client page": Limit(80, 7_000),
    "relationship": Limit(60, 6_800),
    "End page": Limit(51, 9_300),
    "dashboard": Limit(620, 5_650),  # of each session it is asked whether they took part then
    "booking week": Limit(400, 13_500),
    "diary week": Limit(187, 25_400),
    "diary day": Limit(94, 20_200),
    "diary month": Limit(41, 13_200),
    "caseload": Limit(26, 14_600),
    "Today": Limit(135, 11_000),
    "tidy-up": Limit(430, 54_500),
    "public profile": Limit(150, 4_900),
    "own figures page": Limit(720, 16_300),
    "records due": Limit(20, 4_400),
}
