"""A therapist at work over HTTP: ends, restarts and books, and knows what was acknowledged.

Nobody else touches their practice, so after a crash the database must say what they were told:
everything that was answered, at most the one request that was not, an entry in the audit for each
of them, and nothing in halves.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Event as Flag
from uuid import uuid4

from tests.harness.visitor import Answer, NoAnswer, Visitor

QUARTER = timedelta(minutes=15)
ACTS = {"relationship_ended", "relationship_restarted", "session_booked"}


@dataclass
class State:
    """What the database holds of the work since it was last looked at."""

    events: list[tuple[str, str]] = field(default_factory=list)  # kind and note, in order
    sessions: dict[str, str] = field(default_factory=dict)  # key and state
    status: str = "active"

    def after(self, act: str, mark: str) -> "State":
        """Return the state that follows an act."""
        events, sessions, status = list(self.events), dict(self.sessions), self.status
        if act == "end":
            events, status = [*events, ("ended", mark)], "ended"
        elif act == "restart":
            events, status = [*events, ("restarted", "")], "active"
        else:
            sessions[mark] = "booked"
        return State(events, sessions, status)


class Therapist:
    """One therapist with one client, in a zone without clock changes."""

    numbers = count()

    def __init__(self, port: int) -> None:
        from tests.factories import ClientFactory, TherapistFactory, start

        number = next(self.numbers)
        therapist = TherapistFactory(
            user__email=f"therapist{number}@practice.example", user__time_zone="UTC"
        )
        self.relationship = start(ClientFactory(therapist=therapist))
        self.visitor = Visitor(port, therapist.user)
        self.address = f"/relationships/{self.relationship.public_id}/"
        self.told, self.doubt = State(), None
        self.seen, self.entries_seen = self.relationship.events.latest("pk").pk, 0
        # Recorded in retrospect: years of them would make the End page long.
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.first, self.quarters = midnight - timedelta(days=3650), count()
        self.acknowledged = self.unknown = self.happened = self.events = 0
        self.faults: list[str] = []
        self.unanswered: Counter[str] = Counter()

    def work(self, stop: Flag) -> None:
        """Act until told to stop, or until there is no answer."""
        while not stop.is_set():
            acts = ["end" if self.told.status == "active" else "restart", "book"]
            if not all(self.do(act) for act in acts):
                return

    def do(self, act: str) -> bool:
        """Fetch the form, fill it in and send it; return whether to go on."""
        mark = str(uuid4())
        path, typed = {
            "end": ("end/", {"reason": "other", "note": mark}),
            "restart": ("restart/", {}),
            "book": ("sessions/add/", {**self.free_time(), "minutes": "15", "key": mark}),
        }[act]
        path = self.address + path
        try:
            page = self.visitor.get(path)
        except NoAnswer as why:
            self.unanswered[str(why)] += 1
            return False
        if page.status != 200:
            return self.refused(f"GET {act}", page)
        try:
            answer = self.visitor.post(path, page, **typed)
        except NoAnswer as why:
            self.unanswered[str(why)] += 1
            answer = None
        if answer and answer.status == 303:
            self.told = self.told.after(act, mark)
            self.acknowledged += 1
            return True
        self.doubt = (act, mark)
        self.unknown += 1
        return bool(answer) and self.refused(f"POST {act}", answer)

    def refused(self, what: str, answer: Answer) -> bool:
        if answer.status != 503:
            self.faults.append(f"{what} was answered {answer.status}")
        return False

    def free_time(self) -> dict[str, str]:
        start = self.first + next(self.quarters) * QUARTER
        return {"day": f"{start:%Y-%m-%d}", "time": f"{start:%H:%M}"}

    def settle(self) -> None:
        """Compare the database with what was acknowledged, and go on from there."""
        found = self.reality()
        self.faults += self.of_the_audit(found)
        before, after = self.told, self.told.after(*self.doubt) if self.doubt else self.told
        if found == after and self.doubt:
            self.happened += 1
        elif found != before:
            self.faults.append(f"{found} is neither {before} nor {after}")
        self.faults += self.halves()
        self.told, self.doubt = State(status=found.status), None

    def reality(self) -> State:
        new = list(self.relationship.events.filter(pk__gt=self.seen).order_by("pk"))
        self.seen = new[-1].pk if new else self.seen
        self.events += len(new)
        self.relationship.refresh_from_db()
        keys = [*self.told.sessions, *([self.doubt[1]] if self.doubt else [])]
        booked = self.relationship.sessions.filter(key__in=keys).values_list("key", "state")
        events = [(event.kind, event.note) for event in new]
        return State(events, {str(key): state for key, state in booked}, self.relationship.status)

    def of_the_audit(self, found: State) -> list[str]:
        """Return how the audit differs from what was done since it was last looked at."""
        from practice.audit.chaining import chain_everything
        from practice.audit.models import Entry

        faults = []
        expected = [f"relationship_{kind}" for kind, _ in found.events]
        expected += ["session_booked"] * len(found.sessions)
        chain_everything()
        chain = Entry.objects.filter(chain=self.relationship.therapist_id)
        if chain.filter(number=None).exists():
            faults.append("the audit has not been chained")
        new = list(chain.filter(number__gt=self.entries_seen).values_list("number", "verb"))
        numbers = sorted(number for number, _ in new)
        if numbers != [*range(self.entries_seen + 1, self.entries_seen + 1 + len(new))]:
            faults.append(f"the audit has gaps: {numbers}")
        if sorted(verb for _, verb in new if verb in ACTS) != sorted(expected):
            faults.append(f"the audit has {new}, and not {expected}")
        self.entries_seen += len(new)
        return faults

    def halves(self) -> list[str]:
        """Return what was written without what belongs to it."""
        relationship, last = self.relationship, self.relationship.events.latest("pk")
        client = relationship.people[0]
        client.refresh_from_db()
        halves = {
            "the state is not that of the last event": relationship.is_ended
            != (last.kind == "ended"),
            "the moments differ": relationship.is_ended and relationship.ended_at != last.at,
            "the notes differ": relationship.is_ended and relationship.end_note != last.note,
            "the counter is wrong": client.active_relationships != (not relationship.is_ended),
        }
        return [half for half, is_so in halves.items() if is_so]
