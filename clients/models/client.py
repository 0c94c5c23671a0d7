"""The people a therapist works with: their records, and how those are found.

The model and its queryset are read together, so the module is longer than others.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.database.public_ids import PublicIdField, new_public_id
from practice.text.person_names import (
    FoldedField,
    fold,
    matches,
    no_control_characters,
    search_text,
)
from practice.text.phone_numbers import dialled
from practice.text.spoken import called
from practice.text.time_zones import validate_time_zone

ERASED = "Erased client"


class KeepRule(models.TextChoices):
    """For how long the records of a client are kept (`practice/records/retention.py`)."""

    SEVEN_YEARS = "7_years", "7 years after the last session"
    TEN_YEARS = "10_years", "10 years after the last session"
    BIRTHDAY = "25th_birthday", "Until the 25th birthday"


class Reminders(models.TextChoices):
    """How many hours before a session somebody is reminded of it."""

    USUAL = "", "As the therapist has set"
    NONE = "none", "None"
    TWO = "2", "2 hours before"
    DAY = "24", "24 hours before"
    TWO_DAYS = "48", "48 hours before"
    DAY_AND_TWO = "24,2", "24 hours and 2 hours before"
    TWO_DAYS_AND_TWO = "48,2", "48 hours and 2 hours before"
    TWO_DAYS_AND_DAY = "48,24", "48 hours and 24 hours before"


class ClientQuerySet(models.QuerySet):
    """Clients, as the domain speaks of them."""

    def not_erased(self) -> Self:
        """All but those who have been erased and live on as a nameless part of others' work."""
        return self.filter(erased_at=None)

    def people(self) -> Self:
        """One record for each person: neither erased nor merged into another."""
        return self.not_erased().filter(merged_into=None)

    def of_people(self, clients: Iterable["Client"]) -> Self:
        """Every record of the people whose records these are, whichever of them is given."""
        return self.filter(person_id__in=person_ids(clients))

    def active(self) -> Self:
        """Clients with at least one active relationship."""
        return self.filter(active_relationships__gt=0)

    def inactive(self) -> Self:
        """Clients whose relationships have all ended."""
        return self.filter(active_relationships=0)

    def search(self, text: str) -> Self:
        """People of whom every word of `text` begins a word of a record's names."""
        return self.filter(self.of_any_record(matches(text)))

    def same_person_as(self, name: str, email: str = "") -> Self:
        """People with this name or e-mail address: probably the same person."""
        same = Q(sort_name=self.model._meta.get_field("sort_name").made_of(name))
        if email:
            same |= Q(email__iexact=email.strip())
        return self.filter(self.of_any_record(same))

    def in_name_order(self) -> Self:
        return self.order_by("sort_name", "pk")

    def locked(self) -> Self:
        """The same, locked until the end of the transaction when they are read.

        In one order, whoever locks several: two who do so never wait for each other for ever.
        """
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def of_any_record(self, condition: Q) -> Q:
        """Return the condition that it holds for a record, or for one that is merged into it."""
        if not condition:
            return condition
        merged = self.model.objects.exclude(merged_into=None).filter(condition)
        return condition | Q(pk__in=merged.values("merged_into"))


