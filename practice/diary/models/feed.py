"""The address at which a calendar of one's own reads one's sessions."""

import hashlib
import secrets
from typing import Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from practice.accounts.models import User


class CalendarFeed(models.Model):
    """An address that an account has made. Whoever has it reads, so it is a secret.

    Only its fingerprint is stored: it is shown once, and whoever has lost it makes a new one, by
    which the old one stops. It belongs to the account alone, as second factors do, and goes with
    the account.
    """

    class Side(models.TextChoices):
        """Whose sessions it has: of one's diary, or those that one takes part in as a client."""

        DIARY = "diary", "Diary"
        SESSIONS = "sessions", "Sessions"

    class Names(models.TextChoices):
        """What an event of a therapist's diary says of the clients."""

        INITIALS = "initials", "Initials, such as ML"
        FIRST_NAMES = "first_names", "First names"
        NONE = "none", "Nobody’s name, just “Booked”"

    class Changed(Exception):
        """Another address has been made, or it was stopped, since the page was shown."""

    account = models.ForeignKey(User, models.CASCADE, related_name="calendar_feeds")
    side = models.CharField(max_length=8, choices=Side.choices)
    fingerprint = models.CharField(max_length=64, unique=True)
    names = models.CharField(
        "What an event says", max_length=11, choices=Names.choices, default=Names.INITIALS
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "side"], name="one_feed_a_side"),
            models.CheckConstraint(
                condition=Q(side__in=["diary", "sessions"]), name="known_side_of_feed"
            ),
            models.CheckConstraint(
                condition=Q(names__in=["initials", "first_names", "none"]),
                name="known_names_in_feed",
            ),
        ]

    def __str__(self) -> str:
        return f"Calendar feed of {self.made_at:%Y-%m-%d}"

    @staticmethod
    def fingerprint_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def at(cls, token: str) -> Self | None:
        """Return what an address leads to, with its account, unless nobody can sign in to that."""
        found = cls.objects.select_related("account__therapist")
        return found.filter(fingerprint=cls.fingerprint_of(token), account__is_active=True).first()

    @property
    def shown(self) -> str:
        """What a page about it sends back: which address it was."""
        return self.made_at.isoformat()

    @classmethod
    @transaction.atomic
    def make(cls, account: User, side: "CalendarFeed.Side", *, names: str, shown: str) -> str:
        """Make a new address in place of the one that was `shown`, and return its secret.

        Raises:
            CalendarFeed.Changed: it is another by now.
        """
        cls._delete_shown(account, side, shown)
        token = secrets.token_urlsafe(32)
        cls.objects.create(
            account=account,
            side=side,
            fingerprint=cls.fingerprint_of(token),
            names=names,
            made_at=timezone.now(),
        )
        return token

    @classmethod
    @transaction.atomic
    def stop(cls, account: User, side: "CalendarFeed.Side", *, shown: str) -> None:
        """Let the address that was `shown` lead nowhere any more.

        Raises:
            CalendarFeed.Changed: it is another by now.
        """
        cls._delete_shown(account, side, shown)

    @classmethod
    def _delete_shown(cls, account: User, side: "CalendarFeed.Side", shown: str) -> None:
        User.objects.select_for_update(no_key=True).get(pk=account.pk)  # two at once take turns
        present = cls.objects.filter(account=account, side=side).first()
        if shown != (present.shown if present else ""):
            raise cls.Changed
        if present:
            present.delete()
