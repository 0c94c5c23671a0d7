"""What a relationship is called and why it ended: stable keys and their labels.

A reason for ending is required, because a skipped one hides exactly what matters: unplanned endings
are 32 % where recorded and 50 % once the missing answers are counted in (Connell, Grant & Mullin
2006). It is the therapist's own; no client ever sees one.
"""

from dataclasses import dataclass

from django.db import models


class Kind(models.TextChoices):
    """What a relationship is called; how many people it takes."""

    INDIVIDUAL = "individual", "Individual"
    COUPLES = "couples", "Couples"
    FAMILY = "family", "Family"
    GROUP = "group", "Group"

    def fits(self, people: int) -> bool:
        """Whether so many people make this kind: one, two, or two and more."""
        exact = {Kind.INDIVIDUAL: 1, Kind.COUPLES: 2}.get(self)
        return people == exact if exact else people >= 2


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


@dataclass(frozen=True)
class Codes:
    """What a reason is called elsewhere. Of several codes the stage of the work decides."""

    nhs_talking_therapies: tuple[str, ...]
    teds_d: str | None
    fhir_episode_of_care: str


CODES: dict[EndReason, Codes] = {
    EndReason.COMPLETED: Codes(("46", "12"), "1", "finished"),
    EndReason.AGREED_LIMIT: Codes(("46", "48"), "7", "finished"),
    EndReason.REFERRED_ON: Codes(("13", "11"), "4", "finished"),
    EndReason.CLIENT_STOPPED: Codes(("47", "14"), "2", "cancelled"),
    EndReason.LOST_CONTACT: Codes(("47", "16"), "2", "cancelled"),
    EndReason.CIRCUMSTANCES: Codes(("47",), "7", "cancelled"),
    EndReason.NOT_A_FIT: Codes(("10", "11", "14"), "7", "cancelled"),
    EndReason.THERAPIST_ENDED: Codes(("48",), "3", "cancelled"),
    EndReason.DIED: Codes(("49", "17"), "6", "finished"),
    EndReason.NO_SESSIONS: Codes(("50",), None, "entered-in-error"),
    EndReason.OTHER: Codes(("96", "95"), "7", "finished"),
}


# The drop-down: an empty first option, then the three groups.
REASON_CHOICES = [
    ("", "Select a reason"),
    *((name, [(r.value, r.label) for r in reasons]) for name, reasons in GROUPS.items()),
]
