"""A therapist's work with clients: begun, ended, taken up again, and how it is found.

The model and its queryset are read together, so the module is longer than others.
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Self

from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery
from django.utils import timezone

from clients.models import Client, ClientQuerySet, person_ids
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry
from practice.database.compiled import CompiledQuery, Given, padded, set_related
from practice.database.public_ids import PublicIdField
from practice.text.person_names import no_control_characters
from practice.text.places import LENGTH, validate_place
from practice.text.spoken import fresh, is_fresh, some_in_words
from relationships.models.choices import EndReason, Kind
from relationships.models.history import NOTE_LENGTH, VERBS, Event


class RelationshipQuerySet(models.QuerySet):
    """Relationships, as the domain speaks of them."""

    def active(self) -> Self:
        return self.filter(status=self.model.Status.ACTIVE)

    def ended(self) -> Self:
        return self.filter(status=self.model.Status.ENDED)

    def with_last_event(self) -> Self:
        """The same, each with the number of the last line of its history, `last_event`."""
        lines = Event.objects.filter(relationship=OuterRef("pk")).order_by("-pk")
        return self.annotate(last_event=Subquery(lines.values("pk")[:1]))

    def as_read(self, relationship: "Relationship") -> Self:
        """Of these the one that was read, if it still has the same ending, or none since.

        An active one is read by `with_last_event`, and its people are locked.
        """
        same = self.filter(pk=relationship.pk)
        if relationship.is_ended:
            return same.filter(ended_at=relationship.ended_at)
        return same.with_last_event().filter(last_event=relationship.last_event)

    def of_people(self, clients: Iterable[Client]) -> Self:
        """Those in which these people take part, or have, with whichever of their records."""
        return self.of_person_ids(person_ids(clients))

    def at_present_of(self, people: Any) -> Self:
        """Those in which these people, by their numbers, take part and which they have not left."""
        parts: Any = self.model.participations.rel.related_model
        present = parts.objects.filter(client__person_id__in=people, left_at=None)
        return self.filter(pk__in=present.values("relationship"))

    def of_person_ids(self, people: Any) -> Self:
        """The same by the numbers of the people, or by places for them."""
        parts: Any = self.model.participations.rel.related_model
        theirs = parts.objects.filter(client__person_id__in=people)
        # Two of the people may take part in the same work, which is found once.
        return self.filter(pk__in=theirs.values("relationship"))

    def with_people(self) -> Self:
        """The same with what `Relationship.people` reads, in a constant number of queries."""
        return self.prefetch_related(people_of())

    def with_names(self) -> Self:
        """The same for lists: of the people nothing is read but what they are called."""
        return self.prefetch_related(people_of(only=NAMES))

    def shown_to(self, clients: Iterable[Client]) -> Self:
        """Those of one account's records, without reasons and notes; see `shown_to_people`."""
        return self.shown_to_people(person_ids(clients))

    def shown_to_people(self, people: Any) -> Self:
        """The same by the numbers of the people, or by places for them; see `for_people`."""
        return self.of_person_ids(people).for_people(people)

    def for_people(self, people: Any) -> Self:
        """The same without reasons and notes, as these people may see it.

        `is_quiet`: this, or their own individual work, ended by a death (`docs/domain.md` 2.5).
        """
        died = self.model.objects.filter(end_reason=EndReason.DIED, kind=Kind.INDIVIDUAL)
        beside = Client.objects.filter(relationships=OuterRef(OuterRef("pk"))).values("person_id")
        theirs = died.filter(clients__person_id__in=people).filter(clients__person_id__in=beside)
        shown = self.defer("end_reason", "end_note")
        return shown.annotate(is_quiet=Q(end_reason=EndReason.DIED) | Exists(theirs))

    def in_order(self) -> Self:
        """Active ones first, then the ended ones, the last ended first."""
        return self.order_by("status", F("ended_at").desc(nulls_first=True), "started_at", "pk")


class Refusal(Exception):
    """Something is not done, and nothing has been changed for it."""