class Client(models.Model):
    """A therapist's record of a person.

    It is that one therapist's until an operator passes a whole caseload on to a colleague
    (`practice/management/transferring.py`).

    Two records of one person can be merged: one stays, and stands for the person; the other is
    `merged_into` it (`practice/records/merging.py`). Nothing of it moves: its relationships,
    account and details are its own, and whatever asks of a person asks for all records with their
    `person_id`.
    """

    class Merged(Exception):
        """The record has been merged into another; what was meant for it was not done."""

        def __init__(self, record: "Client") -> None:
            super().__init__(record)
            self.record = record

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="clients")
    public_id = PublicIdField()
    name = models.CharField(max_length=120, validators=[no_control_characters])
    preferred_name = models.CharField(max_length=60, blank=True, validators=[no_control_characters])
    email = models.EmailField("Email address", blank=True)
    phone = models.CharField(max_length=40, blank=True, validators=[no_control_characters])
    # As the therapist gave it; it holds as long as there is no account (`zone`).
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    # Who signs in for this person: they, or a parent, whose account may be that of several records.
    account = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="clients"
    )
    # Nothing is sent to them, whoever books; what they see when they sign in stays.
    do_not_contact = models.BooleanField("Do not contact", default=False)
    # As they have chosen themselves: when they are reminded, and what their own calendar says.
    reminders = models.CharField(
        max_length=5, choices=Reminders.choices, blank=True, default=Reminders.USUAL
    )
    calendar_names_therapist = models.BooleanField(default=False)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    keep_rule = models.CharField(
        max_length=13, choices=KeepRule.choices, default=KeepRule.SEVEN_YEARS
    )
    date_of_birth = models.DateField(null=True, blank=True)
    # Since when this is a person without a name, kept because others took part in the same work.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    # The record that stands for the same person, since when, and who said so.
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_records",
        db_index=False,  # "client_merged_into", below
    )
    merged_at = models.DateTimeField(null=True, blank=True, editable=False)
    merged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    # Of whom this is a record: the number of the record that stands for them.
    person_id = models.GeneratedField(
        expression=Coalesce("merged_into", "id", output_field=models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
        db_index=True,
    )

    sort_name = FoldedField(of=("name",), make=fold, max_length=240)
    search_text = FoldedField(of=("name", "preferred_name"), make=search_text)
    # Moved by one in the very transaction that starts, ends or restarts a relationship: of the
    # record that takes part, and of the one that stands for the same person.
    active_relationships = models.PositiveIntegerField(default=0, editable=False)

    has_notes = False  # by `practice.imports.models.with_whether_notes`

    objects = ClientQuerySet.as_manager()

    class Meta:
        constraints = [
            # What the composite foreign keys of relationships/migrations point at.
            models.UniqueConstraint(fields=["id", "therapist"], name="client_and_therapist"),
            models.CheckConstraint(
                condition=Q(active_relationships__gte=0), name="active_relationships_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(keep_rule__in=["7_years", "10_years"])
                | Q(keep_rule="25th_birthday", date_of_birth__isnull=False),
                name="a_25th_birthday_needs_a_date_of_birth",
            ),
            models.CheckConstraint(
                condition=Q(reminders__in=["", "none", "2", "24", "48", "24,2", "48,2", "48,24"]),
                name="known_reminders",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    name=ERASED,
                    preferred_name="",
                    email="",
                    phone="",
                    search_text="",
                    date_of_birth__isnull=True,
                    account__isnull=True,
                    active_relationships=0,
                ),
                name="erased_means_nameless_and_inactive",
            ),
            models.CheckConstraint(
                condition=Q(
                    merged_into__isnull=True, merged_at__isnull=True, merged_by__isnull=True
                )
                | Q(merged_into__isnull=False, merged_at__isnull=False, merged_by__isnull=False),
                name="merged_means_moment_and_person",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("pk")), name="merged_into_another"
            ),
        ]
        indexes = [
            models.Index(fields=["therapist", "sort_name", "id"], name="client_a_to_z"),
            models.Index(
                fields=["therapist", "sort_name", "id"],
                condition=Q(active_relationships__gt=0),
                name="client_active_a_to_z",
            ),
            models.Index(  # counted without a look at the rows; policies ask for the id
                # What the condition names is in it as well: else SQLite looks at each row.
                fields=["therapist", "active_relationships", "erased_at", "merged_into"],
                include=["id"],
                condition=Q(erased_at=None, merged_into=None),
                name="client_people",
            ),
            models.Index(
                # Of those alone that are merged. In an index of all, nearly every row has the same
                # NULL, and SQLite, once it has counted that, reads the table instead.
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="client_merged_into",
            ),
            models.Index(  # few; looked through along with those they are merged into
                fields=["therapist"],
                condition=Q(merged_into__isnull=False),
                name="client_merged",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """What to call them, also to whoever is in the same sessions: never a surname."""
        return ERASED if self.is_erased else called(self.name, self.preferred_name)

    @property
    def zone(self) -> str:
        """The IANA name of the zone in which they read times: their account's, if they have one.

        It may be that of another record of the same person.
        """
        chosen = (record.account.time_zone for record in self.records if record.account)
        return next(filter(None, chosen), self.time_zone)

    @property
    def person(self) -> "Client":
        """The record that stands for this person: this one, unless it is merged into another."""
        return self.merged_into or self

    @property
    def records(self) -> list[Self]:
        """This record, and those that are merged into it, the first merged first."""
        return [self, *sorted(self.merged_records.all(), key=lambda record: record.merged_at)]

    @property
    def since(self) -> datetime:
        """When the first of the records of this person was added."""
        return min(record.added_at for record in self.records)

    @property
    def accounts(self) -> set[int]:
        """Whoever signs in for this person, with whichever of the records."""
        return {record.account_id for record in self.records if record.account_id}

    @property
    def can_sign_in(self) -> bool:
        return bool(self.accounts)

    @property
    def is_active(self) -> bool:
        return self.active_relationships > 0

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    @property
    def signs_in_elsewhere(self) -> bool:
        """Whether whoever signs in for them does so with another address than this record has."""
        return self.account is not None and self.account.email != self.email.strip().lower()

    @property
    def own_name(self) -> str:
        """What whoever signs in for them calls themselves, if it is another name than this."""
        name = self.account.name if self.account else ""
        return "" if fold(name) == fold(self.name) else name

    @property
    def own_phone(self) -> str:
        """Which number whoever signs in for them gives, if it is another than this record has."""
        number = self.account.phone if self.account else ""
        return "" if dialled(number) == dialled(self.phone) else number

    @property
    def may_be_written_to(self) -> bool:
        """Whether a message may be sent to them: none of their records says otherwise."""
        is_barred = any(record.do_not_contact for record in self.records)
        return not self.is_erased and not is_barred

    def with_same_address(self) -> ClientQuerySet:
        """Return the other clients of this therapist who have this one's e-mail address."""
        others = Client.objects.filter(therapist=self.therapist_id).people().exclude(pk=self.pk)
        same = others.of_any_record(Q(email__iexact=self.email))
        return others.filter(same) if self.email else others.none()

    @classmethod
    def lock_person(cls, pk: int) -> Self:
        """Return a client, locked until the end of the transaction.

        Raises:
            Client.DoesNotExist: they have been erased a moment ago.
            Client.Merged: the record has been merged into another a moment ago.
        """
        client = cls.objects.not_erased().locked().get(pk=pk)
        if client.merged_into_id:
            raise cls.Merged(client)
        return client

    def become_nameless(self) -> None:
        """Forget who this was; what others took part in still counts one person.

        The number of its address changes too, so that no old address leads anywhere.
        """
        Client.objects.filter(pk=self.pk).update(
            name=ERASED,
            **dict.fromkeys(("preferred_name", "email", "phone", "sort_name", "search_text"), ""),
            **dict.fromkeys(("account", "date_of_birth")),
            public_id=new_public_id(),
            time_zone=self.therapist.time_zone,
            keep_rule=KeepRule.SEVEN_YEARS,
            reminders=Reminders.USUAL,
            **dict.fromkeys(("do_not_contact", "calendar_names_therapist"), False),
            erased_at=timezone.now(),
        )


class AccountInUse(models.Model):
    """An account that is somebody's client: a view, which does not tell whose."""

    account = models.OneToOneField(
        User, models.DO_NOTHING, primary_key=True, related_name="use_by_clients"
    )

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.account_id} in use"


def person_ids(clients: Iterable[Client]) -> QuerySet | set[int]:
    """Return what `Client.person_id` is for these records: a subquery, if they are one."""
    if isinstance(clients, QuerySet):
        return clients.order_by().values("person_id")
    return {client.person_id for client in clients}


def person_or_404(clients: ClientQuerySet, client_id: str) -> Client:
    """Return one of these clients by their public id.

    Raises:
        Http404: there is none of that id; or they have been erased.
        Client.Merged: the record has been merged into another. The middleware leads there.
    """
    client = get_object_or_404(clients.not_erased(), public_id=client_id)
    if client.merged_into_id:
        raise Client.Merged(client)
    return client
