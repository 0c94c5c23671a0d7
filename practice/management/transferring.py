"""A whole caseload passes from one therapist to another: every row of it, or none.

A row keeps its key and its address, and says another therapist. The database forbids that at any
other time, so its rules rest for the length of the transaction (`resting.py`). History is sealed
with its therapist in it: each line gets an entry in the receiver's chain, as when a practice
arrives in an archive, and the former chain says of each relationship that it was passed on.

Source of what is passed on, what stays and what counts for whom:
`docs/decisions/0015-a-caseload-changes-hands.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain as chain_of
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import Contact, Therapist, User
from practice.archive.tables import table_of
from practice.audit import verify
from practice.audit.models import Entry, Verb, name_of
from practice.booking.dated_hours import DatedHours
from practice.booking.models import BookingRules, TimeOff, WeeklyHours
from practice.diary.models import Attendance, News, Session, TakenTime
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.management.resting import rules_at_rest
from practice.notifications.models import Message, MessageSettings, Told
from practice.profiles.models import ClientNumbers, Profile, TherapistNumbers
from practice.profiles.settling import settle
from practice.records.models import RetentionChange, RetentionDate
from relationships.caseload.models import CaseloadChange, SettledCaseload
from relationships.models import Erasure, Event, Participation, Relationship, sealed_history
from relationships.models.history import VERBS

AT_ONCE = 500
MOST_LISTED = 20
# Parents first.
PASSED_ON: tuple[Any, ...] = (
    *(Client, Invitation, Relationship, Participation, Event, Session, Attendance),
    *(Message, Told, News, Import, ImportedRow, ImportedNote),
)
STAYS: tuple[Any, ...] = (
    *(Contact, Profile, BookingRules, WeeklyHours, DatedHours, TimeOff, MessageSettings),
    *(Entry, Erasure),  # what was recorded of what was done under the former therapist
)
WORKED_OUT: tuple[Any, ...] = (
    *(ClientNumbers, TherapistNumbers, RetentionDate, RetentionChange),
    *(SettledCaseload, CaseloadChange),
)
OPEN = [Import.State.READ, Import.State.RUNNING]


class NotTransferred(Exception):
    """The caseload cannot be passed on; the text says why. Nothing was done."""


@dataclass
class Transfer:
    """A caseload on its way from one therapist to another; `numbers` is how many rows, by name."""

    former: Therapist
    receiver: Therapist
    numbers: dict[str, int] = field(default_factory=dict)
    people: list[int] = field(default_factory=list)  # who was passed on, one record of each

    def look(self) -> None:
        """Count what is to be passed on.

        Raises:
            NotTransferred: something stands in the way.
        """
        if self.former == self.receiver:
            raise NotTransferred("Both addresses are of the same therapist.")
        if not self.receiver.user.is_active:
            raise NotTransferred(f"The account {self.receiver.user.email} is disabled.")
        self._must_be_as_sealed()
        self._same_people()
        self._import_that_runs()
        self._overlaps()
        names = {model: table_of(model).name.replace("_", " ") for model in PASSED_ON}
        self.numbers = {name: self._rows(model).count() for model, name in names.items()}
        if not self._rows(Client).exists() and not self._rows(Relationship).exists():
            raise NotTransferred(f"{self.former.user.email} has no clients to pass on.")

    @transaction.atomic
    def run(self) -> None:
        """Pass it on.

        Raises:
            NotTransferred: something stands in the way. Nothing was done.
        """
        for pk in sorted([self.former.pk, self.receiver.pk]):
            Therapist.lock(pk)
        self.look()
        work = [*self._rows(Relationship).values_list("public_id", flat=True).order_by("pk")]
        events = [*self._rows(Event).values_list("pk", flat=True).order_by("pk")]
        people = self._rows(Client).filter(merged_into=None)
        self.people = [*people.values_list("pk", flat=True)]
        with rules_at_rest([model._meta.db_table for model in PASSED_ON]):
            self._set_apart()
            for model in PASSED_ON:
                self._rows(model).update(therapist=self.receiver)
        self._work_out()
        self._record(work, events)

    def _rows(self, model: Any) -> QuerySet:
        rows = model._base_manager.filter(therapist=self.former)
        return rows.exclude(state__in=OPEN) if model is Import else rows

    def _set_apart(self) -> None:
        """Put right what is true under the former therapist alone."""
        sessions, now = self._rows(Session), timezone.now()
        to_come = Q(state=Session.State.BOOKED, starts_at__gt=now)
        sessions.filter(starts_at__lte=now).update(passed_on=True)
        # Whoever did not hold them has no figures of them, nor of the colleague's own moves.
        sessions.exclude(to_come).update(in_figures=False)
        sessions.filter(to_come).update(last_own_move=None, earlier_own_move=None)
        # Keyed digests with the former therapist in them.
        self._rows(ImportedRow).update(origin="", digest="")
        own = self._rows(Message).filter(client=None, state=Message.State.WAITING)
        own.update(state=Message.State.DROPPED, next_attempt_at=None)

    def _work_out(self) -> None:
        """Have figures and retention dates worked out anew."""
        both = [self.former, self.receiver]
        for model in (ClientNumbers, RetentionDate, RetentionChange):
            model._base_manager.filter(therapist=self.former).delete()
        TherapistNumbers.objects.filter(therapist__in=both).delete()
        SettledCaseload.objects.filter(therapist__in=both).delete()
        CaseloadChange.objects.filter(therapist__in=both).delete()
        changes = [RetentionChange(therapist=self.receiver, client=pk) for pk in self.people]
        RetentionChange.objects.bulk_create(changes, batch_size=AT_ONCE)
        for therapist in both:
            settle(therapist)

    def _record(self, work: list[str], events: list[int]) -> None:
        """Write it down in both chains: of the whole, of each relationship, of each line."""
        counts = ", ".join(f"{self.numbers[name]} {name}" for name in ("clients", "sessions"))
        for therapist, verb in (
            (self.former, Verb.CASELOAD_PASSED_ON),
            (self.receiver, Verb.CASELOAD_TAKEN_OVER),
        ):
            about = f"therapist:{therapist.public_id}"
            Entry.record(verb, by=None, therapist=therapist, about=about, outcome=counts)
            for some in _batched(work):
                of_work = [(verb, f"relationship:{public_id}", None) for public_id in some]
                Entry.record_many(of_work, by=None, therapist=therapist)
        for some in _batched(events):
            rows = Event.objects.filter(pk__in=some).select_related("relationship").order_by("pk")
            lines = [(VERBS[Event.Kind(e.kind)], name_of(e.relationship), e) for e in rows]
            Entry.record_many(lines, by=None, therapist=self.receiver, outcome="taken over")

    def _must_be_as_sealed(self) -> None:
        """Refuse a history that was tampered with: it would be sealed anew as if it were true."""
        chain = self.former.pk
        if next(chain_of(verify.faults(chain), sealed_history.faults(chain)), None):
            raise NotTransferred("Something in the history is wrong: run verify_audit.")

    def to_be_told(self) -> list[tuple[User, Client]]:
        """Return whom of the receiver's clients to tell: who signs in and is in active work.

        Nobody who is not to be contacted, and of several with one account the first.
        """
        people = Client.objects.filter(pk__in=self.people).active().order_by("pk")
        read = people.select_related("account").prefetch_related("merged_records__account")
        found: dict[int, tuple[User, Client]] = {}
        for person in read:
            own = [record.account for record in person.records if record.account]
            account = next((one for one in own if one.is_active), None)
            if account and person.may_be_written_to:
                found.setdefault(account.pk, (account, person))
        return [*found.values()]

    def _same_people(self) -> None:
        """Refuse accounts that are a client's of both, or the receiver's own."""
        theirs = Client.objects.filter(therapist=self.receiver).exclude(account=None)
        shared = self._rows(Client).filter(
            Q(account__in=theirs.values("account")) | Q(account=self.receiver.user)
        )
        named = shared.order_by("pk").values_list("account__email", flat=True).distinct()
        _refuse_if("Some sign in as clients of both, or are the receiver", [*named])

    def _import_that_runs(self) -> None:
        if Import.objects.filter(therapist=self.former, state=Import.State.RUNNING).exists():
            raise NotTransferred("Files are being brought in at this moment. Try again afterwards.")

    def _overlaps(self) -> None:
        """Refuse sessions to come at times that the receiver has taken.

        What has begun was two people's, and may have been at the same time.
        """
        taken = TakenTime.objects.filter(therapist=self.receiver)
        starts, ends = (cast("datetime", OuterRef(name)) for name in ("starts_at", "ends_at"))
        at_once = taken.overlapping(starts, ends)
        own = Session.objects.filter(therapist=self.former, starts_at__gt=timezone.now())
        both = own.standing().filter(Exists(at_once)).order_by("starts_at")
        said = [f"{at:%Y-%m-%d %H:%M} UTC" for at in both.values_list("starts_at", flat=True)]
        _refuse_if("Sessions to come overlap with sessions of the receiver", said)


def _refuse_if(words: str, found: list[str]) -> None:
    """Say what was found, the first of it and how many.

    Raises:
        NotTransferred: something was found.
    """
    if found:
        more = ", ..." if len(found) > MOST_LISTED else ""
        listed = ", ".join(found[:MOST_LISTED])
        raise NotTransferred(f"{words} ({len(found)}): {listed}{more}.")


def _batched(rows: list) -> Iterator[list]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
