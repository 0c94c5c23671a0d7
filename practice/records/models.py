"""Until when a person's records are kept, worked out beforehand (`settling.py`)."""

from datetime import date

from django.db import models

from practice.accounts.models import Therapist

WHILE_ACTIVE = date.max


class RetentionDate(models.Model):
    """The first day on which a person's records need not be kept any more, as it was at night.

    `WHILE_ACTIVE` for whoever is. What is booked counts as held, also what is to come: so the
    passing of time changes nothing. Not so any more where there is a `RetentionChange`.
    """

    therapist = models.ForeignKey(
        Therapist, models.CASCADE, related_name="retention_dates", db_index=False
    )
    client = models.BigIntegerField(unique=True)  # the record that stands for the person
    until = models.DateField()  # on the therapist's calendar

    class Meta:
        indexes = [models.Index(fields=["therapist", "until", "client"], name="retention_date")]

    def __str__(self) -> str:
        return f"{self.client} until {self.until}"


class RetentionChange(models.Model):
    """Something that a person's retention date depends on was changed since it was settled.

    The database says so itself (`migrations/0001_retention.*.sql`), with a row for each change, so
    that nobody waits for whoever changes something else of the same person.
    """

    therapist = models.ForeignKey(
        Therapist, models.CASCADE, related_name="retention_changes", db_index=False
    )
    client = models.BigIntegerField()  # the record that stands for the person

    class Meta:
        indexes = [models.Index(fields=["therapist", "client"], name="retention_change")]

    def __str__(self) -> str:
        return f"{self.client} changed"
