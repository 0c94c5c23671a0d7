"""Making rows of a plan: in bulk, in one transaction, with a history that is sealed as always.

Nobody is told of anything: what is made in bulk passes by whatever sends messages.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from practice.imports import uploads
from practice.imports.digests import digest_of
from practice.imports.histories import write_history
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.imports.plan import Plan, PlannedPerson, PlannedSession, PlannedWork, Source
from practice.imports.state import State
from relationships.models import Participation, Relationship
from relationships.models.history import episodes

AT_ONCE = 500  # rows: many enough to be fast, few enough to be held
Row = TypeVar("Row", bound=models.Model)
Progress = Callable[[int, int], None]


class Changed(Exception):
    """The practice is not what it was as the plan was made. Nothing was brought in."""


@transaction.atomic
def bring_in(
    plan: Plan, came: Import, therapist: Therapist, by: User, progress: Progress = lambda *_: None
) -> Import:
    """Make everything of a plan, or nothing; `progress` is told how many of how many rows are made.

    Raises:
        Changed: something of the practice has changed since, or the import was done meanwhile.
    """
    Therapist.lock(therapist.pk)
    known = Client.objects.filter(pk__in=[p.existing for p in plan.people if p.existing])
    list(known.locked().only("pk").iterator())
    if State.of(therapist).mark != plan.state_mark:
        raise Changed
    open_ = Import.objects.filter(pk=came.pk, state__in=[Import.State.READ, Import.State.RUNNING])
    now, counts = timezone.now(), plan.counts
    told = {"files": plan.files, "counts": counts, "reminds": plan.reminds}
    if not open_.update(state=Import.State.DONE, finished_at=now, **told):
        raise Changed
    try:
        Writing(plan, came, therapist, by, progress).write()
    except IntegrityError as error:
        raise Changed from error
    finally:
        uploads.say_done()
    words = ", ".join(f"{counts[name]} {name}" for name in ("people", "couples", "sessions"))
    Entry.record(Verb.IMPORTED, by=by, therapist=therapist, about=came, outcome=words[:60])
    came.refresh_from_db()
    return came


class Writing:
    """The rows of one import, kind by kind."""

    def __init__(
        self, plan: Plan, came: Import, therapist: Therapist, by: User, progress: Progress
    ) -> None:
        self.plan, self.came, self.therapist, self.by = plan, came, therapist, by
        self.progress, self.done = progress, 0
        self.total = plan.number_of_rows
        self.now = timezone.now()
        self.client_ids: list[int] = [person.existing or 0 for person in plan.people]
        self.work_ids: list[int] = [work.existing or 0 for work in plan.works]

    def write(self) -> None:
        self._clients()
        self._relationships()
        self._sessions()

    def _step(self, rows: int) -> None:
        uploads.say_running()
        self.done += rows
        self.progress(self.done, self.total)

    def _clients(self) -> None:
        """Add the clients, with how many active relationships each will have."""
        active = Counter[int]()
        for work in self.plan.new_works:
            if not work.last_stretch.ended_at:
                active.update(part.person for part in work.parts if part.left_at is None)
        new = [(place, p) for place, p in enumerate(self.plan.people) if p.existing is None]
        for some in _some(new):
            clients = [self._client(person, active[place]) for place, person in some]
            for (place, _), client in zip(some, _create(Client, clients), strict=True):
                self.client_ids[place] = client.pk
            notes = [
                ImportedNote(
                    therapist=self.therapist, came_with=self.came, client=client, text=person.note
                )
                for (_, person), client in zip(some, clients, strict=True)
                if person.note
            ]
            ImportedNote.objects.bulk_create(notes, batch_size=AT_ONCE)
            sources = [(person.source, person.origin) for _, person in some]
            self._note(ImportedRow.Kind.CLIENT, clients, sources)
            self._step(len(some))
        self._known_clients(active)

    def _known_clients(self, active: Counter[int]) -> None:
        """Count new work on clients who were here, and never lose that one is not contacted."""
        known = [(place, p) for place, p in enumerate(self.plan.people) if p.existing is not None]
        steps = defaultdict(list)
        for place, person in known:
            if active[place]:
                steps[active[place]].append(person.existing)
        for step, people in steps.items():
            counted = Client.objects.filter(pk__in=people)
            counted.update(active_relationships=F("active_relationships") + step)
        barred = [person.existing for _, person in known if person.do_not_contact]
        clients = list(Client.objects.filter(pk__in=barred, do_not_contact=False))
        Client.objects.filter(pk__in=[client.pk for client in clients]).update(do_not_contact=True)
        for client in clients:
            Entry.record(Verb.CLIENT_CHANGED, by=self.by, therapist=self.therapist, about=client)
        barred_ids = [client.public_id for client in clients]
        Import.objects.filter(pk=self.came.pk).update(barred=barred_ids)

    def _client(self, person: PlannedPerson, active: int) -> Client:
        return Client(
            therapist=self.therapist,
            name=person.name,
            preferred_name=person.preferred_name,
            email=person.email,
            phone=person.phone,
            date_of_birth=person.born,
            time_zone=person.zone or self.therapist.time_zone,
            do_not_contact=person.do_not_contact,
            active_relationships=active,
            added_at=min(person.added_at or self.now, self.now),
        )

    def _relationships(self) -> None:
        new = [(place, w) for place, w in enumerate(self.plan.works) if w.existing is None]
        for some in _some(new):
            made = _create(Relationship, [self._relationship(work) for _, work in some])
            for (place, _), relationship in zip(some, made, strict=True):
                self.work_ids[place] = relationship.pk
            parts = [
                Participation(
                    therapist=self.therapist,
                    relationship=relationship,
                    client_id=self.client_ids[part.person],
                    joined_at=part.joined_at,
                    left_at=part.left_at,
                )
                for (_, work), relationship in zip(some, made, strict=True)
                for part in work.parts
            ]
            Participation.objects.bulk_create(parts, batch_size=AT_ONCE)
            pairs = [(work, row) for (_, work), row in zip(some, made, strict=True)]
            write_history(pairs, self.client_ids, self.therapist, self.by)
            sources = [(work.source, "") for _, work in some]
            more = [(len(work.history), len(work.parts)) for _, work in some]
            self._note(ImportedRow.Kind.RELATIONSHIP, made, sources, more)
            self._step(len(some))

    def _relationship(self, work: PlannedWork) -> Relationship:
        stretch = work.last_stretch
        has_ended = stretch.ended_at is not None
        return Relationship(
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

    def _sessions(self) -> None:
        sessions = self.plan.sessions
        sessions.reverse()
        for some in _some(sessions.pop() for _ in range(len(sessions))):  # and so forgotten
            made = _create(Session, [self._session(session) for session in some])
            sources = [(session.source, session.origin) for session in some]
            self._note(ImportedRow.Kind.SESSION, made, sources)
            self._step(len(some))

    def _session(self, session: PlannedSession) -> Session:
        is_cancelled = session.state == Session.State.CANCELLED
        columns = session.columns or {}
        return Session(
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

    def _note(
        self,
        kind: str,
        rows: Sequence[models.Model],
        sources: list[tuple[Source, str]],
        more: Sequence[tuple[int, ...]] = (),
    ) -> None:
        """Note from where rows came, and what they were as they came."""
        ImportedRow.objects.bulk_create(
            (
                ImportedRow(
                    therapist=self.therapist,
                    came_with=self.came,
                    kind=kind,
                    row=row.pk,
                    file=source.file,
                    line=source.line,
                    origin=origin,
                    digest=digest_of(row, *belonging),
                )
                for row, (source, origin), belonging in zip(
                    rows, sources, more or repeat((), len(rows)), strict=True
                )
            ),
            batch_size=AT_ONCE,
        )


def _some(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        yield some


def _create(model: type[Row], rows: list[Row]) -> list[Row]:
    return model._default_manager.bulk_create(rows, batch_size=AT_ONCE)
