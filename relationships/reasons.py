"""Why a relationship ended: stable keys and their labels, in three groups.

A reason is required, because a skipped one hides exactly what matters: unplanned endings are 32 %
where recorded and 50 % once the missing answers are counted in (Connell, Grant & Mullin 2006).
It is the therapist's own; no client ever sees one.
"""

from django.db import models


class EndReason(models.TextChoices):
    """Stored value and label of each reason."""

    COMPLETED = "completed", "Work completed"
    AGREED_LIMIT = "agreed_limit", "Agreed sessions or funding used"
    REFERRED_ON = "referred_on", "Moved to another therapist or service"
    CLIENT_STOPPED = "client_stopped", "Client chose to stop"
    LOST_CONTACT = "lost_contact", "Lost contact"
    CIRCUMSTANCES = "circumstances", "Change in circumstances"
    NOT_A_FIT = "not_a_fit", "Not the right fit"
    THERAPIST_ENDED = "therapist_ended", "Therapist ended the work"
    DIED = "died", "Client died"
    NO_SESSIONS = "no_sessions", "No session took place, or set up in error"
    OTHER = "other", "Another reason"


GROUPS: dict[str, tuple[EndReason, ...]] = {
    "Planned": (EndReason.COMPLETED, EndReason.AGREED_LIMIT, EndReason.REFERRED_ON),
    "Unplanned": (
        EndReason.CLIENT_STOPPED,
        EndReason.LOST_CONTACT,
        EndReason.CIRCUMSTANCES,
        EndReason.NOT_A_FIT,
        EndReason.THERAPIST_ENDED,
        EndReason.DIED,
    ),
    "Administrative": (EndReason.NO_SESSIONS, EndReason.OTHER),
}


def grouped_choices() -> list[tuple[str, object]]:
    """Return the drop-down: an empty first option, then the three groups."""
    groups = [(name, [(r.value, r.label) for r in reasons]) for name, reasons in GROUPS.items()]
    return [("", "Select a reason"), *groups]
