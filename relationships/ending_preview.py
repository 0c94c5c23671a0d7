"""What ending a relationship would mean for these very people, said before the click."""

from dataclasses import dataclass

from clients.models import Client
from practice.text.person_names import in_words
from relationships.models import Relationship


@dataclass(frozen=True)
class Consequences:
    """Who leaves the Clients list, who stays and why, and who would see a note."""

    leaving: list[Client]
    staying: list[tuple[Client, str]]
    with_account: list[Client]

    @classmethod
    def of_ending(cls, relationship: Relationship) -> "Consequences":
        """Work them out from the other active relationships of its clients."""
        people = relationship.people
        others: dict[int, list[str]] = {client.pk: [] for client in people}
        active = relationship.therapist.participations.filter(
            client__in=people, relationship__status=Relationship.Status.ACTIVE
        ).exclude(relationship=relationship)
        for part in active.select_related("relationship").order_by("relationship__started_at"):
            others[part.client_id].append(part.relationship.get_kind_display())
        return cls(
            leaving=[client for client in people if not others[client.pk]],
            staying=[(c, cls._because(others[c.pk])) for c in people if others[c.pk]],
            with_account=[client for client in people if client.account_id],
        )

    @staticmethod
    def _because(kinds: list[str]) -> str:
        noun, verb = ("relationship", "is") if len(kinds) == 1 else ("relationships", "are")
        return f"your {in_words(kinds)} {noun} {verb} active"
