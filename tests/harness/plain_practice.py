"""The domain once more, as plain as can be: lists, and the rules of `docs/domain.md` read off them.

It knows no database and imports nothing of the app. Each method says what an operation must answer
("done", or the name of the refusal) and remembers what must be true afterwards.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

DONE, UNDO_WITHIN = "done", timedelta(minutes=15)


@dataclass
class Person:
    """A client of a therapist."""

    therapist: int
    name: str
    phone: str = ""
    account: object = None
    is_erased: bool = False
    is_gone: bool = False  # nothing is left of them, not even a nameless part of others' work


@dataclass
class Line:
    """A line of a relationship's history."""

    kind: str
    at: datetime
    by: int
    reason: str = ""
    note: str = ""


@dataclass
class Work:
    """A relationship: whom with, and everything that happened to it."""

    people: list[int]
    history: list[Line] = field(default_factory=list)
    planned_end: date | None = None
    is_closed: bool = False  # somebody who took part is erased
    is_gone: bool = False

    @property
    def ending(self) -> Line | None:
        """Return the ending that stands, if one does."""
        changes = [line for line in self.history if line.kind != "corrected"]
        return changes[-1] if changes[-1].kind == "ended" else None

    @property
    def started_at(self) -> datetime:
        return self.history[0].at

    def row(self) -> tuple:
        """Return status, reason, note, moment, person, plan, and whether it is closed."""
        ending, last, more = self.ending, self.history[-1], (self.planned_end, self.is_closed)
        if not ending:
            return ("active", "", "", None, None, *more)
        return ("ended", last.reason, last.note, ending.at, ending.by, *more)

    def end(self, now: datetime, by: int, reason: str, note: str) -> str:
        if self.ending:
            return "AlreadyDone"
        self.history.append(Line("ended", max(now, self.started_at), by, reason, note))
        return DONE

    def undo(self, now: datetime, by: int) -> str:
        if self.is_closed or not self.ending:
            return "Closed" if self.is_closed else "AlreadyDone"
        # An ending that a clock set back has not reached yet has no age: it cannot be undone.
        lies_ahead = self.ending.at > now + timedelta(minutes=1)
        if self.ending.by != by or lies_ahead or self.ending.at <= now - UNDO_WITHIN:
            return "TooLate"
        self.history.append(Line("end_undone", now, by))
        return DONE

    def restart(self, now: datetime, by: int) -> str:
        if self.is_closed or not self.ending:
            return "Closed" if self.is_closed else "AlreadyDone"
        self.history.append(Line("restarted", now, by))
        self.planned_end = None
        return DONE

    def plan(self, day: date | None) -> str:
        if self.ending:
            return "AlreadyDone"
        self.planned_end = day
        return DONE

    def correct(self, now: datetime, by: int, reason: str, note: str, shown: datetime) -> str:
        last = self.history[-1]
        if not self.ending or self.ending.at != shown or (last.reason, last.note) == (reason, note):
            return "AlreadyDone"
        self.history.append(Line("corrected", now, by, reason, note))
        return DONE


@dataclass
class Meeting:
    """A session."""

    work: int
    therapist: int
    starts_at: datetime
    ends_at: datetime
    state: str = "booked"
    revision: int = 0
    is_gone: bool = False

    def cancel(self) -> str:
        if self.state != "booked":
            return "AlreadyDone"
        self.state, self.revision = "cancelled", self.revision + 1
        return DONE

    def attend(self, now: datetime, *, attended: bool) -> str:
        if self.state == "cancelled":
            return "AlreadyDone"
        if self.ends_at > now:
            return "NotYet"
        self.state = "attended" if attended else "missed"
        return DONE


@dataclass
class Practice:
    """All there is."""

    people: list[Person] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)

    def counter(self, person: int) -> int:
        """Return in how many active relationships somebody takes part."""
        return sum(person in work.people and not work.ending for work in self.works)

    def is_taken(
        self, therapist: int, starts_at: datetime, ends_at: datetime, but: Meeting | None = None
    ) -> bool:
        return any(
            one.therapist == therapist
            and not (one.is_gone or one.state == "cancelled")
            and one is not but
            and one.starts_at < ends_at
            and one.ends_at > starts_at
            for one in self.meetings
        )

    def book(self, work: int, therapist: int, starts_at: datetime, ends_at: datetime) -> str:
        if self.is_taken(therapist, starts_at, ends_at):
            return "Taken"
        self.meetings.append(Meeting(work, therapist, starts_at, ends_at))
        return DONE

    def move(self, one: Meeting, starts_at: datetime) -> str:
        ends_at = starts_at + (one.ends_at - one.starts_at)
        if self.is_taken(one.therapist, starts_at, ends_at, but=one):
            return "Taken"
        if one.state != "booked":
            return "AlreadyDone"
        one.starts_at, one.ends_at, one.revision = starts_at, ends_at, one.revision + 1
        return DONE

    def erase(self, person: int, now: datetime, *, blank_notes: bool) -> str:
        """Theirs alone goes; shared work is closed and keeps them without a name."""
        own = [work for work in self.works if person in work.people and not work.is_gone]
        to_come = (
            one.state == "booked" and one.ends_at > now and self.works[one.work] in own
            for one in self.meetings
        )
        if any(not work.ending for work in own) or any(to_come):
            return "NotYet"
        self.people[person].is_erased, self.people[person].account = True, None
        for work in own:
            if all(self.people[other].is_erased for other in work.people):
                work.is_gone = True
            else:
                work.is_closed = True
                for line in work.history if blank_notes else ():
                    line.note = ""
        for one in self.meetings:
            one.is_gone = self.works[one.work].is_gone
        for place, somebody in enumerate(self.people):
            still = (place in work.people and not work.is_gone for work in self.works)
            somebody.is_gone = somebody.is_erased and not any(still)
        return DONE
