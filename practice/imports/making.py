"""Making the rows of a plan, before anything is written: ids, histories and digests included.

So the transaction that writes them, during which others wait, has nothing else to do.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from django.db import models
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.database.bulk import Rows, in_batches, reserve_ids
from practice.diary.models import Session
from practice.imports.digests import digest_of
from practice.imports.histories import AuditLine, audit_lines, history_of
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.imports.plan import Plan, PlannedPerson, PlannedSession, PlannedWork, Source
from relationships.models import Event, Participation, Relationship
from relationships.models.history import episodes

Progress = Callable[[int], None]


class Making:
    """The rows of one import, kind by kind; what comes of a plan's sessions is taken from it."""

    def __init__(
        self, plan: Plan, came: Import, therapist: Therapist, by: User, progress: Progress
    ) -> None:
        self.plan, self.came, self.therapist, self.by = plan, came, therapist, by
        self.progress, self.now = progress, timezone.now()
        self.new_people = [(place, p) for place, p in enumerate(plan.people) if not p.existing]
        self.new_works = [(place, w) for place, w in enumerate(plan.works) if not w.existing]
        self.client_ids = [person.existing or 0 for person in plan.people]
        self.work_ids = [work.existing or 0 for work in plan.works]
        self.audit_lines: list[AuditLine] = []  # of the histories
        # How many active relationships each person of the plan gets.
        self.active = Counter[int](
            part.person
            for work in plan.new_works
            if not work.last_stretch.ended_at
            for part in work.parts
            if part.left_at is None
        )

    def make(self, rows: Rows) -> None:
        """Make all rows, and have them wait in the order in which they can be written."""
        self._reserve()
        for some in in_batches(self.new_people):
            self._clients(some, rows)
        for more in in_batches(self.new_works):
            self._relationships(more, rows)
        sessions = self.plan.sessions
        sessions.reverse()
        taken = (sessions.pop() for _ in range(len(sessions)))  # and so forgotten
        for planned in in_batches(zip(self.session_ids, taken, strict=True)):
            self._sessions(planned, rows)

    def _reserve(self) -> None:
        """Give new people and works their ids; have those of their lines and sessions ready."""
        lines = sum(len(work.history) for _, work in self.new_works)
        if self.came.pk is None:
            self.came.pk = reserve_ids(Import, 1)[0]
        people, works = len(self.new_people), len(self.new_works)
        for (place, _), pk in zip(self.new_people, reserve_ids(Client, people), strict=True):
            self.client_ids[place] = pk
        for (place, _), pk in zip(self.new_works, reserve_ids(Relationship, works), strict=True):
            self.work_ids[place] = pk
        self.event_ids = iter(reserve_ids(Event, lines))
        self.session_ids = reserve_ids(Session, len(self.plan.sessions))

    def _clients(self, some: list[tuple[int, PlannedPerson]], rows: Rows) -> None:
        clients = [self._client(place, person) for place, person in some]
        rows.add(clients)
        rows.add(
            ImportedNote(
                therapist=self.therapist,
                came_with_id=self.came.pk,
                client_id=self.client_ids[place],
                text=person.note,
            )
            for place, person in some
            if person.note
        )
        sources = [(person.source, person.origin) for _, person in some]
        rows.add(self._noted(ImportedRow.Kind.CLIENT, clients, sources))
        self.progress(len(some))

    def _client(self, place: int, person: PlannedPerson) -> Client:
        return Client(
            id=self.client_ids[place],
            therapist=self.therapist,
            name=person.name,
            preferred_name=person.preferred_name,
            email=person.email,
            phone=person.phone,
            date_of_birth=person.born,
            time_zone=person.zone or self.therapist.time_zone,
            do_not_contact=person.do_not_contact,
            active_relationships=self.active[place],
            added_at=min(person.added_at or self.now, self.now),
        )

    def _relationships(self, some: list[tuple[int, PlannedWork]], rows: Rows) -> None:
        made = [self._relationship(place, work) for place, work in some]
        rows.add(made)
        rows.add(
            Participation(
                therapist=self.therapist,
                relationship_id=self.work_ids[place],
                client_id=self.client_ids[part.person],
                joined_at=part.joined_at,
                left_at=part.left_at,
            )
            for place, work in some
            for part in work.parts
        )
        events = []
        for (_, work), relationship in zip(some, made, strict=True):
            history = history_of(work, relationship, self.event_ids, self.client_ids, self.by)
            self.audit_lines += audit_lines(relationship, history)
            events += history
        rows.add(events)
        sources = [(work.source, "") for _, work in some]
        more = [(len(work.history), len(work.parts)) for _, work in some]
        rows.add(self._noted(ImportedRow.Kind.RELATIONSHIP, made, sources, more))
        self.progress(len(some))

    def _relationship(self, place: int, work: PlannedWork) -> Relationship:
        stretch = work.last_stretch
        has_ended = stretch.ended_at is not None
        return Relationship(
            id=self.work_ids[place],
            therapist=self.therapist,
            kind=work.kind,
            status=Relationship.Status.ENDED if has_ended else Relationship.Status.ACTIVE,
            started_at=episodes(work.history)[0].started_at,  # type: ignore[arg-type]
            end_reason=stretch.reason,
            end_note=work.end_note,
            ended_at=stretch.ended_at,
            ended_by=self.by if has_ended else None,
            is_end_estimated=work.is_end_estimated,
            **work.columns,
        )

    def _sessions(self, some: list[tuple[int, PlannedSession]], rows: Rows) -> None:
        made = [self._session(pk, session) for pk, session in some]
        rows.add(made)
        sources = [(session.source, session.origin) for _, session in some]
        rows.add(self._noted(ImportedRow.Kind.SESSION, made, sources))
        self.progress(len(some))

    def _session(self, pk: int, session: PlannedSession) -> Session:
        is_cancelled = session.state == Session.State.CANCELLED
        columns = session.columns or {}
        return Session(
            id=pk,
            therapist=self.therapist,
            relationship_id=self.work_ids[session.work],
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            state=session.state,
            booked_at=session.booked_at,
            booked_by=self.by,
            cancelled_at=min(session.starts_at, self.now) if is_cancelled else None,
            cancelled_by=self.by if is_cancelled else None,
            cancelled_for_client=is_cancelled,  # so that it is not held against the therapist
            in_figures=session.in_figures,
            **columns,
        )

    def _noted(
        self,
        kind: str,
        rows: Sequence[models.Model],
        sources: list[tuple[Source, str]],
        more: Sequence[tuple[int, ...]] = (),
    ) -> Iterator[ImportedRow]:
        """Yield from where rows came, and what they were as they came."""
        for row, (source, origin), belonging in zip(
            rows, sources, more or repeat((), len(rows)), strict=True
        ):
            yield ImportedRow(
                therapist=self.therapist,
                came_with_id=self.came.pk,
                kind=kind,
                row=row.pk,
                file=source.file,
                line=source.line,
                origin=origin,
                digest=digest_of(row, *belonging),
            )
