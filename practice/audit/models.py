"""The audit: who did what, and who looked at what, in an order that nobody can change unseen.

Writing an entry takes no lock. It is inserted with a seal of its own and with its writer's next
number (`sealing.py`), in the transaction of what it records. A moment later it is given its place
in the chain of its practice (`chaining.py`); the installation has a chain of its own, number 0.
Each place is sealed together with the one before it, so whoever changes, removes or slips in an
entry in the database breaks the chain, and `manage.py verify_audit` says where.

Looking is recorded, too: who opened a page about somebody (`records`, above a view). That is here,
and the module longer than others, because it is an entry that the decorator makes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import wraps
from typing import Any, Self

from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Q
from django.http import HttpResponse
from django.utils import timezone

from practice.accounts.access import Role, TherapistRequest
from practice.accounts.models import Therapist, User
from practice.audit import sealing
from practice.audit.sealing import (
    NOTHING,
    seal_of_entry,
    seal_of_event,
    seal_of_head,
    seal_of_place,
)
from practice.audit.verbs import Verb
from practice.database import bulk
from practice.database.compiled import CompiledInsert
from practice.database.fields import UnreturnedAutoField
from practice.database.public_ids import ALPHABET
from practice.web.logging import REQUEST_ID


class Chain(models.Model):
    """The head of a chain: how many entries there are, and the seal of the last."""

    chain = models.BigIntegerField(primary_key=True)
    length = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, default=NOTHING)
    head_mac = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"Chain {self.chain}"

    @classmethod
    @transaction.atomic
    def begin(cls, number: int) -> None:
        """Begin a chain, unless it has begun."""
        if not cls.objects.filter(chain=number).exists():
            new = Chain(chain=number)
            new.head_mac = seal_of_head(new)
            # Another may be faster; on SQLite a trigger then refuses what would be ignored.
            with suppress(IntegrityError), transaction.atomic():
                Chain.objects.bulk_create([new], ignore_conflicts=True)

    @classmethod
    def lock(cls, number: int, *, skip_locked: bool = False) -> Self | None:
        """Lock a chain that has begun until the end of the transaction.

        With `skip_locked`, return None if somebody else has it (PostgreSQL; on SQLite one
        transaction writes at a time anyway).
        """
        heads = cls.objects.select_for_update(skip_locked=skip_locked, no_key=True)
        return heads.filter(chain=number).first()

    def append(self, entries: "list[Unchained]") -> None:
        """Give each of these entries the next place, and move the head on."""
        places = []
        for entry in entries:
            self.length += 1
            self.mac = seal_of_place(self.mac, self.length, entry.seal)
            places.append((self.length, self.mac, entry.pk))
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE audit_unchained SET number = %s, mac = %s WHERE id = %s", places
            )
        self.head_mac = seal_of_head(self)
        self.save(force_update=True)


class Entry(models.Model):
    """One line of the audit. Changed once, when it is chained; deleted only by a purge.

    It holds ids and no words of anybody's: no name, address, reason, note or search. So the lines
    about a person say nothing of them any more once the person's row is gone.
    """

    id = UnreturnedAutoField(primary_key=True)
    therapist = models.ForeignKey(
        Therapist,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="entries",
    )
    chain = models.BigIntegerField()  # the therapist's id; 0 for the installation
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)  # an account's id, which may be gone
    role = models.CharField(max_length=9)
    verb = models.CharField(max_length=24)
    about = models.CharField(max_length=40, blank=True)  # e.g. "client:bcdfghjkmn"
    outcome = models.CharField(max_length=60)
    request_id = models.CharField(max_length=16, blank=True)
    # The row of the history this entry stands for, and its seal. Of a purge: the last such row
    # whose entry went, the seal of the last place that went, and its number.
    event = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    through = models.BigIntegerField(null=True)
    # Who wrote it, and as their how manieth; the seal of all of the above.
    writer = models.CharField(max_length=16)
    writer_number = models.BigIntegerField()
    seal = models.CharField(max_length=64)
    # The place in the chain, from 1, without gaps, and the seal of it. None until it is chained.
    number = models.BigIntegerField(null=True)
    mac = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(chain=0, therapist__isnull=True)
                | Q(chain=F("therapist"), therapist__isnull=False),
                name="chain_is_the_therapists",
            ),
            models.CheckConstraint(
                condition=Q(verb="purged", through__isnull=False)
                | (~Q(verb="purged") & Q(through__isnull=True)),
                name="purge_says_how_far",
            ),
            models.CheckConstraint(
                condition=Q(through__isnull=True)
                | Q(number__isnull=True)
                | Q(through__lt=F("number")),
                name="purge_reaches_back",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, mac="") | (Q(number__isnull=False) & ~Q(mac="")),
                name="chained_means_number_and_seal",
            ),
            models.UniqueConstraint(fields=["chain", "number"], name="one_entry_a_place"),
            models.UniqueConstraint(fields=["writer", "writer_number"], name="writer_counts_once"),
        ]
        indexes = [
            models.Index(fields=["chain", "about", "id"], name="entry_about"),
            models.Index(fields=["event"], name="entry_of_event"),
            models.Index(
                fields=["chain", "id"], condition=Q(number__isnull=True), name="entry_unchained"
            ),
        ]

    def __str__(self) -> str:
        return f"Entry {self.number or 'to come'} of chain {self.chain}"

    @classmethod
    def record(
        cls,
        verb: Verb,
        *,
        by: User | None,
        therapist: Therapist | int | None,
        about: models.Model | str = "",
        outcome: str = "done",
        event: models.Model | None = None,
    ) -> Self:
        """Write down what is done, in the transaction that does it, or in one of its own.

        `by` is None for a visitor and for a command, `therapist` (or the id) None for what concerns
        no practice; `about` is a row with a public id, or its name; `event` is the row of the
        history that says the same.
        """
        owner = therapist.pk if isinstance(therapist, Therapist) else therapist
        about = about if isinstance(about, str) else name_of(about)
        entry = cls._of(verb, about, event, by, owner, outcome)
        entry.write()
        return entry

    @classmethod
    def record_many(
        cls,
        lines: Sequence[tuple[Verb, str, models.Model | None]],
        *,
        by: User | None,
        therapist: Therapist,
        outcome: str = "done",
    ) -> None:
        """Write down many things at once, in the transaction that does them.

        Each is a verb, what it is about, and perhaps the row of the history that says the same.
        """
        if not lines:
            return
        now = timezone.now()
        writer = sealing.present_writer(now)
        last = writer.next_number(len(lines))
        entries = [cls._of(*line, by, therapist.pk, outcome) for line in lines]
        for number, entry in enumerate(entries, start=last - len(lines) + 1):
            entry._seal(now, writer, number)
        bulk.insert(entries)  # Django would read back what it creates in bulk

    @classmethod
    def _of(
        cls,
        verb: Verb,
        about: str,
        event: models.Model | None,
        by: User | None,
        owner: int | None,
        outcome: str,
    ) -> Self:
        return cls(
            therapist_id=owner,
            by=by.pk if by else None,
            role=Role.of(by, owner),
            verb=verb,
            about=about,
            outcome=outcome,
            event=event.pk if event else None,
            digest=seal_of_event(event) if event else "",
        )

    def write(self) -> None:
        """Insert it, dated, numbered by its writer and sealed; it gets its place later."""
        with transaction.atomic(savepoint=False):
            now = timezone.now()
            writer = sealing.present_writer(now)
            self._seal(now, writer, writer.next_number())
            ENTRIES.insert(self)

    def _seal(self, at: datetime, writer: sealing.Writer, number: int) -> None:
        self.chain, self.request_id = self.therapist_id or 0, REQUEST_ID.get()
        self.at, self.writer, self.writer_number = at, writer.name, number
        self.seal = seal_of_entry(self)

    @classmethod
    @contextmanager
    def recording(
        cls, verb: Verb, *, by: User | None, therapist: Therapist | int | None, **more: Any
    ) -> Iterator[None]:
        """A transaction that changes a practice and, unless it fails, is recorded at its end."""
        with transaction.atomic():
            yield
            cls.record(verb, by=by, therapist=therapist, **more)

    @property
    def words(self) -> str:
        """What was done, as a therapist reads it."""
        return Verb(self.verb).label if self.verb in Verb else self.verb

    @property
    def place(self) -> str:
        """What to call it in a report: by its number, or before it has one by its id."""
        return f"entry {self.number}" if self.number else f"unchained entry {self.pk}"


ENTRIES = CompiledInsert(Entry)  # every page about somebody writes one


class Unchained(models.Model):
    """What is in no chain yet, of every practice: all that chaining has to know, and no more.

    A view of the database (`audit_unchained`), so that the server's role needs neither the right
    to read entries of others nor to change any. Only `number` and `mac` can be updated.
    """

    id = models.BigIntegerField(primary_key=True)
    chain = models.BigIntegerField()
    seal = models.CharField(max_length=64)
    number = models.BigIntegerField(null=True)
    mac = models.CharField(max_length=64)

    class Meta:
        managed = False
        db_table = "audit_unchained"

    def __str__(self) -> str:
        return f"Unchained entry {self.pk}"


def name_of(row: Any) -> str:
    """Return what an entry calls a row: its kind and its public id, "client:bcdfghjkmn"."""
    return f"{row._meta.model_name}:{row.public_id}"


def records(verb: Verb) -> Callable:
    """Record every page that a therapist's view shows about the client or the work it names.

    An answer that leads elsewhere shows nothing.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def recorded(request: TherapistRequest, **ids: str) -> HttpResponse:
            response = view(request, **ids)
            if not 300 <= response.status_code < 400:
                by, therapist = request.user, request.therapist
                Entry.record(verb, by=by, therapist=therapist, about=named_in(ids))
            return response

        return recorded

    return decorate


def named_in(ids: Mapping[str, object]) -> str:
    """Return what an address names, e.g. "client:bcdfghjkmn" for {"client_id": "bcdfghjkmn"}.

    What cannot be an id, because somebody typed it, is left out.
    """
    for name, value in ids.items():
        if name.endswith("_id"):
            is_id = isinstance(value, str) and set(value) <= set(ALPHABET)
            return f"{name.removesuffix('_id')}:{value if is_id else ''}"
    return ""
