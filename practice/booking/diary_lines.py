"""The lines of a day of the diary, and the days of a week and of a month, as HTML.

A week has sixty of them: made of strings they take a tenth of the time that a template takes. Forms
stay templates, of which there are few.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone
from django.utils.safestring import SafeString

from practice.accounts.access import TherapistRequest
from practice.booking.diary import Day, Line
from practice.booking.month import Month
from practice.diary.answer_forms import AnswerForms
from practice.diary.lines import Appointment
from practice.diary.models import Session
from practice.templatetags.components import (
    address,
    format_markup,
    icon,
    join_markup,
    open_meeting,
)
from practice.text.spoken import (
    MONTHS,
    WEEKDAYS,
    both_readings,
    clock,
    instant,
    soon,
    time_of_day,
    until,
)

LINE = '<li class="{}"{}><p class="at">{}</p> {}</li>'
NOW = '<li class="now"><span class="visually-hidden">Now, {}</span></li>'
TILL = '{}<span class="till"> to {}</span>'
WHO = '<div class="who"><a href="{}">{}</a>{}{}{}{}</div> {}'
SMALL = " <small>{}</small>"
ENDED = ' <small>Relationship ended. <a href="{}">Restart this Relationship</a></small>'
CANCELLED = " <small>Cancelled by {}, {}.</small>"
SAID = '<p class="said">{} {}</p>'
PUT_BACK = (
    '<p class="back"><a href="{}">Put back<span class="visually-hidden"> {}, {}</span></a></p>'
)
NEXT = (
    '<span class="tag tag-next">Next</span> '
    '<div class="actions">{} <a href="{}">Session Details</a></div>'
)
BLOCKED = '<p class="who"><a href="{}">{}</a></p>'
FREE = (
    '<p class="who"><a href="{}">Free<span class="visually-hidden">, {}: add a session</span></a>'
    "</p>"
)
FREE_OF_A_DAY = (
    '<p>Free</p> <p class="inline">'
    '<a href="{}">Add a session<span class="visually-hidden"> at {}</span></a> '
    '<a class="quiet-link" href="{}">Block<span class="visually-hidden"> this time, {}</span></a>'
    "</p>"
)
CELL = '<td{}><a href="{}"{}>{}<span class="visually-hidden"> {},</span> <small>{}</small></a></td>'
SESSIONS = '{}<span class="visually-hidden"> session{}</span>'
NO_SESSIONS = SafeString('<span class="visually-hidden">no sessions</span>')
DAY = (
    '<a{} href="{}"{}><span aria-hidden="true">{}</span><span class="visually-hidden">{}</span> '
    '<b>{}</b><span class="visually-hidden">, {} session{}</span></a>'
)
SOME = SafeString(' class="some"')
OUT, CHOSEN = SafeString(' class="out"'), SafeString(' aria-current="date"')


def draw(
    days: Iterable[Day], request: TherapistRequest, asked_next: Line | None, *, is_day: bool = False
) -> None:
    """Give these days their lines as HTML; `is_day` where the page is about a single one."""
    forms = AnswerForms(request)
    for day in days:
        lines = [_line(line, forms, line is asked_next, is_day=is_day) for line in day.lines]
        if day.is_today and lines:
            coming = day.first_to_come
            at = day.lines.index(coming) if coming else len(lines)
            lines.insert(at, format_markup(NOW, clock.timed(day.lines[0].now)))
        day.html = join_markup(lines)


def _line(line: Line, forms: AnswerForms, has_focus: bool, *, is_day: bool) -> SafeString:
    if line.appointment:
        content = _session(line, line.appointment, forms, has_focus, is_day=is_day)
    elif line.blocked:
        where = address("dated_time", line.blocked.public_id)
        content = format_markup(BLOCKED, where, line.blocked.note or "Blocked")
    else:
        content = _free(line.starts_at, is_day=is_day)
    current = SafeString(' aria-current="true"') if line.is_next else ""
    return format_markup(LINE, _classes(line), current, _when(line), content)


def _classes(line: Line) -> str:
    names = {
        "next": line.is_next,
        "is-past": line.is_past and not line.is_next,
        "ask": line.is_asked,
        "came": line.state == Session.State.ATTENDED,
        "cancelled": line.is_cancelled,
        "is-ended": line.can_be_restarted,
        "free": line.is_free,
        "quiet": not line.appointment,
    }
    return " ".join(name for name, holds in names.items() if holds)


def _when(line: Line) -> SafeString:
    if line.is_continued:
        return format_markup("until {}", clock.timed(line.ends_at))
    both = both_readings(line.starts_at, line.ends_at)
    return format_markup(TILL, *both) if both else until(line.starts_at, line.ends_at)


def _session(
    line: Line, session: Appointment, forms: AnswerForms, has_focus: bool, *, is_day: bool
) -> SafeString:
    shown = session.line
    cancelled: SafeString | str = ""
    if shown.cancelled_at:
        by = session.cancelled_by_whom(forms.request.user.pk)
        cancelled = format_markup(CANCELLED, by, instant.timed(shown.cancelled_at))
    again = address("restart", shown.relationship)
    return format_markup(
        WHO,
        address("session", shown.public_id),
        session.with_whom,
        format_markup(SMALL, session.kind_label) if session.kind_label else "",
        format_markup(SMALL, session.where) if is_day and shown.place else "",
        format_markup(ENDED, again) if line.can_be_restarted else "",
        cancelled,
        _what_became_of_it(line, session, forms, has_focus, is_day=is_day),
    )


def _what_became_of_it(
    line: Line, session: Appointment, forms: AnswerForms, has_focus: bool, *, is_day: bool
) -> SafeString | str:
    if line.is_asked or line.can_be_put_back:
        whom, when = session.with_whom, soon.timed(line.starts_at)
        if line.is_asked:
            return forms.of(session, whom, when, has_focus=has_focus)
        # On its page, which says beforehand who gets a message.
        return format_markup(PUT_BACK, address("session", session.line.public_id), whom, when)
    if line.state == Session.State.ATTENDED:
        missed = f", {session.line.number_missed} missed" if session.line.number_missed else ""
        return format_markup(SAID, icon("check"), f"Came{missed}")
    if line.state == Session.State.MISSED:
        return format_markup(SAID, icon("cross"), "Missed")
    if line.is_next and is_day:
        details = address("session", session.line.public_id)
        return format_markup(NEXT, open_meeting(session.line.place), details)
    return ""


def _free(starts: datetime, *, is_day: bool) -> SafeString:
    local = timezone.localtime(starts)
    query = f"?day={local:%Y-%m-%d}&time={local:%H%M}"
    add = address("add_for_whom") + query
    if not is_day:
        return format_markup(FREE, add, soon.timed(starts))
    at = time_of_day.timed(starts)
    return format_markup(FREE_OF_A_DAY, add, at, address("block_time") + query, at)


def days_of_week(days: Iterable[tuple[date, int]], chosen: date) -> SafeString:
    """Return a link to each day of a week, which says how full it is."""
    return join_markup([_day(day, number, chosen) for day, number in days], " ")


def _day(day: date, number: int, chosen: date) -> SafeString:
    weekday = WEEKDAYS[day.weekday()]
    return format_markup(
        DAY,
        SOME if number else "",
        address("diary_day", day.isoformat()),
        CHOSEN if day == chosen else "",
        *(weekday[0], weekday, day.day),
        *(number or "no", "" if number == 1 else "s"),
    )


def days_of_month(month: Month, chosen: date) -> SafeString:
    """Return the rows of a month's table: each day leads to its page, and says how full it is."""
    weeks = [join_markup([_cell(day, n, month, chosen) for day, n in week]) for week in month.weeks]
    return join_markup([format_markup("<tr>{}</tr>", week) for week in weeks])


def _cell(day: date, number: int, month: Month, chosen: date) -> SafeString:
    return format_markup(
        CELL,
        "" if day.month == month.first.month else OUT,
        address("diary_day", day.isoformat()),
        CHOSEN if day == chosen else "",
        day.day,
        MONTHS[day.month],
        format_markup(SESSIONS, number, "" if number == 1 else "s") if number else NO_SESSIONS,
    )
