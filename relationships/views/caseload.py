"""The caseload as a picture, the tidy-up list, and the planned ending of one relationship."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.accounts.after_response import run_after_response
from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb, records
from practice.diary.models import number_needing_attention
from practice.text import spoken
from practice.web import drafts
from practice.web.responses import banner, render_form, see_other
from relationships.caseload.chart import draw
from relationships.caseload.figures import Caseload
from relationships.caseload.settling import settle_own
from relationships.caseload.tidy_up import plan_end, waiting, with_last_session
from relationships.forms.tidy_up import PlanForm, Row, TidyForm, WeeksForm, needed
from relationships.models import Relationship, lock_people

ROWS_A_PAGE = 100


@require_safe
@for_therapists
def caseload(request: TherapistRequest) -> HttpResponse:
    """Show the last twelve months."""
    now = timezone.now()
    load = Caseload(request.therapist, now)
    if not load.is_settled:
        run_after_response("settling a caseload", partial(settle_own, request.therapist))
    numbers = [point.clients for point in load.months]
    labels = [f"{timezone.localtime(point.at):%b}" for point in load.months]
    attention = number_needing_attention(request.therapist, now, timezone.localdate())
    context = {"load": load, "now": now, "attention": attention}
    if len(numbers) > 1:
        first, last = load.months[0], load.months[-1]
        context["wide"] = draw(numbers, labels, width=482, height=240, every=1)
        context["narrow"] = draw(numbers, labels, width=326, height=220, every=3)
        context["sentence"] = (
            f"From {first.clients} in {_month(first.at)} to {last.clients} in {_month(last.at)}."
        )
        context["table"] = [(_month(point.at), point.clients) for point in load.months]
    return render(request, "relationships/caseload.html", context)


def _month(at: datetime) -> str:
    return spoken.day(at).partition(" ")[2]


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def tidy_up(request: TherapistRequest) -> HttpResponse:
    """Go through the relationships that need attention: end, put off, or note a break."""
    are_weeks_sent = request.method == "POST" and "row" not in request.POST
    present = {"weeks": request.therapist.tidy_up_weeks}
    weeks = _save_weeks(request) if are_weeks_sent else WeeksForm(initial=present)
    if weeks.is_valid():
        banner(request, "weeks_saved")
        return see_other("tidy_up")
    now = timezone.now()
    sent, data = _sent(request.POST)
    page, rows = (None, _rows_again(request, sent, now)) if sent else _page(request, now)
    answers: list[TidyForm] = []
    if sent or drafts.find(request):  # else there is nothing that a form would be made for
        rows = answers = [TidyForm.of(row, data if sent else None) for row in rows]
    valid = [form.is_valid() for form in answers]  # each of them, so that each says why
    if sent and all(valid):
        return _apply(request, [form for form in answers if form.is_chosen])
    forms = [weeks, *answers]
    context = {
        "rows": rows,
        "weeks": weeks,
        "forms": forms,
        "form": next((form for form in forms if form.errors), weeks),
        "page": page,
        "needed": needed() if rows else (),
    }
    return render_form(request, "relationships/tidy_up.html", context)


def _rows_again(request: TherapistRequest, shown: list[str], now: datetime) -> Sequence[Row]:
    """Return rows that were shown: each is answered even if it has left the list since."""
    found = request.therapist.relationships.filter(public_id__in=shown)
    found = with_last_session(found.with_names().with_last_event(), now)
    return _rows(found.order_by("pk"))


def _sent(data: QueryDict) -> tuple[list[str], QueryDict]:
    """Return which rows were sent, by their ids, and all of it with what each of them said.

    A row is its id and, after a space, how the work stood.
    """
    data, ids = data.copy(), []
    for row in data.getlist("row")[:ROWS_A_PAGE]:
        public_id, _, shown = row.partition(" ")
        if public_id.isalnum():
            ids.append(public_id)
            data.setdefault(f"{public_id}-shown", shown)
    return ids, data


def _page(request: TherapistRequest, now: datetime) -> tuple[Page, list[Row]]:
    """Return the page that is asked for, or the nearest there is, and its rows."""
    number = number_needing_attention(request.therapist, now, timezone.localdate(now))
    page = Paginator(range(number), ROWS_A_PAGE).get_page(request.GET.get("page", "1"))
    limits = page.start_index() - 1, page.end_index()
    return page, _rows(waiting(request.therapist, now, limits)) if number else []


def _rows(shown: Iterable[Any]) -> list[Row]:
    """Return a row for each relationship, which knows when its last session was."""
    return [Row(relationship, relationship.last_session) for relationship in shown]


@transaction.atomic
def _save_weeks(request: TherapistRequest) -> WeeksForm:
    """Save the number, if it may be, while the therapist is locked; return the form."""
    therapist = Therapist.lock(request.therapist.pk)
    form = WeeksForm(request.POST, initial={"weeks": therapist.tidy_up_weeks})
    if form.is_valid() and form.has_changed():
        therapist.tidy_up_weeks = form.cleaned_data["weeks"]
        therapist.save(update_fields=["tidy_up_weeks"])
        Entry.record(Verb.SETTINGS_CHANGED, by=request.user, therapist=therapist, outcome="tidy-up")
    return form


def _apply(request: TherapistRequest, chosen: list[TidyForm]) -> HttpResponse:
    relationships = [form.relationship for form in chosen]
    try:
        with transaction.atomic():  # all of it or nothing
            lock_people(relationships)
            done = [(form.relationship, form.apply(request.user)) for form in chosen]
    except Relationship.Changed:
        done = [(relationship, False) for relationship in relationships]
    number, stale = sum(ok for _, ok in done), [which for which, ok in done if not ok]
    banner(request, "tidied" if number else "nothing_tidied", done=number, stale=stale)
    return see_other("tidy_up")


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def plan(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Note, move or remove the planned last day of an active relationship."""
    own = request.therapist.relationships.with_people()
    relationship = get_object_or_404(own, public_id=relationship_id)
    if relationship.is_ended:
        banner(request, "relationship_has_ended")
        return see_other("relationship", relationship_id)
    present = {"planned_end": relationship.planned_end}
    is_sent = request.method == "POST"
    form = _plan(request, relationship_id) if is_sent else PlanForm(initial=present)
    if form is None or form.is_valid():
        banner(request, "ending_planned" if form else "relationship_has_ended")
        return see_other("relationship", relationship_id)
    context = {"relationship": relationship, "form": form}
    return render_form(request, "relationships/plan.html", context)


@transaction.atomic
def _plan(request: TherapistRequest, relationship_id: str) -> PlanForm | None:
    """Note the day, if it may be, while the relationship is locked; None if it has ended."""
    active = request.therapist.relationships.active().select_for_update(no_key=True)
    relationship = active.filter(public_id=relationship_id).first()
    if relationship is None:
        return None
    form = PlanForm(request.POST, initial={"planned_end": relationship.planned_end})
    if form.is_valid() and form.has_changed():
        plan_end(relationship, form.cleaned_data["planned_end"], request.user)
    return form
