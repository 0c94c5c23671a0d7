"""Stopping reminders from a mail program, without signing in (RFC 8058)."""

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clients.models import Client, ClientQuerySet, Reminders
from practice.accounts.access import act_as_therapist, acting_as
from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb

SALT = "practice.notifications.stop_reminders"


def path_to_stop(client: Client) -> str:
    """Return the address at which a client's reminders stop by one press; for them alone."""
    token = signing.dumps([client.therapist_id, client.pk], salt=SALT, compress=False)
    return reverse("stop_reminders", args=[token])


def named_by(token: str) -> tuple[int, int] | None:
    """Return whose reminders an address is about, by therapist and client; None if it is none."""
    try:
        therapist, client = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(therapist), int(client)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop_reminders(request: HttpRequest, token: str) -> HttpResponse:
    """Stop somebody's reminders, by one POST and nothing else; or let them come again.

    A GET only asks: programs that look for dangerous mail open every link. There is no session and
    no cookie to ride on, which is what a CSRF token is for; who has the address is let do this.
    """
    practice, client = named_by(token) or (0, 0)
    therapist = get_object_or_404(Therapist.objects.select_related("user"), pk=practice)
    with transaction.atomic(), acting_as(therapist.user_id):
        act_as_therapist()
        person = therapist.clients.filter(pk=client).values("person_id")
        records = therapist.clients.not_erased().filter(person_id__in=person)
        record = get_object_or_404(records, pk=client)
        come_again = request.POST.get("do") == "again"
        if request.method == "POST" and (_again(records) if come_again else _stop(records)):
            outcome = "reminders again" if come_again else "reminders stopped"
            Entry.record(
                Verb.SETTINGS_CHANGED, by=None, therapist=therapist, about=record, outcome=outcome
            )
    done = "" if request.method != "POST" else "again" if come_again else "stopped"
    context = {"done": done, "therapist": therapist}
    return render(request, "notifications/stop_reminders.html", context)


def _stop(records: ClientQuerySet) -> int:
    going = records.exclude(reminders=Reminders.NONE)
    return going.update(reminders=Reminders.NONE)


def _again(records: ClientQuerySet) -> int:
    """Let reminders come as the therapist has set; what was chosen meanwhile stays."""
    return records.filter(reminders=Reminders.NONE).update(reminders=Reminders.USUAL)
