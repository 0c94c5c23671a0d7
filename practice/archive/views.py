"""A therapist takes everything of their practice out, as one archive."""

from collections.abc import Iterator

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.accounts.models import Therapist
from practice.archive import progress
from practice.archive.contents import Practice
from practice.archive.moment import one_moment
from practice.archive.zipped import zipped
from practice.audit.models import Entry, Verb


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@reauthentication_required
def archive(request: TherapistRequest) -> HttpResponseBase:
    """Say what the archive of a practice holds, and give it to whoever has just confirmed that."""
    therapist = request.therapist
    if request.method != "POST":
        context = {
            "clients": therapist.clients.people().count(),
            "appointments": therapist.sessions.count(),
        }
        return render(request, "archive/archive.html", context)
    progress.begin(therapist.pk, therapist.clients.people().count())
    Entry.record(Verb.PRACTICE_EXPORTED, by=request.user, therapist=therapist)
    name = f"practice-{timezone.localdate():%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        _archive(therapist),
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
        },
    )


def _archive(therapist: Therapist) -> Iterator[bytes]:
    """Yield the archive: read in a transaction of its own, because that of the request is over."""
    with timezone.override(therapist.time_zone), one_moment(therapist.user_id):
        now = timezone.now()
        practice = Practice(therapist, now, progress.Told(therapist.pk))
        yield from zipped(practice.members(), timezone.localtime(now))


@require_safe
@for_therapists
def archive_progress(request: TherapistRequest) -> HttpResponse:
    """Say how far the archive has come that is being downloaded; the page asks while it waits."""
    told = progress.progress_of(request.therapist.pk)
    done, of = told or (0, 0)
    context = {
        "done": done,
        "all": of,
        "is_running": done < of,
        "is_done": bool(told) and done == of,
        # Nothing is told yet where the page was quicker than the download that it has asked for.
        "asks_again": told is None or done < of,
    }
    return render(request, "archive/progress.html", context)
