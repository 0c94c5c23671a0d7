"""When a therapist can be booked: hours, rules, days off, and the free times they leave.

The tables and what is worked out of them are read together, so the module is longer than others.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.booking import openings
from practice.booking.dated_hours import OpenOrBlocked, interval_of
from practice.booking.openings import Hours, Interval, OpenedHours, Rules
from practice.database.compiled import DAY, MOMENT, CompiledQuery
from practice.diary.models import Session, TakenTime
from practice.text.person_names import no_control_characters

A_DAY = timedelta(days=1)  # more than a session lasts
LONGEST_BOOKED = timedelta(minutes=240)  # of sessions whose times a client can choose


class BookingRules(models.Model):
    """How a therapist's free times are made. Durations in the unit the name says."""

    therapist = models.OneToOneField(Therapist, models.CASCADE, related_name="booking_rules")
    session_minutes = models.PositiveSmallIntegerField(
        default=50, validators=[MinValueValidator(15), MaxValueValidator(240)]
    )
    gap_minutes = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(120)])
    notice_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(2), MaxValueValidator(72)]
    )
    furthest_weeks = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1), MaxValueValidator(26)]
    )
    # How many sessions ahead a client may have that they booked themselves.
    most_booked = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(session_minutes__range=(15, 240), gap_minutes__range=(0, 120))
                & Q(notice_hours__range=(2, 72), furthest_weeks__range=(1, 26))
                & Q(most_booked__range=(1, 20)),
                name="booking_rules_in_range",
            )
        ]

    def __str__(self) -> str:
        return f"Booking rules of {self.therapist}"

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.session_minutes)

    def booked_ahead(self, by: User) -> int:
        """Return how many sessions ahead an account has booked itself."""
        found = AHEAD.rows(therapist=self.therapist_id, by=by.pk, now=timezone.now())
        return found[0][0] if found else 0

    def is_full_for(self, by: User) -> bool:
        """Whether an account has booked as many as it may at once."""
        return self.booked_ahead(by) >= self.most_booked


class WeeklyHours(models.Model):
    """A span of a weekday that can be booked, in the therapist's local time. Monday is 0."""

    therapist = models.ForeignKey(Therapist, models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    ends = models.TimeField(help_text="00:00 is midnight at the day's end")

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__range=(0, 6)), name="known_weekday"),
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")) | Q(ends=time.min), name="hours_end_after_start"
            ),
            models.UniqueConstraint(
                fields=["therapist", "weekday", "starts"], name="hours_start_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts} to {self.ends}"


class TimeOff(models.Model):
    """Days, both included, on which a therapist is away, and why, which is theirs to know."""

    therapist = models.ForeignKey(Therapist, models.CASCADE, related_name="time_off")
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=120, blank=True, validators=[no_control_characters])

    class Meta:
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="time_off_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"

    def interval(self, zone: ZoneInfo) -> Interval:
        """Return it as instants: from midnight to the midnight after the last day."""
        return interval_of(zone, self.first_day, time.min, self.last_day, time.min)


def rules_of(therapist: Therapist) -> BookingRules:
    """Return a therapist's booking rules, or the usual ones where none were saved."""
    return BookingRules.objects.filter(therapist=therapist).first() or BookingRules(
        therapist=therapist
    )


def weekly_hours(therapist: Therapist) -> tuple[Hours, ...]:
    """Return the hours of every week, in order."""
    return _rules_and_hours(therapist)[1]


def _rules_and_hours(therapist: Therapist) -> tuple[BookingRules, tuple[Hours, ...]]:
    """Return booking rules, or the usual ones, and the hours of every week; by one query."""
    rows = RULES_AND_HOURS.rows(therapist=therapist.pk)
    number = len(RULES_COLUMNS)
    saved = dict(zip(RULES_COLUMNS, rows[0][:number], strict=True)) if rows else {}
    rules = BookingRules(therapist=therapist, **(saved if saved.get("id") else {}))
    return rules, tuple(Hours(*row[number:]) for row in rows if row[number] is not None)


def free_times(therapist: Therapist, now: datetime) -> list[datetime]:
    """Return every start that a client can book from now on, in UTC and in order."""
    return [*each_free_time(therapist, now)]


def next_free_times(therapist: Therapist, now: datetime, number: int) -> list[datetime]:
    """Return the first few of them, which cost little, however many there are."""
    return [*islice(each_free_time(therapist, now), number)]


