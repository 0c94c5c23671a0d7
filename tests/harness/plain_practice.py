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
    merged_into: int | None = None  # the record that stands for the same person


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
    """A relationship: whom it has ever been with, and everything that happened to it."""

    people: list[int]
    history: list[Line] = field(default_factory=list)
    planned_end: date | None = None
    is_closed: bool = False  # somebody who took part is erased
    is_gone: bool = False
    # From when to when each record takes part; from the start, or until further notice, is None.
    stays: dict[int, list[list[datetime | None]]] = field(init=False)

    def __post_init__(self) -> None:
        self.stays = {record: [[None, None]] for record in self.people}

    @property
    def present(self) -> set[int]:
        """Return the records that take part now."""
        return {record for record, stays in self.stays.items() if stays[-1][1] is None}

    def took_part(self, moment: datetime) -> set[int]:
        return {
            record
            for record, stays in self.stays.items()
            if any((not a or a <= moment) and (not b or moment < b) for a, b in stays)
        }

    def leave(self, now: datetime, by: int, records: set[int]) -> str:
        own = records & self.present
        if self.ending or not own:
            return "AlreadyDone"
        (record,) = own
        since = self.stays[record][-1][0] or self.started_at
        if since > now or len(self.present) == 1:
            return "Impossible"
        self.stays[record][-1][1] = now
        self.history.append(Line("left", now, by))
        return DONE

    def join(self, now: datetime, by: int, record: int, records: set[int]) -> str:
        if self.ending or records & self.present:
            return "AlreadyDone"
        former = [stay[1] for one in records & {*self.people} for stay in self.stays[one]]
        if max([self.started_at, *filter(None, former)]) > now:
            return "Impossible"
        if record not in self.people:
            self.people.append(record)
        self.stays.setdefault(record, []).append([now, None])
        self.history.append(Line("joined", now, by))
        return DONE

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

    def person_of(self, record: int) -> int:
        """Return the record that stands for the person of this one."""
        into = self.people[record].merged_into
        return record if into is None else into

    def records_of(self, person: int) -> set[int]:
        """Return a record, and those that are merged into it."""
        return {n for n, one in enumerate(self.people) if person in (n, one.merged_into)}

    def works_of(self, records: set[int]) -> list[Work]:
        return [work for work in self.works if records & {*work.people} and not work.is_gone]

    def counter(self, record: int) -> int:
        """Return in how many active relationships somebody takes part, with all their records."""
        records = self.records_of(record)
        own = (work for work in self.works_of(records) if records & work.present)
        return sum(not work.ending for work in own)

    def merge(self, record: int, into: int) -> str:
        if record != self.person_of(record) or into != self.person_of(into):
            return "Merged"
        both = [self.records_of(record), self.records_of(into)]
        together = any(work in self.works_of(both[1]) for work in self.works_of(both[0]))
        if record == into or together or len(both[0]) > 1:
            return "NotMerged"
        self.people[record].merged_into = into
        return DONE

    def separate(self, record: int) -> str:
        if self.people[record].merged_into is None:
            return "NotTogether"
        self.people[record].merged_into = None
        return DONE

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
        """Theirs alone goes; shared work keeps them without a name.

        It is closed, but for what they had left: there the others go on.
        """
        records = self.records_of(person)
        own = self.works_of(records)
        to_come = (
            one.state == "booked"
            and one.ends_at > now
            and not one.is_gone
            and records & self.works[one.work].took_part(one.starts_at)
            for one in self.meetings
        )
        if any(not work.ending and records & work.present for work in own) or any(to_come):
            return "NotYet"
        for record in records:
            self.people[record].is_erased, self.people[record].account = True, None
        for work in own:
            if all(self.people[other].is_erased for other in work.people):
                work.is_gone = True
            else:
                work.is_closed |= bool(records & work.present)
                for line in work.history if blank_notes and work.ending else ():
                    line.note = ""
        for one in self.meetings:
            one.is_gone = self.works[one.work].is_gone
        for place, somebody in enumerate(self.people):
            still = self.works_of(self.records_of(self.person_of(place)))
            somebody.is_gone = somebody.is_erased and not still
        return DONE
