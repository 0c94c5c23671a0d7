"""Access history: what the audit knows about one client, for their therapist."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clients.models import Client, person_or_404
from practice.accounts.access import Role, TherapistRequest, for_therapists
from practice.audit.models import Entry, Verb, name_of, records
from practice.imports.models import ImportedRow, places_of
from practice.text import spoken
from practice.text.spoken import in_words

ROWS_A_PAGE = 25


@dataclass(frozen=True)
class Line:
    """One entry, in words."""

    at: datetime
    who: str
    what: str
    which: str


@require_safe
@for_therapists
@records(Verb.CLIENT_OPENED)
def who_opened(request: TherapistRequest, client_id: str) -> HttpResponse:
    """List who opened and changed what about a client; `only` names one relationship or session."""
    person = person_or_404(request.therapist.clients.all(), client_id)
    things = _things(person)
    only = next((n for n in things if n.endswith(f":{request.GET.get('only')}")), None)
    tried = Q(chain=0, verb=Verb.REFUSED)  # whoever was refused belongs to no practice
    entries = Entry.objects.filter(Q(therapist=request.therapist) | tried)
    entries = entries.filter(about__in=[only] if only else things).order_by("-at", "-pk")
    page = Paginator(entries, ROWS_A_PAGE).get_page(request.GET.get("page", "1"))
    found = list(page)
    names = _names(request, found)
    lines = [
        Line(entry.at, _who(entry, names), entry.words, things[entry.about]) for entry in found
    ]
    context = {"client": person, "lines": lines, "page": page, "only": things.get(only or "")}
    context["came_from"] = _came_from(request, person, only)
    context["only_id"] = only.partition(":")[2] if only else ""
    return render(request, "records/access_history.html", context)


def _came_from(request: TherapistRequest, person: Client, only: str | None) -> list[ImportedRow]:
    """Return from which lines of which files somebody came, and the work with them."""
    if only:
        return []
    work = request.therapist.relationships.of_people([person]).values_list("pk", flat=True)
    records = [record.pk for record in person.records]
    kinds = ImportedRow.Kind
    return places_of(request.therapist, {kinds.CLIENT: records, kinds.RELATIONSHIP: work})


def _things(person: Client) -> dict[str, str]:
    """Return what there is about a client, as the audit names it, each with words for it."""
    things = {name_of(person): ""}
    for record in person.merged_records.all():
        things[name_of(record)] = f"record of {record.name}"
    for relationship in person.therapist.relationships.of_people([person]):
        things[name_of(relationship)] = relationship.get_kind_display()
    for session in person.therapist.sessions.of_clients([person]).only("public_id", "starts_at"):
        things[name_of(session)] = spoken.day(session.starts_at)
    return things


def _names(request: TherapistRequest, entries: list[Entry]) -> dict[int, str]:
    """Return what to call the accounts: oneself, and one's own clients. Nobody else has a name."""
    accounts = {entry.by for entry in entries} - {None}
    records = request.therapist.clients.filter(account__in=accounts).order_by("pk")
    called: dict[int, dict[int, str]] = {}
    for record in records.select_related("merged_into"):
        called.setdefault(record.account_id, {})[record.person_id] = record.person.first_name
    names = {by: in_words(people.values()) for by, people in called.items()}
    return names | {request.user.pk: "You"}


def _who(entry: Entry, names: dict[int, str]) -> str:
    if entry.by in names:
        return names[entry.by]
    if entry.role == Role.OPERATOR:
        return "The service"
    if entry.verb == Verb.REFUSED:
        return "Someone without access"
    return "Someone who has no account here any more" if entry.by else "Someone not signed in"
