"""Bringing a caseload in: send files, look at what is in them, decide, done; and undoing it."""

from contextlib import suppress

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from practice.accounts.access import TherapistRequest, for_therapists
from practice.imports import uploads
from practice.imports.background import HowFar, begin_bringing, begin_undoing
from practice.imports.forms import FilesForm, answers_sent
from practice.imports.models import FORGOTTEN_AFTER, Import, ImportedRow
from practice.imports.preview import Preview
from practice.imports.reading import read_files
from practice.imports.undoing import TooLate, undo
from practice.imports.writing import Changed, bring_in
from practice.web.drafts import sent_or_draft
from practice.web.responses import LOOK, render_form, see_other, was_shown

AT_ONCE = 3_000  # rows that are brought in while the page waits; more are, after the answer
MOST_SHOWN, MOST_STAYING = 20, 200  # earlier imports; clients
MOST_READ = 5  # imports of one therapist that are not brought in: their files take up room


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def bring_caseload(request: TherapistRequest) -> HttpResponse:
    """Take the files of a caseload; list what was brought in before."""
    form = FilesForm(request.POST, request.FILES) if request.method == "POST" else FilesForm()
    if form.is_valid():
        uploads.forget_old()
        long_ago = timezone.now() - FORGOTTEN_AFTER
        request.therapist.imports.filter(state=Import.State.READ, begun_at__lt=long_ago).delete()
        files = form.cleaned_data["caseload"]
        came = request.therapist.imports.create(
            begun_by=request.user,
            files=[file.name[-100:] for file in files],
        )
        uploads.save(came, files)
        read = request.therapist.imports.filter(state=Import.State.READ)
        for former in read.order_by("-begun_at", "-pk")[MOST_READ : MOST_READ + MOST_SHOWN]:
            uploads.forget(former)
            former.delete()
        return see_other("check_import", came.public_id)
    done = request.therapist.imports.done()[:MOST_SHOWN]
    return render_form(request, "imports/bring.html", {"form": form, "done": done})


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def check_import(request: TherapistRequest, import_id: str) -> HttpResponse:
    """Show what is in the files, or how far they have come, or what has come; bring it in."""
    came = request.therapist.imports.filter(public_id=import_id).first()
    if came is None:  # of another, or forgotten with its files: which of both is not told
        return render(request, "imports/forgotten.html", status=404)
    if came.state == Import.State.RUNNING:
        return _running(request, came)
    how_far = HowFar.of_import(came)
    if came.state == Import.State.DONE and not how_far.is_stopped:
        return render(request, "imports/running.html", {"came": came, "how_far": how_far})
    if request.htmx:  # the page that says how far it is: there is another now
        return HttpResponseClientRedirect(reverse("check_import", args=[came.public_id]))
    if came.state in (Import.State.DONE, Import.State.UNDONE):
        return _done(request, came, how_far)
    files = uploads.saved(came)
    if not files:
        return render(request, "imports/forgotten.html")
    if request.POST.get("do") == "forget":
        uploads.forget(came)
        came.delete()
        return see_other("bring_caseload")
    return _check(request, came, files)


def _done(request: TherapistRequest, came: Import, how_far: HowFar) -> HttpResponse:
    """Say what came; of an import that was undone, who has stayed because of a change."""
    left = came.imported_rows.filter(kind=ImportedRow.Kind.CLIENT).values("row")
    staying = request.therapist.clients.filter(pk__in=left).in_name_order()[:MOST_STAYING]
    is_interrupted = bool(how_far.failed or how_far.of) and not came.undone_at
    staying = staying if came.undone_at else staying.none()
    context = {"came": came, "staying": staying, "is_interrupted": is_interrupted}
    return render(request, "imports/done.html", context)


def _check(request: TherapistRequest, came: Import, files: list) -> HttpResponse:
    data = sent_or_draft(request)
    answers = answers_sent(data) if data else uploads.answers_noted(came)
    reading = read_files(files, request.therapist, answers, timezone.now())
    preview = Preview(reading, answers, is_bound=request.method == "POST")
    plan, changed = reading.plan, ""
    is_pressed = request.POST.get("do") == "bring"
    if is_pressed and plan.refused:
        preview.errors.append("A file cannot be read: choose the files again without it")
    elif is_pressed and preview.undecided:
        number = len(preview.undecided)
        preview.errors.append(f"Decide {number} more thing{'' if number == 1 else 's'}")
    elif is_pressed and plan.is_empty:
        preview.errors.append("There is nothing new in these files")
    elif is_pressed and not was_shown(request, plan.state_mark):
        changed = f"Nothing was brought in. {LOOK}"
    elif is_pressed and plan.counts["people"] > _people_shown(request):
        changed = f"With these answers more people would come than the page said. {LOOK}"
    elif is_pressed:
        try:
            return _bring(request, came, preview)
        except Changed:
            changed = f"Nothing was brought in. {LOOK}"
    context = {"came": came, "form": preview, "plan": plan, "shown": plan.state_mark}
    return render_form(request, "imports/check.html", context | {"changed": changed})


def _people_shown(request: TherapistRequest) -> int:
    """Return how many people the page said would come: whoever comes has been shown."""
    number = request.POST.get("people", "")
    return int(number) if number.isdecimal() and len(number) < 9 else 0


def _bring(request: TherapistRequest, came: Import, preview: Preview) -> HttpResponse:
    """Bring in a few rows at once, or many after the answer."""
    plan = preview.plan
    if plan.number_of_rows <= AT_ONCE:
        bring_in(plan, came, request.therapist, request.user)
        uploads.forget(came)
    elif request.therapist.imports.filter(pk=came.pk, state=Import.State.READ).update(
        state=Import.State.RUNNING
    ):
        begin_bringing(came, preview.answers, plan.number_of_rows)
    return see_other("check_import", came.public_id)


def _running(request: TherapistRequest, came: Import) -> HttpResponse:
    """Say how far an import has come; or that it was stopped, so that it can be tried again."""
    how_far = HowFar.of_import(came)
    if request.method == "POST" and how_far.is_stopped:
        running = request.therapist.imports.filter(pk=came.pk, state=Import.State.RUNNING)
        running.update(state=Import.State.READ)
        return see_other("check_import", came.public_id)
    return render(request, "imports/running.html", {"came": came, "how_far": how_far})


@require_POST
@for_therapists
def undo_import(request: TherapistRequest, import_id: str) -> HttpResponse:
    """Take away what came, but for what was changed since."""
    came = get_object_or_404(request.therapist.imports.done(), public_id=import_id)
    rows = came.imported_rows.count()
    if rows <= AT_ONCE:
        with suppress(TooLate):  # the page says how it is
            undo(came, by=request.user)
    elif came.can_be_undone and not uploads.is_held(came):
        begin_undoing(came, request.user, rows)
    return see_other("check_import", came.public_id)
