"""Which sessions are new, and which of them do not overlap."""

from collections.abc import Iterable
from datetime import UTC, datetime

from practice.audit.sealing import seal
from practice.imports.appointments import Appointment, AppointmentsReader
from practice.imports.asking import About
from practice.imports.drafts import Draft, Given
from practice.imports.finding import Finding
from practice.imports.plan import Plan, PlannedSession, Source
from practice.imports.recognising import Table
from practice.imports.sheets import Unreadable
from relationships.models.choices import Kind

NOT_COUNTED, COUNTED = "Leave them out", "Count them"
REMINDERS = "Are clients reminded of sessions to come that are brought in?"
NOBODY, REMINDED = "Nobody is reminded", "Remind them"


class Scheduling:
    """Plans the sessions of files."""

    def __init__(self, plan: Plan, given: Given, drafts: list[Draft], found: Finding) -> None:
        self.plan, self.given, self.asking = plan, given, given.asking
        self.drafts, self.found = drafts, found

    def sessions(self, tables: list[tuple[int, Table]]) -> None:
        """Plan sessions: with whom, then which of them do not overlap."""
        taken: list[tuple[Appointment, int]] = []
        for file, table in tables:
            reader = AppointmentsReader(table, file, self.asking, self.given.zone)
            for appointment in reader.appointments():
                place, why = self.found.work_of(appointment, self._begin)
                if place is None:
                    line, label = appointment.source.line, appointment.file
                    self.plan.unmatched.append(Unreadable(label, line, "", why))
                else:
                    taken.append((appointment, place))
            self.plan.unreadable += reader.unreadable
            self.plan.left_out += reader.left_out
        counted = (
            self._are_counted() if any(a.ends_at <= self.given.now for a, _ in taken) else True
        )
        if any(a.starts_at > self.given.now and a.state != "cancelled" for a, _ in taken):
            choices = (NOBODY, REMINDED)
            answer = self.asking.ask(About.ALL, "", REMINDERS, choices, preselected=NOBODY)
            self.plan.reminds = answer == REMINDED
        for appointment, where in self._apart(self._new(taken)):
            self._session(appointment, where, counted=counted)

    def _begin(self, person: int, source: Source) -> int:
        """Begin individual work with somebody who has none; return its place."""
        self.drafts.append(Draft((person,), Kind.INDIVIDUAL, source, "present"))
        return len(self.drafts) - 1

    def _are_counted(self) -> bool:
        what = "Do past sessions count in your figures and badges?"
        choices = (NOT_COUNTED, COUNTED)
        return self.asking.ask(About.ALL, "", what, choices, preselected=NOT_COUNTED) == COUNTED

    def _new(self, taken: list[tuple[Appointment, int]]) -> list[tuple[Appointment, int, str]]:
        """Return those that are not here already, nor twice in the files, with their origins."""
        state, here = self.given.state, set[tuple[int, datetime]]()
        here |= {(session.work, session.starts_at) for session in state.sessions}
        new, seen = [], set[str]()
        taken.reverse()
        while taken:
            appointment, place = taken.pop()
            origin = self._origin(appointment, place)
            existing = self.drafts[place].existing
            if ("session", origin) in state.origins or (existing, appointment.starts_at) in here:
                self.plan.sessions_here += 1
            elif origin in seen:
                self.plan.left_out.append(
                    Unreadable(appointment.file, appointment.source.line, "", "It is there twice.")
                )
            else:
                seen.add(origin)
                new.append((appointment, place, origin))
        return new

    def _origin(self, appointment: Appointment, place: int) -> str:
        people = (self.plan.people[p] for p in self.drafts[place].people)
        who = " ".join(person.origin or str(person.existing) for person in people)
        starts = appointment.starts_at.astimezone(UTC).isoformat()
        ids = (appointment.session_id, starts, appointment.state == "cancelled")
        return seal("brought in", self.given.therapist_id, "session", who, *ids)

    def _apart(
        self, new: list[tuple[Appointment, int, str]]
    ) -> Iterable[tuple[Appointment, tuple[int, str]]]:
        """Return those that overlap nothing that stands, in order; the others are listed."""
        standing = [
            (session.starts_at, session.ends_at, -1)
            for session in self.given.state.sessions
            if session.stands
        ]
        ours = [
            (a.starts_at, a.ends_at, n) for n, (a, _, _) in enumerate(new) if self._takes_time(a)
        ]
        refused, last_end, last = set[int](), datetime.min.replace(tzinfo=UTC), -1
        for starts, ends, number in sorted(standing + ours):
            if starts >= last_end:
                last_end, last = ends, number
            elif number >= 0:
                refused.add(number)
            else:  # what is here stays
                refused |= {last} - {-1}
                last_end, last = max(ends, last_end) if last < 0 else ends, number
        del standing, ours
        new.reverse()
        for number in range(len(new)):  # forgotten one by one: there may be very many
            appointment, place, origin = new.pop()
            if number in refused:
                line, why = appointment.source.line, "It overlaps another session."
                self.plan.unreadable.append(Unreadable(appointment.file, line, "", why))
            else:
                yield appointment, (place, origin)

    def _takes_time(self, appointment: Appointment) -> bool:
        """Whether the therapist can have no other session then."""
        is_over = appointment.ends_at <= self.given.now
        of_another = is_over and (appointment.columns or {}).get("passed_on")
        return appointment.state not in ("cancelled", "not_held") and not of_another

    def _session(self, appointment: Appointment, where: tuple[int, str], *, counted: bool) -> None:
        place, origin = where
        draft, now = self.drafts[place], self.given.now
        is_over = appointment.ends_at <= now
        state = appointment.state or ("attended" if is_over else "booked")
        if not is_over and state in ("attended", "missed"):
            state = "booked"
        draft.starts.append(appointment.starts_at)
        if is_over and state in ("attended", "booked"):
            draft.held.append(appointment.ends_at)
        more = appointment.columns or {}
        if not is_over:
            more.pop("passed_on", None)
        counts = more.pop("in_figures", True) and (counted or not is_over)
        booked = min(appointment.booked_at or appointment.starts_at, now)
        self.plan.sessions.append(
            PlannedSession(
                work=place,
                starts_at=appointment.starts_at,
                ends_at=appointment.ends_at,
                state=state,
                booked_at=booked,
                source=appointment.source,
                in_figures=counts,
                origin=origin,
                columns=more or None,
            )
        )
