"""What pages read of relationships, by compiled queries: they are opened all day."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from django import template
from django.db.models import QuerySet
from django.http import Http404

from clients.models import Client
from practice.accounts.models import Therapist
from practice.database.compiled import TEXT, CompiledQuery, Given, padded
from practice.templatetags.components import zone_once
from practice.text.spoken import in_words, instant
from relationships.models import (
    Kind,
    Participation,
    Relationship,
    RelationshipQuerySet,
    read_people,
)

register = template.Library()  # always loaded
MOST_WORK = 100  # of one person, named in a sentence


def _with_contact(given: Given) -> RelationshipQuerySet:
    own = Relationship.objects.filter(
        therapist=given("therapist"), public_id=given("public_id", TEXT)
    )
    return own.with_last_event().select_related("therapist__contact")


WITH_CONTACT = CompiledQuery(_with_contact)


def relationship_or_404(therapist: Therapist, public_id: str) -> Relationship:
    """Return the therapist's own, with all that a page about it names, by two compiled queries.

    Raises:
        Http404: there is none.
    """
    found = read_people(WITH_CONTACT.instances(therapist=therapist.pk, public_id=public_id))
    if not found:
        raise Http404
    return found[0]


def _work(given: Given) -> RelationshipQuerySet:
    own = Relationship.objects.filter(therapist=given("therapist"))
    return own.of_person_ids(given("people")).in_order()


WORK = CompiledQuery(_work)


def work_of(therapist: Therapist, people: Iterable[Client]) -> list[Relationship]:
    """Return a therapist's work with some people, in order, with whoever takes part in it."""
    numbers = padded(sorted({client.person_id for client in people}))
    work = read_people(WORK.instances(therapist=therapist.pk, people=numbers))
    for one in work:
        one.therapist = therapist
    return work


class Hidden(NamedTuple):
    """Why a client is not on the Clients list, and whether there is anything to restart."""

    why: str
    has_ended: bool


@register.simple_tag(takes_context=True)
def why_hidden(context: template.Context, client: Client) -> Hidden:
    """Say why no relationship with a client is active: all have ended, or they have left them."""
    # Of what goes on they have left every part; whoever joined again left the last one last.
    people = padded([client.person_id])
    rows = OWN_PARTS.rows(therapist=client.therapist_id, people=people, limits=(0, MOST_WORK))
    left, has_ended = {}, False
    for pk, kind, status, left_at in rows:
        if status == Relationship.Status.ACTIVE and left_at:
            left[pk] = Kind(kind).label, left_at
        has_ended = has_ended or status == Relationship.Status.ENDED
    if not left:
        return Hidden(f"all relationships with {client.first_name} have ended", has_ended)
    said = in_words(
        f"the {kind} relationship on {instant(left_at)}{zone_once(context)}"
        for kind, left_at in left.values()
    )
    ended = f", and everything else with {client.first_name} has ended" if has_ended else ""
    return Hidden(f"{client.first_name} left {said}{ended}", has_ended)


@dataclass(frozen=True)
class Consequences:
    """Who leaves the Clients list, who stays and why, and who would see a note.

    The note `names_kind` where somebody who sees it has work of several kinds, as their dashboard
    does (`practice/diary/shown_to_clients.py`).
    """

    leaving: list[Client]
    staying: list[tuple[Client, str]]
    with_account: list[Client]
    without_account: list[Client]
    names_kind: bool

    @classmethod
    def of_ending(cls, relationship: Relationship) -> Self:
        """Work them out from the other active relationships of its clients."""
        people, therapist = relationship.people, relationship.therapist_id
        others: dict[int, list[str]] = {client.pk: [] for client in people}
        for person, kind in OTHERS.rows(
            therapist=therapist, people=padded([*others]), relationship=relationship.pk
        ):
            others[person].append(Kind(kind).label)
        with_account, names_kind = _readers(therapist, people)
        return cls(
            leaving=[client for client in people if not others[client.pk]],
            staying=[(c, cls._because(others[c.pk])) for c in people if others[c.pk]],
            with_account=[client for client in people if client.pk in with_account],
            without_account=[client for client in people if client.pk not in with_account],
            names_kind=names_kind,
        )

    @property
    def staying_people(self) -> list[Client]:
        return [client for client, _ in self.staying]

    @staticmethod
    def _because(kinds: list[str]) -> str:
        noun, verb = ("relationship", "is") if len(kinds) == 1 else ("relationships", "are")
        return f"your {in_words(kinds)} {noun} {verb} active"


def _readers(therapist: int, people: list[Client]) -> tuple[set[int], bool]:
    """Return whose work an account shows, and whether one of them shows work of several kinds."""
    numbers = padded([client.person_id for client in people])
    readers = READERS.rows(therapist=therapist, people=numbers)
    shown = {person for _, person in readers}
    kinds = set(KINDS.rows(therapist=therapist, people=padded([*shown])))
    of_account = {(account, kind) for account, pk in readers for who, kind in kinds if who == pk}
    several = len(of_account) > len({account for account, _ in of_account})
    return shown, several


def _parts(given: Given) -> QuerySet:
    parts = Participation.objects.filter(therapist=given("therapist"))
    return parts.filter(client__person_id__in=given("people")).order_by()


def _others(given: Given) -> QuerySet:
    is_active = {"left_at": None, "relationship__status": Relationship.Status.ACTIVE}
    others = _parts(given).filter(**is_active).exclude(relationship__pk=given("relationship"))
    in_order = others.order_by("relationship__started_at")
    return in_order.values_list("client__person_id", "relationship__kind")


def _accounts(given: Given) -> QuerySet:
    clients = Client.objects.filter(therapist=given("therapist")).order_by()
    accounts = clients.filter(person_id__in=given("people")).exclude(account=None)
    shown = clients.filter(account__in=accounts.values("account"))
    return shown.values_list("account", "person_id").distinct()


def _own_parts(given: Given) -> QuerySet:
    work = ("relationship", "relationship__kind", "relationship__status", "left_at")
    return _parts(given).order_by("left_at").values_list(*work)


OWN_PARTS = CompiledQuery(_own_parts)
OTHERS, READERS = CompiledQuery(_others), CompiledQuery(_accounts)
KINDS = CompiledQuery(
    lambda given: _parts(given).values_list("client__person_id", "relationship__kind")
)