def _as_a_whole(do: Callable[..., None]) -> Callable[..., None]:
    """Do it in the transaction that there is, or in one of its own, as a whole or not at all.

    A refusal comes before anything is changed, so it needs no savepoint: the transaction goes on.
    """

    @wraps(do)
    def done(self: "Relationship", **kwargs: Any) -> None:
        if "reason" in kwargs:  # one that nobody knows is a ValueError before anything begins
            kwargs["reason"] = EndReason(kwargs["reason"])
        with transaction.atomic(savepoint=False):
            try:
                return do(self, **kwargs)
            except Refusal as error:
                refusal = error
        raise refusal

    return done


class Relationship(models.Model):
    """A therapist's work with one client, a couple, a family or a group.

    `status` is the state; `events` are its history. Each transition is one UPDATE that both tests
    and sets, so that of two people who click at once exactly one wins, one event and one entry of
    the audit, in one transaction. It touches nothing else: no appointment, no message, no figure.
    """

    UNDO_WITHIN = timedelta(minutes=15)

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        ENDED = "ended", "Ended"

    class AlreadyDone(Refusal):
        """The relationship is already as asked for, or has been erased a moment ago."""

    class TooLate(Refusal):
        """An ending can be undone for 15 minutes, by the person who made it."""

    class Changed(Refusal):
        """It is not what the page said from which this was asked for: ended or begun anew since."""

    class Impossible(Refusal):
        """That cannot have happened then, or not with these people."""

    class Closed(Refusal):
        """Somebody who took part has been erased, so the work cannot be taken up again."""

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="relationships")
    public_id = PublicIdField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    clients: "models.ManyToManyField[Client, models.Model]" = models.ManyToManyField(
        Client, through="Participation", related_name="relationships"
    )
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    started_at = models.DateTimeField(default=timezone.now)
    end_reason = models.CharField(max_length=20, choices=EndReason.choices, blank=True)
    end_note = models.TextField(max_length=NOTE_LENGTH, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # The moment of the ending is a guess, because where it was brought from did not have it.
    is_end_estimated = models.BooleanField(default=False, editable=False)
    # Somebody who took part has been erased: it stays ended for good.
    is_closed = models.BooleanField(default=False, editable=False)

    # What the therapist notes while the work goes on. The app reminds, and does nothing else.
    planned_end = models.DateField(null=True, blank=True)
    on_break_until = models.DateField(null=True, blank=True)
    ask_again_on = models.DateField(null=True, blank=True)

    # Where its sessions take place unless said otherwise: a place, or the https link of a meeting.
    place = models.CharField(
        max_length=LENGTH, blank=True, validators=[no_control_characters, validate_place]
    )

    last_event: int | None = None  # by `RelationshipQuerySet.with_last_event`
    # One key a form: of two identical requests the second finds what the first began.
    key = models.UUIDField(null=True, blank=True)

    objects = RelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end_note="", end_reason="", ended_at__isnull=True)
                & Q(ended_by__isnull=True, status="active")
                | Q(end_reason__in=EndReason.values, ended_at__isnull=False)
                & Q(ended_by__isnull=False, status="ended"),
                name="ended_means_reason_moment_and_person",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="relationship_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(is_closed=False) | Q(status="ended"), name="closed_means_ended"
            ),
            models.CheckConstraint(
                condition=Q(is_end_estimated=False) | Q(status="ended"),
                name="estimated_means_ended",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="known_kind"),
            # What the composite foreign keys of `migrations/0001_rules.postgresql.sql` point at.
            models.UniqueConstraint(fields=["id", "therapist"], name="relationship_and_therapist"),
            models.UniqueConstraint(fields=["therapist", "key"], name="a_form_begins_once"),
        ]
        indexes = [
            models.Index(
                fields=["therapist", "status", "ended_at"],
                include=["id"],
                name="relationship_by_status",
            ),
            models.Index(  # what waits is counted without a look at the rows
                # The state is in it as well: else SQLite looks at each row.
                fields=["therapist", "planned_end", "on_break_until", "ask_again_on", "status"],
                include=["id"],
                condition=Q(status="active"),
                name="relationship_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} relationship"

    @_as_a_whole
    def end(
        self,
        *,
        by: User,
        reason: EndReason,
        note: str = "",
        at: datetime | None = None,
        if_unchanged: bool = False,
    ) -> None:
        """End the work, now unless `at` (for data from elsewhere) says when.

        Raises:
            Relationship.AlreadyDone: it had ended.
            Relationship.Changed: `if_unchanged`, and it was begun anew since it was read; or
                a record was merged at that moment.
        """
        lock_people([self])
        ended_at = max(at or timezone.now(), self.started_at)  # a clock may have been set back
        self._change(
            Relationship.objects.active(),
            if_unchanged=if_unchanged,
            status=self.Status.ENDED,
            end_reason=reason,
            end_note=note,
            ended_at=ended_at,
            ended_by=by,
        )
        self.count_on_clients(-1)
        self.record(Event.Kind.ENDED, at=ended_at, by=by, reason=reason, note=note)

    @_as_a_whole
    def undo_end(self, *, by: User, if_unchanged: bool = False) -> None:
        """Void an ending made by the same person less than 15 minutes ago.

        Raises:
            Relationship.AlreadyDone: it is active.
            Relationship.Changed: `if_unchanged`, and it has ended anew since it was read; or
                a record was merged at that moment.
            Relationship.TooLate: it ended earlier, or somebody else ended it.
            Relationship.Closed: somebody who took part has been erased.
        """
        lock_people([self])
        now = timezone.now()
        lately = fresh("ended_at", self.UNDO_WITHIN, now)
        try:
            undoable = Relationship.objects.ended().filter(lately, ended_by=by)
            self._take_up(undoable, if_unchanged=if_unchanged)
        except self.AlreadyDone:
            # Or it was active, and somebody has ended it since: then nothing is too late.
            if self.is_ended and not self.can_undo(by):
                raise self.TooLate from None
            raise
        self.count_on_clients(+1)
        self.record(Event.Kind.END_UNDONE, at=now, by=by)

    @_as_a_whole
    def restart(self, *, by: User, at: datetime | None = None, if_unchanged: bool = False) -> None:
        """Take the work up again: the same relationship, a new episode.

        Raises:
            Relationship.AlreadyDone: it is active.
            Relationship.Changed: `if_unchanged`, and it has ended anew since it was read; or
                a record was merged at that moment.
            Relationship.Closed: somebody who took part has been erased.
        """
        lock_people([self])
        former_plans = dict.fromkeys(("planned_end", "on_break_until", "ask_again_on"))
        self._take_up(Relationship.objects.ended(), if_unchanged=if_unchanged, **former_plans)
        self.count_on_clients(+1)
        self.record(Event.Kind.RESTARTED, at=at or timezone.now(), by=by)

    @_as_a_whole
    def leave(
        self, *, person: Client, by: User, at: datetime, kind: str, if_unchanged: bool = False
    ) -> None:
        """Let somebody leave, at a moment; the others go on, as work of a `kind` that they fit.

        Raises:
            Relationship.AlreadyDone: it has ended, or the person does not take part in it.
            Relationship.Changed: `if_unchanged`, and something happened since it was read; or
                a record was merged at that moment.
            Relationship.Impossible: they had not begun then, it is still to come, or those who
                stay do not make that kind.
        """
        lock_people([self])
        self._check_active(if_unchanged=if_unchanged)
        parts = list(self.participations.filter(left_at=None).select_related("client"))
        part = next((p for p in parts if p.client.person_id == person.person_id), None)
        if part is None:
            raise self.AlreadyDone
        since = part.joined_at or self.started_at
        if not since <= at <= timezone.now() or not Kind(kind).fits(len(parts) - 1):
            raise self.Impossible
        former = self._go_on_as(kind, if_unchanged=if_unchanged)
        self.participations.filter(pk=part.pk, left_at=None).update(left_at=at)
        self._count_on(part.client, -1)
        self.record(Event.Kind.LEFT, at=at, by=by, client=part.client, goes_on_as=former and kind)

    @_as_a_whole
    def join(
        self, *, person: Client, by: User, at: datetime, kind: str, if_unchanged: bool = False
    ) -> None:
        """Let somebody join, at a moment; all go on together, as work of a `kind` that they fit.

        Raises:
            Relationship.AlreadyDone: it has ended, or the person takes part in it.
            Relationship.Changed: `if_unchanged`, and something happened since it was read; or the
                client has been erased, or merged into another, a moment ago.
            Relationship.Impossible: the work had not begun then, or they had not left it yet; it is
                still to come; or all together do not make that kind.
        """
        both = Q(pk__in=records_in([self]).values("pk")) | Q(pk=person.pk)
        locked = locked_together(Client.objects.filter(both))
        joining = locked.get(person.pk)
        if joining is None or joining.is_erased or joining.merged_into_id:
            raise self.Changed
        self._check_active(if_unchanged=if_unchanged)
        parts = list(self.participations.select_related("client"))
        present = [part for part in parts if part.left_at is None]
        own = [part for part in parts if part.client.person_id == joining.pk]
        if any(part in present for part in own):
            raise self.AlreadyDone
        since = max([self.started_at, *(part.left_at for part in own if part.left_at)])
        if not since <= at <= timezone.now() or not Kind(kind).fits(len(present) + 1):
            raise self.Impossible
        former = self._go_on_as(kind, if_unchanged=if_unchanged)
        self.participations.create(therapist_id=self.therapist_id, client=joining, joined_at=at)
        self._count_on(joining, +1)
        self.record(Event.Kind.JOINED, at=at, by=by, client=joining, goes_on_as=former and kind)

    def _check_active(self, *, if_unchanged: bool) -> None:
        """Refuse, while its people are locked, what is to be done to work that has ended."""
        active = Relationship.objects.active().filter(pk=self.pk)
        if not active.exists():
            raise self.AlreadyDone
        if if_unchanged and not active.as_read(self).exists():
            raise self.Changed

    def _go_on_as(self, kind: str, *, if_unchanged: bool) -> str:
        """Make active work of that kind, and return of which it was if that is another."""
        former = self.kind
        self._change(Relationship.objects.active(), if_unchanged=if_unchanged, kind=kind)
        return former if former != kind else ""

    @_as_a_whole
    def correct_reason(
        self, *, by: User, reason: EndReason, note: str = "", ended_at: datetime
    ) -> None:
        """Correct why the ending of `ended_at` came about; the former reason stays in the history.

        Raises:
            Relationship.AlreadyDone: that ending is no longer the present one, or says so already.
        """
        former = Relationship.objects.ended().filter(ended_at=ended_at)
        changed = former.exclude(end_reason=reason, end_note=note)
        self._change(changed, end_reason=reason, end_note=note)
        self.record(Event.Kind.CORRECTED, at=timezone.now(), by=by, reason=reason, note=note)

    @_as_a_whole
    def correct_end(self, *, by: User, at: datetime, ended_at: datetime) -> None:
        """Correct when the ending of `ended_at` came about; the former moment stays on record.

        Raises:
            Relationship.AlreadyDone: that ending is no longer the present one.
            Relationship.Impossible: work had not begun then, or that moment is still to come.
        """
        if not self.last_start <= at <= timezone.now():
            raise self.Impossible
        former = Relationship.objects.ended().filter(ended_at=ended_at)
        self._change(former, ended_at=at, is_end_estimated=False)
        self.record(Event.Kind.END_DATED, at=at, by=by, reason=self.end_reason)

    @_as_a_whole
    def correct_start(self, *, by: User, at: datetime, started_at: datetime) -> None:
        """Give the work an earlier start than `started_at`, which stays on record.

        Raises:
            Relationship.AlreadyDone: that is no longer its start.
            Relationship.Impossible: that is not earlier.
        """
        if at >= started_at:
            raise self.Impossible
        self._change(Relationship.objects.filter(started_at=started_at), started_at=at)
        self.record(Event.Kind.START_DATED, at=at, by=by)

    @property
    def last_start(self) -> datetime:
        """When the last stretch of work began, or was taken up again."""
        begun = self.events.filter(kind=Event.Kind.RESTARTED)
        last = begun.order_by("-pk").values_list("at", flat=True).first()
        return max(last or self.started_at, self.started_at)

    @property
    def shown(self) -> str:
        """What a page says of it that may change: when it ended, or which stretch of work it is.

        Of active work use it after `with_last_event`.
        """
        if self.is_ended and self.ended_at:
            return f"ended {self.ended_at.astimezone(UTC).isoformat()}"
        return f"active {self.last_event}"

    def get_kind_display(self) -> str:  # type: ignore[no-redef]  # the plugin has one already
        """Return what its kind is called; Django would look through all of them each time."""
        return _KINDS.get(self.kind, self.kind)

    @property
    def is_ended(self) -> bool:
        return self.status == self.Status.ENDED

    @property
    def people(self) -> list[Client]:
        """Who takes part, in the order in which they were added; use after `with_people`.

        Each is the record that stands for the person, whichever of theirs takes part. Those who
        have been erased, and have no name any more, come last.
        """
        return _in_order(part for part in self.participations.all() if part.left_at is None)

    @property
    def everybody(self) -> list[Client]:
        """The same, and behind them who has left."""
        left = _in_order(part for part in self.participations.all() if part.left_at)
        return list(dict.fromkeys([*self.people, *left]))

    @property
    def left(self) -> list[tuple[Client, datetime]]:
        """Who has left and has not joined again, each with the moment, the last first."""
        present, parts = self.people, self.participations.all()
        moments = {part.client.person: part.left_at for part in parts if part.left_at}
        gone = [(person, at) for person, at in moments.items() if person not in present]
        return sorted(gone, key=lambda one: one[1], reverse=True)

    def beside(self, own: Collection[Client], left_at: datetime | None) -> list[Client]:
        """Return who takes part besides some people; if they have left, who did by then."""
        if left_at is None:
            return [person for person in self.people if person not in own]
        parts = self.participations.all()
        before = [part for part in parts if not part.joined_at or part.joined_at < left_at]
        return [p for p in dict.fromkeys(_in_order(before)) if p not in own]

    @property
    def can_be_joined(self) -> bool:
        """Whether somebody can join: individual work only if somebody has left it."""
        return self.kind != Kind.INDIVIDUAL or bool(self.left)

    def left_by(self, client: Client) -> datetime | None:
        """When somebody left it, if they take no part in it any more."""
        return dict(self.left).get(client)

    @property
    def usual_place(self) -> str:
        """Where its sessions take place unless said otherwise: its own place or the therapist's."""
        contact = getattr(self.therapist, "contact", None)  # there may be none
        return self.place or (contact.place if contact else "")

    @property
    def with_whom(self) -> str:
        return some_in_words([client.name for client in self.people])

    def can_undo(self, by: User) -> bool:
        """Whether `undo_end` would be accepted now."""
        ended_at = self.ended_at if self.ended_by_id == by.pk else None
        return bool(ended_at and is_fresh(ended_at, self.UNDO_WITHIN, timezone.now()))

    _ACTIVE = {
        "status": Status.ACTIVE,
        "end_reason": "",
        "end_note": "",
        "ended_at": None,
        "ended_by": None,
        "is_end_estimated": False,
    }

    def _change(
        self, present: RelationshipQuerySet, *, if_unchanged: bool = False, **state: object
    ) -> None:
        """Set a state if the row is still `present`; else reload it, and say why not."""
        present = present.filter(pk=self.pk)
        if (present.as_read(self) if if_unchanged else present).update(**state):
            for name, value in state.items():
                setattr(self, name, value)
            return
        with suppress(Relationship.DoesNotExist):  # erased a moment ago
            self.refresh_from_db(
                fields=[*self._ACTIVE, "planned_end", "is_closed", "started_at", "kind"]
            )
        raise self.Changed if if_unchanged and present.exists() else self.AlreadyDone

    def _take_up(
        self, present: RelationshipQuerySet, *, if_unchanged: bool = False, **state: object
    ) -> None:
        """Make it active again, unless it is closed for good."""
        try:
            open_ = present.filter(is_closed=False)
            self._change(open_, if_unchanged=if_unchanged, **self._ACTIVE, **state)
        except self.AlreadyDone:
            if self.is_closed:
                raise self.Closed from None
            raise

    def count_on_clients(self, step: int) -> None:
        """Move the counters of the clients, who are locked."""
        records_in([self]).update(active_relationships=F("active_relationships") + step)

    @staticmethod
    def _count_on(client: Client, step: int) -> None:
        """Move the counter of one client, who is locked, and of whoever stands for them."""
        records = Client.objects.filter(pk__in=[client.pk, client.person_id])
        records.update(active_relationships=F("active_relationships") + step)

    def record(self, kind: Event.Kind, *, by: User, **columns: object) -> None:
        """Add a line to the history, and the entry of the audit that holds its seal."""
        event = self.events.create(therapist_id=self.therapist_id, kind=kind, by=by, **columns)
        Entry.record(VERBS[kind], by=by, therapist=self.therapist_id, about=self, event=event)


def _in_order(parts: Iterable[Any]) -> list[Client]:
    """Return the people whose parts these are; those who have been erased come last."""
    people = (part.client.person for part in parts)
    return sorted(people, key=lambda person: person.is_erased)


_KINDS: dict[str, str] = dict(Kind.choices)
# What of a record says what somebody is called.
_CALLED = ("name", "preferred_name", "erased_at")
NAMES = (
    *("relationship", "left_at", "client__merged_into"),
    *(f"{record}__{name}" for record in ("client", "client__merged_into") for name in _CALLED),
)


def people_of(path: str = "", only: Collection[str] = ()) -> Prefetch:
    """Return what `Relationship.people` reads, by one query; `path` leads to the relationship.

    With `only` some columns, as `QuerySet.only` takes them.
    """
    parts: Any = Relationship.participations.rel.related_model
    with_records = parts.objects.select_related("client__merged_into").only(*only)
    return Prefetch(f"{path}participations", queryset=with_records)


def _parts(given: Given) -> models.QuerySet:
    parts: Any = Relationship.participations.rel.related_model
    of_work = parts.objects.filter(relationship__pk__in=given("relationships"))
    return of_work.select_related("client__merged_into")


PARTS = CompiledQuery(_parts)
NAMED_PARTS = CompiledQuery(lambda given: _parts(given).only(*NAMES))


def read_people(
    relationships: Iterable[Relationship], query: CompiledQuery = PARTS
) -> list[Relationship]:
    """Return the same with what `Relationship.people` reads, as `people_of`, by a compiled query.

    For pages that are opened all day, about a few pieces of work; by `NAMED_PARTS`, which reads of
    the people nothing but what they are called, about a page of it.
    """
    work = list(relationships)
    if not work:
        return work
    parts_of: dict[int, list] = {one.pk: [] for one in work}
    for part in query.instances(relationships=padded([*parts_of])):
        parts_of[part.relationship_id].append(part)
    for one in work:
        for part in parts_of[one.pk]:
            part.relationship = one
        set_related(one, "participations", parts_of[one.pk])
    return work


def lock_people(relationships: Iterable[Relationship]) -> None:
    """Lock the records whose counters move with this work: whoever changes it does so first.

    On SQLite whoever writes keeps everybody else from it.

    Raises:
        Relationship.Changed: as `locked_together`.
    """
    if connection.features.has_select_for_update:
        locked_together(records_in(relationships).only("pk", "person_id"))


def locked_together(records: ClientQuerySet) -> dict[int, Client]:
    """Lock these records, and return them by their keys.

    All in one order: of two who do so at once one waits, and neither for ever.

    Raises:
        Relationship.Changed: one of them was merged while it was waited for, into a record that is
            not locked; to lock that now would be out of turn.
    """
    locked = {one.pk: one for one in records.locked()}
    if not locked.keys() >= {one.person_id for one in locked.values()}:
        raise Relationship.Changed
    return locked


def records_in(relationships: Iterable[Relationship]) -> ClientQuerySet:
    """Return the records whose counters move with this work.

    Those that take part at present, and those that stand for the same people.
    """
    present = {"participations__relationship__in": relationships, "participations__left_at": None}
    part = Client.objects.filter(**present).order_by()
    return Client.objects.filter(pk__in=part.values("pk").union(part.values("person_id")))