def each_free_time(
    therapist: Therapist,
    now: datetime,
    days: tuple[date, date] | None = None,
    rules: BookingRules | None = None,
    moving: Session | None = None,
) -> Iterator[datetime]:
    """Yield the same one after the other, each worked out when its turn comes.

    Of some days of the therapist's, the first and the last of which are given, or of all. `rules`
    are those of the therapist, where they have been read. A session that is `moving` takes up no
    time, and lasts as long as before.
    """
    made, off, taken = opening_rules(therapist, now, rules, moving)
    today = timezone.localtime(now, ZoneInfo(made.zone)).date()
    first, last = days or (today, today + made.horizon + A_DAY)
    return openings.openings(made, off, taken, now, first, last)


def is_free(
    therapist: Therapist,
    start: datetime,
    now: datetime,
    rules: BookingRules | None = None,
    moving: Session | None = None,
) -> bool:
    """Whether a client can book this very start; agrees with `each_free_time`."""
    near = (start - A_DAY, start + A_DAY)
    made, off, taken = opening_rules(therapist, now, rules, moving, within=near)
    return openings.is_open(made, off, taken, now, start)


def opening_rules(  # long for its arguments, which are what a page has read already
    therapist: Therapist,
    now: datetime,
    saved: BookingRules | None = None,
    moving: Session | None = None,
    dated: list[OpenOrBlocked] | None = None,
    within: tuple[datetime, datetime] | None = None,
) -> tuple[Rules, list[Interval], list[Interval]]:
    """Return the rules, the time off, and the taken times that are near enough to matter.

    `saved` are the therapist's, where they have been read, and so are `dated` hours and days off;
    they are for a session as long as usual, or as long as one that is `moving`, whose time is not
    taken. What is taken is that of all days, or of those `within` two moments.
    """
    usual, hours = _rules_and_hours(therapist)
    saved, zone = saved or usual, ZoneInfo(therapist.time_zone)
    horizon = timedelta(weeks=saved.furthest_weeks)
    today = timezone.localtime(now, zone).date()
    own = therapist.pk
    if dated is None:
        days = DATED.rows(therapist=own, first=today - A_DAY, last=today + horizon + A_DAY)
        dated = [OpenOrBlocked(**dict(zip(DATED_COLUMNS, row, strict=True))) for row in days]
    rules = Rules(
        zone=therapist.time_zone,
        hours=hours,
        opened=tuple(OpenedHours(h.first_day, *h.span) for h in dated if h.is_open),
        length=moving.length if moving else saved.length,
        gap=timedelta(minutes=saved.gap_minutes),
        notice=timedelta(hours=saved.notice_hours),
        horizon=horizon,
    )
    first, after = within or (now, now + horizon)
    since, until = max(now, first), min(now + horizon, after)
    taken = TAKEN.rows(therapist=own, since=since - A_DAY, until=until + A_DAY)
    given_up = (moving.starts_at, moving.ends_at) if moving else None
    return (
        rules,
        [hours.interval(zone) for hours in dated if not hours.is_open],
        [Interval(*times) for times in taken if tuple(times) != given_up],
    )


# What is asked wherever free times are shown: compiled once.
AHEAD = CompiledQuery(
    lambda given: (
        Session.objects.filter(therapist=given("therapist"), booked_by=given("by"))
        .upcoming(given("now", MOMENT))
        .order_by()
        .values("therapist")
        .annotate(number=Count("pk"))
        .values_list("number")
    ),
    by_values=True,  # few sessions of one person, or those of a busy therapist
)
DATED_COLUMNS = ("kind", "first_day", "last_day", "starts", "ends")
DATED = CompiledQuery(
    lambda given: OpenOrBlocked.objects.filter(
        therapist=given("therapist"),
        first_day__lte=given("last", DAY),
        last_day__gte=given("first", DAY),
    ).values_list(*DATED_COLUMNS)
)
RULES_COLUMNS = [field.attname for field in BookingRules._meta.fields if field.name != "therapist"]
HOURS_COLUMNS = ("weekday", "starts", "ends")
RULES_AND_HOURS = CompiledQuery(
    lambda given: (
        Therapist.objects.filter(pk=given("therapist"))
        .order_by("weekly_hours__weekday", "weekly_hours__starts")
        .values_list(
            *(f"booking_rules__{column}" for column in RULES_COLUMNS),
            *(f"weekly_hours__{column}" for column in HOURS_COLUMNS),
        )
    )
)
TAKEN = CompiledQuery(
    lambda given: (
        TakenTime.objects.filter(therapist=given("therapist"))
        .overlapping(given("since", MOMENT), given("until", MOMENT))
        .values_list("starts_at", "ends_at")
    )
)
