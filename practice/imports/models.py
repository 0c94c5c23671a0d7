"""What was brought in from elsewhere: each import, and which rows came with it.

A row says from which line of which file it came, and what it was then: so an import can be undone
as long as what came is unchanged, and the same file, read again, changes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clients.models import Client, ClientQuerySet
from practice.accounts.models import Therapist, User
from practice.database.public_ids import PublicIdField

MOST_PLACES = 100
NOTE_LENGTH = 4000  # characters of the columns of one line that are kept in words
UNDO_WITHIN = timedelta(days=30)
FORGOTTEN_AFTER = timedelta(days=1)  # files that were read and not brought in


class ImportQuerySet(models.QuerySet):
    """Imports, as pages speak of them."""

    def done(self) -> Self:
        """Those that brought something in, the last first, undone ones too."""
        shown = [Import.State.DONE, Import.State.UNDONE]
        return self.filter(state__in=shown).order_by("-finished_at")


class Import(models.Model):
    """Some files that a therapist brought in at once."""

    class State(models.TextChoices):
        READ = "read", "Read"  # nothing is saved yet
        RUNNING = "running", "Being brought in"
        DONE = "done", "Brought in"
        UNDONE = "undone", "Undone"

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="imports")
    public_id = PublicIdField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.READ)
    begun_at = models.DateTimeField(default=timezone.now)
    begun_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    files = models.JSONField(default=list, blank=True)  # their names, in order
    counts = models.JSONField(default=dict, blank=True)  # how much came, by what it is
    # Whether clients are reminded of sessions to come that came with it and were not moved since.
    reminds = models.BooleanField(default=False)
    # Public ids of clients who were here, and are not to be contacted because of it.
    barred = models.JSONField(default=list, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["read", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "undone"], finished_at__isnull=False),
                name="brought_in_means_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="undone", undone_at__isnull=False)
                | (~Q(state="undone") & Q(undone_at__isnull=True)),
                name="undone_means_moment",
            ),
        ]
        indexes = [models.Index(fields=["therapist", "finished_at"], name="import_of_therapist")]

    def __str__(self) -> str:
        return f"Import {self.public_id}"

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone; None if it brought nothing in, or is undone."""
        if self.state != self.State.DONE or self.finished_at is None:
            return None
        return self.finished_at + UNDO_WITHIN

    @property
    def can_be_undone(self) -> bool:
        """Whether it can be undone: not where it was brought in by another installation.

        What its rows were as they came is known there alone.
        """
        until = self.undo_until
        is_early = until is not None and timezone.now() < until
        return is_early and not self.imported_rows.filter(digest="").exists()


class ImportedRow(models.Model):
    """A row that came with an import: which, from where, and what it was when it came.

    `origin` and `digest` are keyed digests (`practice.audit.sealing.seal`), which tell nothing of
    what they were made of.
    """

    class Kind(models.TextChoices):
        CLIENT = "client", "Client"
        RELATIONSHIP = "relationship", "Relationship"
        SESSION = "session", "Session"

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="+")
    # Called so because `import` is a word of Python's.
    came_with = models.ForeignKey(Import, models.PROTECT, related_name="imported_rows")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    row = models.BigIntegerField()  # no key: the row may be erased, and this with it
    file = models.PositiveSmallIntegerField()  # which of the import's files
    line = models.PositiveIntegerField()  # where in it the line begins, from 1; 0: nowhere
    origin = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "row"], name="row_came_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["client", "relationship", "session"]),
                name="known_kind_of_imported_row",
            ),
        ]
        indexes = [models.Index(fields=["therapist", "origin"], name="imported_row_origin")]

    def __str__(self) -> str:
        return f"{self.kind} {self.row}"

    @property
    def place(self) -> str:
        """Where it came from: "clients.csv, line 12"."""
        names = self.came_with.files[self.file : self.file + 1]
        line = [f"line {self.line}"] if self.line else []
        return ", ".join([*names, *line])


def places_of(therapist: Therapist, ids: Mapping[str, Iterable[int]]) -> list[ImportedRow]:
    """Return from where rows were brought in, as far as they were; `ids` are theirs by kind."""
    wanted = Q()
    for kind, some in ids.items():
        wanted |= Q(kind=kind, row__in=some)
    rows = ImportedRow.objects.filter(wanted, therapist=therapist).select_related("came_with")
    return list(rows.order_by("pk")[:MOST_PLACES])


class ImportedNote(models.Model):
    """What stood in columns that nothing here has a place for, kept in words with the client."""

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="+")
    came_with = models.ForeignKey(Import, models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, models.CASCADE, related_name="imported_notes")
    text = models.TextField(max_length=NOTE_LENGTH)

    def __str__(self) -> str:
        return f"Note of {self.client_id}"


def with_whether_notes(clients: ClientQuerySet) -> ClientQuerySet:
    """Return the same clients, knowing whether any record of theirs came with notes."""
    notes = ImportedNote.objects.filter(client__person_id=models.OuterRef("person_id"))
    return clients.annotate(has_notes=models.Exists(notes))
