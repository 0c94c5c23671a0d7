"""The therapist's home: Today, and what is new on it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.database.public_ids import is_public_id
from practice.diary.answer_forms import AnswerForms
from practice.diary.models.news import MOST_AT_ONCE
from practice.diary.today import Today
from practice.diary.today_lines import session_line, unanswered_line
from practice.site.first_steps import first_steps
from practice.web.responses import BANNER, see_other


@for_therapists
def today(request: TherapistRequest) -> HttpResponse:
    """Show who comes next, what is new, what waits, and tomorrow in a line."""
    shown = Today(request.therapist, timezone.now())
    answered = _has_just_answered(request) and shown.ask_first()
    if answered:
        request.session.pop(BANNER)
    is_new = not (shown.sessions or shown.following or shown.something_waits or shown.news)
    forms = AnswerForms(request)
    context = {
        "today": shown,
        "sessions": [session_line(one, forms) for one in shown.sessions],
        "unanswered": [unanswered_line(one, forms) for one in shown.unanswered],
        "announcement": "Attendance noted" if answered else "",
        "steps": first_steps(request.therapist) if is_new else [],
    }
    return render(request, "diary/today.html", context)


def _has_just_answered(request: TherapistRequest) -> bool:
    """Whether this page comes after attendance was noted on it, which then goes on in its place."""
    return request.session.get(BANNER, {}).get("key") == "attendance_noted"


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def dismiss(request: TherapistRequest) -> HttpResponse:
    """Take lines of news away: those that the page names, and no later ones."""
    if request.method == "POST":
        named = [name for name in request.POST.getlist("news")[:MOST_AT_ONCE] if is_public_id(name)]
        request.therapist.news.filter(public_id__in=named).delete()
    return see_other("home")
