"""Random histories of sessions, and the mail that comes of them at a mail server.

A history is one session, or a series of three, that is booked, moved, cancelled, put back and given
other places, by either side, in any order, several times within the grace or none; and work that
ends and begins again meanwhile. Each has four hours of its own in a diary, so none is in another's
way. Now and then the clock is set back.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from uuid import UUID

from tests.harness.calendar_receivers import Calendar, Entry

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENGTH = 50 * MINUTE
ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "Africa/Cairo",
    "America/Santiago",
    "Australia/Lord_Howe",
]
ROUNDS = 4
PLACES = ["", "12 Mill Lane", "Room 2; first door, left", "https://meet.example/a?b=c"]
ACTS = ["move", "move", "cancel", "put_back", "place", "end", "restart"]
# What may not stand where it is read without opening a message, in any letters.
FORBIDDEN = re.compile(
    r"therap|counsel|psych|mental|treat|patient|clinic|session|client|relationship|wellbeing"
    r"|\bended?\b|restart|surname|archer",
    re.IGNORECASE,
)
OF_RELATIONSHIPS = re.compile(r"relationship|ended\b|ending|restart", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """A message as it has arrived."""

    raw: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def to(self) -> str:
        return str(self.parsed["To"])

    @property
    def message_id(self) -> str:
        return str(self.parsed["Message-ID"])

    @cached_property
    def invitations(self) -> list[bytes]:
        calendars = (p for p in self.parsed.walk() if p.get_content_type() == "text/calendar")
        return [part.get_payload(decode=True) for part in calendars]

    def seen_unopened(self) -> Iterator[str]:
        """Yield what a list of messages, a lock screen or a calendar shows of it."""
        yield str(self.parsed["Subject"])
        yield str(self.parsed["From"]).partition("<")[0]
        html = self.parsed.get_body(("html",)).get_content()
        yield html.partition("<body")[2].partition(">")[2].strip()[:300].partition("</div>")[0]
        for part in self.parsed.walk():
            yield part.get_filename() or ""
        for file in self.invitations:
            yield from re.findall(r"^SUMMARY:([^\r]*)", file.decode().replace("\r\n ", ""), re.M)


class Mailboxes:
    """A mail server that takes everything, in order."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        self.letters.append(Letter(envelope.content))
        return "250 OK"

    def of_each(self) -> dict[str, list[Letter]]:
        found = defaultdict(list)
        for letter in self.letters:
            found[letter.to].append(letter)
        return found


