"""Stopping reminders from a mail program, without signing in (RFC 8058)."""

from django.core import signing
from django.urls import reverse

from clients.models import Client

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
