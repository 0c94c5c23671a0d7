"""Until when a person's records are kept, worked out beforehand (`settling.py`)."""

from datetime import date

from django.db import models

from practice.accounts.models import Therapist

WHILE_ACTIVE = date.max


class RetentionDate(models.Model):
    """The first day on which a person's records need not be kept any more.

    None where it has to be worked out anew, because something that it depends on was changed: the
    database says so itself (`migrations/0001_retention.*.sql`). `WHILE_ACTIVE` for whoever is. What
    is booked counts as held, also what is to come: so the passing of time changes nothing.
    """

    therapist = models.ForeignKey(
        Therapist, models.CASCADE, related_name="retention_dates", db_index=False
    )
    client = models.BigIntegerField(unique=True)  # the record that stands for the person
    until = models.DateField(null=True)  # on the therapist's calendar

    class Meta:
        indexes = [models.Index(fields=["therapist", "until", "client"], name="retention_date")]

    def __str__(self) -> str:
        return f"{self.client} until {self.until}"
