"""The lines of Today, as HTML: made of strings they take a tenth of the time of a template."""

from django.utils.safestring import SafeString

from practice.diary.answer_forms import AnswerForms
from practice.diary.lines import Appointment
from practice.diary.models import Session
from practice.templatetags.components import address, format_markup, icon, open_meeting
from practice.text.spoken import soon, time_of_day

LINE = '<li class="{}"{}><p class="at">{}</p> <p class="who"><a href="{}">{}</a>{}</p> {}</li>'
SMALL = " <small>{}</small>"
OF_THE_NEXT = " <small>To {}{}.{}{}</small>"
CAME = '<p class="said">{} Came{}</p>'
MISSED = SafeString('<p class="said">Missed</p>')
CANCELLED = SafeString('<p class="said">Cancelled</p>')
NEXT = (
    '<span class="tag tag-next">Next</span> '
    '<div class="actions">{}<a{} href="{}">Session Details</a></div>'
)
BUTTON = SafeString(' class="button"')
UNANSWERED = '<li><p>Did <a href="{}">{}</a> come? <span class="muted">{}</span></p> {}</li>'


def session_line(one: Appointment, forms: AnswerForms) -> SafeString:
    """Return the line of one of today's sessions."""
    return format_markup(
        LINE,
        _classes(one),
        SafeString(' id="next" aria-current="true"') if one.is_next else "",
        time_of_day.timed(one.line.starts_at),
        address("session", one.line.public_id),
        one.whom,
        _more(one),
        _what_became_of_it(one, forms),
    )


def unanswered_line(one: Appointment, forms: AnswerForms) -> SafeString:
    """Return the line of a session of another day of which nobody has said who came."""
    when = soon.timed(one.line.starts_at)
    form = forms.of(one, one.whom, when, has_focus=one.is_asked_first)
    return format_markup(UNANSWERED, address("session", one.line.public_id), one.whom, when, form)


def _classes(one: Appointment) -> str:
    is_past = one.is_over and not one.is_next
    names = {
        "next": one.is_next,
        "is-past": is_past,
        "ask": is_past and one.is_asked,
        "came": is_past and one.line.state == Session.State.ATTENDED,
        "cancelled": one.line.state == Session.State.CANCELLED,
    }
    return " ".join(name for name, holds in names.items() if holds)


def _more(one: Appointment) -> SafeString | str:
    """Return what is said beside whom it is with."""
    kind = one.kind_label
    if not one.is_next:
        return format_markup(SMALL, kind) if kind else ""
    where = ", online" if one.link else f", {one.line.place}" if one.line.place else ""
    ended = " Relationship ended." if one.line.ended_at else ""
    return format_markup(
        OF_THE_NEXT, time_of_day.timed(one.line.ends_at), where, f" {kind}." if kind else "", ended
    )


def _what_became_of_it(one: Appointment, forms: AnswerForms) -> SafeString | str:
    if one.is_asked:
        when = time_of_day.timed(one.line.starts_at)
        return forms.of(one, one.whom, when, has_focus=one.is_asked_first)
    if one.line.state == Session.State.ATTENDED:
        missed = f", {one.line.number_missed} missed" if one.line.number_missed else ""
        return format_markup(CAME, icon("check"), missed)
    if one.line.state == Session.State.MISSED:
        return MISSED
    if one.line.state == Session.State.CANCELLED:
        return CANCELLED
    if one.is_next:
        button = "" if one.link else BUTTON
        details = address("session", one.line.public_id)
        return format_markup(NEXT, open_meeting(one.line.place), button, details)
    return ""
