"""What a client may know of their relationships, and nothing else.

The client's side gets these cards, never a model instance: the reason of an ending, the private
note and other people's full names have no way to it (`docs/domain.md` 2.4).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, Q

from clients.models import Client
from practice.database import current_account
from practice.text.person_names import in_words, initials
from relationships.models import Kind, Participation, Relationship
from relationships.models.reasons import EndReason


@dataclass(frozen=True)
class Card:
    """One relationship of a client.

    `is_quiet` marks work that ended because a client died: no note, no invitation to book. Nor can
    anybody book where somebody who took part has been erased.
    """

    public_id: str
    therapist: str
    therapist_first_name: str
    kind: str
    others: str
    profile_slug: str
    ended_at: datetime | None
    is_quiet: bool
    can_book: bool

    @property
    def initials(self) -> str:
        return initials(self.therapist)


def cards(records: Iterable[Client]) -> list[Card]:
    """Return the cards of an account, whose client records these are; active ones first."""
    records = list(records)
    parts = Participation.objects.filter(client__in=records)
    died = ExpressionWrapper(Q(end_reason=EndReason.DIED), output_field=BooleanField())
    ties = (
        Relationship.objects.filter(pk__in=parts.values("relationship"))
        .annotate(ended_by_death=died)
        .select_related("therapist__profile")
        .defer("end_reason", "end_note", "therapist__profile__photo")
        .prefetch_related("participations__client")
        .in_order()
    )
    mine = {record.pk for record in records}
    with current_account.purpose("names"):
        return [_card(tie, mine, gone=_who_died(ties)) for tie in ties]


def _who_died(ties: Iterable[Relationship]) -> set[int]:
    """Return the clients whose own, individual work ended because they died."""
    return {
        person.pk
        for tie in ties
        if tie.ended_by_death and tie.kind == Kind.INDIVIDUAL
        for person in tie.people
    }


def _card(tie: Relationship, mine: set[int], gone: set[int]) -> Card:
    profile = getattr(tie.therapist, "profile", None)
    people = [person for person in tie.people if not person.is_erased]
    me = {person.pk for person in people} & mine
    is_quiet = tie.ended_by_death or bool(me & gone)
    return Card(
        public_id=tie.public_id,
        therapist=tie.therapist.name,
        therapist_first_name=tie.therapist.first_name,
        kind=tie.get_kind_display(),
        others=in_words(p.first_name for p in people if p.pk not in me),
        profile_slug=tie.therapist.slug if profile and profile.is_published else "",
        ended_at=tie.ended_at,
        is_quiet=is_quiet,
        can_book=not is_quiet and not tie.is_closed,
    )
