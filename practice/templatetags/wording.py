"""Filters that say things as the house style does; always loaded."""

import json
from collections.abc import Sequence
from datetime import datetime

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BoundField
from django.templatetags.static import static
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
def as_json(value: object) -> str:
    """Data for a script, as the value of a data attribute."""
    return json.dumps(value, cls=DjangoJSONEncoder)


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


@register.filter
def count(number: int, noun: str) -> str:
    """1 client, 2 clients: `{{ n|count:"client" }}`, or `{{ n|count:"person,people" }}`."""
    one, _, many = noun.partition(",")
    return f"{number} {one if number == 1 else many or one + 's'}"


@register.filter
def either(number: int, words: str) -> str:
    """The first word for one, the second for more: `{{ n|either:"has,have" }}`."""
    return words.split(",")[0 if number == 1 else 1]


@register.filter
def month(moment: datetime) -> str:
    """March 2021."""
    return f"{localtime(moment):%B %Y}"


# The same without markup, for titles and for plain dates.
register.filter("plain_day", spoken_times.day)
register.filter("plain_weekday", spoken_times.weekday)
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


@register.filter
def anchor(field: BoundField) -> str:
    """Return the id of a field's first control, for a link that leads to it."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative drawing of the icon sheet."""
    sheet = static("icons.svg")
    markup = '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>'
    return format_html(markup, sheet, name)


@register.filter
def as_list(thing: object) -> list[object]:
    """A list of one, for templates that take several."""
    return [thing]


@register.filter
def with_autofocus(field: BoundField) -> SafeString:
    """A control that has the focus when the page opens: the row that was just added."""
    return field.as_widget(attrs={"autofocus": True})


@register.filter
def percent_of(number: int, everything: Sequence) -> int:
    """Return how many in a hundred that is, for the length of a bar."""
    return round(100 * number / len(everything)) if everything else 0


@register.filter
def plus(number: float, more: float) -> float:
    """Add two numbers, for coordinates."""
    return round(number + more, 1)
