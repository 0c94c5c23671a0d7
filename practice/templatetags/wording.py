"""Filters that say things as the house style does; always loaded."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from practice.text import spoken_names, spoken_times

register = template.Library()


def _time(moment: datetime, words: str) -> SafeString:
    stamp = localtime(moment).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', stamp, words)


@register.filter
def day(moment: datetime) -> SafeString:
    """20 November 2025."""
    return _time(moment, spoken_times.day(moment))


@register.filter
def weekday(moment: datetime) -> SafeString:
    """Thursday 20 November 2025."""
    return _time(moment, spoken_times.weekday(moment))


@register.filter
def instant(moment: datetime) -> SafeString:
    """Thursday 20 November 2025 at 4:12pm."""
    return _time(moment, spoken_times.instant(moment))


@register.filter
def soon(moment: datetime) -> SafeString:
    """Thursday 27 November, 5pm."""
    return _time(moment, spoken_times.soon(moment))


@register.filter
def clock(moment: datetime) -> SafeString:
    """5pm."""
    return _time(moment, spoken_times.clock(moment))


@register.filter
def time_of_day(moment: datetime) -> SafeString:
    """5pm; 1:30am, after the clocks go back."""
    return _time(moment, spoken_times.time_of_day(moment))


@register.filter
def clock_in(moment: datetime, zone: str) -> str:
    """5pm London time: a time of day in a zone that is named."""
    with timezone.override(zone):
        time, *which = spoken_times.time_of_day(moment).split(", ")
    return ", ".join([f"{time} {spoken_times.zone_name(zone)}", *which])


@register.filter
def span(appointment: object) -> SafeString:
    """5pm to 5:50pm: `{{ appointment|span }}`."""
    return until(appointment.starts_at, appointment.ends_at)


@register.filter
def until(starts: datetime, ends: datetime) -> SafeString:
    """5pm to 5:50pm: `{{ starts_at|until:ends_at }}`."""
    return _time(starts, spoken_times.span(starts, ends))


@register.filter
def days(week: Sequence) -> str:
    """17 to 23 November 2025: `{{ week|days }}`, of days in order."""
    return spoken_times.days(week[0], week[-1])


register.filter("zone_name", spoken_times.zone_name)
register.filter("initials", spoken_names.initials)
register.filter("zone_words", spoken_times.zone_words)


@register.filter
def in_words(people: Sequence[object]) -> str:
    """Ann, Ben and Cleo."""
    return spoken_names.in_words(str(person) for person in people)


@register.filter
def first_names(people: Sequence) -> str:
    """Maya and Erik."""
    return spoken_names.in_words(person.first_name for person in people)


@register.filter
def people_initials(people: Sequence) -> str:
    """ML, EL: whom a page title is about."""
    return ", ".join(spoken_names.initials(person.name) for person in people)