@dataclass
class Histories:
    """Practices, and the histories in them. `travel` moves the clock on, or back."""

    chance: random.Random
    begin: datetime
    counted: Counter = field(default_factory=Counter)
    sessions: list = field(default_factory=list)

    def set_up(self, practices: int) -> None:
        from tests.factories import ClientFactory, TherapistFactory, UserFactory, start

        self.work = []
        for number in range(practices):
            zone = ZONES[number % len(ZONES)]
            therapist = TherapistFactory(name="Surname Archer", slug=f"t{number}")
            therapist.user.time_zone = ZONES[(number + 1) % len(ZONES)]
            therapist.user.save()
            people = []
            for who in range(3):
                account = UserFactory(time_zone=zone)
                people.append(
                    ClientFactory(
                        therapist=therapist,
                        name=f"Pat Surname{who}",
                        email=account.email,
                        account=account,
                        calendar_names_therapist=False,
                    )
                )
            self.work.append([start(people[0]), start(people[1], people[2])])
        self.free_from = [self.begin + 60 * DAY for _ in self.work]

    def run(self, number: int, shift: callable, flush: callable) -> None:
        """Let so many histories happen at once, and tell of them; each round has its own grace."""
        fresh = [self._begin(index) for index in range(number)]
        for _ in range(ROUNDS):
            for history in fresh:
                for _ in range(self.chance.choice([0, 1, 1, 2, 3])):
                    self._act(history)
            back = self.chance.random() < 0.2
            shift(-HOUR / 3 if back else self.chance.randint(1, 40) * MINUTE)
            flush()
        shift(HOUR)
        flush()

    def _begin(self, index: int) -> list:
        from practice.diary.models import Session

        practice = index % len(self.work)
        relationship = self.chance.choice(self.work[practice])
        self.free_from[practice] += 4 * HOUR
        start = self.free_from[practice]
        by = self._somebody(relationship)
        values = {"length": LENGTH, "by": by, "place": self.chance.choice(PLACES)}
        if self.chance.random() < 0.1:
            starts = [start, start + HOUR, start + 2 * HOUR]
            series = UUID(int=self.chance.getrandbits(128))
            made = Session.book_series(relationship, starts=starts, series=series, **values)
        else:
            made = [Session.book(relationship, starts_at=start, **values)]
        for session in made:
            session.first = start
        self.sessions += made
        self.counted["histories"] += 1
        return made

    def _somebody(self, relationship: object) -> object:
        people = [person.account for person in relationship.clients.all()]
        return self.chance.choice([relationship.therapist.user, *people])

    def _act(self, history: list) -> None:
        """Do something to it, if that can be done."""
        from practice.diary.models import Session
        from relationships.models import Relationship

        session, what = self.chance.choice(history), self.chance.choice(ACTS)
        relationship, by = session.relationship, self._somebody(session.relationship)
        with suppress(
            Session.AlreadyDone, Session.Taken, Relationship.AlreadyDone, Session.Changed
        ):
            match what:
                case "move":
                    step = self.chance.choice([0, 10, 60, 70, 120, 180]) * MINUTE
                    session.move(starts_at=session.first + step, by=by)
                case "cancel":
                    session.cancel(by=by)
                case "put_back":
                    session.put_back(by=by)
                case "place":
                    session.set_place(self.chance.choice(PLACES), by=relationship.therapist.user)
                case "end":
                    relationship.refresh_from_db()
                    relationship.end(by=relationship.therapist.user, reason="completed")
                case "restart":
                    relationship.refresh_from_db()
                    relationship.restart(by=relationship.therapist.user)
            self.counted[what] += 1


def truth() -> dict[str, Entry]:
    """Return every session as the app has it, as a calendar would."""
    from practice.diary.models import VACANT, Session

    return {
        f"{session.public_id}@stillwater": Entry(
            int(session.starts_at.timestamp()),
            int(session.ends_at.timestamp()),
            session.place,
            session.state in VACANT,
        )
        for session in Session.objects.all()
    }


def differences(calendar: Calendar, wanted: Calendar) -> list[str]:
    """Return where a calendar shows something else than is wanted of the events that it was told.

    Of what is cancelled a calendar may show nothing.
    """
    found = []
    for uid in wanted.keys() | calendar.keys():
        has, should = calendar.get(uid), wanted.get(uid)
        is_gone = (has is None or has.is_cancelled) and (should is None or should.is_cancelled)
        if has != should and not is_gone:
            found.append(f"{uid}: {has} for {should}")
    return found


def indiscretions(letters: Iterable[Letter]) -> list[str]:
    """Return what can be read of messages without opening them, and should not."""
    found = []
    for letter in letters:
        found += [text for text in letter.seen_unopened() if FORBIDDEN.search(text)]
        body = letter.parsed.get_body(("plain",)).get_content()
        found += OF_RELATIONSHIPS.findall(body)
    return found


def never_told(told: dict[str, Calendar]) -> list[str]:
    """Return the sessions that stand and of which a client of theirs knows nothing."""
    from practice.diary.models import VACANT, Session

    faults = []
    for session in Session.objects.exclude(state__in=VACANT).prefetch_related(
        "relationship__clients__account"
    ):
        uid = f"{session.public_id}@stillwater"
        for person in session.relationship.clients.all():
            if uid not in told.get(person.account.email, {}):
                faults.append(f"{person.account.email} was never told of {uid}")
    return faults
