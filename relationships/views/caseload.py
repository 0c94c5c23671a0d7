"""The caseload as a picture, the tidy-up list, and the planned ending of one relationship."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.decorators import records
from practice.audit.models import Entry, Verb
from practice.text import spoken_times
from practice.web.responses import banner, render_form, see_other
from relationships.caseload import tidy_up as tidying
from relationships.caseload.chart import draw
from relationships.caseload.figures import Caseload
from relationships.forms.tidy_up import PlanForm, TidyForm, WeeksForm

ROWS = 100


@require_safe
@for_therapists
def caseload(request: TherapistRequest) -> HttpResponse:
    """Show the last twelve months."""
    now = timezone.now()
    load = Caseload(request.therapist, now)
    numbers = [point.clients for point in load.months]
    labels = [f"{timezone.localtime(point.at):%b}" for point in load.months]
    facts = {"load": load, "now": now, "attention": _attention(request).count()}
    if len(numbers) > 1:
        first, last = load.months[0], load.months[-1]
        facts["wide"] = draw(numbers, labels, width=482, height=240, every=1)
        facts["narrow"] = draw(numbers, labels, width=326, height=220, every=3)
        facts["sentence"] = (
            f"From {first.clients} in {_month(first.at)} to {last.clients} in {_month(last.at)}."
        )
        facts["table"] = [(_month(point.at), point.clients) for point in load.months]
    return render(request, "relationships/caseload.html", facts)


def _month(at) -> str:
    return spoken_times.day(at).partition(" ")[2]


def _attention(request: TherapistRequest):
    return tidying.needing_attention(request.therapist, timezone.now(), timezone.localdate())


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def tidy_up(request: TherapistRequest) -> HttpResponse:
    """Go through the relationships that need attention: end, put off, or note a break."""
    weeks = WeeksForm(
        request.POST if "weeks" in request.POST else None,
        initial={"weeks": request.therapist.tidy_up_weeks},
    )
    if weeks.is_valid():
        facts = {"by": request.user, "therapist": request.therapist, "outcome": "tidy-up"}
        with Entry.recording(Verb.SETTINGS_CHANGED, **facts):
            request.therapist.tidy_up_weeks = weeks.cleaned_data["weeks"]
            request.therapist.save(update_fields=["tidy_up_weeks"])
        banner(request, "weeks_saved")
        return see_other("tidy_up")
    waiting = _attention(request)
    # A row that was shown is answered even if it has left the list since.
    sent = [row for row in request.POST.getlist("row") if row.isalnum()]
    ties = request.therapist.relationships.filter(public_id__in=sent) if sent else waiting
    ties = ties.prefetch_related("participations__client").order_by("pk")[:ROWS]
    last = _last_sessions(request, ties)
    forms = [
        TidyForm(request.POST if sent else None, tie=tie, last_session=last.get(tie.pk))
        for tie in ties
    ]
    valid = [form.is_valid() for form in forms]  # each of them, so that each says why
    if sent and all(valid):
        return _apply(request, [form for form in forms if form.is_chosen])
    every = [weeks, *forms]
    facts = {
        "rows": forms,
        "weeks": weeks,
        "forms": every,
        "form": next((form for form in every if form.errors), weeks),
        "number": waiting.count(),
    }
    return render_form(request, "relationships/tidy_up.html", facts)


def _apply(request: TherapistRequest, chosen: list[TidyForm]) -> HttpResponse:
    done = [(form.tie, form.apply(request.user)) for form in chosen]
    number, stale = sum(ok for _, ok in done), [tie for tie, ok in done if not ok]
    banner(request, "tidied" if number else "nothing_tidied", done=number, stale=stale)
    return see_other("tidy_up")


def _last_sessions(request: TherapistRequest, ties) -> dict:
    held = request.therapist.sessions.held().filter(relationship__in=list(ties))
    return dict(held.reverse().values_list("relationship", "starts_at"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def plan(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Note, move or remove the planned last day of an active relationship."""
    own = request.therapist.relationships.prefetch_related("participations__client")
    tie = get_object_or_404(own, public_id=relationship_id)
    if tie.is_ended:
        banner(request, "relationship_has_ended")
        return see_other("relationship", relationship_id)
    start = {"planned_end": tie.planned_end}
    form = PlanForm(request.POST if request.method == "POST" else None, initial=start)
    if form.is_valid():
        if tidying.plan_end(tie, form.cleaned_data["planned_end"], request.user):
            banner(request, "ending_planned")
        else:
            banner(request, "relationship_has_ended")
        return see_other("relationship", relationship_id)
    return render_form(request, "relationships/plan.html", {"relationship": tie, "form": form})
