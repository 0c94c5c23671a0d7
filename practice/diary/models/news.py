"""What clients did since their therapist last looked: a row each time, until it is dismissed.

A row says only that there is something to look at. What happened to a session, when, and who did it
stays with the session and in the audit, so nothing is lost when the row goes.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.database.fields import UnreturnedAutoField
from practice.database.public_ids import PublicIdField

MOST_AT_ONCE = 25  # lines on a page


class News(models.Model):
    """Something that a client did: to a session, or, of an invitation, as a `client`.

    Or that a client could not be told of a session: then it is `by` them, or by the therapist,
    where they have no account.
    """

    class Kind(models.TextChoices):
        """What it was, as a line about it says."""

        BOOKED = "booked", "booked"
        MOVED = "moved", "moved"
        CANCELLED = "cancelled", "cancelled"
        PUT_BACK = "put_back", "put back"
        ACCEPTED = "accepted", "accepted"
        UNTOLD = "untold", "could not be sent a message about"

    id = UnreturnedAutoField(primary_key=True)  # a client writes it, and may read none
    therapist = models.ForeignKey(Therapist, models.PROTECT, db_index=False, related_name="news")
    public_id = PublicIdField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="+")
    session = models.ForeignKey(
        "diary.Session", models.CASCADE, null=True, blank=True, related_name="news"
    )
    client = models.ForeignKey(Client, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="accepted", client__isnull=False, session__isnull=True)
                | (~Q(kind="accepted") & Q(client__isnull=True, session__isnull=False)),
                name="news_of_a_session_or_a_client",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["booked", "moved", "cancelled", "put_back", "accepted", "untold"]
                ),
                name="known_kind_of_news",
            ),
        ]
        indexes = [models.Index(fields=["therapist", "at"], name="news_of_therapist")]

    def __str__(self) -> str:
        return f"News {self.public_id}"

    @classmethod
    def tell(cls, kind: "News.Kind", *, by: User, session: Any = None, client: Any = None) -> None:
        """Tell a therapist, in the transaction of what a client does."""
        therapist_id = (session or client).therapist_id
        cls.objects.create(
            therapist_id=therapist_id,
            kind=kind,
            at=timezone.now(),
            by=by,
            session=session,
            client=client,
        )


class Unread(models.Model):
    """That there is something new to a therapist, as a number: a view (`0001_views.sql`).

    A session of theirs is read with how many there are (`practice/accounts/access.py`).
    """

    id = models.BigIntegerField(primary_key=True)
    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="+")

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"Unread {self.pk}"
