"""Dates and times in words, as the house style has them (5pm, midday, months in full).

Every function takes an aware datetime and answers in the reader's zone, which is the active one.
Templates have filters of the same names, in an element that machines read.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
NEAR = timedelta(days=120)  # a day within it is understood without its year


def clock(moment: datetime) -> str:
    """Return the time of day: "5pm", "4:12pm", "midday", "midnight"."""
    local = timezone.localtime(moment)
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def time_of_day(moment: datetime) -> str:
    """Return the time of day, and which of the two it is where the clock shows it twice."""
    return ", ".join(filter(None, [clock(moment), _which(moment)]))


def _which(moment: datetime) -> str:
    local = timezone.localtime(moment)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    go = "went" if moment < timezone.now() else "go"
    return f"{'after' if local.fold else 'before'} the clocks {go} back"


def day(moment: datetime | date) -> str:
    """Return a record date: "20 November 2025"."""
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return f"{local.day} {local:%B %Y}"


def weekday(moment: datetime | date) -> str:
    """Return a day that somebody must keep: "Thursday 20 November 2025"."""
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return f"{local:%A} {day(moment)}"


def instant(moment: datetime) -> str:
    """Return the moment something happened: "Thursday 20 November 2025 at 4:12pm"."""
    return f"{weekday(moment)} at {time_of_day(moment)}"


def span(starts: datetime, ends: datetime) -> str:
    """Return from when to when: "5pm to 5:50pm", "1:30am to 1:20am, after the clocks go back"."""
    first, last = _which(starts), _which(ends)
    if first and not last and not timezone.localtime(starts).fold:
        return f"{clock(starts)}, {first}, to {clock(ends)}"
    return ", ".join(filter(None, [f"{clock(starts)} to {clock(ends)}", last or first]))


def soon(moment: datetime) -> str:
    """Return a time for lists: "Thursday 27 November, 5pm", with the year where it is far."""
    local = timezone.localtime(moment)
    year = "" if abs(moment - timezone.now()) < NEAR else f" {local.year}"
    return f"{local:%A} {local.day} {local:%B}{year}, {time_of_day(moment)}"


def days(first: date, last: date) -> str:
    """Return a stretch of days: "17 to 23 November 2025"."""
    if first.year != last.year:
        return f"{day(first)} to {day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {day(last)}"
    return f"{first.day} to {day(last)}"


def monday(of: date) -> date:
    """Return the Monday of a day's week."""
    return of - timedelta(days=of.weekday())


def week_of(day: date) -> list[date]:
    """Return the seven days of a week, from Monday."""
    return [monday(day) + timedelta(days=n) for n in range(7)]


@register.filter
def zone_name(zone: str) -> str:
    """Return a zone as people call it: "London time"."""
    return f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} time"


@register.filter
def zone_words(zone: str, at: datetime | None = None) -> str:
    """Return a zone with its short form at an instant: "London time (GMT)"."""
    short = (at or timezone.now()).astimezone(ZoneInfo(zone)).tzname() or ""
    return f"{zone_name(zone)} ({'UTC' + short if short[:1] in '+-' else short})"


def _in_time_element(moment: datetime, words: str) -> SafeString:
    stamp = timezone.localtime(moment).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', stamp, words)


def _filter(say: Callable[[datetime], str]) -> Callable[[datetime], SafeString]:
    return lambda moment: _in_time_element(moment, say(moment))


for _say in (day, weekday, instant, soon, clock, time_of_day):
    register.filter(_say.__name__, _filter(_say))


@register.filter
def until(starts: datetime, ends: datetime) -> SafeString:
    """5pm to 5:50pm: `{{ starts_at|until:ends_at }}`."""
    return _in_time_element(starts, span(starts, ends))


@register.filter("span")
def span_of(appointment: Any) -> SafeString:
    """5pm to 5:50pm: `{{ appointment|span }}`."""
    return until(appointment.starts_at, appointment.ends_at)


@register.filter("days")
def days_of(week: Sequence[date]) -> str:
    """17 to 23 November 2025: `{{ week|days }}`, of days in order."""
    return days(week[0], week[-1])


@register.filter
def clock_in(moment: datetime, zone: str) -> str:
    """5pm London time: a time of day in a zone that is named."""
    with timezone.override(zone):
        time, *which = time_of_day(moment).split(", ")
    return ", ".join([f"{time} {zone_name(zone)}", *which])
