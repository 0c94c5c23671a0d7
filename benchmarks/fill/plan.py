"""How much there is of everything, and whose it is."""

import random
from dataclasses import dataclass
from functools import cached_property
from math import ceil

PROBES = (20, 500, 5_000)  # clients of the therapists whose pages are measured
CLIENTS_EACH = 100  # of any other therapist, about
PASSWORD = "a quiet harbour at dusk"  # noqa: S105 - of every account, all made up
TOTP_SECRET = "STILLWATERMADEUPSECRETFORFILLING"  # noqa: S105 - of the probes
HAS_ACCOUNT = 0.2  # of clients
IS_ACTIVE = 0.1  # of relationships
IS_COUPLES = 0.1  # of second relationships, which then are those of two clients
RESTARTED = 0.05  # of relationships
# How many past sessions a relationship has, and how often: 2.05 on average.
SESSIONS = {0: 15, 1: 25, 2: 25, 3: 20, 4: 10, 6: 5}
HAS_NEXT = 0.3  # of active relationships: a session to come
WEEKS_OF_HISTORY = 150  # of a therapist whose week holds that many sessions
MOST_A_WEEK = 40  # sessions of a therapist: five days, eight hours


def probe_email(clients: int) -> str:
    """Return the address by which the therapist with so many clients signs in."""
    return f"probe-{clients}@fill.example"


@dataclass(frozen=True)
class Plan:
    """The therapists, by the numbers of their clients, and the order of all clients.

    The probes come first. Their clients lie among everybody else's, as years of growing leave them.
    """

    clients: int
    seed: int = 1417

    @cached_property
    def sizes(self) -> list[int]:
        """Return how many clients each therapist has."""
        sizes: list[int] = []
        left = self.clients
        for size in PROBES:
            if size <= left:
                sizes.append(size)
                left -= size
        others = max(self.clients // CLIENTS_EACH - len(sizes), 1) if left else 0
        return sizes + [left // others + (n < left % others) for n in range(others)]

    @property
    def probes(self) -> list[int]:
        return [size for size in PROBES if size in self.sizes[: len(PROBES)]]

    @cached_property
    def owners(self) -> list[int]:
        """Return the index of the therapist of each client, in the order of their rows."""
        owners = [index for index, size in enumerate(self.sizes) for _ in range(size)]
        random.Random(self.seed).shuffle(owners)  # noqa: S311 - no secret
        return owners


def columns_of(clients: int) -> int:
    """Return in how many hours of a week a therapist with so many clients has sessions."""
    sessions = clients * 2 * 2.1
    return min(max(round(sessions / WEEKS_OF_HISTORY), 1), MOST_A_WEEK)


def weeks_of_active_work(clients: int) -> int:
    """Return how far back the sessions of active relationships may reach, in weeks."""
    return ceil(1.3 * clients * 2 * IS_ACTIVE * 2.1 / columns_of(clients)) + 4
