"""When a therapist is taken, for whoever wants a free time: of a session no more than that."""

from datetime import datetime
from typing import Self

from django.db import models

from practice.accounts.models import Therapist


class TakenTimeQuerySet(models.QuerySet):
    """Times that are taken."""

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        """Those that share any time with this one."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)


class TakenTime(models.Model):
    """The time of a session that stands, by its number: a view (`migrations/0001_views.sql`)."""

    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="taken_times")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = TakenTimeQuerySet.as_manager()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.starts_at} to {self.ends_at}"
