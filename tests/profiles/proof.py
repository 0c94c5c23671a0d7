"""The proof that endings move nothing: one history, one run of endings, everything compared.

It is a function, so that `test_mutants.py` can show that it notices.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import time_machine
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.diary.models import Session
from practice.profiles.figures import count_installation, figures, visits_of
from practice.profiles.models import Profile
from practice.profiles.stats import tallies
from relationships.models import Relationship
from tests.factories import ClientFactory, TherapistFactory, start
from tests.pressing import Browser
from tests.profiles import DAY, HOUR, LONG_AGO, NOW, session

SECTIONS = re.compile(r'<section [^>]*id="profile-(?:stats|badges)">.*?</section>', re.DOTALL)

# One session of a history: whose, so many days ago, and what became of it.
STATES = ["attended"] * 3 + ["missed", "booked", "cancelled", "not_held", "complimentary"]
STATES += ["mistaken", "missed by one"]  # of several people


@dataclass(frozen=True)
class Step:
    """Something a therapist does to a relationship, so long after what was done before."""

    what: str
    which: int
    later: timedelta = timedelta(0)
    reason: str = "completed"


class World:
    """Alice with an individual client, a couple and four more, among four colleagues."""

    def __init__(self, history: list[tuple[int, int, str]]) -> None:
        self.therapist = TherapistFactory(name="Alice Archer", slug="proof-alice")
        people = ClientFactory.create_batch(6, therapist=self.therapist)
        self.relationships = [start(people[0], at=LONG_AGO), start(*people[:2], at=LONG_AGO)]
        self.relationships += [start(one, at=LONG_AGO) for one in people[2:]]
        for nth, (which, days, state) in enumerate(history):
            self._session(self.relationships[which % len(self.relationships)], nth, days, state)
        Profile.objects.create(therapist=self.therapist, is_published=True, headline="Counsellor")
        for name in ("Zoe", "Bob", "Carla", "Dan"):
            self._colleague(name)

    @staticmethod
    def _session(relationship: Relationship, nth: int, days: int, state: str) -> None:
        # No two of a day are within an hour of each other.
        starts_at = NOW - days * DAY + (nth % 12) * HOUR
        free, missed = state == "complimentary", state == "missed by one"
        state = "attended" if free or missed else state
        if starts_at > NOW and state in ("attended", "missed", "not_held"):
            state = "booked"
        booked_at = min(starts_at - 7 * DAY, NOW - HOUR)
        made = session(relationship, starts_at, state, booked_at=booked_at, complimentary=free)
        if missed and made.number_of_people > 1 and starts_at < NOW - HOUR:
            with time_machine.travel(NOW, tick=False):
                made.set_attendance_of([made.people[0]], attended=False)

    @staticmethod
    def _colleague(name: str) -> None:
        colleague = TherapistFactory(name=name, slug=f"proof-{name.lower()}")
        relationship = start(ClientFactory(therapist=colleague), at=LONG_AGO)
        for n in range(2):
            session(relationship, NOW - 20 * DAY + n * DAY)
        Profile.objects.create(therapist=colleague, is_published=True)

    def do(self, step: Step) -> bool:
        """Take a step, and say whether it was one."""
        relationship = Relationship.objects.get(
            pk=self.relationships[step.which % len(self.relationships)].pk
        )
        by = self.therapist.user
        try:
            if step.what == "end":
                relationship.end(by=by, reason=step.reason, note="Private.")
            elif step.what == "undo":
                relationship.undo_end(by=by)
            elif step.what == "restart":
                relationship.restart(by=by)
            elif step.what == "correct" and relationship.is_ended:
                relationship.correct_reason(
                    by=by, reason=step.reason, ended_at=relationship.ended_at
                )
            else:
                return False
        except (Relationship.AlreadyDone, Relationship.TooLate):
            return False
        return True

    def end_everything(self) -> None:
        for which in range(len(self.relationships)):
            self.do(Step("end", which))

    def restart_everything(self) -> None:
        for which in range(len(self.relationships)):
            self.do(Step("restart", which))


@dataclass(frozen=True)
class Seen:
    """What the world sees of a therapist at one instant."""

    figures: object
    usual: object
    tallies: object
    page: bytes
    sections: list[str]
    order: list[str]
    sessions: list[tuple]
    relationships: list[tuple]

    @classmethod
    def now(cls, therapist: Therapist, now) -> "Seen":
        """Look, after what therapists are compared with has been counted anew."""
        cache.clear()
        usual = count_installation(now)
        visitor = Browser()
        page = visitor.get(f"/therapists/{therapist.slug}/").content
        listed = visitor.get("/therapists/").content.decode()
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM diary_session ORDER BY id")
            sessions = cursor.fetchall()
        return cls(
            figures=figures(therapist, now),
            usual=usual,
            tallies=tallies(visits_of(therapist), now),
            page=page,
            sections=SECTIONS.findall(page.decode()),
            order=re.findall(r'href="/therapists/([\w-]+)/"', listed),
            sessions=sessions,
            relationships=list(
                Relationship.objects.order_by("pk").values_list("pk", "public_id", "started_at")
            ),
        )

    def differences(self, other: "Seen") -> list[str]:
        return [name for name in vars(self) if getattr(self, name) != getattr(other, name)]


def prove(history: list[tuple[int, int, str]], steps: list[Step]) -> int:
    """Check that each step moves nothing, and return how many were taken.

    Everything is compared before and after each step at the same instant, and at the end with what
    that instant shows where nothing ever ended.
    """
    world, taken = World(history), 0
    last = NOW + sum((step.later for step in steps), timedelta(0))
    with time_machine.travel(NOW, tick=False) as clock:
        clock.move_to(last)
        never_ended = Seen.now(world.therapist, last)
        assert len(never_ended.sections) == 1 + bool(never_ended.figures.badges)
        assert never_ended.order == [f"proof-{name}" for name in ORDER]
        clock.move_to(NOW)
        Seen.now(world.therapist, NOW)  # somebody looked at the page before the first ending
        for step in steps:
            clock.shift(step.later)
            moment = timezone.now()
            before = Seen.now(world.therapist, moment)
            taken += world.do(step)
            after = Seen.now(world.therapist, moment)
            assert after.differences(before) == [], f"{step.what} moved something"
        assert Seen.now(world.therapist, last).differences(never_ended) == []
        for finally_do in (world.end_everything, world.restart_everything):
            finally_do()
            differences = Seen.now(world.therapist, last).differences(never_ended)
            assert differences == [], f"{finally_do.__name__} moved something"
    assert Session.objects.filter(therapist=world.therapist).count() == len(history)
    return taken


ORDER = ["alice", "bob", "carla", "dan", "zoe"]

# A history in which every figure and every badge has something to lose, also as time passes.
HISTORY = [
    *((which, 90 - 7 * n, "attended") for which in range(5) for n in range(2)),
    (2, 9, "attended"),
    (2, -7, "booked"),
    (3, 30, "missed"),
    (4, 12, "complimentary"),
    (5, 6, "attended"),  # booked 13 days ago: the client counts from tomorrow on
    (0, -14, "booked"),
    (1, -21, "booked"),
    (1, 40, "missed by one"),
    (2, 45, "mistaken"),
]
STEPS = [
    Step("end", 2),
    Step("correct", 2, HOUR, "lost_contact"),
    Step("restart", 2, DAY),
    Step("end", 0, DAY),
    Step("undo", 0, HOUR / 6),
    Step("end", 0, HOUR),
    Step("end", 1, 20 * DAY, "died"),
    Step("restart", 1, 30 * DAY),
]
