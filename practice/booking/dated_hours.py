"""Hours of single dates: open besides the weekly ones, or blocked."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from practice.accounts.models import Therapist
from practice.booking.openings import Interval
from practice.database.public_ids import PublicIdField
from practice.text.person_names import no_control_characters
from practice.text.spoken import hours_between


class OfOneDate(models.Model):
    """A time of one date, on the therapist's clock, that is opened for booking, or blocked."""

    class Kind(models.TextChoices):
        OPEN = "open", "Open"
        BLOCKED = "blocked", "Blocked"

    kind = models.CharField(max_length=7, choices=Kind)
    day = models.DateField()
    starts = models.TimeField()
    ends = models.TimeField(help_text="00:00 is midnight at the day's end")

    class Meta:
        abstract = True

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
        return self.kind == self.Kind.OPEN

    def interval(self, zone: ZoneInfo) -> Interval:
        """Return it as instants: the longest stretch that the clock reads so, or passes over."""
        starts, ends = (datetime.combine(self.day, at) for at in (self.starts, self.ends))
        ends += timedelta(days=self.ends == time.min)
        first, last = (
            [reading.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
            for reading in (starts, ends)
        )
        return Interval(min(first), max(last))


class DatedHours(OfOneDate):
    """Hours that are open besides the weekly ones, or blocked; what for is the therapist's."""

    public_id = PublicIdField()
    therapist = models.ForeignKey(Therapist, models.CASCADE, related_name="dated_hours")
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


class OpenOrBlocked(OfOneDate):
    """The same without the note: a view, for everybody."""

    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="open_or_blocked")

    class Meta:
        managed = False
