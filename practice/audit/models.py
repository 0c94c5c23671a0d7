"""The audit: who did what, and who looked at what, in an order that nobody can change unseen.

Every practice has a chain of entries, the installation has one of its own (number 0), and each
entry is sealed together with the one before it. Whoever changes, removes or slips in an entry in
the database breaks the chain, and `manage.py verify_audit` says where.

Rule for locks: whoever changes something of a practice holds its chain first (`Entry.hold`), before
any other row; of several chains the practices' in order of their numbers, the installation's last.
So two people never wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from practice.accounts.access import therapist_of
from practice.accounts.models import Therapist, User
from practice.audit.seal import NOTHING, seal_of_entry, seal_of_event, seal_of_head
from practice.web.request_id import request_id


class Verb(models.TextChoices):
    """What was done. The words are what a therapist reads."""

    CLIENT_OPENED = "client_opened", "Opened the client’s page"
    RELATIONSHIP_OPENED = "relationship_opened", "Opened the relationship"
    SESSION_OPENED = "session_opened", "Opened a session"
    DASHBOARD_OPENED = "dashboard_opened", "Opened their own dashboard"
    LIST_SEARCHED = "list_searched", "Searched the clients"
    CLIENT_ADDED = "client_added", "Added the client"
    CLIENT_CHANGED = "client_changed", "Changed details"
    CLIENT_INVITED = "client_invited", "Made an invitation"
    INVITATION_ACCEPTED = "invitation_accepted", "Accepted the invitation"
    RELATIONSHIP_STARTED = "relationship_started", "Started the relationship"
    RELATIONSHIP_ENDED = "relationship_ended", "Ended the relationship"
    RELATIONSHIP_RESTARTED = "relationship_restarted", "Restarted the relationship"
    ENDING_UNDONE = "ending_undone", "Undid an ending"
    REASON_CORRECTED = "reason_corrected", "Corrected the reason of an ending"
    PLANS_NOTED = "plans_noted", "Noted a planned ending, a break or a postponement"
    SESSION_BOOKED = "session_booked", "Booked a session"
    SESSION_MOVED = "session_moved", "Moved a session"
    SESSION_CANCELLED = "session_cancelled", "Cancelled a session"
    ATTENDANCE_NOTED = "attendance_noted", "Noted attendance"
    AVAILABILITY_CHANGED = "availability_changed", "Changed availability"
    PROFILE_CHANGED = "profile_changed", "Changed the profile"
    SETTINGS_CHANGED = "settings_changed", "Changed settings"
    THERAPIST_ADDED = "therapist_added", "Added the therapist"
    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
    SIGNED_OUT = "signed_out", "Signed out"
    SECOND_FACTOR_ADDED = "second_factor_added", "Added a second factor"
    SECOND_FACTOR_REMOVED = "second_factor_removed", "Removed a second factor"
    PASSWORD_CHANGED = "password_changed", "Changed the password"
    REFUSED = "refused", "Tried to open it and was refused"
    EXPORTED = "exported", "Exported"
    ERASED = "erased", "Erased"
    PURGED = "purged", "Removed old entries of this record"


class Role(models.TextChoices):
    """In which part somebody acted."""

    THERAPIST = "therapist"
    CLIENT = "client"
    VISITOR = "visitor"  # not signed in
    OPERATOR = "operator"  # a command on the server

    @classmethod
    def of(cls, by: User | None, therapist_id: int | None) -> Self:
        """Return the part an account has in a practice, or in the installation (None)."""
        if by is None:
            return cls.VISITOR if request_id() else cls.OPERATOR
        own = therapist_of(by)
        is_theirs = own and therapist_id in (None, own.pk)
        return cls.THERAPIST if is_theirs else cls.CLIENT


class Chain(models.Model):
    """The head of a chain: how many entries there are, and the seal of the last."""

    chain = models.BigIntegerField(primary_key=True)
    length = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, default=NOTHING)
    head_mac = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"Chain {self.chain}"

    @classmethod
    def hold(cls, number: int) -> Self:
        """Lock a chain until the end of the transaction; the first to ask for it begins it."""
        held = cls.objects.select_for_update(no_key=True).filter(chain=number)
        head = held.first()
        if head is None:
            new = cls(chain=number)
            new.head_mac = seal_of_head(new)
            cls.objects.bulk_create([new], ignore_conflicts=True)  # another may be faster
            head = held.get()
        return head

    def advance(self, mac: str) -> None:
        """Move on by the entry sealed with `mac`."""
        self.length, self.mac = self.length + 1, mac
        self.head_mac = seal_of_head(self)
        self.save(force_update=True)


class Entry(models.Model):
    """One line of the audit. Never changed; deleted only by a purge, and the database sees to it.

    It holds ids and no words of anybody's: no name, address, reason, note or search. So the lines
    about a person say nothing of them any more once the person's row is gone.
    """

    pk = models.CompositePrimaryKey("chain", "number")
    therapist = models.ForeignKey(
        Therapist,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="entries",
    )
    chain = models.BigIntegerField()  # the therapist's id; 0 for the installation
    number = models.BigIntegerField()  # from 1, without gaps
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)  # an account's id, which may be gone
    role = models.CharField(max_length=9)
    verb = models.CharField(max_length=24)
    about = models.CharField(max_length=40, blank=True)  # e.g. "client:bcdfghjkmn"
    outcome = models.CharField(max_length=60)
    request_id = models.CharField(max_length=16, blank=True)
    # The row of the history this entry stands for, and its seal. Of a purge: the last such row
    # whose entry went, the seal of the last entry that went, and its number.
    event = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    through = models.BigIntegerField(null=True)
    mac = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(chain=0, therapist__isnull=True)
                | Q(chain=F("therapist"), therapist__isnull=False),
                name="chain_is_the_therapists",
            ),
            models.CheckConstraint(
                condition=Q(verb="purged", through__lt=F("number"), through__isnull=False)
                | (~Q(verb="purged") & Q(through__isnull=True)),
                name="purge_says_how_far",
            ),
        ]
        indexes = [
            models.Index(fields=["chain", "about"], name="entry_about"),
            models.Index(fields=["event"], name="entry_of_event"),
        ]

    def __str__(self) -> str:
        return f"Entry {self.number} of chain {self.chain}"

    @staticmethod
    def hold(therapist: Therapist | int | None) -> None:
        """Keep everybody else from changing this practice until the end of the transaction.

        The first thing every change does, before it locks anything else.

        Raises:
            TransactionManagementError: there is no transaction.
        """
        _must_be_in_a_transaction()
        Chain.hold(_id_of(therapist) or 0)

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
        purge: dict[str, object] | None = None,
    ) -> Self:
        """Write down what is done, in the transaction that does it, or in one of its own.

        `by` is None for a visitor and for a command, `therapist` (or the id) None for what concerns
        no practice; `about` is a row with a public id, or its name; `event` is the row of the
        history that says the same, `purge` how far one went.
        """
        owner = _id_of(therapist)
        with transaction.atomic(savepoint=False):
            head = Chain.hold(owner or 0)
            entry = cls(
                therapist_id=owner,
                chain=head.chain,
                number=head.length + 1,
                at=timezone.now(),
                by=by.pk if by else None,
                role=Role.of(by, owner),
                verb=verb,
                about=about if isinstance(about, str) else name_of(about),
                outcome=outcome,
                request_id=request_id(),
                event=event.pk if event else None,
                digest=seal_of_event(event) if event else "",
            )
            for column, value in (purge or {}).items():
                setattr(entry, column, value)
            entry.mac = seal_of_entry(entry, head.mac)
            entry.save(force_insert=True)
            head.advance(entry.mac)
        return entry

    @classmethod
    @contextmanager
    def recording(
        cls, verb: Verb, *, by: User | None, therapist: Therapist | int | None, **facts: object
    ) -> Iterator[None]:
        """A transaction that changes a practice and, unless it fails, is recorded at its end."""
        with transaction.atomic():
            cls.hold(therapist)
            yield
            cls.record(verb, by=by, therapist=therapist, **facts)

    @property
    def words(self) -> str:
        """What was done, as a therapist reads it."""
        return Verb(self.verb).label if self.verb in Verb else self.verb


def name_of(row: models.Model) -> str:
    """Return what an entry calls a row: its kind and its public id, "client:bcdfghjkmn"."""
    return f"{row._meta.model_name}:{row.public_id}"


def _id_of(therapist: Therapist | int | None) -> int | None:
    return therapist.pk if isinstance(therapist, Therapist) else therapist


def _must_be_in_a_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Hold a chain inside a transaction.")
