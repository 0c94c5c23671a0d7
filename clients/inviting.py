"""A therapist invites a client."""

import logging
from functools import partial
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from clients import invitation_mail
from clients.models import Client, Invitation, person_or_404
from clients.views import show_client
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Entry, Verb, records
from practice.web.encryption import decrypt, encrypt
from practice.web.responses import LOOK, see_other, was_shown

SESSION_KEY = PURPOSE = "invitation"

log = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def invite(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Give a client access: a link, sent where mail is set up, and shown on the next page."""
    person = person_or_404(request.therapist.clients.all(), client_id)
    if request.method != "POST":
        return _show(request, person)
    if person.can_sign_in or not person.email:
        return see_other("client", client_id)
    try:
        token = _invite(request, person)
    except Client.DoesNotExist:
        raise Http404 from None
    except Invitation.Changed:
        return _nobody_invited(request, client_id=client_id)
    # Nothing but this browser's session may keep the link until then, and its database not tell it.
    link = encrypt(invitation_mail.shown_link(request, token), PURPOSE)
    request.session[SESSION_KEY] = {"client": person.public_id, "link": link, "is_sent": False}
    if _sends_mail_to(person) and invitation_mail.may_be_sent(request, person):
        letter = invitation_mail.letter(request, person, token)
        transaction.on_commit(partial(_send, request, letter))
    return see_other("invite", client_id)


def _sends_mail_to(client: Client) -> bool:
    return bool(settings.EMAIL_HOST) and client.may_be_written_to


def _invite(request: TherapistRequest, person: Client) -> str:
    """Invite somebody at the address that the page has shown, and return the secret of the link.

    Raises:
        Client.DoesNotExist: they have been erased a moment ago.
        Invitation.Changed: they have another address.
    """
    if not was_shown(request, person.email):
        raise Invitation.Changed
    with Entry.recording(
        Verb.CLIENT_INVITED, by=request.user, therapist=request.therapist, about=person
    ):
        return Invitation.create_for(person, if_unchanged=True)


@records(Verb.CLIENT_OPENED)
def _nobody_invited(request: TherapistRequest, client_id: str) -> HttpResponse:
    return show_client(request, client_id, f"Nobody was invited. {LOOK}")


def _send(request: HttpRequest, letter: EmailMessage) -> None:
    try:
        letter.send()
    except (SMTPException, OSError):
        log.exception("An invitation was not sent")
    else:
        request.session[SESSION_KEY] |= {"is_sent": True}
        request.session.modified = True


def _show(request: HttpRequest, client: Client) -> HttpResponse:
    """Show the link of an invitation that has just been made, once, and whether it was sent."""
    kept = request.session.get(SESSION_KEY)
    if not kept or kept["client"] != client.public_id:
        return see_other("client", client.public_id)
    del request.session[SESSION_KEY]
    context = {
        "client": client,
        "link": decrypt(kept["link"], PURPOSE),
        "is_sent": kept["is_sent"],
        "sends_mail": _sends_mail_to(client),
    }
    return render(request, "clients/invited.html", context)
