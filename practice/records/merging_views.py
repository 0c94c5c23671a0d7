"""A therapist merges two records of one person, and separates them again."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from clients.models import Client, ClientQuerySet, person_or_404
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Entry, Verb, records
from practice.records.forms import OtherRecordForm, WhichStaysForm
from practice.records.merging import merge, obstacle, separate
from practice.web.responses import banner, render_form, see_other, was_shown
from relationships.models import Relationship

MOST_FOUND = 20
LOOK = "The page shows what is so now: look at it, and press again if you still mean it."


@dataclass(frozen=True)
class RecordShown:
    """A record as these pages show it, with those merged into it and the work of all of them."""

    record: Client
    also: list[Client]
    relationships: list[Relationship]

    @classmethod
    def of(cls, record: Client, but: Client | None = None) -> Self:
        """Look up what belongs to a record; `but` is one that is merged into it and shown apart."""
        records = [one for one in record.records if one != but]
        part = record.therapist.participations.filter(client__in=records).values("relationship")
        work = record.therapist.relationships.filter(pk__in=part)
        return cls(record, records[1:], list(work.in_order().with_people()))

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared with what is so when the form comes back."""
        said = [record_said for one in (self.record, *self.also) for record_said in _said(one)]
        return "\n".join([*said, *(f"{r.public_id} {r.status}" for r in self.relationships)])


def _said(record: Client) -> list[str]:
    parts = (record.public_id, record.name, record.email, record.phone, record.account_id)
    return [str(part) for part in parts]


def _people(request: TherapistRequest) -> ClientQuerySet:
    people = request.therapist.clients.select_related("therapist", "account", "merged_by")
    return people.prefetch_related("merged_records__account")


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def same_person(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Look for the other record of a person: who is likely, or by a name, which no address has."""
    person = person_or_404(_people(request), client_id)
    everybody = _people(request).people().exclude(pk=person.pk).in_name_order()
    form = OtherRecordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        found = list(everybody.search(form.cleaned_data["name"])[:MOST_FOUND])
        outcome = f"{len(found)} found"
        Entry.record(
            Verb.LIST_SEARCHED, by=request.user, therapist=request.therapist, outcome=outcome
        )
    else:
        found = list(everybody.same_person_as(person.name, person.email)[:MOST_FOUND])
    context = {"client": person, "form": form, "found": found, "most": MOST_FOUND}
    return render_form(request, "records/same_person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def merge_records(request: TherapistRequest, client_id: str, other_id: str) -> HttpResponse:
    """Say what merging two records means, ask which stays, and merge them."""
    if request.method == "POST":
        with transaction.atomic():
            _lock(request, client_id, other_id)
            return _merge(request, client_id, other_id)
    return _merge(request, client_id, other_id)


def _lock(request: TherapistRequest, *public_ids: str) -> None:
    """Lock two records, so that what is read of them and their work from here on stays true."""
    list(request.therapist.clients.filter(public_id__in=public_ids).locked())


def _merge(request: TherapistRequest, client_id: str, other_id: str) -> HttpResponse:
    person = person_or_404(_people(request), client_id)
    other = _people(request).not_erased().filter(public_id=other_id).first()
    if other and other.merged_into_id:  # since the page was opened
        other = _people(request).get(pk=other.person_id)
    if other is None:
        return _is_gone(request, person)
    if person == other:
        banner(request, "records_are_merged")
        return see_other("client", person.public_id)
    may_stay = [one for one, two in ((person, other), (other, person)) if not obstacle(two, one)]
    form = WhichStaysForm(may_stay, request.POST if request.method == "POST" else None)
    context = _comparison(person, other) | {"form": form}
    context["obstacle"] = None if may_stay else obstacle(other, person)
    if form.is_bound and not (may_stay and was_shown(request, context["shown"])):
        context["changed"] = f"Nothing was merged. {LOOK}"
    elif form.is_valid():
        stays_here = form.cleaned_data["stays"] == client_id
        stays, goes = (person, other) if stays_here else (other, person)
        merge(goes, into=stays, by=request.user)
        banner(request, "records_merged", record=goes)
        return see_other("client", stays.public_id)
    return render_form(request, "records/merge.html", context)


def _is_gone(request: TherapistRequest, person: Client) -> HttpResponse:
    """Say that the other record has been erased, or never was; a look finds no such page."""
    if request.method != "POST":
        raise Http404
    return render(request, "records/not_merged.html", {"client": person}, status=409)


def _comparison(person: Client, other: Client) -> dict[str, Any]:
    """Return what the pages show of two records, and what of it the form sends back."""
    both = [RecordShown.of(person, but=other), RecordShown.of(other)]
    mark = sha256("\n\n".join(one.mark for one in both).encode()).hexdigest()[:16]
    accounts = person.accounts | other.accounts
    return {"client": person, "both": both, "shown": mark, "accounts": len(accounts)}


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def separate_records(request: TherapistRequest, client_id: str, record_id: str) -> HttpResponse:
    """Say what separating means, and let a merged record stand for a person of its own again."""
    if request.method == "POST":
        with transaction.atomic():
            _lock(request, client_id, record_id)
            return _separate(request, client_id, record_id)
    return _separate(request, client_id, record_id)


def _separate(request: TherapistRequest, client_id: str, record_id: str) -> HttpResponse:
    person = person_or_404(_people(request), client_id)
    record = get_object_or_404(_people(request).not_erased(), public_id=record_id)
    if record.merged_into_id != person.pk:
        banner(request, "records_are_separate")
        return see_other("client", client_id)
    context = _comparison(person, record) | {"record": record}
    is_sent = request.method == "POST"
    if is_sent and was_shown(request, context["shown"]):
        separate(record, by=request.user)
        banner(request, "records_separated", record=record)
        return see_other("client", client_id)
    context["changed"] = f"Nothing was separated. {LOOK}" if is_sent else ""
    return render_form(request, "records/separate.html", context)
