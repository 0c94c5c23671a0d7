"""The links of an invitation, and the mail that brings one."""

from allauth.core import ratelimit
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from clients.models import Client, Invitation
from practice.web.responses import whole_address


def shown_link(request: HttpRequest, token: str) -> str:
    """Return the link that a therapist is shown. Where mail is set up it only has one sent."""
    return whole_address(request, reverse("invitation", args=[token]))


def may_be_sent(request: HttpRequest, client: Client) -> bool:
    """Count a mail to a client, and tell whether there have not been too many (settings.py)."""
    address = client.email.strip().lower()
    return ratelimit.consume(request, action="invitation", key=address)


def letter(request: HttpRequest, client: Client, token: str) -> EmailMessage:
    """Return the mail with the link that shows: whoever opens it reads the client's mail."""
    path = reverse("mailed_invitation", args=[token, Invitation.proof_of(token)])
    therapist = client.therapist
    context = {"client": client, "therapist": therapist, "link": whole_address(request, path)}
    return EmailMessage(
        f"Your invitation to {settings.SERVICE_NAME}",
        render_to_string("clients/invitation_email.txt", context, request),
        to=[client.email],
    )
