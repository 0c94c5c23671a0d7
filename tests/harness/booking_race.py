"""Races for one therapist's time, round after round, in a throw-away database.

    python -m tests.harness.booking_race --rounds 1000

Eight threads, each with a connection of its own, wait for each other and then act at once. Rounds
take turns: all book the same time, times that overlap, or move onto one time; one form sent eight
times; half book while half move. After each round the table is read: one session holds the time.
The database is the one of DATABASE_URL; without it, SQLite.
"""

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import cycle, pairwise
from threading import Barrier
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from practice.accounts.models import Therapist  # noqa: E402
from practice.diary.models import Session  # noqa: E402
from relationships.models import Relationship  # noqa: E402

THREADS = 8
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LENGTH = 50 * MINUTE
Acts = list[Callable[[], object]]


class Race:
    """Rounds, and what came of them."""

    def __init__(self, therapist: Therapist, relationships: list[Relationship]) -> None:
        self.therapist, self.relationships = therapist, relationships
        self.answers: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.barrier = Barrier(THREADS)

    def run(self, rounds: int) -> None:
        first = timezone.now().replace(minute=0, second=0, microsecond=0)
        kinds = cycle([self.same_time, self.overlapping, self.moves, self.one_form, self.mixed])
        with ThreadPoolExecutor(THREADS) as pool:
            for number, kind in zip(range(rounds), kinds, strict=False):
                moment = first + (number + 1) * 4 * HOUR
                answers = list(pool.map(self.take_part, kind(moment)))
                winners = self.judge(f"{number + 1} ({kind.__name__})", moment, answers)
                self.answers[f"{kind.__name__}: {winners} held the time"] += 1
            list(pool.map(self.close, range(THREADS)))

    def take_part(self, act: Callable[[], object]) -> str:
        connection.ensure_connection()
        self.barrier.wait(timeout=60)
        try:
            made = act()
        except Session.Taken:
            return "taken"
        except Exception as error:
            self.errors[repr(error)[:200]] += 1
            traceback.print_exc()
            return "error"
        return made.public_id if made else "moved"

    def close(self, _: int) -> None:
        self.barrier.wait(timeout=60)
        connection.close()

    def judge(self, name: str, moment: datetime, answers: list[str]) -> int:
        """Compare what the threads were told with what the table says."""
        times = self.therapist.taken_times.overlapping(moment, moment + 2 * HOUR)
        there = list(self.therapist.sessions.filter(pk__in=times.values("pk")))
        told = {answer for answer in answers if answer not in ("taken", "error")}
        is_told = len(there) == 1 and told <= {there[0].public_id, "moved"} and len(told) == 1
        if not is_told or "error" in answers:
            self.wrong.append(f"round {name}: {answers}, {len(there)} sessions")
        return len(there)

    def same_time(self, moment: datetime) -> Acts:
        return [
            lambda relationship=relationship: self.book(relationship, moment)
            for relationship in self.relationships
        ]

    def overlapping(self, moment: datetime) -> Acts:
        pairs = enumerate(self.relationships)
        return [
            lambda t=relationship, i=i: self.book(t, moment + i * 6 * MINUTE)
            for i, relationship in pairs
        ]

    def moves(self, moment: datetime) -> Acts:
        parked = self.parked(THREADS)
        by = self.therapist.user
        return [lambda s=s: s.move(starts_at=moment, by=by) for s in parked]

    def one_form(self, moment: datetime) -> Acts:
        key = uuid4()
        return [lambda: self.book(self.relationships[0], moment, key=key) for _ in range(THREADS)]

    def mixed(self, moment: datetime) -> Acts:
        half = THREADS // 2
        return self.moves(moment)[:half] + self.same_time(moment)[half:]

    def parked(self, number: int) -> list[Session]:
        """Return sessions far away, to be moved from there."""
        ends = self.therapist.sessions.values_list("ends_at", flat=True)
        far = max([timezone.now() + timedelta(days=3650), *ends])
        return [self.book(self.relationships[i], far + i * HOUR) for i in range(number)]

    def book(self, relationship: Relationship, at: datetime, **values: object) -> Session:
        by = self.therapist.user
        return Session.book(relationship, starts_at=at, length=LENGTH, by=by, **values)

    def overlaps(self) -> int:
        """Count, over everything, the neighbours that overlap."""
        standing = self.therapist.sessions.standing().order_by("starts_at")
        times = standing.values_list("starts_at", "ends_at")
        return sum(one[1] > next_[0] for one, next_ in pairwise(times))


def throwaway_database() -> Iterator[None]:
    connection.creation.create_test_db(verbosity=0, serialize=False)
    yield
    connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args().rounds
    database = throwaway_database()
    next(database)
    try:
        from tests.factories import ClientFactory, TherapistFactory, start

        therapist = TherapistFactory()
        relationships = [start(ClientFactory(therapist=therapist)) for _ in range(THREADS)]
        race = Race(therapist, relationships)
        begun = time.monotonic()
        race.run(rounds)
        seconds = time.monotonic() - begun
        overlaps = race.overlaps()
        say(f"{connection.vendor}: {rounds} rounds of {THREADS} threads in {seconds:.0f} s")
        for line, number in sorted(race.answers.items()):
            say(f"  {line}: {number} rounds")
        say(f"  overlaps in the table: {overlaps}")
        say(f"  errors: {race.errors.total()}")
        for wrong in race.wrong:
            say(f"  WRONG {wrong}")
        return 1 if overlaps or race.wrong or race.errors else 0
    finally:
        next(database, None)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
