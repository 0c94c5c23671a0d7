"""Hours of single dates: open besides the weekly ones, or blocked; days off are blocked whole."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from practice.accounts.models import Therapist
from practice.booking.openings import Interval
from practice.database.public_ids import PublicIdField
from practice.text.person_names import no_control_characters
from practice.text.spoken import hours_between

_MARGIN = timedelta(days=2)  # no clock is further from UTC


class Kind(models.TextChoices):
    """What is so for hours of a date."""

    OPEN = "open", "Open"
    BLOCKED = "blocked", "Blocked"


class DatedHours(models.Model):
    """Hours of a date, on the therapist's clock; what for is the therapist's to know."""

    Kind = Kind

    public_id = PublicIdField()
    therapist = models.ForeignKey(Therapist, models.CASCADE, related_name="dated_hours")
    kind = models.CharField(max_length=7, choices=Kind)
    day = models.DateField()
    starts = models.TimeField()
    ends = models.TimeField(help_text="00:00 is midnight at the day's end")
    note = models.CharField(max_length=120, blank=True, validators=[no_control_characters])

    class Meta:
        ordering = ["day", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")) | Q(ends=time.min),
                name="dated_hours_end_after_start",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["open", "blocked"]), name="known_kind_of_dated_hours"
            ),
            models.UniqueConstraint(
                fields=["therapist", "day", "starts"], name="dated_hours_start_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day} {self.starts} to {self.ends}"

    @property
    def span(self) -> tuple[time, time]:
        return self.starts, self.ends

    @property
    def words(self) -> str:
        """From when to when: "6pm to 8pm"."""
        return hours_between(self.starts, self.ends)

    @property
    def is_open(self) -> bool:
        return self.kind == Kind.OPEN

    def interval(self, zone: ZoneInfo) -> Interval:
        """Return it as instants."""
        return interval_of(zone, self.day, self.starts, self.day, self.ends)


class OpenOrBlocked(models.Model):
    """Hours of single dates and days off, for everybody: a view without notes and reasons.

    Days off are blocked from the first day to the last, both included, and have no hours.
    """

    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="open_or_blocked")
    kind = models.CharField(max_length=7, choices=Kind)
    first_day = models.DateField()
    last_day = models.DateField()
    starts = models.TimeField(null=True)
    ends = models.TimeField(null=True)

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.kind} {self.first_day} {self.starts} to {self.last_day} {self.ends}"

    @property
    def span(self) -> tuple[time, time]:
        return self.starts or time.min, self.ends or time.min

    @property
    def is_open(self) -> bool:
        return self.kind == Kind.OPEN

    def interval(self, zone: ZoneInfo) -> Interval:
        """Return it as instants."""
        starts, ends = self.span
        return interval_of(zone, self.first_day, starts, self.last_day, ends)


def interval_of(
    zone: ZoneInfo, first_day: date, starts: time, last_day: date, ends: time
) -> Interval:
    """Return readings of a clock as instants; an end at 00:00 is at the last day's end.

    A time that the clock shows twice begins with the first and ends with the second.
    """
    first_day = max(first_day, date.min + _MARGIN)
    last_day = min(last_day, date.max - _MARGIN) + timedelta(days=ends == time.min)
    return Interval(
        min(_readings(zone, datetime.combine(first_day, starts))),
        max(_readings(zone, datetime.combine(last_day, ends))),
    )


def _readings(zone: ZoneInfo, reading: datetime) -> list[datetime]:
    """Return the instants at which a clock may read so; of midnight that which begins the day."""
    folds = [0] if reading.time() == time.min else [0, 1]
    return [reading.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in folds]
